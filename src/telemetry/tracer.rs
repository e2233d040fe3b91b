//! Our own traces: a span for every request that is received or exported, at a ratio.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::otlp::{attribute, nanos, resource};
use crate::otlp::wire::{put_bytes, put_fixed64, put_message, put_uint};
use crate::otlp::{Batch, Signal};
use crate::probability::{DEFAULT_PRECISION, Rate, Threshold, randomness_of};

/// Spans that wait to be sent; beyond them our own telemetry is left out rather than the users' delayed.
const MAX_WAITING: usize = 1000;

/// The header of W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";

/// Records spans.
#[derive(Debug)]
pub struct Tracer {
    service_name: String,
    threshold: Threshold,
    /// A `ScopeSpans` in the making, and the number of its spans.
    spans: Mutex<(Vec<u8>, usize)>,
}

/// `Span.kind`.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Answers a request.
    Server = 2,
    /// Makes a request.
    Client = 3,
}

/// A span that has begun and is sampled.
#[derive(Debug)]
pub struct OpenSpan {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent: Option<[u8; 8]>,
    start: SystemTime,
}

impl Tracer {
    /// Records the share `ratio` of the traces.
    pub fn new(service_name: impl Into<String>, ratio: Rate) -> Tracer {
        let threshold = Threshold::from_probability(ratio.share(), DEFAULT_PRECISION);
        Tracer { service_name: service_name.into(), threshold, spans: Mutex::default() }
    }

    /// Begins a span, in the trace of `traceparent` where there is one; `None` where it is not sampled.
    pub fn start(&self, traceparent: Option<&str>) -> Option<OpenSpan> {
        let caller = traceparent.and_then(parse_traceparent);
        let trace_id = caller.map_or_else(|| fastrand::u128(1..).to_be_bytes(), |(trace_id, _)| trace_id);
        let sampled = randomness_of(&trace_id).is_some_and(|randomness| self.threshold.keeps(randomness));
        let span_id = fastrand::u64(1..).to_be_bytes();
        let parent = caller.map(|(_, span_id)| span_id);
        sampled.then(|| OpenSpan { trace_id, span_id, parent, start: SystemTime::now() })
    }

    /// Ends a span; `error` says what went wrong.
    pub fn end(
        &self,
        span: &OpenSpan,
        name: &str,
        kind: Kind,
        signal: Signal,
        items: usize,
        error: Option<&str>,
    ) {
        let mut waiting = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.1 >= MAX_WAITING {
            return;
        }
        waiting.1 += 1;
        put_message(&mut waiting.0, 2, |out| {
            put_bytes(out, 1, &span.trace_id);
            put_bytes(out, 2, &span.span_id);
            if let Some(parent) = span.parent {
                put_bytes(out, 4, &parent);
            }
            put_bytes(out, 5, name.as_bytes());
            put_uint(out, 6, kind as u64);
            put_fixed64(out, 7, nanos(span.start));
            put_fixed64(out, 8, nanos(SystemTime::now()));
            attribute(out, 9, "obs.signal", signal.name());
            attribute(out, 9, "obs.items", &items.to_string());
            if let Some(message) = error {
                put_message(out, 15, |out| {
                    put_bytes(out, 2, message.as_bytes());
                    put_uint(out, 3, 2);
                });
            }
        });
    }

    /// Takes the spans that have ended.
    pub fn take(&self, command: &str) -> Option<Batch> {
        let (spans, count) = std::mem::take(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner));
        if count == 0 {
            return None;
        }
        let mut out = Vec::with_capacity(spans.len() + 256);
        resource(&mut out, &self.service_name, command, |out| out.extend_from_slice(&spans));
        Some(Batch::built(Signal::Traces, out, count))
    }
}

impl OpenSpan {
    /// The value of the header that makes the peer's spans children of this one.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", const_hex::encode(self.trace_id), const_hex::encode(self.span_id))
    }
}

/// Trace and span id. Source: W3C Trace Context, "traceparent Header".
fn parse_traceparent(text: &str) -> Option<([u8; 16], [u8; 8])> {
    let mut parts = text.trim().split('-');
    let (_version, trace_id, span_id) = (parts.next()?, parts.next()?, parts.next()?);
    Some((const_hex::decode_to_array(trace_id).ok()?, const_hex::decode_to_array(span_id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_join_the_trace_of_their_caller() {
        let tracer = Tracer::new("obs", Rate::ALL);
        let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let span = tracer.start(Some(caller)).unwrap();
        tracer.end(&span, "receive", Kind::Server, Signal::Logs, 3, Some("full"));
        let batch = tracer.take("collect").unwrap();
        assert!(tracer.take("collect").is_none());
        let resource = batch.traces().unwrap().resource_spans().next().unwrap();
        let found = resource.scope_spans().next().unwrap().spans().next().unwrap();
        assert_eq!(const_hex::encode(found.trace_id()), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(const_hex::encode(found.parent_span_id()), "00f067aa0ba902b7");
        assert_eq!((found.name(), found.status().unwrap().message()), ("receive", "full"));
        assert!(span.traceparent().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    }

    #[test]
    fn a_ratio_of_zero_records_nothing() {
        assert!(Tracer::new("obs", Rate::new(0.0).unwrap()).start(None).is_none());
    }
}
