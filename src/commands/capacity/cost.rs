//! `obs capacity cost`.

use clap::Args;

use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of `obs capacity cost`.
#[derive(Debug, Args)]
pub(super) struct CostArgs {}

impl CostArgs {
    pub(super) fn run(&self, _config: &Config) -> Result<Outcome, CommandError> {
        Ok(Outcome::Ok)
    }
}
