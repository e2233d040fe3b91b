//! What stands in a row's column.

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::columns::Field;
use super::json;
use super::segment::{Record, Segment};
use crate::otlp::proto::{AnyValue, KeyValue, LogRecord, Span, Status};
use crate::otlp::{Signal, names};
use crate::store::{BEYOND, Operation};

const NULL: ToSqlOutput<'static> = ToSqlOutput::Owned(Value::Null);

/// Bits of a row's handle that number the row in its segment.
const ROW_BITS: u32 = 32;

/// The number by which a row is found again.
pub(super) fn handle(segment: i64, row: usize) -> i64 {
    segment << ROW_BITS | row as i64
}

/// The segment and the row of a handle.
pub(super) fn of_handle(handle: i64) -> (i64, usize) {
    (handle >> ROW_BITS, (handle & ((1 << ROW_BITS) - 1)) as usize)
}

/// Nanoseconds since the epoch, as SQLite's integers have them; 0 where there is no time.
pub(super) fn time_ns(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// A time as text that sorts as the time does, and as [`super::instant`] writes others; `None` where there is none.
pub(super) fn timestamp(time: u64) -> Option<String> {
    let time = time_ns(time);
    (time > 0).then(|| timestamp_of(time))
}

/// A time in nanoseconds since the epoch as text.
pub(super) fn timestamp_of(ns: i64) -> String {
    Timestamp::from_nanosecond(ns.into()).map(|time| format!("{time:.9}")).unwrap_or_default()
}

fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

fn owned<'a>(value: impl Into<Value>) -> ToSqlOutput<'a> {
    ToSqlOutput::Owned(value.into())
}

fn maybe<'a>(value: Option<impl Into<Value>>) -> ToSqlOutput<'a> {
    value.map_or(NULL, owned)
}

/// A value of OTLP in SQL: what has no type there is JSON.
pub(super) fn value(value: AnyValue<'_>) -> Value {
    if let Some(text) = value.string_value() {
        text.to_owned().into()
    } else if let Some(flag) = value.bool_value() {
        flag.into()
    } else if let Some(number) = value.int_value() {
        number.into()
    } else if let Some(number) = value.double_value() {
        number.into()
    } else if let Some(bytes) = value.bytes_value() {
        bytes.to_vec().into()
    } else if value.array_value().is_some() || value.kvlist_value().is_some() {
        let mut out = String::new();
        json::put_value(&mut out, value);
        out.into()
    } else {
        Value::Null
    }
}

/// The name of a span's kind.
pub(super) fn kind(kind: i32) -> String {
    capitalized(&names::kind_name(kind))
}

/// The name of a status code.
pub(super) fn status_code(code: i32) -> String {
    capitalized(&names::status_name(code))
}

fn capitalized(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    first.to_ascii_uppercase() + rest
}

impl Segment {
    pub(super) fn time(&self, row: usize) -> i64 {
        self.columns.times.get(row).map_or(0, |time| time_ns(*time))
    }

    pub(super) fn level(&self, row: usize) -> u8 {
        self.columns.levels.get(row).copied().unwrap_or_default()
    }

    /// From start to end; `None` where the end is not set.
    pub(super) fn duration(&self, row: usize) -> Option<i64> {
        let (duration, start) = (*self.columns.durations.get(row)?, *self.columns.times.get(row)?);
        (start.wrapping_add(duration as u64) != 0).then_some(duration)
    }

    fn operation(&self, row: usize) -> Option<&Operation> {
        self.columns.operations.get(*self.columns.series.get(row)? as usize)
    }

    fn service(&self, row: usize) -> &str {
        let number = match self.signal {
            Signal::Traces => self.operation(row).map(|operation| operation.service),
            Signal::Metrics | Signal::Logs => self.columns.series.get(row).copied(),
        };
        number.and_then(|number| self.columns.services.get(number as usize)).map_or("", String::as_str)
    }

    /// A number that stands in a column or, where it does not fit there, in the record.
    fn number(&self, row: usize, of_column: u8, of_record: impl Fn(&[u8]) -> i32) -> i32 {
        let records = self.records.as_ref().filter(|_| of_column == BEYOND);
        let record = records.and_then(|records| records.get(row));
        record.map_or(of_column.into(), |record| of_record(record.bytes))
    }

    /// What a column holds in a row.
    pub(super) fn cell(&self, row: usize, field: Field) -> ToSqlOutput<'_> {
        match field {
            Field::Timestamp => maybe((self.time(row) > 0).then(|| timestamp_of(self.time(row)))),
            Field::TimeUnixNano => maybe(Some(self.time(row)).filter(|time| *time > 0)),
            Field::ServiceName => text(self.service(row)),
            Field::SpanName => text(self.operation(row).map_or("", |operation| &operation.name)),
            Field::SpanKind => {
                let of_column = self.operation(row).map_or(0, |operation| operation.kind);
                owned(kind(self.number(row, of_column, |record| Span(record).kind())))
            }
            Field::StatusCode => {
                let of_record = |record: &[u8]| Span(record).status().map_or(0, |status| status.code());
                owned(status_code(self.number(row, self.level(row), of_record)))
            }
            Field::SeverityNumber => {
                let of_record = |record: &[u8]| LogRecord(record).severity_number();
                owned(i64::from(self.number(row, self.level(row), of_record)))
            }
            Field::Duration => maybe(self.duration(row)),
            Field::Row => owned(handle(self.id, row)),
            _ => match self.records.as_ref().and_then(|records| records.get(row)) {
                Some(record) => record.cell(self.signal, field),
                None => NULL,
            },
        }
    }
}

