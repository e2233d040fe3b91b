//! The columns of the tables `spans` and `logs`, named as ClickHouse's exporter of OpenTelemetry names them.

use super::instant;
use crate::otlp::Signal;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Timestamp,
    TimeUnixNano,
    ObservedTimestamp,
    TraceId,
    SpanId,
    ParentSpanId,
    TraceState,
    TraceFlags,
    SpanName,
    SpanKind,
    ServiceName,
    SeverityText,
    SeverityNumber,
    Body,
    ResourceAttributes,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    /// Of a span or a log record.
    Attributes,
    Duration,
    StatusCode,
    StatusMessage,
    Events,
    Links,
    EventName,
    /// The row itself, for `attr`.
    Row,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type in SQL; empty where the values have different ones.
    pub kind: &'static str,
    /// What it holds.
    pub about: &'static str,
    pub(super) field: Field,
}

const fn column(field: Field, name: &'static str, kind: &'static str, about: &'static str) -> Column {
    Column { name, kind, about, field }
}

const TIME: &str = "2026-01-01T00:00:00.000000000Z, in UTC, compared as an instant; NULL where there is none";
const TIME_NS: &str = "the same in nanoseconds since the epoch";
const ROW: &str = "the row, for attr(s.row, 'key'); hidden";

/// The columns of `spans`.
pub const SPANS: &[Column] = &[
    column(Field::Timestamp, "Timestamp", "TEXT", TIME),
    column(Field::TraceId, "TraceId", "TEXT", "32 hexadecimal digits"),
    column(Field::SpanId, "SpanId", "TEXT", "16 hexadecimal digits"),
    column(Field::ParentSpanId, "ParentSpanId", "TEXT", "empty of a root"),
    column(Field::TraceState, "TraceState", "TEXT", "as in the header tracestate"),
    column(Field::SpanName, "SpanName", "TEXT", "the operation"),
    column(
        Field::SpanKind,
        "SpanKind",
        "TEXT",
        "Internal, Server, Client, Producer, Consumer or Unspecified",
    ),
    column(Field::ServiceName, "ServiceName", "TEXT", "service.name of the resource"),
    column(Field::ResourceAttributes, "ResourceAttributes", "TEXT", "JSON object"),
    column(Field::ScopeName, "ScopeName", "TEXT", "the instrumentation library"),
    column(Field::ScopeVersion, "ScopeVersion", "TEXT", "its version"),
    column(Field::Attributes, "SpanAttributes", "TEXT", "JSON object"),
    column(Field::Duration, "Duration", "INTEGER", "nanoseconds; NULL where the span has no end"),
    column(Field::StatusCode, "StatusCode", "TEXT", "Unset, Ok or Error"),
    column(Field::StatusMessage, "StatusMessage", "TEXT", "what the status says"),
    column(Field::Events, "Events", "TEXT", "JSON array of {Timestamp, Name, Attributes}"),
    column(Field::Links, "Links", "TEXT", "JSON array of {TraceId, SpanId, TraceState, Attributes}"),
    column(Field::TimeUnixNano, "TimeUnixNano", "INTEGER", TIME_NS),
    column(Field::ScopeAttributes, "ScopeAttributes", "TEXT", "JSON object"),
    column(Field::Row, "row", "INTEGER", ROW),
];

/// The columns of `logs`.
pub const LOGS: &[Column] = &[
    column(Field::Timestamp, "Timestamp", "TEXT", "when it happened, else when it was observed"),
    column(Field::TraceId, "TraceId", "TEXT", "32 hexadecimal digits, or empty"),
    column(Field::SpanId, "SpanId", "TEXT", "16 hexadecimal digits, or empty"),
    column(Field::TraceFlags, "TraceFlags", "INTEGER", "1 where the trace was sampled"),
    column(Field::SeverityText, "SeverityText", "TEXT", "as the source has it"),
    column(
        Field::SeverityNumber,
        "SeverityNumber",
        "INTEGER",
        "1 to 24: trace 1, debug 5, info 9, warn 13, error 17, fatal 21",
    ),
    column(Field::ServiceName, "ServiceName", "TEXT", "service.name of the resource"),
    column(Field::Body, "Body", "", "text or number as it is, lists and maps as JSON"),
    column(Field::ResourceAttributes, "ResourceAttributes", "TEXT", "JSON object"),
    column(Field::ScopeName, "ScopeName", "TEXT", "the logger"),
    column(Field::ScopeVersion, "ScopeVersion", "TEXT", "its version"),
    column(Field::ScopeAttributes, "ScopeAttributes", "TEXT", "JSON object"),
    column(Field::Attributes, "LogAttributes", "TEXT", "JSON object"),
    column(Field::EventName, "EventName", "TEXT", "the kind of event"),
    column(Field::TimeUnixNano, "TimeUnixNano", "INTEGER", "Timestamp in nanoseconds since the epoch"),
    column(
        Field::ObservedTimestamp,
        "ObservedTimestamp",
        "TEXT",
        "when it was observed; NULL where that is not known",
    ),
    column(Field::Row, "row", "INTEGER", ROW),
];

impl Field {
    /// The collation with which SQLite compares it; `None` for SQLite's own.
    pub(super) fn collation(self) -> Option<&'static str> {
        matches!(self, Field::Timestamp | Field::ObservedTimestamp).then_some(instant::COLLATION)
    }

    /// Whether it stands in the columns of a segment, so that the batches need not be read.
    pub(super) fn is_beside_payload(self) -> bool {
        use Field::{
            Duration, ServiceName, SeverityNumber, SpanKind, SpanName, StatusCode, TimeUnixNano, Timestamp,
        };
        matches!(
            self,
            Timestamp
                | TimeUnixNano
                | SpanName
                | SpanKind
                | ServiceName
                | SeverityNumber
                | Duration
                | StatusCode
        )
    }
}

/// The columns of a signal's table.
pub(super) fn of(signal: Signal) -> &'static [Column] {
    if signal == Signal::Logs { LOGS } else { SPANS }
}

/// The table as SQLite is told of it.
pub(super) fn declaration(signal: Signal) -> String {
    let column = |column: &Column| {
        let hidden = if column.field == Field::Row { " HIDDEN" } else { "" };
        let collation = column.field.collation().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
        format!("{} {}{collation}{hidden}", column.name, column.kind)
    };
    let columns: Vec<String> = of(signal).iter().map(column).collect();
    format!("CREATE TABLE t({})", columns.join(", "))
}
