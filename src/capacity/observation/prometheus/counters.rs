//! What counts spans, and which of it a server has.

use std::collections::BTreeSet;

use anyhow::anyhow;

use super::Server;
use crate::error::CommandError;

/// Something that counts spans.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) name: &'static str,
    /// Whether it says of which service they are, and how they ended.
    pub(super) by_service: bool,
    /// What counts their bytes, by service too.
    pub(super) bytes: Option<&'static str>,
}

/// The best first: those that tell services apart, then the totals of collectors.
static COUNTERS: [Counter; 7] = [
    // The span metrics connector of the OpenTelemetry Collector; its older form is the third.
    Counter { name: "traces_span_metrics_calls_total", by_service: true, bytes: None },
    // The metrics generator of Grafana Tempo.
    Counter {
        name: "traces_spanmetrics_calls_total",
        by_service: true,
        bytes: Some("traces_spanmetrics_size_total"),
    },
    Counter { name: "calls_total", by_service: true, bytes: None },
    // Ours: the first stage of each process.
    Counter { name: "otlp_spans_total", by_service: false, bytes: None },
    Counter { name: "otelcol_receiver_accepted_spans_total", by_service: false, bytes: None },
    Counter { name: "otelcol_receiver_accepted_spans", by_service: false, bytes: None },
    Counter { name: TEMPO_SPANS, by_service: false, bytes: None },
];

const TEMPO_SPANS: &str = "tempo_distributor_spans_received_total";
const TEMPO_BYTES: &str = "tempo_distributor_bytes_received_total";

/// Seconds between two looks into the past of a server.
const STEPS: f64 = 100.0;

/// The names that a server has.
#[derive(Debug)]
pub(super) struct Present(BTreeSet<String>);

impl Present {
    /// Looks for all of them, at the end of a range in seconds since the epoch, and then all over it.
    pub(super) fn find(server: &Server, [from, to]: [f64; 2]) -> Result<Present, CommandError> {
        let names: Vec<&str> = COUNTERS.iter().map(|counter| counter.name).chain([TEMPO_BYTES]).collect();
        let all = format!("{{__name__=~\"{}\"}}", names.join("|"));
        let mut found = server.query(&format!("count by (__name__) ({all})"), to)?;
        if found.is_empty() {
            let seconds = to - from;
            let step = (seconds / STEPS).max(1.0);
            let past = format!("last_over_time({all}[{seconds:.0}s:{step:.0}s])");
            found = server.query(&format!("count by (__name__) ({past})"), to)?;
        }
        Ok(Present(found.into_iter().filter_map(|mut sample| sample.labels.remove("__name__")).collect()))
    }

    /// The best that there is.
    pub(super) fn counter(&self, server: &Server) -> Result<&'static Counter, CommandError> {
        COUNTERS.iter().find(|counter| self.0.contains(counter.name)).ok_or_else(|| {
            let names: Vec<&str> = COUNTERS.iter().map(|counter| counter.name).collect();
            CommandError::failure(anyhow!("{} has nothing that counts spans in this time", server.name()))
                .hint(format!("it is looked for {}; --spans N plans without looking", names.join(", ")))
        })
    }

    /// Counters of bytes and of the spans that have them, whatever else counts spans.
    pub(super) fn bytes_and_spans(&self) -> Option<(&'static str, &'static str)> {
        let pair = (TEMPO_BYTES, TEMPO_SPANS);
        (self.0.contains(pair.0) && self.0.contains(pair.1)).then_some(pair)
    }
}
