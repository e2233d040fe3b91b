//! What was measured, in rows.

use serde_json::{Value, json};

use crate::capacity::amount;
use crate::capacity::profile::{Measured, Profile};
use crate::ui::table::{Format, Table};

/// What was measured.
struct Row {
    name: String,
    unit: &'static str,
    median: f64,
    /// Where there were several rounds.
    rounds: Option<Measured>,
    note: String,
}

/// The report; in JSON its rows are the list `calibration`.
pub(super) fn table(profile: &Profile, format: Format) -> Table {
    let rows = rows(profile);
    Table {
        columns: &[
            ("measured", false),
            ("unit", false),
            ("median", true),
            ("min", true),
            ("max", true),
            ("spread", true),
            ("note", false),
        ],
        rows: rows.iter().map(|row| row.cells(format)).collect(),
        json: json!({"calibration": rows.iter().map(Row::json).collect::<Value>()}),
    }
}

/// In how large requests the spans came.
fn came(profile: &Profile) -> String {
    format!("{} in a request as they came", amount(profile.sample.spans_per_request))
}

fn rows(profile: &Profile) -> Vec<Row> {
    let Profile { stages, bytes, .. } = profile;
    let of_rounds = |name: &str, unit: &'static str, measured: Measured, note: String| Row {
        name: name.into(),
        unit,
        median: measured.median,
        rounds: Some(measured),
        note,
    };
    let once = |name: String, unit: &'static str, median: f64, note: String| Row {
        name,
        unit,
        median,
        rounds: None,
        note,
    };
    let speed = |name: &str, measured| of_rounds(name, "spans/s per core", measured, String::new());
    let size = |name: &str, size: f64, note: String| once(name.into(), "bytes a span", size, note);
    let smaller = |size: f64| format!("{} times smaller", amount(bytes.wire / size));
    let of_wire = |size: f64| format!("{} of the wire", amount(size / bytes.wire));
    let memory = profile.memory_bytes_per_span;
    let mut rows = vec![
        once("spans".into(), "spans", profile.sample.spans as f64, came(profile)),
        speed("collect", stages.collect),
        speed("sample", stages.sample),
        speed("relay", stages.relay),
        speed("store", stages.store),
        size("wire", bytes.wire, String::new()),
        size("gzip", bytes.gzip, smaller(bytes.gzip)),
        size("zstd", bytes.zstd, smaller(bytes.zstd)),
        size("stored", bytes.stored, of_wire(bytes.stored)),
        of_rounds("memory", "bytes a span", memory, of_wire(memory.median)),
    ];
    for latency in &profile.latency {
        let note = format!("at {} spans/s", amount(latency.spans_per_second));
        for (name, ms) in [("p50", latency.p50_ms), ("p99", latency.p99_ms)] {
            rows.push(once(
                format!("export {name}, {:.0} % load", latency.load * 100.0),
                "ms",
                ms,
                note.clone(),
            ));
        }
    }
    rows
}

impl Row {
    fn cells(&self, format: Format) -> Vec<String> {
        let number = |value: f64| if format == Format::Table { amount(value) } else { value.to_string() };
        let [min, max, spread] = match &self.rounds {
            Some(rounds) => {
                let spread = match format {
                    Format::Table => format!("{:.0} %", rounds.spread() * 100.0),
                    _ => rounds.spread().to_string(),
                };
                [number(rounds.min), number(rounds.max), spread]
            }
            None => Default::default(),
        };
        vec![self.name.clone(), self.unit.into(), number(self.median), min, max, spread, self.note.clone()]
    }

    fn json(&self) -> Value {
        let rounds = self.rounds.as_ref();
        json!({
            "measured": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": rounds.map(|rounds| rounds.min),
            "max": rounds.map(|rounds| rounds.max),
            "spread": rounds.map(Measured::spread),
        })
    }
}
