//! Prices on the command line.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::capacity::Prices;
use crate::error::CommandError;

/// Which prices hold.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Prices")]
pub(super) struct PriceArgs {
    /// Replace prices that obs brings along by those in FILE (YAML)
    #[arg(long, value_name = "FILE", env = "OBS_CAPACITY_PRICES")]
    prices: Option<PathBuf>,
    /// Take one price, or class of storage, instead: ebs_gp3=0.07, hot=disk_nvme; repeatable
    #[arg(long, value_name = "KEY=USD")]
    price: Vec<String>,
}

impl PriceArgs {
    /// The prices: by flag, file, and those that obs brings along.
    ///
    /// # Errors
    /// A file cannot be read, or there is no such price.
    pub(super) fn prices(&self, configured: Option<&Path>) -> Result<Prices, CommandError> {
        let mut prices = Prices::built_in()?;
        if let Some(path) = self.prices.as_deref().or(configured) {
            prices.replace_from(path)?;
        }
        self.price.iter().try_for_each(|price| prices.replace(price))?;
        Ok(prices)
    }
}
