//! Limits on the command line.

use clap::Args;

use crate::capacity::{Limits, Unit};

/// What the plan must not exceed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Dollars a month; without --rate or --check the sampling rate that keeps within it is solved for
    #[arg(long, value_name = "USD", visible_alias = "budget", value_parser = |text: &str| Unit::Usd.parse(text))]
    max_cost: Option<f64>,
    /// Cores in all; the same
    #[arg(long, value_name = "N", value_parser = |text: &str| Unit::Cores.parse(text))]
    max_cores: Option<f64>,
    /// What lies on all tiers, such as 2TiB; the same
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| Unit::Gib.parse(text))]
    max_storage: Option<f64>,
    /// Exit with 1 where a limit is exceeded
    #[arg(long)]
    pub(super) check: bool,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits { cost: self.max_cost, cores: self.max_cores, storage_gib: self.max_storage }
    }
}
