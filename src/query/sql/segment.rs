//! A segment in memory, and how a row is found in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::otlp::field::{RESOURCE, SCOPE};
use crate::otlp::proto::{InstrumentationScope, LogRecord, Resource, Span};
use crate::otlp::view::{Nested, last};
use crate::otlp::{Batch, Signal, tree};
use crate::store::{Columns, Damage, Database, Stored, filter, trace_ids};

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
    ids: OnceLock<Vec<Ids>>,
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

/// By what a row is found: the [`key`]s of its trace and its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ids {
    trace: u32,
    span: u32,
    row: u32,
}

/// A record and what it belongs to, in their wire encoding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) resource: Resource<'a>,
    pub(super) scope: InstrumentationScope<'a>,
}

/// The number that stands for an id, of a trace as in the sets of traces; that of no bytes for one of zeros, which is none.
pub(super) fn key(id: &[u8]) -> u32 {
    match <&[u8; 16]>::try_from(id) {
        _ if id.iter().all(|byte| *byte == 0) => filter::hash(&[]) as u32,
        Ok(trace) => trace_ids::key(trace),
        Err(_) => filter::hash(id) as u32,
    }
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
        Records { batches, groups, places, ids: OnceLock::new() }
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

    /// The ids of all rows, sorted when they are first asked for.
    fn ids(&self, signal: Signal) -> &[Ids] {
        self.ids.get_or_init(|| {
            let ids_of = |row: u32| {
                let record = self.get(row as usize)?;
                let (trace, span) = match signal {
                    Signal::Logs => (LogRecord(record.bytes).trace_id(), LogRecord(record.bytes).span_id()),
                    _ => (Span(record.bytes).trace_id(), Span(record.bytes).span_id()),
                };
                Some(Ids { trace: key(trace), span: key(span), row })
            };
            let mut ids: Vec<Ids> = (0..self.places.len() as u32).filter_map(ids_of).collect();
            ids.sort_unstable();
            ids
        })
    }

    fn bytes(&self) -> usize {
        let batches: usize = self.batches.iter().map(|batch| batch.bytes().len()).sum();
        batches
            + self.groups.len() * size_of::<Group>()
            + self.places.len() * (size_of::<Place>() + size_of::<Ids>())
    }
}

impl Segment {
    /// Reads a segment, but for columns that are known. Damaged ones are found again in the batches.
    ///
    /// # Errors
    /// It is damaged.
    pub(super) fn load(
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

    /// Its rows.
    pub(super) fn rows(&self) -> usize {
        self.columns.times.len()
    }

    /// The rows of these traces, given as [`key`]s in ascending order, and of this span; also a few of others whose keys
    /// are the same. `None` where only the columns are here, which have no ids.
    pub(super) fn rows_of(&self, traces: &[u32], span: Option<u32>) -> Option<Vec<u32>> {
        let ids = self.records.as_ref()?.ids(self.signal);
        let is_span = |ids: &Ids| span.is_none_or(|span| ids.span == span);
        let of_trace = |trace: &u32| {
            let first = (*trace, span.unwrap_or_default());
            let from = ids.partition_point(|ids| (ids.trace, ids.span) < first);
            ids.iter().skip(from).take_while(move |ids| ids.trace == first.0 && is_span(ids))
        };
        let mut rows: Vec<u32> = match traces.len() <= ids.len() {
            true => traces.iter().flat_map(of_trace).map(|ids| ids.row).collect(),
            // The longer of the two is looked up in.
            false => {
                let found = ids.iter().filter(|ids| is_span(ids) && traces.binary_search(&ids.trace).is_ok());
                found.map(|ids| ids.row).collect()
            }
        };
        rows.sort_unstable();
        Some(rows)
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let Columns { services, operations, series, levels, times, durations, trace_ids, traces, parents } =
            &*self.columns;
        let names: usize = services
            .iter()
            .chain(operations.iter().map(|operation| &operation.name))
            .map(|name| size_of::<String>() + name.len())
            .sum();
        let columns = names
            + size_of_val(&series[..])
            + levels.len()
            + size_of_val(&times[..])
            + size_of_val(&durations[..])
            + size_of_val(&trace_ids[..])
            + size_of_val(&traces[..])
            + parents.len();
        columns + self.records.as_ref().map_or(0, Records::bytes)
    }
}
