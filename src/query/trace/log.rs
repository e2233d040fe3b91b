//! The log records of a trace.

use serde_json::{Map, Value};

use crate::otlp::json;
use crate::otlp::proto::{LogRecord, SEVERITY_NUMBER};
use crate::otlp::tree::{CHILD, RESOURCE};
use crate::otlp::view::Nested;
use crate::otlp::{Batch, Signal, semconv};

/// A log record.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The span in which it was written, if it says.
    pub span_id: Option<[u8; 8]>,
    /// When, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// How bad it is, such as `error`; empty where it does not say.
    pub level: String,
    /// The service that wrote it.
    pub service: String,
    /// What it says.
    pub message: String,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

impl Log {
    /// Whether it tells of a failure.
    pub fn is_error(&self) -> bool {
        matches!(self.level.as_str(), "error" | "fatal")
    }

    /// The log records that `batches` hold of a trace, by time.
    pub fn of_trace(trace_id: [u8; 16], batches: &[Batch]) -> Vec<Log> {
        let mut logs = Vec::new();
        for batch in batches.iter().filter(|batch| batch.signal() == Signal::Logs) {
            for container in Nested::new(batch.bytes(), RESOURCE) {
                let service = semconv::service_name(container);
                let records = Nested::new(container, CHILD).flat_map(|scope| Nested::new(scope, CHILD));
                let records = records.map(LogRecord).filter(|record| record.trace_id() == trace_id);
                logs.extend(records.map(|record| log(service, record)));
            }
        }
        logs.sort_by(|one, other| {
            let key = |log: &Log| (log.time_ns, log.span_id);
            key(one).cmp(&key(other)).then_with(|| one.message.cmp(&other.message))
        });
        logs
    }
}

fn log(service: &str, record: LogRecord<'_>) -> Log {
    let time_ns = match record.time_unix_nano() {
        0 => record.observed_time_unix_nano(),
        time_ns => time_ns,
    };
    let body = record.body().map(json::plain).unwrap_or_default();
    let message = if body.is_null() { record.event_name().to_owned() } else { json::text(&body) };
    Log {
        span_id: record.span_id().try_into().ok().filter(|id| *id != [0; 8]),
        time_ns,
        level: level(record),
        service: service.to_owned(),
        message,
        attributes: json::plain_map(record.attributes()),
    }
}

/// The name of the severity's range, such as `error` for `ERROR3`; the sender's word where it gives no number.
fn level(record: LogRecord<'_>) -> String {
    let number = record.severity_number();
    let name = SEVERITY_NUMBER.iter().find(|(_, known)| *known == number && number > 0);
    let name =
        name.map(|(name, _)| name.trim_start_matches("SEVERITY_NUMBER_").trim_end_matches(['2', '3', '4']));
    name.unwrap_or(record.severity_text()).to_ascii_lowercase()
}
