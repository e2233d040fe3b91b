use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A figure as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name, with its unit; stable.
    pub name: &'static str,
    /// What it says, for people.
    pub help: &'static str,
    /// Labels, in the order in which they are shown.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: Value,
}

/// What kind of figure it is, with its value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Only grows.
    Counter(u64),
    /// Goes up and down.
    Gauge(f64),
    /// Durations in seconds: counts by bucket (one more than bounds) and their sum.
    Histogram {
        /// Upper bounds, inclusive.
        bounds: &'static [f64],
        /// Not cumulative.
        counts: Vec<u64>,
        /// In seconds.
        sum: f64,
    },
}

/// Figures in the making.
#[derive(Debug, Default)]
pub struct Samples {
    samples: Vec<Sample>,
    /// The stage that they are of, where there are several.
    pub(super) stage: Option<String>,
}

impl Samples {
    /// Adds a figure that only grows.
    pub fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
        value: u64,
    ) {
        self.push(name, help, labels, Value::Counter(value));
    }

    /// Adds a figure that goes up and down.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.push(name, help, &[], Value::Gauge(value));
    }

    /// Adds a histogram.
    pub fn histogram(&mut self, name: &'static str, help: &'static str, histogram: &Histogram) {
        let counts = histogram.counts.iter().map(|count| count.load(Relaxed)).collect();
        let sum = histogram.nanos.load(Relaxed) as f64 / 1e9;
        self.push(name, help, &[], Value::Histogram { bounds: &BOUNDS_S, counts, sum });
    }

    fn push(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
        value: Value,
    ) {
        let labels = labels.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let labels = self.stage.iter().map(|stage| ("stage", stage.clone())).chain(labels).collect();
        self.samples.push(Sample { name, help, labels, value });
    }

    /// All of them, those of one name together.
    pub(super) fn by_name(mut self) -> Vec<Sample> {
        self.samples.sort_by_key(|sample| sample.name);
        self.samples
    }
}

/// Upper bounds of durations in seconds: what a request over a network takes.
const BOUNDS_S: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// A histogram of durations that many threads add to.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; BOUNDS_S.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    /// Adds a duration.
    pub fn observe(&self, duration: Duration) {
        let bucket = BOUNDS_S.partition_point(|bound| *bound < duration.as_secs_f64());
        self.counts[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}
