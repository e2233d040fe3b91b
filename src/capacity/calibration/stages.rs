//! Spans a second and core of each stage: spans by the CPU seconds that its process was charged.
//!
//! They do what `scripts/bench` has them do, with the same requests in flight, so that the figures are the same ones.

use std::process::Stdio;
use std::time::Duration;

use super::Steps;
use super::child::Child;
use super::frames::Frames;
use super::load::{Load, Sender};
use super::sample::Sample;
use super::sandbox::Sandbox;
use crate::error::CommandError;

/// How long collect, or collect with relay behind it, receives in a round.
const LOAD: Load = Load::For(Duration::from_millis(800));
/// How often sample, which is quick and does not mind to see spans again, reads the file in a round.
const PASSES: usize = 4;

/// Receives on a port of its choice.
const COLLECT: [&str; 5] = ["collect", "--grpc", "127.0.0.1:0", "--http", "off"];

/// A stage that is measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Collect,
    Sample,
    Relay,
    Store,
}

impl Stage {
    /// In the order of the results.
    pub(super) const ALL: [Stage; 4] = [Stage::Collect, Stage::Sample, Stage::Relay, Stage::Store];
}

/// A process that takes requests and writes their frames to nowhere.
pub(super) fn collect(sandbox: &Sandbox) -> Result<Child, CommandError> {
    sandbox.start(&COLLECT)
}

/// Spans a CPU second of each round, by stage.
pub(super) fn measure(
    sandbox: &Sandbox,
    sample: &Sample,
    frames: &Frames,
    rounds: usize,
    steps: &mut Steps<'_>,
) -> Result<[Vec<f64>; 4], CommandError> {
    let sink = collect(sandbox)?;
    let url = sink.url()?;
    let mut speeds = <[Vec<f64>; 4]>::default();
    for _ in 0..rounds {
        for (stage, speeds) in Stage::ALL.into_iter().zip(&mut speeds) {
            speeds.push(match stage {
                Stage::Collect => receive(sandbox, sample)?,
                Stage::Sample => thin_out(sandbox, frames)?,
                Stage::Relay => relay(sandbox, sample, &url)?,
                Stage::Store => store(sandbox, frames)?,
            });
            steps.next();
        }
    }
    sink.stop()?;
    Ok(speeds)
}

fn receive(sandbox: &Sandbox, sample: &Sample) -> Result<f64, CommandError> {
    let child = collect(sandbox)?;
    let sent = Sender::new(sample, &child.url()?)?.send(LOAD)?;
    Ok(sent.spans as f64 / child.stop()?)
}

fn thin_out(sandbox: &Sandbox, frames: &Frames) -> Result<f64, CommandError> {
    let files = [frames.path.as_str(); PASSES];
    let cpu = sandbox.run(&[&["sample", "--rate", "5%"], &files[..]].concat())?;
    Ok((frames.spans * PASSES as u64) as f64 / cpu)
}

/// Behind collect, whose pace decides how many batches it joins: from a file they would always be as many as may be.
fn relay(sandbox: &Sandbox, sample: &Sample, to: &str) -> Result<f64, CommandError> {
    let (reader, writer) = std::io::pipe()?;
    let collect = sandbox.start_between(Stdio::null(), &COLLECT, writer.into())?;
    let relay = sandbox.start_between(reader.into(), &["relay", "--to", to], Stdio::null())?;
    let sent = Sender::new(sample, &collect.url()?)?.send(LOAD)?;
    collect.stop()?;
    Ok(sent.spans as f64 / relay.wait()?)
}

fn store(sandbox: &Sandbox, frames: &Frames) -> Result<f64, CommandError> {
    let directory = sandbox.directory("store")?;
    let database = directory.join("spans.db").display().to_string();
    let cpu = sandbox.run(&["store", "--db", &database, &frames.path])?;
    std::fs::remove_dir_all(directory)?;
    Ok(frames.spans as f64 / cpu)
}
