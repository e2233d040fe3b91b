//! Synthetic traffic: a small shop whose services call each other, with traces, logs of what went wrong and metrics
//! of what was served; the same seed and time give the same traffic.

mod encode;
mod topology;
mod traffic;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::stream::{Delivery, Ledger, Reason, Stop};

pub use traffic::{Traffic, TrafficOptions};

/// Batches are made so often, so that a person watching sees a steady flow.
const INTERVAL: Duration = Duration::from_millis(20);

/// Makes traffic at its rate and hands it on, until it is finished, `stop` is requested or nobody listens.
pub fn run(mut traffic: Traffic, ledger: &Ledger, deliveries: &mpsc::Sender<Delivery>, stop: &Stop) {
    let start = Instant::now();
    while !stop.requested() {
        let Some(due) = traffic.next_due() else { break };
        let wait = (start + due).saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait.min(INTERVAL));
            continue;
        }
        for batch in traffic.next_batches(INTERVAL) {
            ledger.received(batch.signal(), batch.items() as u64);
            let (signal, items) = (batch.signal(), batch.items() as u64);
            if deliveries.blocking_send(Delivery::unacknowledged(batch)).is_err() {
                ledger.lost(signal, Reason::NotWritten, items);
                return;
            }
        }
    }
}
