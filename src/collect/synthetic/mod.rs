//! Synthetic traffic: a small shop whose services call each other, with traces, logs of what went wrong and metrics
//! of what was served; the same seed and time give the same traffic.

mod encode;
mod topology;
mod traffic;

use std::time::{Duration, Instant};

use crate::pipeline::{Delivery, Outlet};
use crate::stream::Stop;

pub use traffic::{Traffic, TrafficOptions};

/// Batches are made so often, so that a person watching sees a steady flow.
const INTERVAL: Duration = Duration::from_millis(20);

/// Makes traffic at its rate and hands it on, until it is finished or `stop` is requested.
pub(super) async fn run(mut traffic: Traffic, outlet: Outlet, stop: Stop) {
    let start = Instant::now();
    while !stop.requested() {
        let Some(due) = traffic.next_due() else { break };
        let wait = (start + due).saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(INTERVAL)).await;
            continue;
        }
        for batch in traffic.next_batches(INTERVAL) {
            outlet.hand_on(Delivery::unacknowledged(batch)).await;
        }
        // What never waits would keep its thread from all else.
        tokio::task::yield_now().await;
    }
}
