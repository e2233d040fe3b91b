//! Merges small segments, which come of slow traffic, into large ones, which compress and are searched better.

use rusqlite::types::Value;

use super::catalog::Catalog;
use super::committer::{begin, write};
use super::database::{Database, Progress};
use super::reading::{COLUMNS, Stored};
use super::segment::{Builder, Contents, FULL, Part};
use crate::error::CommandError;
use crate::otlp::{Batch, Signal};

/// A segment of half the size is large enough.
pub(super) const LARGE: usize = FULL / 2;

/// So many segments of one size are merged while the store writes.
pub(super) const PILE: usize = 16;

/// Which segments to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eagerness {
    /// Those of a size of which there are many: every item is written a few times at most.
    Piles,
    /// All that are small.
    All,
}

/// What has come of merging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Segments that were merged.
    pub before: u64,
    /// Segments that they have become.
    pub after: u64,
    /// By how much the file is smaller.
    pub bytes: u64,
}

impl Database {
    /// Merges all small segments, and gives the space back that holds nothing.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn compact(&mut self, progress: Progress<'_>) -> Result<Compacted, CommandError> {
        let mut compact = || -> rusqlite::Result<Compacted> {
            let bytes = self.file_bytes()?;
            let (before, after) = self.merge_small(Eagerness::All, progress)?;
            self.give_back()?;
            Ok(Compacted { before, after, bytes: bytes.saturating_sub(self.file_bytes()?) })
        };
        compact().map_err(|error| self.explain("write", error))
    }

    /// Merges small segments; returns how many there were and how many have come of them.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn merge_small(
        &mut self,
        eagerness: Eagerness,
        progress: Progress<'_>,
    ) -> rusqlite::Result<(u64, u64)> {
        let (mut before, mut after) = (0, 0);
        for signal in Signal::ALL {
            let segments = self.of(signal)?;
            let groups = groups(&segments, eagerness);
            let total = groups.len() as u64;
            for (done, group) in groups.into_iter().enumerate() {
                if self.merge(signal, group)? {
                    before += group.len() as u64;
                    after += 1;
                }
                progress(done as u64 + 1, total);
            }
        }
        Ok((before, after))
    }

    fn of(&self, signal: Signal) -> rusqlite::Result<Vec<Stored>> {
        let query = format!("{COLUMNS} WHERE signal = ?1 ORDER BY id");
        self.query_segments(&query, vec![Value::from(signal.name().to_owned())])
    }

    /// Merges segments into one, in the place of the first, unless one of them is damaged or gone.
    fn merge(&mut self, signal: Signal, group: &[Stored]) -> rusqlite::Result<bool> {
        let mut batches: Vec<Batch> = Vec::new();
        for segment in group {
            match self.batches(segment.id) {
                Ok(more) => batches.extend(more),
                Err(damage) => {
                    tracing::debug!("segment {} is not merged: {damage}", segment.id);
                    return Ok(false);
                }
            }
        }
        let segment = Builder::new(Contents::All)
            .and_then(|mut builder| builder.build(signal, &batches))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let transaction = begin(self)?;
        let services = Catalog::default().ids(&transaction, &segment)?.services;
        for segment in group {
            if !delete_segment(&transaction, segment)? {
                return Ok(false);
            }
        }
        let written_ns = group.iter().map(|segment| segment.written_ns).max();
        write(&transaction, &segment, &services, group.first().map(|first| first.id).zip(written_ns))?;
        transaction.commit()?;
        Ok(true)
    }
}

/// Deletes a segment and all that belongs to it; returns whether it was there as it is known. Another process may have
/// merged it into another one, or others into it, since it was looked at.
pub(super) fn delete_segment(connection: &rusqlite::Connection, segment: &Stored) -> rusqlite::Result<bool> {
    let delete = "DELETE FROM segments WHERE id = ?1 AND batches = ?2";
    if connection.prepare_cached(delete)?.execute((segment.id, segment.batches))? == 0 {
        return Ok(false);
    }
    for table in Part::ALL.map(Part::table).into_iter().chain(["segment_services"]) {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE segment = ?1"))?
            .execute([segment.id])?;
    }
    Ok(true)
}

/// What is to be merged: neighbours among the segments of a signal, so that batches stay in the order in which they
/// came.
fn groups(segments: &[Stored], eagerness: Eagerness) -> Vec<&[Stored]> {
    let rows = segments.split(|segment| segment.raw_bytes >= LARGE as u64);
    let rows: Vec<&[Stored]> = match eagerness {
        Eagerness::All => rows.collect(),
        Eagerness::Piles => rows.flat_map(piles).collect(),
    };
    rows.into_iter().flat_map(full).filter(|group| group.len() > 1).collect()
}

/// The piles of the smallest size of which there are any. What lies between two segments of a pile belongs to it, as
/// long as it is no larger and all is doubled at the least: so no item is written again for the sake of a few others.
fn piles(row: &[Stored]) -> Vec<&[Stored]> {
    let size = |segment: &Stored| segment.raw_bytes.max(1).ilog(PILE as u64);
    let is_pile = |run: &&[Stored]| {
        let largest = run.iter().map(|segment| segment.raw_bytes).max().unwrap_or_default();
        run.len() >= PILE && run.iter().map(|segment| segment.raw_bytes).sum::<u64>() >= 2 * largest
    };
    let of_size = |largest| row.split(|segment| size(segment) > largest).filter(is_pile).collect::<Vec<_>>();
    (0..=(LARGE as u64).ilog(PILE as u64)).map(of_size).find(|piles| !piles.is_empty()).unwrap_or_default()
}

/// Cuts a row into pieces that make a full segment each.
fn full(row: &[Stored]) -> Vec<&[Stored]> {
    let mut groups = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (number, segment) in row.iter().enumerate() {
        if bytes + segment.raw_bytes > FULL as u64 {
            groups.push(&row[start..number]);
            (start, bytes) = (number, 0);
        }
        bytes += segment.raw_bytes;
    }
    groups.push(&row[start..]);
    groups
}
