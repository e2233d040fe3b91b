//! Subcommands: arguments in, a domain call, a report out. The only code that knows clap.

pub mod capacity;
mod closing;
pub mod collect;
mod db_args;
mod gauges;
mod own_telemetry;
mod process;
pub mod query;
pub mod relay;
mod report_args;
pub mod run;
pub mod sample;
mod stage;
pub mod store;
mod stream_args;
mod time_args;

use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use signal_hook::consts::SIGXFSZ;

use crate::choice::Choice;
use crate::cli::{Cli, Command};
use crate::config::{Config, Log};
use crate::error::{CommandError, Outcome};
use crate::ui;
use stage::StageCommand;

/// Parses a flag whose value is one of a few names.
pub(crate) fn one_of<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let values = T::CHOICES.iter().map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    let parser = PossibleValuesParser::new(values);
    parser.try_map(|name| T::of_name(&name).ok_or_else(|| format!("{name} is not one of the values")))
}

/// Runs what the command line says.
///
/// # Errors
/// The subcommand failed.
pub fn run(cli: Cli) -> Result<Outcome, CommandError> {
    // A file that must not grow further is an error of the write, not the end of the process.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let (config, warnings) = Config::load(cli.global.config.as_deref())?;
    let log: Log = config.section()?;
    ui::log::init(cli.command.name(), cli.global.level(), cli.global.log_format, &log)?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let name = cli.command.name();
    match (&cli.command, as_stage(&cli.command)) {
        (_, Some(stage)) => process::run_stage(name, stage, &config),
        (Command::Run(args), None) => run::run(args, &config),
        (Command::Store(args), None) => args.run(&config),
        (Command::Query(args), None) => args.run(&config),
        (Command::Capacity(args), None) => args.run(&config),
        (_, None) => Ok(Outcome::Ok),
    }
}

/// The subcommand as a stage of a pipeline, if it is one.
fn as_stage(command: &Command) -> Option<&dyn StageCommand> {
    match command {
        Command::Collect(args) => Some(args),
        Command::Sample(args) => Some(args),
        Command::Relay(args) => Some(args),
        Command::Store(args) => args.is_stage().then_some(args as &dyn StageCommand),
        Command::Query(_) | Command::Capacity(_) | Command::Run(_) => None,
    }
}
