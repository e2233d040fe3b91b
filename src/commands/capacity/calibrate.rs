//! `obs capacity calibrate`.

mod report;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::super::report_args::FormatArgs;
use super::super::stream_args::InputArgs;
use super::super::time_args::{NowArgs, utc};
use crate::capacity::Profile;
use crate::capacity::calibration::{self, MAX_BYTES, Output, Sample, Settings};
use crate::config;
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::ui::progress::Bar;

const EXAMPLES: &str = "\
Examples:
  obs capacity calibrate                              with the spans of a small shop
  obs capacity calibrate traces.jsonl --output laptop.json
  obs capacity calibrate --db obs.db && obs capacity --profile profile.json --spans 100k
  obs store export --signal traces --service checkout | obs capacity calibrate -";

const DETAILS: &str = "\
The stages run as processes of their own, with the spans that are given (else synthetic ones), in a temporary \
directory and without any configuration; their speed is spans by the CPU seconds that they were charged. Small \
requests are joined to 1000 spans, as agents send them on; who receives smaller ones needs more. Spans are repeated, with \
other ids, until there are enough; bytes a span are those of one pass. It takes about half a minute and \
up to 1 GB in TMPDIR. Let nothing else run meanwhile: the spread says how far the rounds are apart.";

const DEFAULT_ROUNDS: NonZeroUsize = match NonZeroUsize::new(5) {
    Some(rounds) => rounds,
    None => NonZeroUsize::MIN,
};

/// Spans below which a database is mostly what it begins with.
const ENOUGH_TO_STORE: u64 = 20_000;

/// Rejected objects that are told one by one.
const TOLD: u64 = 5;

/// Arguments of `obs capacity calibrate`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct CalibrateArgs {
    /// Streams whose spans are used, NDJSON or frames; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// The database whose spans are used
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    db: Option<PathBuf>,
    /// Where the profile goes
    #[arg(long, value_name = "FILE", default_value = "profile.json")]
    output: PathBuf,
    /// Measurements of each stage
    #[arg(long, value_name = "N", default_value_t = DEFAULT_ROUNDS)]
    rounds: NonZeroUsize,
    /// Spans that a stage reads; at most so many of the sample are used
    #[arg(long, value_name = "N", default_value = "500000", value_parser = clap::value_parser!(u64).range(1..))]
    spans: u64,
    /// How long a load lasts at which latency is measured
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = config::parse_interval)]
    load_time: Duration,
    /// Choose synthetic traffic, and the ids of repeated spans
    #[arg(long, value_name = "N", env = "OBS_SEED", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    now: NowArgs,
}

impl CalibrateArgs {
    pub(super) fn run(&self) -> Result<Outcome, CommandError> {
        let output = Output::check(&self.output)?;
        let sample = self.sample()?;
        let settings =
            Settings { rounds: self.rounds, spans: self.spans, load_time: self.load_time, seed: self.seed };
        let now = self.now.ns();
        let measured_at = utc(now.max(0) as u64 / 1_000_000_000 * 1_000_000_000);
        let mut bar = Bar::new("calibrating", "steps");
        let profile =
            calibration::calibrate(&sample, &settings, measured_at, &mut |done, of| bar.show(done, of))?;
        drop(bar);
        output.write(&profile)?;
        self.report(&profile, now)?;
        let path = self.output.display();
        tracing::info!("wrote {path}; use it with obs capacity --profile {path}");
        Ok(if sample.left_out.rejected > 0 { Outcome::Rejected } else { Outcome::Ok })
    }

    fn sample(&self) -> Result<Sample, CommandError> {
        let sample = if let Some(db) = &self.db {
            Sample::of_database(db, self.spans)?
        } else if self.files.is_empty() {
            Sample::synthetic(self.spans, self.seed, self.now.ns().max(0) as u64)?
        } else {
            let inputs = InputArgs { files: self.files.clone(), signal: Signal::Traces }.open(&[])?;
            let mut count = 0;
            Sample::of_streams(inputs, self.spans, &mut |rejection| {
                count += 1;
                if count <= TOLD {
                    tracing::warn!("{rejection}");
                }
            })?
        };
        let (source, left_out) = (&sample.source, sample.left_out);
        if left_out.rejected > 0 {
            tracing::warn!("{source}: {} objects could not be read", left_out.rejected);
        }
        if left_out.others > 0 {
            tracing::info!("{source}: {} data points and log records are left out", left_out.others);
        }
        if left_out.spans {
            tracing::info!(
                "{source}: spans after the first {} are left out: --spans {}, at most {} MiB",
                sample.spans,
                self.spans,
                MAX_BYTES >> 20
            );
        }
        if sample.spans < ENOUGH_TO_STORE {
            tracing::warn!(
                "{source}: {} spans: what a span takes in the store is only known from {ENOUGH_TO_STORE} on",
                sample.spans
            );
        }
        Ok(sample)
    }

    fn report(&self, profile: &Profile, now_ns: i64) -> Result<(), CommandError> {
        let mut table = report::table(profile, self.format.format());
        if self.format.is_document() {
            table.json = serde_json::to_value(profile).context("cannot write the profile as JSON")?;
        }
        self.format.print(&table, "calibration", now_ns)
    }
}
