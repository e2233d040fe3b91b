//! What a search takes from one segment: from its columns, where they tell all that is asked for, else from its records.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::super::prune;
use super::Context;
use super::summary::Summary;
use crate::expr::{Found, Node, for_each_record};
use crate::otlp::proto::Span;
use crate::query::times::{Extent, known_times, span_times};
use crate::store::{Columns, Payload, Stored};

/// The id of a trace.
pub type TraceId = [u8; 16];

/// The ids of traces.
pub(super) type Ids = HashSet<TraceId, RandomState>;

/// When traces were, as far as it is known.
pub(super) type Extents = HashMap<TraceId, Extent, RandomState>;

/// The id of the trace of a span; `None` where it has none.
pub(super) fn trace_id(record: &[u8]) -> Option<TraceId> {
    TraceId::try_from(Span(record).trace_id()).ok().filter(|id| *id != [0; 16])
}

/// What of a segment passes.
enum Passing {
    /// Its columns tell all: the traces, by their number.
    Columns(Columns, Vec<bool>),
    /// The traces of which a span passes.
    Records(Payload, Ids),
}

impl Context<'_> {
    /// The traces of which a span in this segment passes, with what of them is in it.
    pub(super) fn matched(&self, segment: &Stored) -> Extents {
        match self.passing(segment) {
            None => Extents::default(),
            Some(Passing::Columns(columns, traces)) => column_extents(&columns, &traces),
            Some(Passing::Records(payload, ids)) => extents(&payload, |id| ids.contains(id)),
        }
    }

    /// The traces of which a span in this segment passes.
    pub(super) fn matched_ids(&self, segment: &Stored) -> Ids {
        match self.passing(segment) {
            None => Ids::default(),
            Some(Passing::Columns(columns, traces)) => columns
                .trace_ids
                .iter()
                .zip(traces)
                .filter(|(_, passes)| *passes)
                .map(|(id, _)| *id)
                .collect(),
            Some(Passing::Records(_, ids)) => ids,
        }
    }

    /// When traces were, as far as this segment knows.
    pub(super) fn extents(&self, segment: &Stored, is_wanted: impl Fn(&TraceId) -> bool) -> Extents {
        if let Some(columns) = self.reader.columns(segment).filter(Columns::have_traces) {
            return column_extents(&columns, &numbers(&columns, is_wanted));
        }
        self.reader.payload(segment).map(|payload| extents(&payload, is_wanted)).unwrap_or_default()
    }

    /// Whether every span passes.
    pub(super) fn passes_all(&self) -> bool {
        matches!(self.search.matcher.root, Node::True)
    }

    fn passing(&self, segment: &Stored) -> Option<Passing> {
        let matcher = &self.search.matcher;
        if !self.keys.may_be_in(self.reader, segment) {
            return None;
        }
        let columns = match prune::is_in_columns(matcher) || self.passes_all() {
            true => self.reader.columns(segment),
            false => None,
        };
        let rows = columns.as_ref().map(|columns| prune::rows(matcher, columns));
        if rows.as_ref().is_some_and(|rows| rows.count == 0) {
            return None;
        }
        if let (Some(columns), Some(rows)) = (columns, &rows)
            && rows.are_found
            && columns.have_traces()
        {
            let mut traces = vec![false; columns.trace_ids.len()];
            for (row, trace) in columns.traces.iter().enumerate() {
                if let Some(passes) = traces.get_mut(*trace as usize) {
                    *passes |= rows.holds(row);
                }
            }
            return Some(Passing::Columns(columns, traces));
        }
        if !self.texts.may_be_in(self.reader, segment) {
            return None;
        }
        let payload = self.reader.payload(segment)?;
        if !self.needles.may_be_in(payload.bytes()) {
            return None;
        }
        let mut ids = Ids::default();
        let mut row = 0;
        for batch in payload.batches() {
            let wanted = |row| rows.as_ref().is_none_or(|rows| rows.holds(row));
            matcher.find(batch, &mut row, wanted, |found| ids.extend(trace_id(found.record)));
        }
        (!ids.is_empty()).then_some(Passing::Records(payload, ids))
    }

    /// What is in a segment of some traces, as far as its columns tell it.
    pub(super) fn summaries(&self, segment: &Stored, ids: &Ids) -> HashMap<TraceId, Summary> {
        let Some(columns) = self.reader.columns(segment).filter(Columns::have_traces) else {
            return self.summaries_of_records(segment, ids);
        };
        let wanted = numbers(&columns, |id| ids.contains(id));
        let mut summaries: Vec<Option<Summary>> = Vec::new();
        summaries.resize(columns.trace_ids.len(), None);
        for (row, trace) in columns.traces.iter().enumerate() {
            if let Some(id) = columns.trace_ids.get(*trace as usize)
                && wanted[*trace as usize]
            {
                summaries[*trace as usize].get_or_insert_with(|| Summary::new(*id)).add_row(&columns, row);
            }
        }
        summaries.into_iter().flatten().map(|summary| (summary.trace_id, summary)).collect()
    }

    /// What is in a segment of some traces.
    pub(super) fn summaries_of_records(&self, segment: &Stored, ids: &Ids) -> HashMap<TraceId, Summary> {
        let mut summaries: HashMap<TraceId, Summary> = HashMap::new();
        let Some(payload) = self.reader.payload(segment) else { return summaries };
        for batch in payload.batches() {
            for_each_record(batch, |Found { container, record, .. }| {
                if let Some(id) = trace_id(record).filter(|id| ids.contains(id)) {
                    summaries.entry(id).or_insert_with(|| Summary::new(id)).add(container, record);
                }
            });
        }
        summaries
    }
}

/// Which traces of a segment are wanted, by their number.
fn numbers(columns: &Columns, is_wanted: impl Fn(&TraceId) -> bool) -> Vec<bool> {
    columns.trace_ids.iter().map(is_wanted).collect()
}

/// Start and end of the span in a row, where it says them.
pub(super) fn row_times(columns: &Columns, row: usize) -> Option<(u64, u64)> {
    let start_ns = columns.times[row];
    known_times(start_ns, start_ns.wrapping_add_signed(columns.durations[row]))
}

fn column_extents(columns: &Columns, wanted: &[bool]) -> Extents {
    let mut extents: Vec<Option<Extent>> = vec![None; wanted.len()];
    for (row, trace) in columns.traces.iter().enumerate() {
        if wanted.get(*trace as usize).is_some_and(|wanted| *wanted) {
            extents[*trace as usize].get_or_insert_default().add(row_times(columns, row));
        }
    }
    columns.trace_ids.iter().zip(extents).filter_map(|(id, extent)| Some((*id, extent?))).collect()
}

fn extents(payload: &Payload, is_wanted: impl Fn(&TraceId) -> bool) -> Extents {
    let mut extents = Extents::default();
    for batch in payload.batches() {
        for_each_record(batch, |found| {
            if let Some(id) = trace_id(found.record).filter(&is_wanted) {
                extents.entry(id).or_default().add(span_times(found.record));
            }
        });
    }
    extents
}
