//! Segments as the tables read them, each once, however many rows ask for it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::CommandError;
use crate::otlp::field::{RESOURCE, SCOPE};
use crate::otlp::proto::{InstrumentationScope, Resource};
use crate::otlp::view::{Nested, last};
use crate::otlp::{Batch, Signal, tree};
use crate::store::{Columns, Damage, Database, Part, Selection, Stored, trace_ids};

/// Segments that stay in memory when no cursor stands in them: rows of a join ask for the same ones again and again.
const RECENT: usize = 3;

/// Bytes of sets of traces that are kept, a few thousand for a segment.
const SET_BYTES: usize = 64 << 20;

/// What cursors and functions share.
pub(super) type Shared = Arc<Mutex<Reader>>;

/// A segment in memory.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: i64,
    pub(super) signal: Signal,
    pub(super) columns: Arc<Columns>,
    /// Not there where only columns were asked for.
    pub(super) records: Option<Records>,
}

/// The records of a segment, in the order of its columns.
#[derive(Debug)]
pub(super) struct Records {
    batches: Vec<Batch>,
    groups: Vec<Group>,
    places: Vec<Place>,
}

/// The resource and the scope that records share.
#[derive(Debug)]
struct Group {
    batch: usize,
    resource: Range<usize>,
    scope: Range<usize>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    group: u32,
    start: u32,
    end: u32,
}

/// A record and what it belongs to, in their wire encoding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) resource: Resource<'a>,
    pub(super) scope: InstrumentationScope<'a>,
}

/// Where `part` stands in `whole`, of which it is a slice.
fn place(whole: &[u8], part: Option<&[u8]>) -> Range<usize> {
    let Some(part) = part else { return 0..0 };
    let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    start..start.wrapping_add(part.len())
}

impl Records {
    fn of(batches: Vec<Batch>) -> Records {
        let (mut groups, mut places) = (Vec::new(), Vec::new());
        for (batch, bytes) in batches.iter().map(|batch| &batch.bytes()[..]).enumerate() {
            for container in Nested::new(bytes, tree::RESOURCE) {
                let resource = place(bytes, last(container, RESOURCE).map(|resource| resource.bytes()));
                for scope in Nested::new(container, tree::CHILD) {
                    let group = groups.len() as u32;
                    for record in Nested::new(scope, tree::CHILD) {
                        let Range { start, end } = place(bytes, Some(record));
                        // A batch is shorter than 16 MiB.
                        places.push(Place { group, start: start as u32, end: end as u32 });
                    }
                    let scope = place(bytes, last(scope, SCOPE).map(|scope| scope.bytes()));
                    groups.push(Group { batch, resource: resource.clone(), scope });
                }
            }
        }
        Records { batches, groups, places }
    }

    /// The record of a row.
    pub(super) fn get(&self, row: usize) -> Option<Record<'_>> {
        let place = self.places.get(row)?;
        let group = self.groups.get(place.group as usize)?;
        let batch = self.batches.get(group.batch)?.bytes();
        Some(Record {
            bytes: batch.get(place.start as usize..place.end as usize)?,
            resource: Resource(batch.get(group.resource.clone())?),
            scope: InstrumentationScope(batch.get(group.scope.clone())?),
        })
    }
}

/// Reads segments.
#[derive(Debug)]
pub(super) struct Reader {
    database: Database,
    traces: Vec<Stored>,
    logs: Vec<Stored>,
    loaded: Vec<Weak<Segment>>,
    recent: VecDeque<Arc<Segment>>,
    sets: HashMap<i64, Arc<Vec<u8>>>,
    set_bytes: usize,
    /// Segments that cannot be read.
    damaged: HashSet<i64>,
}

