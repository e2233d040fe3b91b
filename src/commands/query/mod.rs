//! `obs query`.

mod bottlenecks;
mod compare;
mod deps;
mod figures;
mod filter;
mod listing;
mod logs;
mod operations;
mod output;
mod services;
mod source;
mod sql;
mod tag;
mod trace;
mod traces;
mod typed;
mod unknown;
mod unread;

pub(super) use output::write_stream;
pub(super) use source::SourceArgs;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::error::{CommandError, Outcome};

const EXAMPLES: &str = "\
Examples:
  obs query services
  obs query traces --service checkout --min-duration 500ms --errors
  obs query traces --where 'service: \"checkout\" and http.route: \"/pay*\" and duration > 500ms'
  obs query trace 4bf92f3577b34da6
  obs query logs 'level: error and service: \"checkout\"' --since 1h
  obs query deps --format dot | dot -Tsvg > services.svg
  zcat traces.jsonl.gz | obs query traces --sort longest -";

/// Arguments of `obs query`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub struct QueryArgs {
    #[command(subcommand)]
    command: QueryCommand,
}

#[derive(Debug, Subcommand)]
enum QueryCommand {
    /// The services, how much they do, how often they fail and how long they take
    Services(services::ServicesArgs),
    /// The operations of a service
    Operations(operations::OperationsArgs),
    /// Search traces
    Traces(traces::TracesArgs),
    /// Show a trace
    Trace(trace::TraceArgs),
    /// Where the time of many traces goes
    Bottlenecks(bottlenecks::BottlenecksArgs),
    /// Compare two traces
    Compare(compare::CompareArgs),
    /// Which services call which
    Deps(deps::DepsArgs),
    /// Search log records
    Logs(logs::LogsArgs),
    /// Ask in SQL
    Sql(sql::SqlArgs),
}

impl QueryArgs {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Wrong arguments, or the database cannot be read.
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        match &self.command {
            QueryCommand::Services(args) => args.run(config),
            QueryCommand::Operations(args) => args.run(config),
            QueryCommand::Traces(args) => args.run(config),
            QueryCommand::Trace(args) => args.run(config),
            QueryCommand::Bottlenecks(args) => args.run(config),
            QueryCommand::Compare(args) => args.run(config),
            QueryCommand::Deps(args) => args.run(config),
            QueryCommand::Logs(args) => args.run(config),
            QueryCommand::Sql(args) => args.run(config),
        }
    }
}
