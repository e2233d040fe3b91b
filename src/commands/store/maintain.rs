//! What shrinks the database.

use std::time::Duration;

use anyhow::anyhow;
use bytesize::ByteSize;
use clap::Args;

use super::super::db_args::DbArgs;
use super::super::time_args::NowArgs;
use super::configured::Configured;
use crate::config;
use crate::error::{CommandError, Outcome};
use crate::store::{Database, Durability, Limits, ROLLUPS_KEPT};
use crate::ui::{progress, table};

/// Arguments of `obs store compact`.
#[derive(Debug, Args)]
pub(super) struct CompactArgs {
    #[command(flatten)]
    db: DbArgs,
}

/// Arguments of `obs store prune`.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    #[command(flatten)]
    db: DbArgs,
    /// Delete segments all of whose items are older [default: storage.retention_days, if that is set]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_interval)]
    older_than: Option<Duration>,
    /// Delete the oldest segments until the database is no larger, such as 10GiB
    #[arg(long, value_name = "SIZE")]
    max_size: Option<ByteSize>,
    /// Delete counts a minute and an hour that are older [default: 400d, or what items are kept if that is longer]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_interval)]
    rollups_older_than: Option<Duration>,
    #[command(flatten)]
    now: NowArgs,
}

impl CompactArgs {
    pub(super) fn run(&self, configured: &Configured) -> Result<Outcome, CommandError> {
        let mut database = open(configured, &self.db)?;
        let mut bar = progress::Bar::new("merging", "segments");
        let compacted = database.compact(&mut |done, of| bar.show(done, of))?;
        drop(bar);
        table::print(&format!(
            "{} segments merged into {}, {} given back\n",
            compacted.before,
            compacted.after,
            ByteSize(compacted.bytes)
        ))?;
        Ok(Outcome::Ok)
    }
}

impl PruneArgs {
    pub(super) fn run(&self, configured: &Configured) -> Result<Outcome, CommandError> {
        let older_than = self.older_than.or(configured.retention);
        if older_than.is_none() && self.max_size.is_none() {
            return Err(CommandError::usage(anyhow!("nothing says what to delete")).hint(
                "set --older-than 30d, --max-size 10GiB, or storage.retention_days in the configuration",
            ));
        }
        let kept = older_than.or(configured.retention).unwrap_or_default();
        let rollups = self.rollups_older_than.unwrap_or(ROLLUPS_KEPT.max(kept));
        let now = self.now.ns();
        let ago = |ago: Duration| now.saturating_sub(i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX));
        let limits = Limits {
            items_before_ns: older_than.map(ago),
            max_bytes: self.max_size.map(|size| size.0),
            rollups_before_ns: Some(ago(rollups)),
        };
        let mut database = open(configured, &self.db)?;
        let mut bar = progress::Bar::new("deleting", "segments");
        let pruned = database.prune(&limits, &mut |done, of| bar.show(done, of))?;
        drop(bar);
        table::print(&format!(
            "{} segments with {} items and {} rows of rollups deleted, {} given back\n",
            pruned.segments,
            pruned.items,
            pruned.rollups,
            ByteSize(pruned.bytes)
        ))?;
        Ok(Outcome::Ok)
    }
}

/// Opens a database that is there.
fn open(configured: &Configured, db: &DbArgs) -> Result<Database, CommandError> {
    let path = configured.path(db);
    let mut bar = progress::Bar::new("migrating", "rows");
    let mut show = |done, of| bar.show(done, of);
    drop(Database::read(&path, &mut show)?);
    Database::open(&path, Durability::Process, &mut show)
}
