//! What a search takes from one segment.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::super::prune;
use super::Context;
use super::summary::Summary;
use crate::expr::{Found, Node, for_each_record};
use crate::otlp::field::span;
use crate::otlp::view::{Fields, Value};
use crate::query::times::{Extent, span_times};
use crate::store::{Payload, Stored};

/// The id of a trace.
pub type TraceId = [u8; 16];

/// The ids of traces.
pub(super) type Ids = HashSet<TraceId, RandomState>;

/// When traces were, as far as it is known.
pub(super) type Extents = HashMap<TraceId, Extent, RandomState>;

/// The id of the trace of a span; `None` where it has none.
pub(super) fn trace_id(record: &[u8]) -> Option<TraceId> {
    let id = Fields::new(record).find_map(|(number, value)| match value {
        Value::Len(id) if number == span::TRACE_ID => TraceId::try_from(id).ok(),
        _ => None,
    });
    id.filter(|id| *id != [0; 16])
}

impl Context<'_> {
    /// The traces of which a span in this segment passes, with what of them is in it.
    pub(super) fn matched(&self, segment: &Stored) -> Extents {
        let (payload, ids) = match self.passing(segment) {
            Some(found) => found,
            None => return Extents::default(),
        };
        extents(&payload, |id| ids.contains(id))
    }

    /// The traces of which a span in this segment passes.
    pub(super) fn matched_ids(&self, segment: &Stored) -> Ids {
        self.passing(segment).map(|(_, ids)| ids).unwrap_or_default()
    }

    /// When traces were, as far as this segment knows.
    pub(super) fn extents(&self, segment: &Stored, is_wanted: impl Fn(&TraceId) -> bool) -> Extents {
        self.reader.payload(segment).map(|payload| extents(&payload, is_wanted)).unwrap_or_default()
    }

    /// Whether every span passes.
    pub(super) fn passes_all(&self) -> bool {
        matches!(self.search.matcher.root, Node::True)
    }

    fn passing(&self, segment: &Stored) -> Option<(Payload, Ids)> {
        let matcher = &self.search.matcher;
        if !self.keys.may_be_in(self.reader, segment) {
            return None;
        }
        let rows = match prune::is_in_columns(matcher) {
            true => self.reader.columns(segment).map(|columns| prune::rows(matcher, &columns)),
            false => None,
        };
        if rows.as_ref().is_some_and(|rows| rows.count == 0) {
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
        (!ids.is_empty()).then_some((payload, ids))
    }

    /// What is in a segment of some traces.
    pub(super) fn summaries(&self, segment: &Stored, ids: &Ids) -> HashMap<TraceId, Summary> {
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