impl<'a> Record<'a> {
    fn cell(&self, signal: Signal, field: Field) -> ToSqlOutput<'a> {
        match field {
            Field::ResourceAttributes => owned(json::map(self.resource.attributes())),
            Field::ScopeAttributes => owned(json::map(self.scope.attributes())),
            Field::ScopeName => text(self.scope.name()),
            Field::ScopeVersion => text(self.scope.version()),
            field if signal == Signal::Logs => log(LogRecord(self.bytes), field),
            field => span(Span(self.bytes), field),
        }
    }

    /// The attribute of this name: of the record itself, else of its resource, else of its scope.
    pub(super) fn attribute(&self, signal: Signal, key: &str) -> Option<AnyValue<'a>> {
        let own = match signal {
            Signal::Logs => find(LogRecord(self.bytes).attributes(), key),
            Signal::Traces | Signal::Metrics => find(Span(self.bytes).attributes(), key),
        };
        own.or_else(|| find(self.resource.attributes(), key))
            .or_else(|| find(self.scope.attributes(), key))
            .and_then(|attribute| attribute.value())
    }
}

fn find<'a>(mut attributes: impl Iterator<Item = KeyValue<'a>>, key: &str) -> Option<KeyValue<'a>> {
    attributes.find(|attribute| attribute.key() == key)
}

fn hex<'a>(id: &[u8]) -> ToSqlOutput<'a> {
    // An id of zeros is none.
    owned(if id.iter().all(|byte| *byte == 0) { String::new() } else { const_hex::encode(id) })
}

fn span(span: Span<'_>, field: Field) -> ToSqlOutput<'_> {
    match field {
        Field::TraceId => hex(span.trace_id()),
        Field::SpanId => hex(span.span_id()),
        Field::ParentSpanId => hex(span.parent_span_id()),
        Field::TraceState => text(span.trace_state()),
        Field::StatusMessage => text(span.status().as_ref().map_or("", Status::message)),
        Field::Attributes => owned(json::map(span.attributes())),
        Field::Events => owned(json::events(span)),
        Field::Links => owned(json::links(span)),
        _ => NULL,
    }
}

fn log(log: LogRecord<'_>, field: Field) -> ToSqlOutput<'_> {
    /// The flags of the trace are in the lowest eight bits.
    const TRACE_FLAGS: u32 = 0xff;
    match field {
        Field::TraceId => hex(log.trace_id()),
        Field::SpanId => hex(log.span_id()),
        Field::TraceFlags => owned(i64::from(log.flags() & TRACE_FLAGS)),
        Field::SeverityText => text(log.severity_text()),
        Field::EventName => text(log.event_name()),
        Field::Attributes => owned(json::map(log.attributes())),
        Field::ObservedTimestamp => maybe(timestamp(log.observed_time_unix_nano())),
        Field::Body => match log.body() {
            // The most common kind is not copied.
            Some(body) => body.string_value().map_or_else(|| owned(value(body)), text),
            None => NULL,
        },
        _ => NULL,
    }
}
