//! One walk over the batches of a segment finds all that the database keeps beside their bytes.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::attributes::{Keys, Level};
use super::columns::{Columns, Operation};
use super::edges::Calls;
use super::measures::{Measure, Measures, Place};
use super::texts::Texts;
use super::{filter, records, spans, trace_ids};
use crate::otlp::field::{RESOURCE_ATTRIBUTE, SCOPE_ATTRIBUTE};
use crate::otlp::proto::InstrumentationScope;
use crate::otlp::view::{self, Fields, Nested, Value};
use crate::otlp::{Batch, Signal, semconv, tree};

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) columns: Columns,
    /// Items by service.
    pub(super) items: Vec<u64>,
    pub(super) keys: Keys,
    /// Keys of trace ids, of neighbours only one.
    pub(super) traces: Vec<u32>,
    /// What the filters get; `None` where there are none.
    pub(super) texts: Option<Texts>,
    /// Whether the rollups get anything.
    pub(super) is_counted: bool,
    pub(super) calls: Calls,
    /// Spans that stand for themselves alone.
    pub(super) plain: Vec<Place>,
    /// Spans that a sampler has kept for others.
    pub(super) weighted: Vec<Measure>,
    /// Earliest and latest time, in nanoseconds since the epoch.
    pub(super) range: Option<(u64, u64)>,
    services: HashMap<Box<str>, u32, RandomState>,
    operations: HashMap<Box<[u8]>, u32, RandomState>,
    scratch: Vec<u8>,
    trace: [u8; 16],
    trace_hash: u64,
    trace_number: Option<u32>,
    trace_numbers: HashMap<[u8; 16], u32, RandomState>,
}

impl Columns {
    /// The columns of a segment that has these batches.
    pub fn of(batches: &[Batch]) -> Columns {
        let mut scan = Scan::default();
        batches.iter().for_each(|batch| scan.batch(batch));
        scan.columns
    }
}

impl Scan {
    /// Takes texts for filters where there are any to be, and counts where `is_counted`.
    pub(super) fn new(texts: Option<Texts>, is_counted: bool) -> Scan {
        Scan { texts, is_counted, ..Scan::default() }
    }

    pub(super) fn batch(&mut self, batch: &Batch) {
        let signal = batch.signal();
        for container in Nested::new(batch.bytes(), tree::RESOURCE) {
            let service = self.service(semconv::service_name(container));
            let before = self.columns.times.len();
            for (number, value) in Fields::new(container) {
                match (number, value) {
                    (1, Value::Len(resource)) => {
                        self.attributes(Level::Resource, resource, RESOURCE_ATTRIBUTE)
                    }
                    (tree::CHILD, Value::Len(scope)) => self.scope(signal, service, scope),
                    _ => {}
                }
            }
            self.items[service as usize] += (self.columns.times.len() - before) as u64;
        }
    }

    /// Takes a text that is no attribute.
    #[inline]
    pub(super) fn text(&mut self, text: &[u8]) {
        if let Some(texts) = &mut self.texts {
            texts.text(view::text(text));
        }
    }

    /// Takes the attributes in field `number` of a message.
    pub(super) fn attributes(&mut self, level: Level, message: &[u8], number: u32) {
        self.keys.of_message(level, message, number);
        if let Some(texts) = &mut self.texts {
            texts.attributes(message, number);
        }
    }

    /// Takes an attribute, the one at `position` of a record.
    #[inline]
    pub(super) fn attribute(&mut self, level: Level, position: usize, attribute: &[u8]) {
        self.keys.attribute(level, position, attribute);
        if let Some(texts) = &mut self.texts {
            texts.attribute(position, attribute);
        }
    }

    fn scope(&mut self, signal: Signal, service: u32, scope: &[u8]) {
        for (number, value) in Fields::new(scope) {
            match (number, value) {
                (1, Value::Len(scope)) => {
                    self.attributes(Level::Scope, scope, SCOPE_ATTRIBUTE);
                    let view = InstrumentationScope(scope);
                    self.text(view.name().as_bytes());
                    self.text(view.version().as_bytes());
                }
                (tree::CHILD, Value::Len(record)) => match signal {
                    Signal::Traces => spans::span(self, service, record),
                    Signal::Logs => records::log(self, service, record),
                    Signal::Metrics => records::metric(self, service, record),
                },
                _ => {}
            }
        }
    }

    /// The number of a service in this segment.
    fn service(&mut self, name: &str) -> u32 {
        if let Some(number) = self.services.get(name) {
            return *number;
        }
        let number = self.columns.services.len() as u32;
        self.services.insert(name.into(), number);
        self.columns.services.push(name.to_owned());
        self.items.push(0);
        number
    }

    /// The number of an operation in this segment.
    #[inline]
    pub(super) fn operation(&mut self, service: u32, kind: u8, name: &[u8]) -> u32 {
        self.scratch.clear();
        self.scratch.extend_from_slice(&service.to_le_bytes());
        self.scratch.push(kind);
        self.scratch.extend_from_slice(name);
        if let Some(number) = self.operations.get(&*self.scratch) {
            return *number;
        }
        let number = self.columns.operations.len() as u32;
        self.operations.insert(self.scratch.as_slice().into(), number);
        let name = view::text(name).to_owned();
        self.text(name.as_bytes());
        self.columns.operations.push(Operation { service, kind, name });
        number
    }

    /// The hash of a trace id, which goes into the set; 0 where there is none.
    #[inline]
    pub(super) fn trace(&mut self, trace_id: &[u8]) -> u64 {
        let Ok(trace_id) = <&[u8; 16]>::try_from(trace_id) else { return 0 };
        if *trace_id == [0; 16] {
            return 0;
        }
        if *trace_id != self.trace {
            self.trace = *trace_id;
            self.trace_hash = filter::hash(trace_id);
            self.trace_number = None;
            self.traces.push(trace_ids::key(trace_id));
        }
        self.trace_hash
    }

    /// The number of the trace that [`Scan::trace`] was asked for, which it has in the columns.
    #[inline]
    pub(super) fn trace_number(&mut self) -> u32 {
        if let Some(number) = self.trace_number {
            return number;
        }
        let next = self.columns.trace_ids.len() as u32;
        let number = *self.trace_numbers.entry(self.trace).or_insert(next);
        if number == next {
            self.columns.trace_ids.push(self.trace);
        }
        self.trace_number = Some(number);
        number
    }

    /// Adds a row to the columns.
    #[inline]
    pub(super) fn row(&mut self, series: u32, level: u8, time: u64) {
        self.columns.series.push(series);
        self.columns.levels.push(level);
        self.columns.times.push(time);
        if time > 0 {
            self.range =
                Some(self.range.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        }
    }

    /// What the spans add to the rollups of operations.
    pub(super) fn measures(&mut self) -> Measures {
        Measures::of(std::mem::take(&mut self.plain), std::mem::take(&mut self.weighted))
    }
}
