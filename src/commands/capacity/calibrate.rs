//! `obs capacity calibrate`.

use clap::Args;

use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of `obs capacity calibrate`.
#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {}

impl CalibrateArgs {
    pub(super) fn run(&self, _config: &Config) -> Result<Outcome, CommandError> {
        Ok(Outcome::Ok)
    }
}
