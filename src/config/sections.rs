//! The keys of the sections.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::{Section, parse_duration, parse_interval};
use crate::choice::Choice;
use crate::probability::Rate;
use crate::redact::Rule;

macro_rules! section {
    ($type:ident, $name:literal) => {
        impl Section for $type {
            const NAME: &'static str = $name;
        }
    };
}

/// `sampling`: what `sample` keeps.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Share of the traces that is kept.
    pub base_rate: Option<Rate>,
    /// Whether spans with an error are always kept.
    pub sample_errors: Option<bool>,
    /// Spans at least so long are always kept, in milliseconds; 0 turns it off.
    pub slow_threshold_ms: Option<f64>,
    /// Shares by `service.name`.
    #[serde(default)]
    pub service_overrides: BTreeMap<String, Rate>,
}
section!(Sampling, "sampling");

/// `agent`: how `relay` queues and batches.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Items that may wait for export.
    pub buffer_capacity: Option<NonZeroUsize>,
    /// Items after which a batch leaves.
    pub batch_size: Option<NonZeroUsize>,
    /// Time after which a batch leaves.
    #[serde(default, deserialize_with = "duration")]
    pub batch_timeout: Option<Duration>,
    /// Requests that may be under way at once.
    pub max_concurrent_exports: Option<NonZeroUsize>,
}
section!(Agent, "agent");

/// `storage`: what `store` and `query` keep, and for how long.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The database.
    pub path: Option<PathBuf>,
    /// `sqlite`; there is no other.
    #[serde(rename = "type", alias = "backend")]
    pub backend: Option<String>,
    /// Where another backend would be.
    pub url: Option<String>,
    /// What another backend would call it.
    pub database: Option<String>,
    /// Days after which items are deleted.
    pub retention_days: Option<f64>,
    /// What must not be kept.
    #[serde(default)]
    pub redact: Vec<Rule>,
    /// Where items are kept that are looked for often.
    pub hot: Option<Tier>,
    /// Where they are kept then.
    pub warm: Option<Tier>,
    /// Where they are kept at last.
    pub cold: Option<Tier>,
}
section!(Storage, "storage");

/// A tier of the storage.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// What keeps it.
    #[serde(alias = "type")]
    pub backend: Option<String>,
    /// Days after which items are deleted or go to the next tier.
    pub retention_days: Option<f64>,
}

/// `log`: our own log lines.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: Option<String>,
    /// `console` or `stderr`, which are the same.
    pub output: Option<LogOutput>,
    /// Text for people or a JSON object a line.
    pub format: Option<LogFormat>,
    /// Level of the database layer.
    pub sqlx_level: Option<String>,
    /// Levels by component.
    #[serde(default)]
    pub components: BTreeMap<String, String>,
}
section!(Log, "log");

/// Where our own log lines go: stdout is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogOutput {
    /// Standard error.
    Console,
    /// Standard error.
    Stderr,
}

/// Form of our own log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text.
    #[default]
    #[serde(alias = "pretty", alias = "compact")]
    Text,
    /// A JSON object a line.
    Json,
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, &'static str, Self)] =
        &[("text", "A line of text", LogFormat::Text), ("json", "A JSON object a line", LogFormat::Json)];
}

/// `telemetry`: where our own metrics and traces go.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Whether anything is sent; on where an endpoint is set.
    pub enabled: Option<bool>,
    /// OTLP endpoint.
    pub endpoint: Option<String>,
    /// Share of our own traces that is sent.
    pub sampling_ratio: Option<Rate>,
    /// How the context of a trace travels; only `tracecontext` exists.
    pub propagation: Option<Propagation>,
}
section!(Telemetry, "telemetry");

/// How the context of a trace travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// W3C Trace Context.
    TraceContext,
}

/// `tracing`: our own traces.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracing {
    /// `service.name` of our own telemetry.
    pub service_name: Option<String>,
    /// OTLP endpoint.
    pub endpoint: Option<String>,
    /// Share of our own traces that is sent.
    pub sampling_ratio: Option<Rate>,
}
section!(Tracing, "tracing");

/// `metrics`: our own metrics.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// OTLP endpoint.
    pub endpoint: Option<String>,
    /// Time between two exports.
    #[serde(default, deserialize_with = "interval")]
    pub export_interval: Option<Duration>,
}
section!(Metrics, "metrics");

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_duration(&text).map_err(D::Error::custom)).transpose()
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_interval(&text).map_err(D::Error::custom)).transpose()
}
