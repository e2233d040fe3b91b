//! A trace: its spans in the order of their tree, with the bytes that say all the rest.

use std::collections::HashMap;

use bytes::Bytes;

use super::part;
use super::timeline::Timeline;
use super::tree::{Descent, Link, Node, Tree};
use crate::otlp::proto::{self, InstrumentationScope, Resource, STATUS_CODE_ERROR};
use crate::otlp::tree::{CHILD, RESOURCE};
use crate::otlp::view::Nested;
use crate::otlp::{Batch, Signal, names, semconv};
use crate::query::times::{Extent, span_times};

/// A trace as far as it is stored.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Its id.
    pub id: [u8; 16],
    /// Its spans, parents before their children and siblings by their start.
    pub spans: Vec<Span>,
    /// The place of each span; `nodes[i]` is that of `spans[i]`.
    pub tree: Tree,
    /// Of each span, the intervals on the critical path, from and to, in nanoseconds since the epoch.
    pub critical_path: Vec<Vec<(u64, u64)>>,
    /// Of each span, the time in which none of its children ran, in nanoseconds.
    pub self_times_ns: Vec<u64>,
    /// The processes that sent them.
    pub processes: Vec<Process>,
    /// The scopes that made them.
    pub scopes: Vec<Bytes>,
    /// Spans that were stored more than once, byte for byte; they are here once.
    pub duplicates: usize,
    batches: Vec<Batch>,
    extent: Extent,
}

/// Who sent spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its `service.name`; empty where it has none.
    pub service: String,
    resource: Bytes,
}

/// A span of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its id; zeros where it has none.
    pub span_id: [u8; 8],
    /// The id of its parent; zeros where it has none.
    pub parent_id: [u8; 8],
    /// Its name.
    pub operation: String,
    /// Its kind, a number of [`proto::SPAN_KIND`].
    pub kind: i32,
    /// Its status, a number of [`proto::STATUS_CODE`].
    pub status: i32,
    /// What the status says.
    pub status_message: String,
    /// When it started, in nanoseconds since the epoch; where it does not say, when it ended and, where it does not say
    /// that either, when its parent started, or the trace.
    pub start_ns: u64,
    /// When it ended; when it started where it says that it ended before.
    pub end_ns: u64,
    /// Whether it has no start, or says that it ended before it started.
    pub has_invalid_time: bool,
    /// Whether it is where its parent, which is of another process, cannot have waited for it: their clocks differ.
    pub is_skewed: bool,
    /// Its process.
    pub process: usize,
    /// Its scope, if it has one.
    pub scope: Option<usize>,
    record: Bytes,
}

impl Process {
    /// Its resource.
    pub fn resource(&self) -> Resource<'_> {
        Resource(&self.resource)
    }
}

impl Span {
    /// All of it.
    pub fn view(&self) -> proto::Span<'_> {
        proto::Span(&self.record)
    }

    /// Whether it failed.
    pub fn is_error(&self) -> bool {
        self.status == STATUS_CODE_ERROR
    }

    /// Nanoseconds from its start to its end.
    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// Its kind in lower case, such as `server`.
    pub fn kind_name(&self) -> String {
        names::kind_name(self.kind).into_owned()
    }

    /// Its status in lower case, such as `error`.
    pub fn status_name(&self) -> String {
        names::status_name(self.status).into_owned()
    }
}

