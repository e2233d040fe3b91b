//! How long an export takes through a pipeline that hands on what it gets, at shares of the highest rate.

use std::time::Duration;

use super::Steps;
use super::load::{Load, Sender};
use super::sample::Sample;
use super::sandbox::Sandbox;
use super::stages;
use crate::capacity::profile::Latency;
use crate::error::CommandError;

/// Loads, as shares of the highest rate.
pub(super) const LOADS: [f64; 2] = [0.5, 0.8];

/// Measures them, each for `time` but the highest rate for half of it.
pub(super) fn measure(
    sandbox: &Sandbox,
    sample: &Sample,
    time: Duration,
    steps: &mut Steps<'_>,
) -> Result<Vec<Latency>, CommandError> {
    let sink = stages::collect(sandbox)?;
    let pipeline = format!("collect --grpc 127.0.0.1:0 --http off | relay --to {}", sink.url()?);
    let child = sandbox.start(&["run", &pipeline])?;
    let sender = Sender::new(sample, &child.url()?)?;
    let full = sender.send(Load::For(time / 2))?;
    let highest = full.spans as f64 / full.time.as_secs_f64();
    let mut latencies = Vec::new();
    for load in LOADS {
        let spans_per_second = highest * load;
        let sent = sender.send(Load::Rate(spans_per_second, time))?;
        latencies.push(Latency {
            load,
            spans_per_second,
            p50_ms: sent.percentile_ms(0.50),
            p99_ms: sent.percentile_ms(0.99),
        });
        steps.next();
    }
    child.stop()?;
    sink.stop()?;
    Ok(latencies)
}
