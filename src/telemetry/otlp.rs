//! The same figures as an OTLP batch.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::figures::Figures;
use super::sample::{Sample, Value};
use crate::otlp::wire::{put_bytes, put_fixed64, put_message, put_uint};
use crate::otlp::{Batch, Signal};

/// Makes batches of our own metrics, one an interval.
#[derive(Debug)]
pub struct SelfMetrics {
    figures: Arc<Figures>,
    service_name: String,
    interval: Duration,
    next: Instant,
    started: u64,
}

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u64 = 2;

impl SelfMetrics {
    /// Reads `figures` every `interval`.
    pub fn new(figures: Arc<Figures>, service_name: impl Into<String>, interval: Duration) -> Self {
        let next = Instant::now() + interval;
        SelfMetrics {
            figures,
            service_name: service_name.into(),
            interval,
            next,
            started: nanos(SystemTime::now()),
        }
    }

    /// When the next batch is due.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// The batch that is due; `None` before its time.
    pub fn take(&mut self) -> Option<Batch> {
        (self.next <= Instant::now()).then(|| self.read())
    }

    /// The batch as of now, due or not.
    pub fn read(&mut self) -> Batch {
        self.next = Instant::now() + self.interval;
        self.batch(&self.figures.read())
    }

    fn batch(&self, samples: &[Sample]) -> Batch {
        let now = nanos(SystemTime::now());
        let mut out = Vec::new();
        resource(&mut out, &self.service_name, self.figures.command(), |out| {
            samples.chunk_by(|a, b| a.name == b.name).for_each(|family| self.metric(out, family, now));
        });
        Batch::built(Signal::Metrics, out, samples.len())
    }

    fn metric(&self, out: &mut Vec<u8>, family: &[Sample], now: u64) {
        let Some(first) = family.first() else { return };
        let (data, unit) = match first.value {
            Value::Gauge(_) => (5, "1"),
            Value::Counter(_) => (7, "1"),
            Value::Histogram { .. } => (9, "s"),
        };
        put_message(out, 2, |out| {
            put_bytes(out, 1, first.name.as_bytes());
            put_bytes(out, 2, first.help.as_bytes());
            put_bytes(out, 3, unit.as_bytes());
            put_message(out, data, |out| {
                family.iter().for_each(|sample| put_message(out, 1, |out| self.point(out, sample, now)));
                if data != 5 {
                    put_uint(out, 2, CUMULATIVE);
                }
                if data == 7 {
                    put_uint(out, 3, 1);
                }
            });
        });
    }

    fn point(&self, out: &mut Vec<u8>, sample: &Sample, now: u64) {
        let attributes = if matches!(sample.value, Value::Histogram { .. }) { 9 } else { 7 };
        sample.labels.iter().for_each(|(key, value)| attribute(out, attributes, key, value));
        put_fixed64(out, 2, self.started);
        put_fixed64(out, 3, now);
        match &sample.value {
            Value::Counter(value) => put_fixed64(out, 6, *value),
            Value::Gauge(value) => put_fixed64(out, 4, value.to_bits()),
            Value::Histogram { bounds, counts, sum } => {
                put_fixed64(out, 4, counts.iter().sum());
                put_fixed64(out, 5, sum.to_bits());
                let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
                let bounds: Vec<u8> = bounds.iter().flat_map(|bound| bound.to_le_bytes()).collect();
                put_bytes(out, 6, &counts);
                put_bytes(out, 7, &bounds);
            }
        }
    }
}

/// Appends a `Resource…` that is this process, with one scope whose records `write` appends.
pub(super) fn resource(
    out: &mut Vec<u8>,
    service_name: &str,
    command: &str,
    write: impl FnOnce(&mut Vec<u8>),
) {
    put_message(out, 1, |out| {
        put_message(out, 1, |out| {
            attribute(out, 1, "service.name", service_name);
            attribute(out, 1, "service.version", env!("CARGO_PKG_VERSION"));
            attribute(out, 1, "service.instance.id", &std::process::id().to_string());
            attribute(out, 1, "obs.command", command);
        });
        put_message(out, 2, |out| {
            put_message(out, 1, |out| put_bytes(out, 1, b"obs"));
            write(out);
        });
    });
}

pub(super) fn attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    put_message(out, number, |out| {
        put_bytes(out, 1, key.as_bytes());
        put_message(out, 2, |out| put_bytes(out, 1, value.as_bytes()));
    });
}

/// Nanoseconds since the epoch.
pub(super) fn nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