impl Trace {
    /// Puts together the spans that `batches` hold of a trace; those of other traces are passed over.
    pub fn assemble(id: [u8; 16], batches: &[Batch]) -> Trace {
        let mut found = Found::default();
        let batches = batches.iter().filter(|batch| batch.signal() == Signal::Traces);
        let batches: Vec<Batch> = batches.filter(|batch| found.batch(id, batch)).cloned().collect();
        let Found { mut spans, processes, scopes, .. } = found;
        // The order in which they were stored says nothing.
        spans.sort_by(|one, other| {
            let key = |span: &Span| (span.start_ns, span.span_id, span.end_ns);
            let resource = |span: &Span| &processes[span.process].resource;
            key(one)
                .cmp(&key(other))
                .then_with(|| one.record.cmp(&other.record))
                .then_with(|| resource(one).cmp(resource(other)))
        });
        let stored = spans.len();
        spans.dedup_by(|one, other| one.record == other.record && one.process == other.process);
        let duplicates = stored - spans.len();
        let tree = Tree::of(&spans.iter().map(link).collect::<Vec<_>>());
        let mut places = vec![0; spans.len()];
        tree.nodes.iter().enumerate().for_each(|(index, node)| places[node.span] = index);
        let mut placed: Vec<(usize, Span)> = places.into_iter().zip(spans).collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        let mut spans: Vec<Span> = placed.into_iter().map(|(_, span)| span).collect();
        for (span, node) in spans.iter_mut().zip(&tree.nodes) {
            (span.start_ns, span.end_ns, span.is_skewed) = (node.start_ns, node.end_ns, node.is_skewed);
        }
        let timeline = Timeline::of(&tree);
        Trace {
            id,
            extent: tree
                .nodes
                .iter()
                .map(|node| node.has_time.then_some((node.start_ns, node.end_ns)))
                .collect(),
            critical_path: timeline.intervals(),
            self_times_ns: timeline.self_times_ns(),
            spans,
            tree,
            processes,
            scopes,
            duplicates,
            batches,
        }
    }

    /// The service of a span.
    pub fn service(&self, span: usize) -> &str {
        let process = self.spans.get(span).and_then(|span| self.processes.get(span.process));
        process.map_or("", |process| &process.service)
    }

    /// The scope of a span.
    pub fn scope(&self, span: &Span) -> Option<InstrumentationScope<'_>> {
        span.scope.and_then(|scope| self.scopes.get(scope)).map(|scope| InstrumentationScope(scope))
    }

    /// Spans with their places, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Span, &Node)> {
        self.spans.iter().zip(&self.tree.nodes).enumerate().map(|(index, (span, node))| (index, span, node))
    }

    /// When the first span started, in nanoseconds since the epoch.
    pub fn start_ns(&self) -> u64 {
        self.extent.start_ns()
    }

    /// From the start of the first span to the end of the last, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.extent.duration_ns()
    }

    /// From the start of the first span to a time, in nanoseconds.
    pub fn offset_ns(&self, time_ns: u64) -> i64 {
        let offset = i128::from(time_ns) - i128::from(self.start_ns());
        offset.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The earliest span that has no parent, or whose parent is not there where all have one.
    pub fn root(&self) -> Option<usize> {
        let rank = |root: &usize| {
            let node = &self.tree.nodes[*root];
            (node.descent != Descent::Root, !node.has_time)
        };
        self.tree.roots().min_by_key(rank)
    }

    /// Spans that came to their places so.
    pub fn count(&self, descent: Descent) -> usize {
        self.tree.nodes.iter().filter(|node| node.descent == descent).count()
    }

    /// Time of a span on the critical path, in nanoseconds.
    pub fn critical_path_ns(&self, span: usize) -> u64 {
        let intervals = self.critical_path.get(span).map(Vec::as_slice).unwrap_or_default();
        intervals.iter().map(|(from_ns, to_ns)| to_ns - from_ns).sum()
    }

    /// The trace as it was stored, as batches that hold nothing else.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        self.batches.iter().filter_map(|batch| part::of_trace(self.id, Signal::Traces, batch.bytes()))
    }
}

/// What was found in batches so far.
#[derive(Default)]
struct Found {
    spans: Vec<Span>,
    processes: Vec<Process>,
    scopes: Vec<Bytes>,
    process_numbers: HashMap<Bytes, usize>,
    scope_numbers: HashMap<Bytes, usize>,
}

impl Found {
    /// Takes the spans of a trace; false where there are none.
    fn batch(&mut self, id: [u8; 16], batch: &Batch) -> bool {
        let before = self.spans.len();
        for container in Nested::new(batch.bytes(), RESOURCE) {
            for scope in Nested::new(container, CHILD) {
                let mut records = Nested::new(scope, CHILD)
                    .filter(|record| proto::Span(record).trace_id() == id)
                    .peekable();
                if records.peek().is_none() {
                    continue;
                }
                let process = self.process(batch, container);
                let scope = self.scope(batch, scope);
                self.spans
                    .extend(records.map(|record| span(batch.bytes().slice_ref(record), process, scope)));
            }
        }
        self.spans.len() > before
    }

