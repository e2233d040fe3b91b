//! Which segments a query has to look into.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::cell::of_handle;
use super::segment::key;
use super::wanted::Wanted;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::store::{Database, Part, Selection, Stored, trace_ids};

/// Most entries of an index of traces, of eight bytes: what has a few ten million spans is indexed as a whole.
const MOST_ENTRIES: usize = 8 << 20;

/// The segments of a signal.
#[derive(Debug)]
pub(super) struct Catalog {
    signal: Signal,
    /// In the order of their latest times.
    segments: Arc<[Stored]>,
    places: HashMap<i64, u32>,
    /// Searches for traces so far.
    searches: u64,
    index: Option<TraceIndex>,
    /// Segments in which every row has a trace.
    traced: HashSet<u32>,
}

/// Which segments have anything of a trace.
#[derive(Debug)]
struct TraceIndex {
    /// Keys of traces with the segments that have them, sorted.
    entries: Vec<(u32, u32)>,
    /// Segments that are not in it, so that they have to be asked.
    others: Vec<u32>,
}

impl Catalog {
    /// The segments of a signal as they are now.
    pub(super) fn of(database: &Database, signal: Signal) -> Result<Catalog, CommandError> {
        let mut segments = database.segments(&Selection { signal: Some(signal), ..Selection::default() })?;
        segments.sort_by_key(|segment| (segment.range.map(|(_, last)| last), segment.id));
        let places = segments.iter().zip(0..).map(|(segment, place)| (segment.id, place)).collect();
        let segments = segments.into();
        Ok(Catalog { signal, segments, places, searches: 0, index: None, traced: HashSet::new() })
    }

    /// All segments, in the order of their latest times.
    pub(super) fn segments(&self) -> &Arc<[Stored]> {
        &self.segments
    }

    /// A segment by its id.
    pub(super) fn get(&self, id: i64) -> Option<&Stored> {
        self.segments.get(*self.places.get(&id)? as usize)
    }

    /// The segments that may hold what is wanted, by their places among all.
    pub(super) fn choose(&mut self, database: &Database, wanted: &Wanted) -> Vec<u32> {
        let mut chosen = match (wanted.rows(), wanted.traces()) {
            (Some(rows), _) => self.of_rows(rows),
            (None, Some(traces)) => self.of_traces(database, traces),
            (None, None) => self.of_services(database, wanted.services()),
        };
        chosen.retain(|place| {
            self.segments.get(*place as usize).is_some_and(|segment| wanted.may_be_at(segment.range))
        });
        chosen
    }

    /// Every row of this segment has a trace, as somebody has found who read it.
    pub(super) fn set_traced(&mut self, id: i64) {
        self.traced.extend(self.places.get(&id));
    }

    fn of_rows(&self, rows: &[i64]) -> Vec<u32> {
        let segments = rows.chunk_by(|one, other| of_handle(*one).0 == of_handle(*other).0);
        let ids = segments.filter_map(|rows| rows.first()).map(|row| of_handle(*row).0);
        let mut places: Vec<u32> = ids.filter_map(|id| self.places.get(&id)).copied().collect();
        places.sort_unstable();
        places
    }

    fn of_services(&self, database: &Database, services: Option<&[String]>) -> Vec<u32> {
        let all = 0..self.segments.len() as u32;
        let Some(services) = services else { return all.collect() };
        let selection =
            Selection { signal: Some(self.signal), services: services.to_vec(), ..Selection::default() };
        // Where the catalog cannot be read, the columns of every segment tell.
        let Ok(found) = database.segments(&selection) else { return all.collect() };
        let mut places: Vec<u32> =
            found.iter().filter_map(|segment| self.places.get(&segment.id)).copied().collect();
        places.sort_unstable();
        places
    }

    fn of_traces(&mut self, database: &Database, traces: &[u32]) -> Vec<u32> {
        let may_hold = |place: &u32| {
            let segment = self.segments.get(*place as usize);
            segment.is_some_and(|segment| trace_ids::may_hold_any(&set_of(database, segment.id), traces))
        };
        let all = 0..self.segments.len() as u32;
        self.searches += 1;
        let mut places: Vec<u32> = match &mut self.index {
            // One search is over sooner than there is an index.
            None if self.searches == 1 => all.clone().filter(may_hold).collect(),
            index => {
                let index = index.get_or_insert_with(|| TraceIndex::of(database, &self.segments));
                let others = index.others.iter().copied().filter(may_hold);
                traces.iter().flat_map(|trace| index.places(*trace)).chain(others).collect()
            }
        };
        // The sets are of traces, so that they do not know of rows that have none.
        if traces.binary_search(&key(&[])).is_ok() {
            places.extend(all.filter(|place| !self.traced.contains(place)));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// The set of the traces of a segment; one that may hold anything where it is damaged.
fn set_of(database: &Database, segment: i64) -> Vec<u8> {
    database.part(segment, Part::TraceIds).map_or(trace_ids::ANYTHING.to_vec(), Option::unwrap_or_default)
}

impl TraceIndex {
    fn of(database: &Database, segments: &[Stored]) -> TraceIndex {
        let mut index = TraceIndex { entries: Vec::new(), others: Vec::new() };
        for (segment, place) in segments.iter().zip(0..) {
            let set = set_of(database, segment.id);
            let keys = trace_ids::keys(&set).filter(|keys| index.entries.len() + keys.len() <= MOST_ENTRIES);
            match keys {
                Some(keys) => index.entries.extend(keys.map(|key| (key, place))),
                None => index.others.push(place),
            }
        }
        index.entries.sort_unstable();
        index
    }

    fn places(&self, trace: u32) -> impl Iterator<Item = u32> {
        let from = self.entries.partition_point(|(key, _)| *key < trace);
        self.entries.iter().skip(from).take_while(move |(key, _)| *key == trace).map(|(_, place)| *place)
    }
}
