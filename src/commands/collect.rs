use clap::Args;

use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of `obs collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {}

/// Runs `obs collect`.
pub fn run(_args: CollectArgs, _config: &Config) -> Result<Outcome, CommandError> {
    Ok(Outcome::Ok)
}
