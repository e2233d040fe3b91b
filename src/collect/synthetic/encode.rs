//! Spans, log records and data points straight to wire bytes. Field numbers: [`crate::otlp::proto`].

use crate::otlp::wire::{put_bytes, put_fixed32, put_fixed64, put_message, put_uint};

/// Values of `Span.kind`.
pub(super) mod kind {
    pub(crate) const INTERNAL: u64 = 1;
    pub(crate) const SERVER: u64 = 2;
    pub(crate) const CLIENT: u64 = 3;
    pub(crate) const PRODUCER: u64 = 4;
    pub(crate) const CONSUMER: u64 = 5;
}

/// The value of an attribute.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Int(i64),
}

/// A span; times in nanoseconds since the epoch.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: &'a str,
    pub(super) kind: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) attributes: &'a [(&'a str, Value<'a>)],
    /// The message of an error.
    pub(super) error: Option<&'a str>,
}

/// Appends an attribute as field `number`.
pub(super) fn attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &Value) {
    put_message(out, number, |out| {
        put_bytes(out, 1, key.as_bytes());
        put_message(out, 2, |out| match value {
            Value::Text(text) => put_bytes(out, 1, text.as_bytes()),
            Value::Int(value) => put_uint(out, 3, *value as u64),
        });
    });
}

/// Appends a span to a `ScopeSpans`.
pub(super) fn span(out: &mut Vec<u8>, span: &Span) {
    put_message(out, 2, |out| {
        put_bytes(out, 1, &span.trace_id);
        put_bytes(out, 2, &span.span_id);
        if let Some(parent) = span.parent {
            put_bytes(out, 4, &parent);
        }
        put_bytes(out, 5, span.name.as_bytes());
        put_uint(out, 6, span.kind);
        put_fixed64(out, 7, span.start);
        put_fixed64(out, 8, span.end);
        span.attributes.iter().for_each(|(key, value)| attribute(out, 9, key, value));
        if let Some(message) = span.error {
            put_message(out, 11, |out| {
                put_fixed64(out, 1, span.end);
                put_bytes(out, 2, b"exception");
                attribute(out, 3, "exception.message", &Value::Text(message));
            });
            put_message(out, 15, |out| {
                put_bytes(out, 2, message.as_bytes());
                put_uint(out, 3, 2);
            });
        }
        // W3C: sampled.
        put_fixed32(out, 16, 1);
    });
}

/// Appends a log record to a `ScopeLogs`.
pub(super) fn log(out: &mut Vec<u8>, span: &Span, severity: (u64, &str), body: &str) {
    put_message(out, 2, |out| {
        put_fixed64(out, 1, span.end);
        put_uint(out, 2, severity.0);
        put_bytes(out, 3, severity.1.as_bytes());
        put_message(out, 5, |out| put_bytes(out, 1, body.as_bytes()));
        attribute(out, 6, "operation", &Value::Text(span.name));
        put_fixed32(out, 8, 1);
        put_bytes(out, 9, &span.trace_id);
        put_bytes(out, 10, &span.span_id);
        put_fixed64(out, 11, span.end);
    });
}

/// Appends a `Resource…` with one scope that holds `records` to a batch.
pub(super) fn resource(out: &mut Vec<u8>, attributes: &[(&str, &str)], records: &[u8]) {
    put_message(out, 1, |out| {
        put_message(out, 1, |out| {
            attributes.iter().for_each(|(key, value)| attribute(out, 1, key, &Value::Text(value)));
        });
        put_message(out, 2, |out| {
            put_message(out, 1, |out| {
                put_bytes(out, 1, b"obs.synthetic");
                put_bytes(out, 2, env!("CARGO_PKG_VERSION").as_bytes());
            });
            out.extend_from_slice(records);
        });
    });
}

/// What a service has served, for its metrics.
#[derive(Debug, Clone, Default)]
pub(super) struct Served {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) seconds: f64,
    pub(super) buckets: [u64; BOUNDS_S.len() + 1],
}

/// Bounds of `http.server.request.duration` in seconds, from the semantic conventions.
const BOUNDS_S: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

const CUMULATIVE: u64 = 2;

impl Served {
    pub(super) fn add(&mut self, seconds: f64, failed: bool) {
        self.requests += 1;
        self.errors += u64::from(failed);
        self.seconds += seconds;
        self.buckets[BOUNDS_S.partition_point(|bound| *bound < seconds)] += 1;
    }

    /// Appends three metrics with a data point each to a `ScopeMetrics`.
    pub(super) fn metrics(&self, out: &mut Vec<u8>, start: u64, now: u64) {
        let point_times = |out: &mut Vec<u8>| {
            put_fixed64(out, 2, start);
            put_fixed64(out, 3, now);
        };
        metric(out, "http.server.request.duration", "s", 9, |out| {
            put_message(out, 1, |out| {
                point_times(out);
                put_fixed64(out, 4, self.requests);
                put_fixed64(out, 5, self.seconds.to_bits());
                put_bytes(out, 6, &self.buckets.map(u64::to_le_bytes).concat());
                put_bytes(out, 7, &BOUNDS_S.map(f64::to_le_bytes).concat());
            });
            put_uint(out, 2, CUMULATIVE);
        });
        for (name, value) in [("app.requests", self.requests), ("app.errors", self.errors)] {
            metric(out, name, "1", 7, |out| {
                put_message(out, 1, |out| {
                    point_times(out);
                    put_fixed64(out, 6, value);
                });
                put_uint(out, 2, CUMULATIVE);
                put_uint(out, 3, 1);
            });
        }
    }
}

fn metric(out: &mut Vec<u8>, name: &str, unit: &str, data: u32, write: impl FnOnce(&mut Vec<u8>)) {
    put_message(out, 2, |out| {
        put_bytes(out, 1, name.as_bytes());
        put_bytes(out, 3, unit.as_bytes());
        put_message(out, data, write);
    });
}
