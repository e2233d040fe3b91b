//! Memory that spans take while they are under way: a pipeline whose peer never answers is filled with so many of them.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, anyhow};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::Steps;
use super::child::Child;
use super::load::{Load, Sender};
use super::sample::Sample;
use super::sandbox::Sandbox;
use crate::error::CommandError;

/// Measurements.
pub(super) const ROUNDS: usize = 3;

/// Bytes on the wire of the spans that are under way: so many that what a process needs anyway does not show.
const UNDER_WAY: f64 = 64.0 * 1024.0 * 1024.0;
/// Fewer spans do too where requests are so small that these would take longer.
const TIME: Duration = Duration::from_secs(2);
/// Bytes that an item may have before the queue of obs relay counts bytes.
const BYTES_PER_ITEM: f64 = 1024.0;

/// Bytes a span of each round.
pub(super) fn measure(
    sandbox: &Sandbox,
    sample: &Sample,
    wire: f64,
    steps: &mut Steps<'_>,
) -> Result<Vec<f64>, CommandError> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(sandbox, sample, wire)?);
        steps.next();
    }
    Ok(rounds)
}

fn round(sandbox: &Sandbox, sample: &Sample, wire: f64) -> Result<f64, CommandError> {
    // Connections are made and data is taken by the operating system; nobody reads it.
    let peer = TcpListener::bind("127.0.0.1:0")?;
    let spans = (UNDER_WAY / wire).ceil();
    // Requests are sent whole, and none of them is to wait.
    let capacity = 2.0 * spans * (wire / BYTES_PER_ITEM).max(1.0);
    let pipeline = format!(
        "collect --grpc 127.0.0.1:0 --http off | relay --to http://{} --timeout 10m --buffer-capacity {capacity:.0}",
        peer.local_addr()?
    );
    let child = sandbox.start(&["run", "--ack", "on-accept", &pipeline])?;
    let sender = Sender::new(sample, &child.url()?)?;
    let before = resident(&child)?;
    let sent = sender.send(Load::Spans(spans as u64, TIME))?;
    let with = resident(&child)?;
    Ok(with.saturating_sub(before) as f64 / sent.spans as f64)
}

/// Resident memory of a process in bytes.
fn resident(child: &Child) -> Result<u64, CommandError> {
    let id = Pid::from_u32(child.id());
    let mut system = System::new().context("the operating system does not tell the memory of processes")?;
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), false, memory);
    let process = system.process(id).map(|process| process.memory());
    process.ok_or_else(|| CommandError::failure(anyhow!("obs run has ended while its memory was measured")))
}
