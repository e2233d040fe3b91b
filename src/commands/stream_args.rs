use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::config;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::stream::{Encoding, Input, open};

/// Options of every subcommand that handles a stream.
#[derive(Debug, Clone, Args)]
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
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stream")]
pub(super) struct InputArgs {
    /// Streams to read, NDJSON or frames; - is stdin [default: -]
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// Signal of frames that do not say theirs, as the collector's file exporter writes them
    #[arg(long, value_name = "SIGNAL", default_value = "traces")]
    pub(super) signal: Signal,
}

/// Options of a subcommand that writes a stream.
#[derive(Debug, Clone, Args)]
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
        self.format.encoding()
    }
}

impl StreamFormat {
    /// What `OBS_FORMAT` says, for subcommands whose own format is that of a report.
    pub(super) fn of_environment() -> Result<StreamFormat, CommandError> {
        let name = std::env::var("OBS_FORMAT").unwrap_or_default();
        if name.is_empty() {
            return Ok(StreamFormat::Ndjson);
        }
        StreamFormat::from_str(&name, false)
            .map_err(|_| CommandError::usage(anyhow!("OBS_FORMAT: expected ndjson or proto, found {name:?}")))
    }

    pub(super) fn encoding(self) -> Encoding {
        match self {
            StreamFormat::Ndjson => Encoding::Ndjson,
            StreamFormat::Proto => Encoding::Frames,
        }
    }
}

impl InputArgs {
    /// Opens all operands, so that a misspelt one is told before anything is done; none of them may be a file that is
    /// written to, which would never end.
    pub(super) fn open(&self, outputs: &[Metadata]) -> Result<Vec<Input>, CommandError> {
        let open = |file: &String| {
            if outputs.iter().any(|output| is_same_file(output, file)) {
                return Err(CommandError::usage(anyhow!("{file} is both read and written")));
            }
            open(file, self.signal).map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidInput => CommandError::usage(error).hint("obs collect | obs …"),
                _ => CommandError::failure(anyhow::Error::new(error).context(format!("cannot open {file}"))),
            })
        };
        if self.files.is_empty() {
            Ok(vec![open(&"-".to_owned())?])
        } else {
            self.files.iter().map(open).collect()
        }
    }

    /// Looks whether the operands are there; to open a pipe would wait for whoever writes it.
    pub(super) fn look(&self) -> Result<(), CommandError> {
        self.files.iter().filter(|file| *file != "-").try_for_each(|file| {
            std::fs::metadata(file).with_context(|| format!("cannot open {file}"))?;
            Ok(())
        })
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
