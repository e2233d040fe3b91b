//! Limits on the command line.

use clap::Args;

use crate::capacity::{Limits, Unit};

/// What the plan must not exceed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Dollars a month; unless a rate is given or it is checked, the highest sampling rate that keeps within it is found
    #[arg(long, value_name = "USD", visible_alias = "budget", allow_hyphen_values = true, value_parser = |text: &str| Unit::Usd.parse(text))]
    max_cost: Option<f64>,
    /// Cores in all; the same
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = |text: &str| Unit::Cores.parse(text))]
    max_cores: Option<f64>,
    /// What lies on all tiers, such as 2TiB; the same
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = |text: &str| Unit::Gib.parse(text))]
    max_storage: Option<f64>,
    /// Exit with 1 where a limit is exceeded
    #[arg(long, conflicts_with = "what_if")]
    pub(super) check: bool,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits { cost: self.max_cost, cores: self.max_cores, storage_gib: self.max_storage }
    }
}
