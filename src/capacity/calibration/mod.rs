//! Calibration: what spans cost on this machine, measured with the user's own.
//!
//! `sample` takes spans from streams, a database or synthetic traffic; `frames` repeats them, as other spans, in a
//! file. The stages are processes of their own (`sandbox`, `child`), so that what the operating system charges them is
//! theirs alone: `stages` divides the spans by their CPU seconds. `bytes` looks at one pass of the sample, which
//! repetition would make too easy to compress; `memory` fills a queue whose peer never answers; `latency` sends at a
//! rate, to which `load` keeps however slow the answers are. Rounds of different stages take turns, so that what else
//! the machine does hits all alike.

mod bytes;
mod child;
mod frames;
mod host;
mod latency;
mod load;
mod memory;
mod output;
mod sample;
mod sandbox;
mod stages;

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::anyhow;

use self::frames::Frames;
use self::sandbox::Sandbox;
use self::stages::Stage;
use super::profile::{Measured, Profile, SCHEMA, Sample as SampleProfile, Stages};
use crate::error::CommandError;

pub use frames::MAX_BYTES;
pub use output::Output;
pub use sample::{LeftOut, Sample};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Measurements of each stage.
    pub rounds: NonZeroUsize,
    /// Spans of the file that stages read.
    pub spans: u64,
    /// How long each load lasts at which latency is measured.
    pub load_time: Duration,
    /// Chooses the ids of repeated spans.
    pub seed: u64,
}

/// Told how far it has come: steps done, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Counts steps.
struct Steps<'a> {
    done: u64,
    of: u64,
    progress: Progress<'a>,
}

impl Steps<'_> {
    fn next(&mut self) {
        self.done += 1;
        (self.progress)(self.done, self.of);
    }
}

/// Measures this machine with a sample; `measured_at` is the present, RFC 3339. SIGINT, SIGTERM and SIGHUP end the
/// process, and leave nothing behind.
///
/// # Errors
/// There is no room for files, or a stage does not run.
pub fn calibrate(
    sample: &Sample,
    settings: &Settings,
    measured_at: String,
    progress: Progress<'_>,
) -> Result<Profile, CommandError> {
    let rounds = settings.rounds.get();
    let steps = 2 + rounds * Stage::ALL.len() + memory::ROUNDS + latency::LOADS.len();
    let mut steps = Steps { done: 0, of: steps as u64, progress };
    (steps.progress)(0, steps.of);
    let sandbox = Sandbox::new()?;
    let frames = Frames::write(&sandbox, sample, settings.spans, settings.seed)?;
    steps.next();
    let speeds = stages::measure(&sandbox, sample, &frames, rounds, &mut steps)?;
    let [collect, sample_, relay, store] = speeds;
    let bytes = bytes::measure(&sandbox, sample)?;
    steps.next();
    let memory = memory::measure(&sandbox, sample, bytes.wire, &mut steps)?;
    let latency = latency::measure(&sandbox, sample, settings.load_time, &mut steps)?;
    Ok(Profile {
        schema: SCHEMA.into(),
        measured_at,
        version: env!("CARGO_PKG_VERSION").into(),
        host: host::host(),
        sample: SampleProfile {
            source: sample.source.clone(),
            spans: sample.spans,
            spans_per_request: sample.spans as f64 / sample.came as f64,
        },
        stages: Stages {
            collect: median(collect)?,
            sample: median(sample_)?,
            relay: median(relay)?,
            store: median(store)?,
        },
        bytes,
        memory_bytes_per_span: median(memory)?,
        latency,
    })
}

fn median(values: Vec<f64>) -> Result<Measured, CommandError> {
    Measured::of(values).ok_or_else(|| CommandError::failure(anyhow!("nothing was measured")))
}
