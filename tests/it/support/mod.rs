//! What tests of whole processes share: the binary as child processes, pipelines of them, their ledgers, and peers.

mod certificates;
mod client;
mod generator;
mod http;
mod ledger;
mod load;
mod output;
mod pipeline;
mod process;
pub mod sink;
pub mod telemetry;
mod temp;
mod terminal;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use certificates::certificates;
pub use client::{Compression, GrpcClient, RawGrpc};
pub use generator::Generator;
pub use http::{HttpClient, HttpResponse};
pub use ledger::{Account, LedgerFile};
pub use load::Load;
pub use pipeline::Pipeline;
pub use process::{End, Obs, Process, Signal};
pub use sink::{Answer, Sink};
pub use temp::TempDir;
pub use terminal::terminal;

/// No test waits longer than this for anything; a loaded machine needs a fraction of it.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// Waits until `check` says something.
pub fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < deadline, "still waiting for {what} after {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file of the shared test data; says so and is `None` where there are none.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OBS_SHARED_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: no shared data ({} is not there)", path.display());
        return None;
    }
    path.canonicalize().ok()
}
