use clap::Args;

use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of `obs relay`.
#[derive(Debug, Args)]
pub struct RelayArgs {}

/// Runs `obs relay`.
pub fn run(_args: RelayArgs, _config: &Config) -> Result<Outcome, CommandError> {
    Ok(Outcome::Ok)
}
