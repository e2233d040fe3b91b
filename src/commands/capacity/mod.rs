//! `obs capacity`.

mod calibrate;
mod cost;
mod emit;
mod explain;
mod growth;
mod input_args;
mod input_rows;
mod limit_args;
mod observe;
mod output;
mod plan;
mod plan_json;
mod plan_report;
mod plan_rows;
mod plan_sections;
mod price_args;
mod simple_report;
mod whatif_report;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::error::{CommandError, Outcome};
use calibrate::CalibrateArgs;
use cost::CostArgs;
use plan::PlanArgs;

const EXAMPLES: &str = "\
Examples:
  obs capacity --spans 100k
  obs capacity --spans 100k --size 700 --rate 5% --retention 7d --warm 30d --explain
  obs capacity --spans 100k --what-if rate=0.01,0.05,1 --what-if retention=7d,30d
  obs capacity --spans 100k --budget 5000                 the sampling rate that a budget allows
  obs capacity --spans 100k --rate 5% --growth 10%/month --max-cost 5000
  obs capacity --spans 100k --check --max-cost 500        exit code 1 where it costs more
  obs capacity --db obs.db                                the load that was seen, by service
  obs capacity calibrate telemetry.jsonl && obs capacity --spans 100k --profile profile.json
  obs capacity --spans 100k --emit k8s | kubectl apply -f -";

const DETAILS: &str = "\
Agents on all nodes send to gateways, which sample and send to a store. Every input has a default that says where it is from \
(--all shows them). Each is a flag, an environment variable (OBS_CAPACITY_RATE) or a line of the section capacity of the \
configuration (rate: 5%); what is seen (--db, --prometheus, FILE) and measured (--profile) stands between the environment \
and the file. Without --spans the database is read. GiB are 2^30 bytes, Mbit 10^6 bits, a month 730 hours.";

/// Arguments of `obs capacity`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS, args_conflicts_with_subcommands = true)]
pub struct CapacityArgs {
    #[command(subcommand)]
    command: Option<CapacityCommand>,
    #[command(flatten)]
    plan: PlanArgs,
}

#[derive(Debug, Subcommand)]
enum CapacityCommand {
    /// Measure this machine with your own telemetry
    Calibrate(CalibrateArgs),
    /// What it costs to keep what a database holds
    Cost(CostArgs),
}

impl CapacityArgs {
    /// Plans, or runs the subcommand.
    ///
    /// # Errors
    /// Wrong arguments or configuration, or something could not be read or measured.
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        match &self.command {
            None => self.plan.run(config),
            Some(CapacityCommand::Calibrate(args)) => args.run(),
            Some(CapacityCommand::Cost(args)) => args.run(config),
        }
    }
}
