use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::config;
use crate::error::{Class, CommandError, Outcome};
use crate::otlp::Signal;
use crate::stream::{Encoding, Input, Ledger, Reason, Stop, open};
use crate::ui;

/// Options of every subcommand that handles a stream.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stream")]
pub(super) struct StageArgs {
    /// Write the closing ledger to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) ledger: Option<PathBuf>,
    /// After SIGTERM or SIGINT, drain for so long at the most
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = config::parse_duration)]
    pub(super) drain_timeout: Duration,
    /// Serve /healthz, /readyz and /metrics on ADDR
    #[arg(long, value_name = "ADDR", env = "OBS_HEALTH")]
    pub(super) health: Option<String>,
    /// Add our own metrics to the stream, every 15s or so often
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, require_equals = true, default_missing_value = "15s")]
    #[arg(value_parser = config::parse_interval)]
    pub(super) self_metrics: Option<Duration>,
}

/// Options of a subcommand that reads a stream.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stream")]
pub(super) struct InputArgs {
    /// Streams to read, NDJSON or frames; - is stdin
    #[arg(value_name = "FILE", default_value = "-")]
    pub(super) files: Vec<String>,
    /// Signal of frames that do not say theirs, as the collector's file exporter writes them
    #[arg(long, value_name = "SIGNAL", default_value = "traces")]
    pub(super) signal: Signal,
}

/// Options of a subcommand that writes a stream.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stream")]
pub(super) struct OutputArgs {
    /// Encoding of the stream on stdout
    #[arg(long, value_name = "ENCODING", env = "OBS_FORMAT", default_value = "ndjson")]
    pub(super) format: StreamFormat,
}

/// The names of the encodings.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum StreamFormat {
    /// OTLP JSON Lines
    Ndjson,
    /// Length-prefixed protobuf frames
    Proto,
}

impl OutputArgs {
    pub(super) fn encoding(&self) -> Encoding {
        match self.format {
            StreamFormat::Ndjson => Encoding::Ndjson,
            StreamFormat::Proto => Encoding::Frames,
        }
    }
}

impl InputArgs {
    /// Opens all operands, so that a misspelt one is told before anything is done; none of them may be the file that
    /// is written to, which would never end.
    pub(super) fn open(&self, output: Option<&Metadata>) -> Result<Vec<Input>, CommandError> {
        let open = |file: &String| {
            let is_output = output.is_some_and(|output| is_same_file(output, file));
            if is_output {
                return Err(CommandError::usage(anyhow!("{file} is both read and written")));
            }
            open(file, self.signal).map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidInput => CommandError::usage(error).hint("obs collect | obs …"),
                _ => CommandError::failure(anyhow::Error::new(error).context(format!("cannot open {file}"))),
            })
        };
        self.files.iter().map(open).collect()
    }
}

fn is_same_file(output: &Metadata, operand: &str) -> bool {
    let input = match operand {
        "-" => rustix::stdio::stdin().try_clone_to_owned().map(File::from).and_then(|stdin| stdin.metadata()),
        path => std::fs::metadata(path),
    };
    let same = |input: Metadata| (input.dev(), input.ino()) == (output.dev(), output.ino());
    output.is_file() && input.is_ok_and(same)
}

impl StageArgs {
    /// Listens for signals. A stage that is stuck when draining has taken too long ends with what its ledger says by
    /// then.
    pub(super) fn stop(&self, ledger: &Arc<Ledger>) -> Result<Stop, CommandError> {
        let (ledger, path) = (ledger.clone(), self.ledger.clone());
        let overdue = move || {
            let error =
                CommandError::failure(anyhow!("not everything was handed on within the drain timeout"));
            ui::error(&error.hint("--drain-timeout gives it longer"));
            ledger.abandon(Reason::DrainTimeout);
            if let Err(error) = close(&ledger, path.as_deref(), None) {
                ui::error(&error);
            }
            std::process::exit(Class::Failure as i32);
        };
        Ok(Stop::on_signals(self.drain_timeout, overdue)?)
    }

    /// Closes the ledger: prints it, writes it to `--ledger` with `details`, and says what it means for the exit code.
    pub(super) fn close(
        &self,
        ledger: &Ledger,
        details: Option<(&str, serde_json::Value)>,
    ) -> Result<Outcome, CommandError> {
        close(ledger, self.ledger.as_deref(), details)
    }
}

fn close(
    ledger: &Ledger,
    path: Option<&Path>,
    details: Option<(&str, serde_json::Value)>,
) -> Result<Outcome, CommandError> {
    ledger.to_lines().iter().for_each(|line| tracing::info!("{line}"));
    if let Some(path) = path {
        let mut json = ledger.to_json();
        if let Some((name, details)) = details {
            json[name] = details;
        }
        let text = format!("{json:#}\n");
        write_whole(path, text.as_bytes())
            .with_context(|| format!("cannot write the ledger to {}", path.display()))?;
    }
    let mut counts = Signal::ALL.into_iter().map(|signal| ledger.counts(signal));
    let delivered = counts.all(|counts| counts.lost.is_empty() && counts.dead_lettered == 0);
    let mut counts = Signal::ALL.into_iter().map(|signal| ledger.counts(signal));
    let oversized = counts.any(|counts| counts.dropped.contains_key(&Reason::Oversized));
    Ok(if !delivered {
        Outcome::NotDelivered
    } else if oversized || ledger.rejected_objects() > 0 {
        Outcome::Rejected
    } else {
        Outcome::Ok
    })
}

/// Replaces a file by a new one, so that a reader never sees half of it; a device is written to.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, bytes);
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path)
}
