//! What a writer does to keep the database in shape: it merges segments that are piling up, and deletes old ones.

use std::time::{Duration, Instant};

use super::committer::now_ns;
use super::compaction::{Eagerness, LARGE, PILE};
use super::database::Database;
use super::retention::Limits;
use super::segment::Segment;

/// Time between two looks for what is too old.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Rollups are kept for so long, 400 days: a year can be compared with the one before.
pub const ROLLUPS_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// A database of which more than this share holds nothing gives the space back.
const MAX_FREE_SHARE: f64 = 0.02;

/// What has been done, and when.
#[derive(Debug)]
pub(super) struct Upkeep {
    retention: Option<Duration>,
    pruned: Option<Instant>,
    /// Small segments that were written since the last look.
    small: usize,
}

impl Upkeep {
    /// Deletes segments whose latest item is older than `retention`.
    pub(super) fn new(retention: Option<Duration>) -> Upkeep {
        Upkeep { retention, pruned: None, small: 0 }
    }

    /// Segments were written.
    pub(super) fn written(&mut self, segments: &[Segment]) {
        self.small += segments.iter().filter(|segment| segment.raw_bytes < LARGE).count();
    }

    /// Does what is due.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn run(&mut self, database: &mut Database) -> rusqlite::Result<()> {
        if self.small >= PILE {
            self.merge(database)?;
        }
        if self.pruned.is_none_or(|pruned| pruned.elapsed() >= INTERVAL) {
            self.pruned = Some(Instant::now());
            let before =
                |kept: Duration| now_ns().saturating_sub(i64::try_from(kept.as_nanos()).unwrap_or(i64::MAX));
            if let Some(retention) = self.retention {
                let limits = Limits {
                    items_before_ns: Some(before(retention)),
                    rollups_before_ns: Some(before(ROLLUPS_KEPT.max(retention))),
                    ..Limits::default()
                };
                let pruned = database.delete(&limits, &mut |_, _| {})?;
                if pruned.segments > 0 {
                    tracing::info!("{} segments with {} items were too old", pruned.segments, pruned.items);
                }
            }
        }
        Ok(())
    }

    /// Leaves the database as the next one likes to find it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn end(&mut self, database: &mut Database) -> rusqlite::Result<()> {
        if self.small > 0 {
            self.merge(database)?;
        }
        match database.free_share()? > MAX_FREE_SHARE {
            true => database.give_back(),
            false => Ok(()),
        }
    }

    fn merge(&mut self, database: &mut Database) -> rusqlite::Result<()> {
        self.small = 0;
        database.merge_small(Eagerness::Piles, &mut |_, _| {}).map(drop)
    }
}