    fn process(&mut self, batch: &Batch, container: &[u8]) -> usize {
        let resource = proto::ResourceSpans(container).resource();
        let resource =
            resource.map_or_else(Bytes::new, |resource| batch.bytes().slice_ref(resource.as_bytes()));
        let processes = &mut self.processes;
        *self.process_numbers.entry(resource.clone()).or_insert_with(|| {
            processes.push(Process { service: semconv::service_name(container).to_owned(), resource });
            processes.len() - 1
        })
    }

    fn scope(&mut self, batch: &Batch, container: &[u8]) -> Option<usize> {
        let scope = batch.bytes().slice_ref(proto::ScopeSpans(container).scope()?.as_bytes());
        let scopes = &mut self.scopes;
        Some(*self.scope_numbers.entry(scope.clone()).or_insert_with(|| {
            scopes.push(scope);
            scopes.len() - 1
        }))
    }
}

fn span(record: Bytes, process: usize, scope: Option<usize>) -> Span {
    let view = proto::Span(&record);
    let (started_ns, ended_ns) = (view.start_time_unix_nano(), view.end_time_unix_nano());
    let (start_ns, end_ns) = span_times(&record).unwrap_or_default();
    let status = view.status();
    Span {
        span_id: view.span_id().try_into().unwrap_or_default(),
        parent_id: view.parent_span_id().try_into().unwrap_or_default(),
        operation: view.name().to_owned(),
        kind: view.kind(),
        status: status.map_or(0, |status| status.code()),
        status_message: status.map_or_else(String::new, |status| status.message().to_owned()),
        start_ns,
        end_ns,
        has_invalid_time: started_ns == 0 || ended_ns < started_ns,
        is_skewed: false,
        process,
        scope,
        record,
    }
}

