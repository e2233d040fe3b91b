//! The columns of a segment: what searches filter on, so that only attributes need the payload.
//!
//! A row stands for a record, in the order in which they stand in the payload. Numbers are varints, one column after
//! the other, compressed together.

use crate::otlp::Signal;
use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::{put_bytes, put_varint, varint};

/// Stands for a kind, a status or a severity that does not fit in a column: the record has it.
pub const BEYOND: u8 = u8::MAX;

/// What a span does, and in which service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Number of the service in its segment.
    pub service: u32,
    /// `Span.kind`, or [`BEYOND`].
    pub kind: u8,
    /// The name of the span.
    pub name: String,
}

/// The columns of a segment, a row each span, log record or data point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The names of the services.
    pub services: Vec<String>,
    /// The operations of spans.
    pub operations: Vec<Operation>,
    /// Which operation a span is; which service a log record or a data point is of.
    pub series: Vec<u32>,
    /// The code of a span's status; the severity number of a log record; [`BEYOND`] for either.
    pub levels: Vec<u8>,
    /// Nanoseconds since the epoch.
    pub times: Vec<u64>,
    /// From start to end of a span in nanoseconds, below zero where it ended before.
    pub durations: Vec<i64>,
    /// The ids of the traces of spans.
    pub trace_ids: Vec<[u8; 16]>,
    /// Which trace a span is of; [`NO_TRACE`] where it has no valid id. Older segments do not have it.
    pub traces: Vec<u32>,
    /// Whether a span has a parent, 1 or 0. Older segments do not have it.
    pub parents: Vec<u8>,
}

/// Stands for the trace of a span that is of none.
pub const NO_TRACE: u32 = u32::MAX;

/// Fields of the stored form.
mod field {
    pub(super) const SERVICE: u32 = 1;
    pub(super) const OPERATION: u32 = 2;
    pub(super) const SERIES: u32 = 3;
    pub(super) const LEVELS: u32 = 4;
    pub(super) const TIMES: u32 = 5;
    pub(super) const DURATIONS: u32 = 6;
    pub(super) const TRACE_IDS: u32 = 7;
    pub(super) const TRACES: u32 = 8;
    pub(super) const PARENTS: u32 = 9;
}

/// A number whose small values are short, whatever their sign.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

impl Columns {
    /// Appends the stored form, not yet compressed.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for service in &self.services {
            put_bytes(out, field::SERVICE, service.as_bytes());
        }
        let mut packed = Vec::with_capacity(self.times.len() * 6);
        for operation in &self.operations {
            packed.clear();
            put_varint(&mut packed, u64::from(operation.service));
            packed.push(operation.kind);
            packed.extend_from_slice(operation.name.as_bytes());
            put_bytes(out, field::OPERATION, &packed);
        }
        packed.clear();
        self.series.iter().for_each(|series| put_varint(&mut packed, u64::from(*series)));
        put_bytes(out, field::SERIES, &packed);
        put_bytes(out, field::LEVELS, &self.levels);
        packed.clear();
        let mut before = 0;
        for time in &self.times {
            put_varint(&mut packed, zigzag(time.wrapping_sub(before) as i64));
            before = *time;
        }
        put_bytes(out, field::TIMES, &packed);
        packed.clear();
        self.durations.iter().for_each(|duration| put_varint(&mut packed, zigzag(*duration)));
        put_bytes(out, field::DURATIONS, &packed);
        if self.traces.is_empty() {
            return;
        }
        put_bytes(out, field::TRACE_IDS, self.trace_ids.as_flattened());
        packed.clear();
        // Traces have numbers in the order in which they come, so that neighbours differ by little.
        let mut before = 0;
        for trace in &self.traces {
            put_varint(&mut packed, zigzag(i64::from(trace.wrapping_sub(before).cast_signed())));
            before = *trace;
        }
        put_bytes(out, field::TRACES, &packed);
        put_bytes(out, field::PARENTS, &self.parents);
    }

    /// Reads the stored form; `None` where it is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Columns> {
        let mut columns = Columns::default();
        let text = |bytes: &[u8]| str::from_utf8(bytes).ok().map(str::to_owned);
        for (number, value) in Fields::new(bytes) {
            let Value::Len(packed) = value else { return None };
            let mut at = 0;
            // All columns are as long as the first.
            let rows = columns.series.len();
            match number {
                field::SERVICE => columns.services.push(text(packed)?),
                field::OPERATION => {
                    let service = u32::try_from(varint(packed, &mut at)?).ok()?;
                    let (kind, name) = packed.get(at..)?.split_first()?;
                    columns.operations.push(Operation { service, kind: *kind, name: text(name)? });
                }
                field::SERIES => {
                    columns.series.reserve(packed.len());
                    while at < packed.len() {
                        columns.series.push(u32::try_from(varint(packed, &mut at)?).ok()?);
                    }
                }
                field::LEVELS => columns.levels.extend_from_slice(packed),
                field::TIMES => {
                    columns.times.reserve(rows);
                    let mut before = 0_u64;
                    while at < packed.len() {
                        before = before.wrapping_add(unzigzag(varint(packed, &mut at)?) as u64);
                        columns.times.push(before);
                    }
                }
                field::DURATIONS => {
                    columns.durations.reserve(rows);
                    while at < packed.len() {
                        columns.durations.push(unzigzag(varint(packed, &mut at)?));
                    }
                }
                field::TRACE_IDS => columns.trace_ids.extend_from_slice(packed.as_chunks().0),
                field::TRACES => {
                    columns.traces.reserve(rows);
                    let mut before = 0_u32;
                    while at < packed.len() {
                        before = before.wrapping_add(unzigzag(varint(packed, &mut at)?) as u32);
                        columns.traces.push(before);
                    }
                }
                field::PARENTS => columns.parents.extend_from_slice(packed),
                _ => {}
            }
        }
        let rows = columns.times.len();
        (columns.series.len() == rows && columns.levels.len() == rows).then_some(columns)
    }
}

