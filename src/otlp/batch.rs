use std::fmt;

use bytes::Bytes;

use super::check::check;
use super::fault::Fault;
use super::proto::{LogsData, MetricsData, TracesData, schema};
use super::schema::Message;

/// The three kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
    /// Log records.
    Logs,
}

impl Signal {
    /// All of them, in the order of [`Signal::index`].
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// Position in [`Signal::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// `traces`, `metrics` or `logs`.
    pub fn name(self) -> &'static str {
        ["traces", "metrics", "logs"][self.index()]
    }

    /// What the ledger counts: `spans`, `data points` or `log records`.
    pub fn items(self) -> &'static str {
        ["spans", "data points", "log records"][self.index()]
    }

    /// The message that a batch of this signal is.
    pub(crate) fn message(self) -> &'static Message {
        [&schema::TracesData, &schema::MetricsData, &schema::LogsData][self.index()]
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Signal {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Signal::ALL.into_iter().find(|signal| signal.name() == name);
        found.ok_or_else(|| format!("expected traces, metrics or logs, found {name:?}"))
    }
}

/// One OTLP message in its wire encoding, which is valid: the unit that flows through a pipeline.
///
/// A clone shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    signal: Signal,
    bytes: Bytes,
    items: usize,
}

impl Batch {
    /// Takes bytes from outside.
    ///
    /// # Errors
    /// The bytes are no valid message of the signal.
    pub fn parse(signal: Signal, bytes: Bytes) -> Result<Batch, Box<Fault>> {
        let items = check(signal.message(), &bytes)?;
        Ok(Batch { signal, bytes, items })
    }

    /// Takes bytes that this crate wrote, with the number of spans, data points or log records in them.
    pub(crate) fn built(signal: Signal, bytes: impl Into<Bytes>, items: usize) -> Batch {
        let bytes = bytes.into();
        debug_assert_eq!(check(signal.message(), &bytes).as_ref(), Ok(&items), "{signal}");
        Batch { signal, bytes, items }
    }

    /// What kind of telemetry it is.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The wire encoding of a `TracesData`, `MetricsData` or `LogsData`.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The view of a batch of traces.
    pub fn traces(&self) -> Option<TracesData<'_>> {
        (self.signal == Signal::Traces).then(|| TracesData(&self.bytes))
    }

    /// The view of a batch of metrics.
    pub fn metrics(&self) -> Option<MetricsData<'_>> {
        (self.signal == Signal::Metrics).then(|| MetricsData(&self.bytes))
    }

    /// The view of a batch of logs.
    pub fn logs(&self) -> Option<LogsData<'_>> {
        (self.signal == Signal::Logs).then(|| LogsData(&self.bytes))
    }

    /// Spans, data points or log records in it.
    pub fn items(&self) -> usize {
        self.items
    }
}