/// Takes hold of the reader.
pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, Reader> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader {
    /// Reads the database, as it is held.
    pub(super) fn new(database: Database) -> Result<Reader, CommandError> {
        let all = |signal| database.segments(&Selection { signal: Some(signal), ..Selection::default() });
        Ok(Reader {
            traces: all(Signal::Traces)?,
            logs: all(Signal::Logs)?,
            database,
            loaded: Vec::new(),
            recent: VecDeque::new(),
            sets: HashMap::new(),
            set_bytes: 0,
            damaged: HashSet::new(),
        })
    }

    /// All segments of a signal.
    pub(super) fn all(&self, signal: Signal) -> &[Stored] {
        if signal == Signal::Logs { &self.logs } else { &self.traces }
    }

    /// The segments of a signal that have any of these services, all for `None`.
    pub(super) fn with_services(&self, signal: Signal, services: Option<Vec<String>>) -> Vec<Stored> {
        let Some(services) = services else { return self.all(signal).to_vec() };
        let selection = Selection { signal: Some(signal), services, ..Selection::default() };
        // Where the catalog cannot be read, the columns of every segment tell.
        self.database.segments(&selection).unwrap_or_else(|_| self.all(signal).to_vec())
    }

    /// Segments that were left out because they cannot be read.
    pub(super) fn damaged(&self) -> usize {
        self.damaged.len()
    }

    /// Lets go of the connection's statements, so that it can be closed.
    pub(super) fn release(&self) {
        self.database.connection().flush_prepared_statement_cache();
    }

    /// The set of the traces of a segment; one that may hold anything where it is damaged.
    pub(super) fn trace_ids(&mut self, segment: i64) -> Arc<Vec<u8>> {
        if let Some(set) = self.sets.get(&segment) {
            return set.clone();
        }
        let part = self.database.part(segment, Part::TraceIds);
        let set = Arc::new(part.map_or(trace_ids::ANYTHING.to_vec(), Option::unwrap_or_default));
        if self.set_bytes + set.len() <= SET_BYTES {
            self.set_bytes += set.len();
            self.sets.insert(segment, set.clone());
        }
        set
    }

    /// A segment, with its records where they are wanted; `None` where it is damaged, which is told once.
    pub(super) fn segment(&mut self, id: i64, with_records: bool) -> Option<Arc<Segment>> {
        self.loaded.retain(|segment| segment.strong_count() > 0);
        let fits = |segment: &Arc<Segment>| segment.id == id && (segment.records.is_some() || !with_records);
        if let Some(found) = self.loaded.iter().filter_map(Weak::upgrade).find(fits) {
            return Some(found);
        }
        if self.damaged.contains(&id) {
            return None;
        }
        let stored = self.traces.iter().chain(&self.logs).find(|stored| stored.id == id)?;
        let known = self.loaded.iter().filter_map(Weak::upgrade).find(|segment| segment.id == id);
        let known = known.map(|segment| segment.columns.clone());
        match load(&self.database, stored, known, with_records) {
            Ok(segment) => {
                let segment = Arc::new(segment);
                self.loaded.push(Arc::downgrade(&segment));
                self.recent.retain(|segment| segment.id != id);
                self.recent.truncate(RECENT - 1);
                self.recent.push_front(segment.clone());
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

/// Reads a segment, but for columns that are known. Damaged ones are found again in the batches.
fn load(
    database: &Database,
    stored: &Stored,
    known: Option<Arc<Columns>>,
    with_records: bool,
) -> Result<Segment, Damage> {
    let &Stored { id, signal, .. } = stored;
    let columns = known.or_else(|| database.columns(stored).ok().map(Arc::new));
    match columns {
        Some(columns) if !with_records && !columns.has_beyond() => {
            Ok(Segment { id, signal, columns, records: None })
        }
        columns => {
            let batches = database.batches(id)?;
            let rows: usize = batches.iter().map(Batch::items).sum();
            let columns = columns.filter(|columns| columns.times.len() == rows);
            let columns = columns.unwrap_or_else(|| Arc::new(Columns::of(&batches)));
            Ok(Segment { id, signal, columns, records: Some(Records::of(batches)) })
        }
    }
}
