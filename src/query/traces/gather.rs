//! Whole traces, one after the other, with what of their spans a calculation needs.

use std::collections::HashMap;
use std::ops::ControlFlow;

use foldhash::fast::RandomState;

use super::super::bottlenecks::CompactSpan;
use super::segment::{Ids, TraceId, trace_id};
use super::{Context, TraceSearch};
use crate::error::CommandError;
use crate::expr::{Found, for_each_record};
use crate::otlp::proto::{ResourceSpans, STATUS_CODE_ERROR, Span};
use crate::otlp::semconv;
use crate::probability::tracestate;
use crate::query::Reader;
use crate::query::times::{Extent, span_times};
use crate::store::{Stored, filter};

/// Spans that are kept in memory at once, 72 bytes each. For more, the traces are divided by their ids and everything
/// is read as often.
const MOST_SPANS: u64 = 2_000_000;

/// Services and operations by number.
pub type Operations = Vec<(String, String)>;

/// The spans of a segment, with numbers of operations that are its own.
struct Part {
    spans: Vec<(TraceId, CompactSpan)>,
    operations: Operations,
}

impl TraceSearch {
    /// Calls `each` with the spans of every trace that is found, in ascending order of their ids within each share, and
    /// returns what the numbers of operations stand for. Order, limit and cursor do not matter.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn each_trace(
        &self,
        reader: &Reader,
        mut each: impl FnMut(&mut Vec<CompactSpan>),
    ) -> Result<Operations, CommandError> {
        let context = Context::new(reader, self)?;
        let ids = match context.passes_all() {
            true => None,
            false => Some(super::all::ids(&context)?),
        };
        let segments = super::all::holding(&context, ids.as_ref());
        let spans: u64 = segments.iter().map(|segment| segment.items).sum();
        let shares = spans.div_ceil(MOST_SPANS).max(1);
        let mut numbers: HashMap<(String, String), u32, RandomState> = HashMap::default();
        for share in 0..shares {
            let mut gathered: Vec<(TraceId, CompactSpan)> = Vec::new();
            let is_wanted = |id: &TraceId| {
                share_of(id, shares) == share && ids.as_ref().is_none_or(|ids: &Ids| ids.contains(id))
            };
            reader.in_order(
                &segments,
                |segment| part(reader, segment, is_wanted),
                |_, part| {
                    let mut number = |name| {
                        let next = numbers.len() as u32;
                        *numbers.entry(name).or_insert(next)
                    };
                    let translated: Vec<u32> = part.operations.into_iter().map(&mut number).collect();
                    gathered.extend(part.spans.into_iter().filter_map(|(id, span)| {
                        let operation = *translated.get(span.operation as usize)?;
                        Some((id, CompactSpan { operation, ..span }))
                    }));
                    ControlFlow::Continue(())
                },
            );
            gathered.sort_unstable();
            let mut spans = Vec::new();
            for trace in gathered.chunk_by(|one, other| one.0 == other.0) {
                spans.clear();
                spans.extend(trace.iter().map(|(_, span)| *span));
                let extent: Extent = spans.iter().map(CompactSpan::times).collect();
                if self.has_duration(extent.duration_ns()) {
                    each(&mut spans);
                }
            }
        }
        let mut operations: Vec<((String, String), u32)> = numbers.into_iter().collect();
        operations.sort_unstable_by_key(|(_, number)| *number);
        Ok(operations.into_iter().map(|(name, _)| name).collect())
    }
}

/// Which of several shares a trace is in.
fn share_of(id: &TraceId, shares: u64) -> u64 {
    let last = id.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    last % shares
}

/// Tells the processes of many spans apart, of which those that follow each other are mostly of one.
#[derive(Default)]
struct Processes {
    container: (usize, usize),
    process: u32,
}

impl Processes {
    /// A hash of the resource.
    fn of(&mut self, container: &[u8]) -> u32 {
        let place = (container.as_ptr().addr(), container.len());
        if place != self.container {
            let resource = ResourceSpans(container).resource();
            let hash = resource.map_or(0, |resource| filter::hash(resource.as_bytes()));
            *self = Processes { container: place, process: hash as u32 };
        }
        self.process
    }
}

fn part(reader: &Reader, segment: &Stored, is_wanted: impl Fn(&TraceId) -> bool) -> Part {
    let mut part = Part { spans: Vec::new(), operations: Vec::new() };
    let mut numbers: HashMap<(Box<str>, Box<str>), u32, RandomState> = HashMap::default();
    let mut processes = Processes::default();
    let Some(payload) = reader.payload(segment) else { return part };
    for batch in payload.batches() {
        for_each_record(batch, |Found { container, record, .. }| {
            let Some(id) = trace_id(record).filter(&is_wanted) else { return };
            let span = Span(record);
            let (start_ns, end_ns) = span_times(record).unwrap_or_default();
            let name = (semconv::service_name(container).into(), span.name().into());
            let next = numbers.len() as u32;
            let operation = *numbers.entry(name).or_insert_with_key(|(service, operation)| {
                part.operations.push((service.to_string(), operation.to_string()));
                next
            });
            let number = |id: &[u8]| id.try_into().map_or(0, u64::from_be_bytes);
            let span = CompactSpan {
                span_id: number(span.span_id()),
                parent_id: number(span.parent_span_id()),
                start_ns,
                end_ns,
                threshold: tracestate::kept_by(span.trace_state(), &id),
                operation,
                process: processes.of(container),
                kind: u8::try_from(span.kind()).unwrap_or_default(),
                is_error: span.status().is_some_and(|status| status.code() == STATUS_CODE_ERROR),
            };
            part.spans.push((id, span));
        });
    }
    part
}
