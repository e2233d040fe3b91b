//! The command tree.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing::level_filters::LevelFilter;

use crate::commands::capacity::CapacityArgs;
use crate::commands::collect::CollectArgs;
use crate::commands::one_of;
use crate::commands::query::QueryArgs;
use crate::commands::relay::RelayArgs;
use crate::commands::run::RunArgs;
use crate::commands::sample::SampleArgs;
use crate::commands::store::StoreArgs;
use crate::config::LogFormat;

const EXAMPLES: &str = "\
Examples:
  obs collect | jq                                        watch what an SDK sends
  obs collect | obs sample --rate 5% | obs relay --to https://gateway:4317
  obs run 'collect | sample --rate 5% | relay --to https://gateway:4317'      the same in one process
  obs collect --synthetic 100 | obs relay --to http://localhost:4317
  OBS_FORMAT=proto obs collect > telemetry.frames         fast: protobuf frames
  obs sample --rate 1/20 telemetry.frames | obs relay --to http://localhost:4317";

const FOOTER: &str = "\
Exit codes: 0 ok, 2 usage or configuration, 3 some input was rejected, 4 failure or data not delivered, 130 \
interrupted a second time.
The manual of a subcommand: man obs-collect, man obs-sample, man obs-relay, man obs-store, man obs-query, man obs-capacity, man obs-run.";

/// OpenTelemetry pipelines: collect, sample and relay traces, metrics and logs.
#[derive(Debug, Parser)]
#[command(name = "obs", version, before_help = EXAMPLES, after_help = FOOTER, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Options of every subcommand.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Configuration file (YAML) [default: ./obs.yaml if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "OBS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Say less: -q only warnings, -qq only errors
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Say more: -v debug, -vv trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Form of the messages on stderr [default: text]
    #[arg(long, global = true, value_name = "FORMAT", env = "OBS_LOG_FORMAT", value_parser = one_of::<LogFormat>())]
    pub log_format: Option<LogFormat>,
}

impl GlobalArgs {
    /// The level that -q and -v ask for.
    pub fn level(&self) -> Option<LevelFilter> {
        match (self.quiet, self.verbose) {
            (0, 0) => None,
            (1, _) => Some(LevelFilter::WARN),
            (2.., _) => Some(LevelFilter::ERROR),
            (0, 1) => Some(LevelFilter::DEBUG),
            (0, _) => Some(LevelFilter::TRACE),
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive telemetry over OTLP and write it to stdout
    Collect(CollectArgs),
    /// Keep a share of the traces, and all errors and slow spans
    Sample(SampleArgs),
    /// Send a stream to an OTLP endpoint
    Relay(RelayArgs),
    /// Keep a stream in a database, and look after it
    Store(StoreArgs),
    /// Search traces and logs, in a database or a stream
    Query(QueryArgs),
    /// Plan machines, disk, network and money for a load
    Capacity(Box<CapacityArgs>),
    /// Run a whole pipeline in one process
    Run(RunArgs),
}

impl Command {
    /// The subcommand's name.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Collect(_) => "collect",
            Command::Sample(_) => "sample",
            Command::Relay(_) => "relay",
            Command::Store(_) => "store",
            Command::Query(_) => "query",
            Command::Capacity(_) => "capacity",
            Command::Run(_) => "run",
        }
    }
}