impl Columns {
    /// Whether every number stands for something that is there.
    pub(super) fn fit(&self, signal: Signal) -> bool {
        let series = match signal {
            Signal::Traces => self.operations.len(),
            Signal::Metrics | Signal::Logs => self.services.len(),
        };
        self.series.iter().all(|number| (*number as usize) < series)
            && self.operations.iter().all(|operation| (operation.service as usize) < self.services.len())
            && (signal != Signal::Traces || self.durations.len() == self.times.len())
            && (!self.have_traces()
                || self
                    .traces
                    .iter()
                    .all(|trace| *trace == NO_TRACE || (*trace as usize) < self.trace_ids.len()))
    }

    /// Whether they say which traces spans are of, and which of them have a parent.
    pub fn have_traces(&self) -> bool {
        let rows = self.times.len();
        self.traces.len() == rows && self.parents.len() == rows
    }

    /// Whether only the records have all that stands here.
    pub fn has_beyond(&self) -> bool {
        self.levels.contains(&BEYOND) || self.operations.iter().any(|operation| operation.kind == BEYOND)
    }

    /// The name of the service that a row is of.
    pub fn service_of(&self, series: u32) -> &str {
        let service = self.operations.get(series as usize).map_or(series, |operation| operation.service);
        self.services.get(service as usize).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_are_read_as_they_were_written(
            rows in prop::collection::vec((any::<u32>(), any::<u8>(), any::<u64>(), any::<i64>()), 0..50),
            trace_ids in prop::collection::vec(any::<[u8; 16]>(), 0..9),
            services in prop::collection::vec(".{0,8}", 0..4),
            operations in prop::collection::vec((any::<u32>(), any::<u8>(), ".{0,8}"), 0..4),
        ) {
            let operation = |(service, kind, name)| Operation { service, kind, name };
            let columns = Columns {
                services,
                operations: operations.into_iter().map(operation).collect(),
                series: rows.iter().map(|row| row.0).collect(),
                levels: rows.iter().map(|row| row.1).collect(),
                times: rows.iter().map(|row| row.2).collect(),
                durations: rows.iter().map(|row| row.3).collect(),
                trace_ids: if rows.is_empty() { Vec::new() } else { trace_ids },
                traces: rows.iter().map(|row| row.0.rotate_left(16)).collect(),
                parents: rows.iter().map(|row| row.1 & 1).collect(),
            };
            let mut bytes = Vec::new();
            columns.encode(&mut bytes);
            prop_assert_eq!(Columns::decode(&bytes), Some(columns));
        }

        #[test]
        fn any_bytes_are_columns_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Columns::decode(&bytes);
        }
    }
}