fn link(span: &Span) -> Link {
    Link {
        span_id: u64::from_be_bytes(span.span_id),
        parent_id: u64::from_be_bytes(span.parent_id),
        times: (span.start_ns > 0).then_some((span.start_ns, span.end_ns)),
        kind: span.kind,
        process: span.process as u32,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::tree::tests::{link as place, links};
    use super::*;
    use crate::otlp::wire::{put_bytes, put_fixed64, put_message, put_uint};

    pub(crate) const ID: [u8; 16] = [7; 16];

    /// A batch of spans of the trace [`ID`], which two services have sent by turns, and one of another trace.
    fn batch(links: &[Link]) -> Batch {
        let mut bytes = Vec::new();
        for (number, link) in links.iter().enumerate() {
            let service = if number % 2 == 0 { "even" } else { "odd" };
            resource_spans(&mut bytes, service, |out| span(out, ID, link));
        }
        let other = place(1, 0, 0, 1_000_000);
        resource_spans(&mut bytes, "even", |out| span(out, [8; 16], &other));
        Batch::parse(Signal::Traces, bytes.into()).unwrap()
    }

    fn resource_spans(out: &mut Vec<u8>, service: &str, span: impl FnOnce(&mut Vec<u8>)) {
        put_message(out, RESOURCE, |out| {
            put_message(out, 1, |out| {
                put_message(out, 1, |out| {
                    put_bytes(out, 1, b"service.name");
                    put_message(out, 2, |out| put_bytes(out, 1, service.as_bytes()));
                });
            });
            put_message(out, CHILD, |out| put_message(out, CHILD, span));
        });
    }

    fn span(out: &mut Vec<u8>, trace_id: [u8; 16], link: &Link) {
        put_bytes(out, 1, &trace_id);
        for (field, id) in [(2, link.span_id), (4, link.parent_id)] {
            if id != 0 {
                put_bytes(out, field, &id.to_be_bytes());
            }
        }
        put_bytes(out, 5, format!("operation {}", link.span_id % 4).as_bytes());
        put_uint(out, 6, 1 + link.span_id % 5);
        if let Some((start_ns, end_ns)) = link.times {
            put_fixed64(out, 7, 1_000_000 + start_ns);
            put_fixed64(out, 8, 1_000_000 + end_ns);
        }
        if link.span_id % 7 == 3 {
            put_message(out, 15, |out| put_uint(out, 3, 2));
        }
    }

    pub(crate) fn trace(links: &[Link]) -> Trace {
        Trace::assemble(ID, &[batch(links)])
    }

    #[test]
    fn spans_of_other_traces_are_passed_over() {
        let trace = trace(&[place(1, 0, 0, 10), place(2, 1, 1, 9)]);
        assert_eq!((trace.spans.len(), trace.duration_ns()), (2, 10));
        let batches: Vec<Batch> = trace.batches().collect();
        assert_eq!(batches.iter().map(Batch::items).sum::<usize>(), 2);
    }

    #[test]
    fn there_may_be_nothing() {
        let trace = Trace::assemble(ID, &[]);
        assert_eq!((trace.spans.len(), trace.start_ns(), trace.duration_ns(), trace.root()), (0, 0, 0, None));
    }

    #[test]
    fn what_was_sent_again_is_there_once() {
        let links = [place(1, 0, 0, 10), place(2, 1, 1, 9), place(2, 1, 1, 8)];
        let trace = Trace::assemble(ID, &[batch(&links), batch(&links)]);
        assert_eq!((trace.spans.len(), trace.duplicates), (3, 3));
    }

    #[test]
    fn a_span_without_times_moves_nothing() {
        let unknown = |span_id, parent_id| Link { times: None, ..place(span_id, parent_id, 0, 0) };
        let trace = trace(&[unknown(5, 0), place(1, 0, 10, 100), place(2, 1, 20, 50), unknown(3, 2)]);
        assert_eq!((trace.start_ns(), trace.duration_ns(), trace.root()), (1_000_010, 90, Some(0)));
        let found: Vec<_> = trace
            .iter()
            .map(|(index, span, _)| {
                (span.span_id[7], trace.offset_ns(span.start_ns), trace.critical_path_ns(index))
            })
            .collect();
        assert_eq!(found, [(1, 0, 60), (2, 10, 30), (3, 10, 0), (5, 0, 0)]);
        assert!(trace.spans.iter().all(|span| span.has_invalid_time == [3, 5].contains(&span.span_id[7])));
    }

    #[test]
    fn clocks_of_two_processes_may_differ() {
        let links = [place(1, 0, 10, 100), place(2, 1, 9, 50), place(3, 1, 8, 50), place(4, 1, 10, 500)];
        let trace = trace(&links);
        let skewed: Vec<_> =
            trace.spans.iter().filter(|span| span.is_skewed).map(|span| span.start_ns).collect();
        // The third is of the same process as its parent.
        assert_eq!(skewed, [1_000_009]);
    }

    proptest! {
        #[test]
        fn no_span_is_lost_in_whatever_order_they_come(links in links()) {
            let found = trace(&links);
            prop_assert_eq!(found.spans.len() + found.duplicates, links.len());
            prop_assert_eq!(found.batches().map(|batch| batch.items()).sum::<usize>(), links.len());
            for (index, span, node) in found.iter() {
                prop_assert_eq!((span.start_ns, span.end_ns), (node.start_ns, node.end_ns));
                if let Some(parent) = node.parent {
                    prop_assert!(parent < index && found.spans[parent].span_id == span.parent_id);
                }
            }
            // By twos, for the services to stay the same.
            let turned: Vec<Link> = links.rchunks_exact(2).flatten().copied().collect();
            if turned.len() == links.len() {
                let turned = trace(&turned);
                let shape = |trace: &Trace| -> Vec<_> {
                    let place = |(index, span, node): (usize, &Span, &Node)| {
                        (trace.service(index).to_owned(), span.record.clone(), node.depth, node.end)
                    };
                    trace.iter().map(place).collect()
                };
                prop_assert_eq!(shape(&turned), shape(&found));
            }
        }
    }
}
