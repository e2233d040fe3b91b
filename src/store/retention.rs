//! Deletes what is old or too much: whole segments, whose space is given back to the file system.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::committer::begin;
use super::compaction::delete_segment;
use super::database::{Database, Progress};
use super::reading::{COLUMNS, Stored};
use super::rollups::{Rollup, Table};
use crate::error::CommandError;

/// Segments that are deleted in one transaction, between which writers get their turn.
const AT_ONCE: usize = 64;
/// Pages that are given back in one step.
const PAGES_AT_ONCE: i64 = 512;

const MINUTE_NS: i64 = 60_000_000_000;

/// What is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Segments all of whose items are older than this time, in nanoseconds since the epoch.
    pub items_before_ns: Option<i64>,
    /// The oldest segments, until the database has at most so many bytes.
    pub max_bytes: Option<u64>,
    /// Rollups before this time.
    pub rollups_before_ns: Option<i64>,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Segments.
    pub segments: u64,
    /// Spans, data points and log records in them.
    pub items: u64,
    /// Rows of the rollups.
    pub rollups: u64,
    /// By how much the file is smaller.
    pub bytes: u64,
}

/// The time of a segment; what has none, or one in the future, is as old as its segment.
const TIME: &str = "min(coalesce(last_ns, written_ns), written_ns)";

impl Database {
    /// Deletes what is beyond the limits; the progress is told in segments.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn prune(&mut self, limits: &Limits, progress: Progress<'_>) -> Result<Pruned, CommandError> {
        self.delete(limits, progress).map_err(|error| self.explain("write", error))
    }

    pub(super) fn delete(&mut self, limits: &Limits, progress: Progress<'_>) -> rusqlite::Result<Pruned> {
        let mut pruned = Pruned::default();
        let before = self.file_bytes()?;
        if let Some(time) = limits.items_before_ns {
            let old = format!("{COLUMNS} WHERE {TIME} < ?2 ORDER BY {TIME}, id LIMIT ?1");
            loop {
                let segments =
                    self.query_segments(&old, vec![Value::from(AT_ONCE as i64), Value::from(time)])?;
                if segments.is_empty() {
                    break;
                }
                self.delete_segments(&segments, &mut pruned)?;
                progress(pruned.segments, 0);
            }
        }
        if let Some(max_bytes) = limits.max_bytes {
            let oldest = format!("{COLUMNS} ORDER BY {TIME}, id LIMIT ?1");
            while self.used_bytes()? > max_bytes {
                let mut segments = self.query_segments(&oldest, vec![Value::from(AT_ONCE as i64)])?;
                let excess = self.used_bytes()?.saturating_sub(max_bytes);
                let mut freed = 0;
                let enough = segments.iter().position(|segment| {
                    freed += segment.stored_bytes;
                    freed >= excess
                });
                segments.truncate(enough.map_or(segments.len(), |last| last + 1));
                if segments.is_empty() {
                    break;
                }
                self.delete_segments(&segments, &mut pruned)?;
                progress(pruned.segments, 0);
            }
        }
        if let Some(time) = limits.rollups_before_ns {
            let transaction = begin(self)?;
            for Table { name, time: unit, minutes, .. } in Rollup::tables() {
                // The first minute of all tells that there are spans without a time.
                let delete = format!("DELETE FROM {name} WHERE {unit} < ?1 AND {unit} > 0");
                let first = time / (i64::from(minutes) * MINUTE_NS);
                pruned.rollups += transaction.prepare_cached(&delete)?.execute([first])? as u64;
            }
            transaction.commit()?;
        }
        if pruned != Pruned::default() {
            self.give_back()?;
        }
        pruned.bytes = before.saturating_sub(self.file_bytes()?);
        Ok(pruned)
    }

    fn delete_segments(&mut self, segments: &[Stored], pruned: &mut Pruned) -> rusqlite::Result<()> {
        let transaction = begin(self)?;
        for segment in segments {
            let gone = u64::from(delete_segment(&transaction, segment)?);
            pruned.segments += gone;
            pruned.items += gone * segment.items;
        }
        transaction.commit()
    }

    /// Gives the space of deleted pages back to the file system.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn give_back(&mut self) -> rusqlite::Result<()> {
        while pragma(&self.connection, "freelist_count")? > 0 {
            let before = self.pages()?;
            self.connection.pragma(None, "incremental_vacuum", PAGES_AT_ONCE, |_| Ok(()))?;
            if self.pages()? == before {
                break;
            }
        }
        // As far as readers allow; the next writer does the rest.
        self.checkpoint()
    }

    fn pages(&self) -> rusqlite::Result<u64> {
        pragma(&self.connection, "page_count")
    }

    /// Bytes of the database without its log.
    pub(super) fn file_bytes(&self) -> rusqlite::Result<u64> {
        Ok(self.pages()? * self.page_bytes()?)
    }

    /// The share of the pages that hold nothing.
    pub(super) fn free_share(&self) -> rusqlite::Result<f64> {
        Ok(pragma(&self.connection, "freelist_count")? as f64 / self.pages()?.max(1) as f64)
    }

    fn page_bytes(&self) -> rusqlite::Result<u64> {
        pragma(&self.connection, "page_size")
    }

    /// Bytes of the pages that hold something.
    fn used_bytes(&self) -> rusqlite::Result<u64> {
        Ok(self.pages()?.saturating_sub(pragma(&self.connection, "freelist_count")?) * self.page_bytes()?)
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
