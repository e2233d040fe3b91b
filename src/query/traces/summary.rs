//! A trace as a row of a list.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use super::super::reader::TraceIndex;
use super::segment::{Ids, TraceId, row_times};
use super::{Context, Order, Position};
use crate::otlp::proto::{STATUS_CODE_ERROR, Span};
use crate::otlp::semconv;
use crate::query::times::{Extent, span_times};
use crate::store::{Columns, Stored, trace_ids};

/// A trace in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub trace_id: TraceId,
    /// From the start of its first span to the end of its last.
    pub extent: Extent,
    /// The span without a parent that starts first or, where all have one, the first span; of several, the one with the
    /// lowest id.
    pub root: Root,
    /// Its spans.
    pub spans: u64,
    /// Its spans with the status ERROR.
    pub errors: u64,
    /// What its services have of them, by name.
    pub services: Vec<ServiceCount>,
    /// Whether another span may be the root as well as the one that is: columns do not have the ids of spans.
    is_tied: bool,
}

/// The span that a trace is named after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Root {
    /// Whether it has a parent, which is not there.
    pub has_parent: bool,
    start_ns: u64,
    span_id: Vec<u8>,
    /// Its service.
    pub service: String,
    /// Its operation.
    pub operation: String,
}

impl Root {
    /// What decides first which span is the root.
    fn rank(&self) -> (bool, u64) {
        (self.has_parent, self.start_ns)
    }
}

/// What a service has of a trace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceCount {
    /// Its name.
    pub service: String,
    /// Its spans.
    pub spans: u64,
    /// Of them with the status ERROR.
    pub errors: u64,
}

impl Summary {
    pub(super) fn new(trace_id: TraceId) -> Summary {
        Summary {
            trace_id,
            extent: Extent::default(),
            root: Root { has_parent: true, start_ns: u64::MAX, ..Root::default() },
            spans: 0,
            errors: 0,
            services: Vec::new(),
            is_tied: false,
        }
    }

    /// Adds the span in a row of a segment.
    pub(super) fn add_row(&mut self, columns: &Columns, row: usize) {
        let times = row_times(columns, row);
        let start_ns = times.map_or(u64::MAX, |(start_ns, _)| start_ns);
        let series = columns.series[row];
        let service = columns.service_of(series);
        self.extent.add(times);
        self.count(service, 1, u64::from(i32::from(columns.levels[row]) == STATUS_CODE_ERROR));
        let has_parent = columns.parents[row] != 0;
        let order = (has_parent, start_ns).cmp(&self.root.rank());
        if self.spans == 1 || order.is_lt() {
            let operation = columns.operations.get(series as usize);
            self.root = Root {
                has_parent,
                start_ns,
                span_id: Vec::new(),
                service: service.to_owned(),
                operation: operation.map(|operation| operation.name.clone()).unwrap_or_default(),
            };
            self.is_tied = false;
        } else {
            self.is_tied |= order.is_eq();
        }
    }

    /// Adds a span of a resource.
    pub(super) fn add(&mut self, container: &[u8], record: &[u8]) {
        let span = Span(record);
        let times = span_times(record);
        // One that does not say when it was starts behind all that do.
        let start = times.map_or(u64::MAX, |(start_ns, _)| start_ns);
        let failed = span.status().is_some_and(|status| status.code() == STATUS_CODE_ERROR);
        let service = semconv::service_name(container);
        self.extent.add(times);
        self.count(service, 1, u64::from(failed));
        let has_parent = span.parent_span_id().iter().any(|byte| *byte != 0);
        // As `Root` compares, without making one for each span.
        let root = &self.root;
        let is_before = (has_parent, start, span.span_id(), service, span.name())
            < (root.has_parent, root.start_ns, &root.span_id, &root.service, &root.operation);
        if self.spans == 1 || is_before {
            self.root = Root {
                has_parent,
                start_ns: start,
                span_id: span.span_id().to_vec(),
                service: service.to_owned(),
                operation: span.name().to_owned(),
            };
        }
    }

    fn count(&mut self, service: &str, spans: u64, errors: u64) {
        self.spans += spans;
        self.errors += errors;
        match self.services.binary_search_by(|known| known.service.as_str().cmp(service)) {
            Ok(index) => {
                self.services[index].spans += spans;
                self.services[index].errors += errors;
            }
            Err(index) => {
                self.services.insert(index, ServiceCount { service: service.to_owned(), spans, errors });
            }
        }
    }

    /// Adds what another segment has of the trace.
    pub(super) fn merge(&mut self, other: Summary) {
        self.extent.add(other.extent.0);
        other.services.iter().for_each(|of| self.count(&of.service, of.spans, of.errors));
        self.is_tied = match other.root.rank().cmp(&self.root.rank()) {
            Ordering::Less => other.is_tied,
            Ordering::Equal => {
                self.is_tied || other.is_tied || self.root.span_id.is_empty() || other.root.span_id.is_empty()
            }
            Ordering::Greater => self.is_tied,
        };
        if other.root < self.root {
            self.root = other.root;
        }
    }

    /// From the start of its first span to the end of its last, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.extent.duration_ns()
    }

    /// Where it stands in an order.
    pub fn position(&self, order: Order) -> Position {
        order.position(self.trace_id, self.extent)
    }
}

impl TraceIndex {
    /// The segments, of those given, that may have spans of any of some traces.
    pub(super) fn holding(&self, ids: &Ids, segments: &[Stored]) -> Vec<Stored> {
        let holding = self.segments_of(ids.iter().map(trace_ids::key).collect());
        segments.iter().filter(|segment| holding.binary_search(&segment.id).is_ok()).cloned().collect()
    }
}

impl Context<'_> {
    /// Whole traces in figures, wherever their spans are.
    pub(super) fn complete(&self, ids: &Ids) -> HashMap<TraceId, Summary> {
        let mut complete = self.gather(ids, |segment| self.summaries(segment, ids));
        let tied: Ids =
            complete.values().filter(|summary| summary.is_tied).map(|tied| tied.trace_id).collect();
        if !tied.is_empty() {
            complete.extend(self.gather(&tied, |segment| self.summaries_of_records(segment, &tied)));
        }
        complete
    }

    fn gather(
        &self,
        ids: &Ids,
        summaries: impl Fn(&Stored) -> HashMap<TraceId, Summary> + Sync,
    ) -> HashMap<TraceId, Summary> {
        let mut gathered: HashMap<TraceId, Summary> = HashMap::new();
        let segments = self.index.holding(ids, &self.all);
        self.reader.in_order(&segments, summaries, |_, found| {
            for (id, summary) in found {
                match gathered.entry(id) {
                    Entry::Occupied(mut known) => known.get_mut().merge(summary),
                    Entry::Vacant(none) => drop(none.insert(summary)),
                }
            }
            ControlFlow::Continue(())
        });
        gathered
    }
}
