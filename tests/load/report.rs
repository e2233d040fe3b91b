//! The figures of a scenario, what is wrong with them, and the table.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::latency::Percentiles;
use crate::process::Usage;
use crate::queries::Asked;
use crate::scenario::Scenario;
use crate::spans::SPANS_PER_TRACE;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Spans that were accepted.
    pub sent: u64,
    /// Bytes of the requests in which they went in, uncompressed.
    pub otlp_bytes: u64,
    /// Spans that came out.
    pub arrived: u64,
    /// Bytes of the requests in which they came out.
    pub wire_bytes: u64,
    /// Bytes of the database that they were put into.
    pub stored_bytes: u64,
    /// From the first request to the last arrival; for a database, until its writer has ended.
    pub wall_seconds: f64,
    pub processes: Vec<Usage>,
    pub export: Option<Percentiles>,
    pub end_to_end: Option<Percentiles>,
    pub retries: u64,
    pub complaint: Option<String>,
    /// What systems answered to a question.
    pub asked: Vec<Asked>,
}

impl Figures {
    /// Complains when not the right number of spans arrived.
    ///
    /// While the sink stalls, senders may give up waiting and send again: more is no fault then.
    pub fn check(&mut self, share: f64, stall: bool) {
        let expected = self.sent as f64 * share;
        // Whole traces are kept or not: six standard deviations of their number.
        let traces = self.sent as f64 / SPANS_PER_TRACE as f64;
        let tolerance = 6.0 * (traces * share * (1.0 - share)).sqrt() * SPANS_PER_TRACE as f64;
        let excess = self.arrived as f64 - expected;
        if excess < -tolerance || (excess > tolerance && !stall) {
            self.complaint.get_or_insert(format!(
                "of {} spans {} arrived, expected {expected:.0} ± {tolerance:.0}",
                self.sent, self.arrived
            ));
        }
    }

    fn cpu_seconds(&self) -> f64 {
        self.processes.iter().fold(0.0, |sum, process| sum + process.cpu_seconds)
    }

    pub fn spans_per_cpu_second(&self) -> Option<f64> {
        self.per_cpu_second(self.sent)
    }

    /// Spans by the CPU seconds of one of the processes.
    pub fn spans_per_cpu_second_of(&self, name: &str) -> Option<f64> {
        let process = self.processes.iter().find(|process| process.name == name)?;
        (process.cpu_seconds > 0.0).then(|| self.sent as f64 / process.cpu_seconds)
    }

    fn per_cpu_second(&self, count: u64) -> Option<f64> {
        let cpu = self.cpu_seconds();
        (cpu > 0.0).then(|| count as f64 / cpu)
    }
}

const HEADER: [&str; 16] = [
    "scenario",
    "spans",
    "arrived",
    "B/span out",
    "wall s",
    "spans/s",
    "CPU s",
    "CPU, % of a core",
    "spans/CPU s",
    "GB/s per CPU s",
    "vs rotel",
    "vs otelcol",
    "vs own pipe",
    "export p50/p99 ms",
    "end to end p50/p99 ms",
    "peak MiB",
];

/// A scenario and what it gave.
pub type Row = (&'static Scenario, Figures);

/// A table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut out = format!("| {} |\n|{}\n", HEADER.join(" | "), "---|".repeat(HEADER.len()));
    for (scenario, figures) in rows {
        let [rotel, otelcol] = scenario.references;
        let [rotel, otelcol, own_pipe] = [rotel, otelcol, scenario.own_pipe]
            .map(|name| rows.iter().find(|(other, _)| other.name == name).map(|(_, figures)| figures));
        let cells = [
            scenario.name.to_string(),
            figures.sent.to_string(),
            figures.arrived.to_string(),
            bytes_a_span(figures),
            format!("{:.1}", figures.wall_seconds),
            thousands(figures.sent as f64 / figures.wall_seconds),
            each(figures, |process| format!("{:.2}", process.cpu_seconds)),
            format!("{:.1}", 100.0 * figures.cpu_seconds() / figures.wall_seconds),
            figures.spans_per_cpu_second().map_or("–".into(), thousands),
            figures.per_cpu_second(figures.otlp_bytes).map_or("–".into(), giga),
            ratio(figures, rotel),
            ratio(figures, otelcol),
            ratio(figures, own_pipe),
            percentiles(figures.export),
            percentiles(figures.end_to_end),
            each(figures, |process| format!("{:.0}", process.peak_rss_bytes as f64 / 1048576.0)),
        ];
        writeln!(out, "| {} |", cells.join(" | ")).expect("a string");
    }
    out + &notes(rows)
}

/// What a table says below its rows.
pub fn notes(rows: &[Row]) -> String {
    let mut out = String::new();
    for (scenario, figures) in rows {
        if figures.retries > 0 {
            writeln!(out, "\n{}: {} requests sent again", scenario.name, figures.retries).expect("a string");
        }
        if let Some(complaint) = &figures.complaint {
            writeln!(out, "\n{}: WRONG: {complaint}", scenario.name).expect("a string");
        }
    }
    out
}

/// `collect 1.20, relay 0.80`.
pub fn each(figures: &Figures, show: impl Fn(&Usage) -> String) -> String {
    let parts: Vec<_> =
        figures.processes.iter().map(|process| format!("{} {}", process.name, show(process))).collect();
    if parts.is_empty() { "–".into() } else { parts.join(", ") }
}

fn bytes_a_span(figures: &Figures) -> String {
    match figures.wire_bytes {
        0 => "–".into(),
        bytes => format!("{:.0}", bytes as f64 / figures.arrived as f64),
    }
}

pub fn thousands(number: f64) -> String {
    format!("{:.0} k", number / 1e3)
}

fn giga(number: f64) -> String {
    format!("{:.2}", number / 1e9)
}

fn ratio(figures: &Figures, reference: Option<&Figures>) -> String {
    let reference = reference.and_then(Figures::spans_per_cpu_second);
    match (figures.spans_per_cpu_second(), reference) {
        (Some(own), Some(reference)) => format!("{:.2}", own / reference),
        _ => "–".into(),
    }
}

pub fn percentiles(percentiles: Option<Percentiles>) -> String {
    percentiles
        .map_or("–".into(), |percentiles| format!("{:.1} / {:.1}", percentiles.p50_ms, percentiles.p99_ms))
}
