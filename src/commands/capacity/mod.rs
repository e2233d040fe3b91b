//! `obs capacity`.

mod calibrate;
mod cost;
mod emit;
mod explain;
mod input_args;
mod input_rows;
mod limit_args;
mod output;
mod plan;
mod plan_json;
mod plan_report;
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

/// Arguments of `obs capacity`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
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
            Some(CapacityCommand::Calibrate(args)) => args.run(config),
            Some(CapacityCommand::Cost(args)) => args.run(config),
        }
    }
}
