//! Percentiles.

use serde::{Deserialize, Serialize};

/// Durations in nanoseconds.
#[derive(Debug, Default, Clone)]
pub struct Latencies(pub Vec<u64>);

/// What the table shows of them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Latencies {
    /// `None` when there are none.
    pub fn percentiles(mut self) -> Option<Percentiles> {
        self.0.sort_unstable();
        let last = self.0.len().checked_sub(1)?;
        let at = |share: f64| self.0[(last as f64 * share).round() as usize] as f64 / 1e6;
        Some(Percentiles { p50_ms: at(0.50), p99_ms: at(0.99) })
    }
}
