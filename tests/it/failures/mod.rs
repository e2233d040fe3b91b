//! What goes wrong in a pipeline, and what must hold then: nothing is lost silently.

mod disks;
mod extremes;
mod grpc_peers;
mod http_peers;
mod loops;
mod pipes;
mod signals;
mod stall;

use crate::support::telemetry::{frame, traces};
use crate::support::{End, Obs, Sink, TempDir};

/// Spans in a request of [`relay`].
const SPANS: u64 = 10;

/// Relays so many requests of [`SPANS`] spans to `sink`, one after the other, with more `args`.
fn relay(dir: &TempDir, sink: &Sink, requests: u64, args: &str) -> End {
    relay_at_once(dir, sink, requests, 1, args)
}

/// As [`relay`], up to `concurrent` requests at once.
fn relay_at_once(dir: &TempDir, sink: &Sink, requests: u64, concurrent: usize, args: &str) -> End {
    let frames: Vec<u8> = (0..requests).flat_map(|n| frame(1, &traces(n * SPANS..(n + 1) * SPANS))).collect();
    let input = dir.write("input.frames", frames);
    Obs::new(dir, &format!("relay --batch-size 10 --max-concurrent-exports {concurrent} --to"))
        .arg(sink.url())
        .args(args)
        .arg(input)
        .ledger(&dir.file("ledger.json"))
        .run()
}
