//! Times on the command line.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{self, Moment};
use crate::error::CommandError;
use crate::expr::Clock;
use crate::ui::time::time;

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
    /// From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    /// Take times without an offset for UTC instead of local times, and show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    now: NowArgs,
}

/// Where clocks show the times that are shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Time")]
pub(super) struct ZoneArgs {
    /// Show times in UTC instead of local times
    #[arg(long)]
    utc: bool,
}

impl ZoneArgs {
    /// The time zone of times that are shown.
    pub(super) fn zone(&self) -> TimeZone {
        zone(self.utc)
    }
}

impl NowArgs {
    /// Nanoseconds since the epoch.
    pub(super) fn ns(&self) -> i64 {
        self.now.map_or_else(now_ns, ns)
    }
}

fn ns(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// The present in nanoseconds since the epoch.
pub(super) fn now_ns() -> i64 {
    ns(Timestamp::now())
}

impl TimeArgs {
    /// The present in nanoseconds since the epoch.
    pub(super) fn now_ns(&self) -> i64 {
        self.now.ns()
    }

    /// Whether a range is given.
    pub(super) fn is_given(&self) -> bool {
        self.since.is_some() || self.from.is_some() || self.to.is_some()
    }

    /// What `now` and times without an offset are in queries.
    pub(super) fn clock(&self) -> Clock {
        Clock { now_ns: self.now.ns(), zone: self.zone() }
    }

    /// The time zone of times that are shown, and of those that are given without an offset.
    pub(super) fn zone(&self) -> TimeZone {
        zone(self.utc)
    }

    /// A time in nanoseconds since the epoch for people, as RFC 3339 with the offset of the time zone.
    pub(super) fn text(&self, ns: u64) -> String {
        time(ns, &self.zone())
    }

    /// Both ends in nanoseconds since the epoch, where they are given.
    ///
    /// # Errors
    /// There is nothing between them.
    pub(super) fn range_ns(&self) -> Result<(Option<i64>, Option<i64>), CommandError> {
        let (now, zone) = (self.now.ns(), self.zone());
        let ago = |ago: Duration| now.saturating_sub(i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX));
        let from = self.since.map(ago).or_else(|| self.from.map(|from| from.ns(now, &zone)));
        let to = self.to.map(|to| to.ns(now, &zone));
        match (from, to) {
            (Some(from), Some(to)) if from >= to => {
                let text = |ns: i64| self.text(ns.max(0) as u64);
                Err(CommandError::usage(anyhow!(
                    "the time range ends at {}, before it begins at {}",
                    text(to),
                    text(from)
                ))
                .hint("--from and --since say where it begins, --to where it ends"))
            }
            range => Ok(range),
        }
    }
}

/// A time in nanoseconds since the epoch, as RFC 3339 in UTC.
pub(super) fn utc(ns: u64) -> String {
    time(ns, &TimeZone::UTC)
}

fn zone(is_utc: bool) -> TimeZone {
    if is_utc { TimeZone::UTC } else { TimeZone::system() }
}
