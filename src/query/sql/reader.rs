//! Segments as the tables read them, each once, however many rows ask for it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cache::Cache;
use super::catalog::Catalog;
use super::segment::{Segment, key};
use super::wanted::Wanted;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::store::{Database, Stored};

/// Bytes of segments that stay in memory.
const CACHE_BYTES: usize = 32 << 20;

/// As many where rows are asked for in any order: of some hundred thousand spans.
const MOST_CACHE_BYTES: usize = 128 << 20;

/// What cursors and functions share.
pub(super) type Shared = Arc<Mutex<Reader>>;

/// What it took to answer queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Segments that were read; one twice where it was let go in between, or where its columns were read first.
    pub segments: u64,
    /// Rows that were looked at, whether they were wanted or not.
    pub rows: u64,
}

/// Reads segments.
#[derive(Debug)]
pub(super) struct Reader {
    database: Database,
    traces: Catalog,
    logs: Catalog,
    cache: Cache,
    /// Segments that cannot be read.
    damaged: HashSet<i64>,
    pub(super) work: Work,
}

/// Takes hold of the reader.
pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, Reader> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader {
    /// Reads the database, as it is held.
    pub(super) fn new(database: Database) -> Result<Reader, CommandError> {
        Ok(Reader {
            traces: Catalog::of(&database, Signal::Traces)?,
            logs: Catalog::of(&database, Signal::Logs)?,
            database,
            cache: Cache::new(CACHE_BYTES, MOST_CACHE_BYTES),
            damaged: HashSet::new(),
            work: Work::default(),
        })
    }

    /// All segments of a signal, in the order of their latest times.
    pub(super) fn all(&self, signal: Signal) -> &Arc<[Stored]> {
        if signal == Signal::Logs { self.logs.segments() } else { self.traces.segments() }
    }

    /// The segments of a signal that may hold what is wanted, by their places among all.
    pub(super) fn choose(&mut self, signal: Signal, wanted: &Wanted) -> Vec<u32> {
        match signal {
            Signal::Logs => self.logs.choose(&self.database, wanted),
            Signal::Traces | Signal::Metrics => self.traces.choose(&self.database, wanted),
        }
    }

    /// Segments that were left out because they cannot be read.
    pub(super) fn damaged(&self) -> usize {
        self.damaged.len()
    }

    /// Lets go of the connection's statements, so that it can be closed.
    pub(super) fn release(&self) {
        self.database.connection().flush_prepared_statement_cache();
    }

    /// A segment with its rows that may be wanted; `None` where it has none.
    pub(super) fn find(
        &mut self,
        id: i64,
        wanted: &Wanted,
        with_records: bool,
    ) -> Option<(Arc<Segment>, Vec<u32>)> {
        // The columns alone may tell that it has none. To ask them again for every row of a join would cost more than to
        // read the rest.
        if with_records && !(wanted.is_pointed() && self.cache.get(id).is_some()) {
            let columns = self.segment(id, false)?;
            if self.rows(&columns, wanted).is_empty() {
                return None;
            }
        }
        let segment = self.segment(id, with_records)?;
        if wanted.has_traceless() && segment.rows_of(&[key(&[])], None).is_some_and(|rows| rows.is_empty()) {
            match segment.signal {
                Signal::Logs => self.logs.set_traced(id),
                Signal::Traces | Signal::Metrics => self.traces.set_traced(id),
            }
        }
        let rows = self.rows(&segment, wanted);
        (!rows.is_empty()).then_some((segment, rows))
    }

    fn rows(&mut self, segment: &Segment, wanted: &Wanted) -> Vec<u32> {
        match wanted.candidates(segment) {
            Some(rows) => {
                self.work.rows += rows.len() as u64;
                wanted.among(segment, rows.into_iter())
            }
            None => {
                self.work.rows += segment.rows() as u64;
                wanted.among(segment, 0..segment.rows() as u32)
            }
        }
    }

    /// A segment, with its records where they are wanted; `None` where it is damaged, which is told once.
    pub(super) fn segment(&mut self, id: i64, with_records: bool) -> Option<Arc<Segment>> {
        let known = self.cache.get(id);
        if let Some(segment) = known.filter(|segment| segment.records.is_some() || !with_records) {
            return Some(segment.clone());
        }
        if self.damaged.contains(&id) {
            return None;
        }
        let columns = known.map(|segment| segment.columns.clone());
        let stored = self.traces.get(id).or_else(|| self.logs.get(id))?;
        self.work.segments += 1;
        match Segment::load(&self.database, stored, columns, with_records) {
            Ok(segment) => {
                let segment = Arc::new(segment);
                self.cache.put(&segment);
                Some(segment)
            }
            Err(damage) => {
                let (items, what) = (stored.items, stored.signal.items());
                tracing::warn!("segment {id}: {damage}; its {items} {what} are left out");
                self.damaged.insert(id);
                None
            }
        }
    }
}
