//! What batches hold of a trace.

use crate::otlp::proto::{LogRecord, Span};
use crate::otlp::tree::{CHILD, RESOURCE, Rebuild};
use crate::otlp::view::Nested;
use crate::otlp::{Batch, Signal};

/// The part of a batch of spans or log records that is of a trace.
pub fn of_trace(id: [u8; 16], signal: Signal, batch: &[u8]) -> Option<Batch> {
    of_traces(|found| *found == id, signal, batch)
}

/// The part of a batch of spans or log records that is of some traces.
pub fn of_traces(is_wanted: impl Fn(&[u8]) -> bool, signal: Signal, batch: &[u8]) -> Option<Batch> {
    let is_of_trace = |record: &&[u8]| match signal {
        Signal::Traces => is_wanted(Span(record).trace_id()),
        Signal::Logs => is_wanted(LogRecord(record).trace_id()),
        Signal::Metrics => false,
    };
    let mut rebuild = Rebuild::over(batch, 0);
    for container in Nested::new(batch, RESOURCE) {
        rebuild.enter(0, RESOURCE, CHILD, container);
        for scope in Nested::new(container, CHILD) {
            rebuild.enter(1, CHILD, CHILD, scope);
            Nested::new(scope, CHILD).filter(is_of_trace).for_each(|record| rebuild.record(record, 1));
        }
    }
    rebuild.cut(signal)
}
