//! `obs capacity plan`.

use clap::Args;

use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of `obs capacity plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {}

impl PlanArgs {
    pub(super) fn run(&self, _config: &Config) -> Result<Outcome, CommandError> {
        Ok(Outcome::Ok)
    }
}
