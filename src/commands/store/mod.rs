//! `obs store`.

mod check;
mod configured;
mod export;
mod ingest;
mod look;
mod maintain;

use clap::{Args, Subcommand};

use super::db_args::DbArgs;
use super::stage::{Ports, Prepared, Setting, StageCommand};
use super::stream_args::StageArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use configured::Configured;
use export::ExportArgs;
use ingest::IngestArgs;
use look::ReportArgs;
use maintain::{CompactArgs, PruneArgs};

const EXAMPLES: &str = "\
Examples:
  obs collect | obs store
  obs run 'collect | tee { store } { relay --to https://gateway:4317 }'
  obs store --db incident.db --redact 'user.email' traces.jsonl logs.jsonl
  obs store stats
  obs store export --service checkout --from now-1h | obs relay --to http://localhost:4317
  obs store prune --older-than 30d --max-size 10GiB";

const DETAILS: &str = "\
Without a subcommand it reads a stream and keeps it. What was committed survives a killed process, with --durability \
power also a power cut. Several processes may write to one database and take turns; readers never wait. The file is a \
SQLite database: services, operations, edges and the counts a minute are plain tables and views for any client.";

/// Arguments of `obs store`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS, args_conflicts_with_subcommands = true)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: Option<StoreCommand>,
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    ingest: IngestArgs,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// What is in the database, in figures
    Stats(ReportArgs),
    /// The services that are in it
    Services(ReportArgs),
    /// Write what is in it as a stream
    Export(ExportArgs),
    /// Check that all of it can be read; exit code 1 if not
    Check(CheckDb),
    /// Merge small segments, and give free space back
    Compact(CompactArgs),
    /// Delete what is old or too much, and give its space back
    Prune(PruneArgs),
}

/// Arguments of `obs store check`.
#[derive(Debug, Args)]
struct CheckDb {
    #[command(flatten)]
    db: DbArgs,
}

impl StoreArgs {
    /// Whether it handles a stream.
    pub(super) fn is_stage(&self) -> bool {
        matches!(self.command, None | Some(StoreCommand::Export(_)))
    }

    /// Runs a subcommand that handles no stream.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let configured = Configured::read(config)?;
        match &self.command {
            Some(StoreCommand::Stats(args)) => args.stats(&configured),
            Some(StoreCommand::Services(args)) => args.services(&configured),
            Some(StoreCommand::Check(args)) => check::run(&configured.path(&args.db)),
            Some(StoreCommand::Compact(args)) => args.run(&configured),
            Some(StoreCommand::Prune(args)) => args.run(&configured),
            Some(StoreCommand::Export(_)) | None => Ok(Outcome::Ok),
        }
    }
}

impl StageCommand for StoreArgs {
    fn ports(&self) -> Ports<'_> {
        match &self.command {
            Some(StoreCommand::Export(args)) => {
                Ports { input: None, output: Some(&args.output), appends_to: None }
            }
            _ => Ports { input: Some(&self.ingest.input), output: None, appends_to: None },
        }
    }

    fn stage_args(&self) -> &StageArgs {
        match &self.command {
            Some(StoreCommand::Export(args)) => &args.stage,
            _ => &self.ingest.stage,
        }
    }

    fn prepare(&self, setting: &Setting<'_>) -> Result<Prepared, CommandError> {
        let configured = Configured::read(setting.config)?;
        match &self.command {
            Some(StoreCommand::Export(args)) => args.prepare(&configured, setting),
            _ => self.ingest.prepare(&self.db, &configured, setting),
        }
    }
}
