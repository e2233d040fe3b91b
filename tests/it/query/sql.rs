//! `obs query sql`.

mod attributes;
mod columns;
mod output;
mod properties;
mod refusals;
mod times;
mod work;

use obs::query::sql::Session;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use serde_json::Value;

use crate::support::telemetry::{TIME, frame, resource, text};
use crate::support::{End, Obs, TempDir};

/// A database in a directory of its own.
struct Db(TempDir);

impl Db {
    fn new() -> Db {
        Db(TempDir::new())
    }

    /// Keeps a stream: one segment a signal, as it comes in one go.
    #[track_caller]
    fn keep(&self, stream: impl Into<Vec<u8>>) {
        Obs::new(&self.0, "store").stdin(stream).run().expect(0, "");
    }

    /// The end of a query.
    fn end(&self, sql: &str) -> End {
        Obs::new(&self.0, "query sql --format ndjson").arg(sql).run()
    }

    /// The rows of a query.
    #[track_caller]
    fn rows(&self, sql: &str) -> Vec<Value> {
        let end = self.end(sql);
        assert_eq!((end.code, &*end.stderr), (0, ""), "{sql}");
        end.lines()
    }

    /// The first column of the rows of a query.
    #[track_caller]
    fn column(&self, sql: &str) -> Vec<Value> {
        let first = |row: Value| row.as_object().unwrap().values().next().unwrap().clone();
        self.rows(sql).into_iter().map(first).collect()
    }
}

/// The rows of a query, with their types.
#[track_caller]
fn values(session: &Session<'_>, sql: &str) -> Vec<Vec<rusqlite::types::Value>> {
    let mut query = session.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = Vec::new();
    let run = query.run(|row| {
        rows.push(row.iter().map(|value| (*value).try_into().unwrap()).collect());
        Ok(true)
    });
    run.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows
}

fn any(value: Any) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: any(value), ..KeyValue::default() }
}

/// An attribute of every type.
fn attributes() -> Vec<KeyValue> {
    let list = vec![
        any(Any::IntValue(1)).unwrap(),
        any(Any::StringValue("two".into())).unwrap(),
        AnyValue::default(),
    ];
    vec![
        text("text", "it's \"quoted\"\n\u{1}é"),
        pair("int", Any::IntValue(i64::MAX)),
        pair("double", Any::DoubleValue(2.0)),
        pair("nan", Any::DoubleValue(f64::NAN)),
        pair("infinite", Any::DoubleValue(f64::NEG_INFINITY)),
        pair("yes", Any::BoolValue(true)),
        pair("no", Any::BoolValue(false)),
        pair("bytes", Any::BytesValue(vec![0, 255])),
        pair("list", Any::ArrayValue(ArrayValue { values: list })),
        pair("map", Any::KvlistValue(KeyValueList { values: vec![text("a", "b")] })),
        pair("empty", Any::StringValue(String::new())),
        KeyValue { key: "nothing".into(), ..KeyValue::default() },
        text("twice", "first"),
        text("twice", "second"),
        text("everywhere", "own"),
    ]
}

fn scope() -> opentelemetry_proto::tonic::common::v1::InstrumentationScope {
    opentelemetry_proto::tonic::common::v1::InstrumentationScope {
        name: "http".into(),
        version: "1.2".into(),
        attributes: vec![text("everywhere", "scope"), text("both", "scope"), text("of scope", "s")],
        ..Default::default()
    }
}

fn resource_of(service: &str) -> opentelemetry_proto::tonic::resource::v1::Resource {
    let mut resource = resource(service);
    resource.attributes.extend([text("everywhere", "resource"), text("both", "resource")]);
    resource
}

/// A span that has everything, and one that has nothing.
fn spans() -> Vec<u8> {
    let full = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        parent_span_id: vec![0xef; 8],
        trace_state: "a=b".into(),
        name: "GET /".into(),
        kind: 3,
        start_time_unix_nano: TIME + 7,
        end_time_unix_nano: TIME + 1_507,
        attributes: attributes(),
        events: vec![Event {
            time_unix_nano: TIME + 8,
            name: "exception".into(),
            attributes: vec![pair("n", Any::IntValue(1))],
            ..Event::default()
        }],
        links: vec![Link {
            trace_id: vec![0x11; 16],
            span_id: vec![0x22; 8],
            trace_state: "c=d".into(),
            ..Link::default()
        }],
        status: Some(Status { code: 2, message: "broken".into() }),
        ..Span::default()
    };
    let scope_spans = |scope, spans| vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }];
    let resource_spans = vec![
        ResourceSpans {
            resource: Some(resource_of("checkout")),
            scope_spans: scope_spans(Some(scope()), vec![full]),
            ..ResourceSpans::default()
        },
        ResourceSpans { scope_spans: scope_spans(None, vec![Span::default()]), ..ResourceSpans::default() },
    ];
    frame(1, &TracesData { resource_spans })
}

/// A log record that has everything, one that has nothing, and one of a list.
fn logs() -> Vec<u8> {
    let full = LogRecord {
        time_unix_nano: TIME + 7,
        observed_time_unix_nano: TIME + 9,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: any(Any::StringValue("it broke".into())),
        attributes: attributes(),
        flags: 0x101,
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        event_name: "broken".into(),
        ..LogRecord::default()
    };
    let observed = LogRecord {
        observed_time_unix_nano: TIME + 3,
        body: any(Any::ArrayValue(ArrayValue { values: vec![any(Any::IntValue(1)).unwrap()] })),
        ..LogRecord::default()
    };
    let scope_logs = |scope, log_records| vec![ScopeLogs { scope, log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![
        ResourceLogs {
            resource: Some(resource_of("checkout")),
            scope_logs: scope_logs(Some(scope()), vec![full]),
            ..ResourceLogs::default()
        },
        ResourceLogs {
            scope_logs: scope_logs(None, vec![LogRecord::default(), observed]),
            ..ResourceLogs::default()
        },
    ];
    frame(3, &LogsData { resource_logs })
}

/// Spans and log records that have everything, and such that have nothing.
fn kept() -> Db {
    let db = Db::new();
    db.keep([spans(), logs()].concat());
    db
}
