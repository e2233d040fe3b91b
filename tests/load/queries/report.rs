//! The table of answers.

use std::fmt::Write;

use super::{Asked, System};
use crate::report::{Row, notes};

const HEADER: [&str; 8] =
    ["scenario", "system", "median ms", "worst ms", "CPU ms", "runs", "peak MiB", "times obs's median"];

/// A table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut out = format!("| {} |\n|{}\n", HEADER.join(" | "), "---|".repeat(HEADER.len()));
    for (scenario, figures) in rows {
        let own = figures.asked.iter().find(|asked| asked.system == System::Obs).and_then(median);
        for asked in &figures.asked {
            let ms = |seconds: Option<f64>| {
                seconds.map_or("–".into(), |seconds| format!("{:.1}", seconds * 1e3))
            };
            let ratio = median(asked).zip(own).map(|(median, own)| median / own);
            let cells = match &asked.answer {
                Ok(_) => [
                    ms(median(asked)),
                    ms(asked.seconds.last().copied()),
                    ms(asked.cpu_seconds.get(asked.cpu_seconds.len() / 2).copied()),
                    asked.seconds.len().to_string(),
                    format!("{:.0}", asked.peak_rss_bytes as f64 / 1048576.0),
                    ratio.map_or("–".into(), |ratio| format!("{ratio:.1}")),
                ],
                Err(_) => ["no answer", "–", "–", "–", "–", "–"].map(String::from),
            };
            let system = match asked.system {
                System::Obs => "obs",
                System::Sqlite => "rows in SQLite",
                System::Duckdb => "rows in DuckDB",
                System::File => "",
            };
            writeln!(out, "| {} | {system} | {} |", scenario.name, cells.join(" | ")).expect("a string");
        }
    }
    for (scenario, figures) in rows {
        for (system, why) in
            figures.asked.iter().filter_map(|asked| Some((asked.system, asked.answer.as_ref().err()?)))
        {
            writeln!(out, "\n{}, {system:?}: {}", scenario.name, why.trim_end()).expect("a string");
        }
    }
    out + &notes(rows)
}

fn median(asked: &Asked) -> Option<f64> {
    asked.seconds.get(asked.seconds.len() / 2).copied()
}
