//! Subcommands: arguments in, a domain call, a report out. The only code that knows clap.

pub mod collect;
mod filter;
mod own_telemetry;
pub mod relay;
pub mod sample;
mod stream_args;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::choice::Choice;
use crate::cli::{Cli, Command};
use crate::config::{Config, Log};
use crate::error::{CommandError, Outcome};
use crate::ui;

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
    let (config, warnings) = Config::load(cli.global.config.as_deref())?;
    let log: Log = config.section()?;
    ui::log::init(cli.command.name(), cli.global.level(), cli.global.log_format, &log)?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    match cli.command {
        Command::Collect(args) => collect::run(args, &config),
        Command::Sample(args) => sample::run(args, &config),
        Command::Relay(args) => relay::run(args, &config),
    }
}
