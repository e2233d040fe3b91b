//! `obs collect` towards its senders and whoever looks after it.

mod browsers;
mod grpc;
mod health;
mod http;
mod limits;
mod security;
mod startup;
mod synthetic;

use crate::support::{Obs, Process, TempDir};

/// A collector on free ports, with a ledger and more `args`.
fn start(dir: &TempDir, args: &str) -> Process {
    Obs::new(dir, "collect --grpc 127.0.0.1:0 --http 127.0.0.1:0")
        .args(args)
        .ledger(&dir.file("ledger.json"))
        .spawn()
}
