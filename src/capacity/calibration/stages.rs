//! Spans a second and core of each stage: spans by the CPU seconds that its process was charged.

use std::time::Duration;

use super::Steps;
use super::child::{Child, Sandbox};
use super::frames::Frames;
use super::load::{Load, Sender};
use super::sample::Sample;
use crate::error::CommandError;

/// How long collect receives in a round.
const COLLECT_TIME: Duration = Duration::from_millis(700);
/// How often sample and relay, which are quick, read the file in a round.
const SAMPLE_PASSES: usize = 4;
const RELAY_PASSES: usize = 2;

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
                Stage::Sample => read(sandbox, frames, &["sample", "--rate", "5%"], SAMPLE_PASSES)?,
                Stage::Relay => read(sandbox, frames, &["relay", "--to", &url], RELAY_PASSES)?,
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
    let sent = Sender::new(sample, &child.url()?)?.send(Load::For(COLLECT_TIME))?;
    Ok(sent.spans as f64 / child.stop()?)
}

/// A stage that does not mind to read the same spans again.
fn read(sandbox: &Sandbox, frames: &Frames, stage: &[&str], passes: usize) -> Result<f64, CommandError> {
    let mut arguments = stage.to_vec();
    arguments.extend(std::iter::repeat_n(frames.path.as_str(), passes));
    Ok((frames.spans * passes as u64) as f64 / sandbox.run(&arguments)?)
}

fn store(sandbox: &Sandbox, frames: &Frames) -> Result<f64, CommandError> {
    let directory = sandbox.directory("store")?;
    let database = directory.join("spans.db").display().to_string();
    let cpu = sandbox.run(&["store", "--db", &database, &frames.path])?;
    std::fs::remove_dir_all(directory)?;
    Ok(frames.spans as f64 / cpu)
}
