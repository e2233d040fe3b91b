//! The table of what puts spans into databases.

use std::fmt::Write;

use crate::report::{Figures, Row, each, notes, percentiles, thousands};

const HEADER: [&str; 16] = [
    "scenario",
    "spans",
    "stored",
    "wall s",
    "spans/s",
    "CPU s",
    "spans/CPU s",
    "B/span",
    "peak MiB",
    "export p50/p99 ms",
    "spans/s vs rows-sqlite",
    "spans/s vs rows-duckdb",
    "B/span vs rows-sqlite",
    "B/span vs rows-duckdb",
    "spans/CPU s vs rows-sqlite",
    "spans/CPU s vs rows-duckdb",
];

/// A table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut out = format!("| {} |\n|{}\n", HEADER.join(" | "), "---|".repeat(HEADER.len()));
    for (scenario, figures) in rows {
        let references = scenario
            .references
            .map(|name| rows.iter().find(|(other, _)| other.name == name).map(|(_, figures)| figures));
        let ratios =
            |of: fn(&Figures) -> Option<f64>| references.map(|reference| ratio(figures, reference, of));
        let [speed_sqlite, speed_duckdb] = ratios(spans_per_second);
        let [cpu_sqlite, cpu_duckdb] = ratios(Figures::spans_per_cpu_second);
        let [bytes_sqlite, bytes_duckdb] = ratios(bytes_a_span);
        let cells = [
            scenario.name.to_string(),
            figures.sent.to_string(),
            figures.arrived.to_string(),
            format!("{:.1}", figures.wall_seconds),
            show(spans_per_second(figures), thousands),
            each(figures, |process| format!("{:.2}", process.cpu_seconds)),
            show(figures.spans_per_cpu_second(), thousands),
            show(bytes_a_span(figures), |bytes| format!("{bytes:.1}")),
            each(figures, |process| format!("{:.0}", process.peak_rss_bytes as f64 / 1048576.0)),
            percentiles(figures.export),
            speed_sqlite,
            speed_duckdb,
            bytes_sqlite,
            bytes_duckdb,
            cpu_sqlite,
            cpu_duckdb,
        ];
        writeln!(out, "| {} |", cells.join(" | ")).expect("a string");
    }
    out + &notes(rows)
}

fn spans_per_second(figures: &Figures) -> Option<f64> {
    (figures.wall_seconds > 0.0).then(|| figures.arrived as f64 / figures.wall_seconds)
}

fn bytes_a_span(figures: &Figures) -> Option<f64> {
    (figures.arrived > 0).then(|| figures.stored_bytes as f64 / figures.arrived as f64)
}

/// A figure as a multiple of the reference's.
fn ratio(figures: &Figures, reference: Option<&Figures>, of: fn(&Figures) -> Option<f64>) -> String {
    let ratio = of(figures).zip(reference.and_then(of)).map(|(own, reference)| own / reference);
    show(ratio, |ratio| format!("{ratio:.2}"))
}

fn show(figure: Option<f64>, format: impl Fn(f64) -> String) -> String {
    figure.map_or("–".into(), format)
}
