//! Times on the command line.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::config::{self, Moment};

/// What the present is.
#[derive(Debug, Clone, Args)]
pub(super) struct NowArgs {
    /// Take this for the present, for results that can be repeated
    #[arg(long, value_name = "TIME", env = "OBS_NOW", hide_env = true)]
    now: Option<Timestamp>,
}

/// A range of time.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Time")]
pub(super) struct TimeArgs {
    /// From so long ago
    #[arg(long, value_name = "DURATION", value_parser = config::parse_duration, conflicts_with = "from")]
    since: Option<Duration>,
    /// From this time on: RFC 3339, now or now-2h
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    #[command(flatten)]
    now: NowArgs,
}

impl NowArgs {
    /// Nanoseconds since the epoch.
    pub(super) fn ns(&self) -> i64 {
        let now = self.now.unwrap_or_else(Timestamp::now);
        i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX)
    }
}

impl TimeArgs {
    /// Both ends in nanoseconds since the epoch, where they are given.
    pub(super) fn range_ns(&self) -> (Option<i64>, Option<i64>) {
        let now = self.now.ns();
        let ago = |ago: Duration| now.saturating_sub(i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX));
        let from = self.since.map(ago).or_else(|| self.from.map(|from| from.ns(now)));
        (from, self.to.map(|to| to.ns(now)))
    }
}
