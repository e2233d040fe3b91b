//! Random telemetry, of few names and values, so that much is alike and little is the same.

use fastrand::Rng;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};

use super::records::Record;
use crate::support::telemetry::{TIME, frame, trace_id};

pub const SERVICES: [&str; 4] = ["checkout", "payment", "Cart", ""];
pub const OPERATIONS: [&str; 5] = ["GET /pay", "pay", "query", "connection refused", ""];
pub const KEYS: [&str; 8] =
    ["k1", "k2", "http.status", "user.id", "db.statement", "exception.message", "error", "status"];
pub const TEXTS: [&str; 16] = [
    "a",
    "GET",
    "/pay",
    "5",
    "true",
    "payment refused by host db-1",
    "connection_refused",
    "Connection reset, retry=3",
    "数据库连接失败",
    "用户 u-7 超时 timeout",
    "東京タワー3階",
    "Grüße aus Köln",
    "line one\nline two",
    "100% of \"quoted\" \\ back*slash",
    "timeout",
    "",
];
const INTS: [i64; 7] = [0, 5, 7, 72, 200, 503, -3];
const DOUBLES: [f64; 4] = [0.5, 72.5, 5.0, -2.25];
/// What traces there are.
pub const TRACES: u64 = 160;
/// Over how long they are spread, in nanoseconds.
pub const PERIOD: u64 = 1_000_000_000;

pub fn one<T: Clone>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())].clone()
}

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn value(random: &mut Rng, depth: u32) -> AnyValue {
    any(match random.u32(..if depth > 0 { 24 } else { 17 }) {
        0..8 => Any::StringValue(one(random, &TEXTS).into()),
        8..12 => Any::IntValue(one(random, &INTS)),
        12..14 => Any::DoubleValue(one(random, &DOUBLES)),
        14..16 => Any::BoolValue(random.bool()),
        16 => Any::BytesValue(b"GET".to_vec()),
        17..20 => Any::ArrayValue(ArrayValue {
            values: (0..random.usize(..3)).map(|_| value(random, depth - 1)).collect(),
        }),
        20..23 => Any::KvlistValue(KeyValueList { values: attributes(random, 3, depth - 1) }),
        _ => return AnyValue { value: None },
    })
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value), ..Default::default() }
}

fn attributes(random: &mut Rng, most: usize, depth: u32) -> Vec<KeyValue> {
    let attribute = |random: &mut Rng| pair(one(random, &KEYS), value(random, depth));
    (0..random.usize(..=most)).map(|_| attribute(random)).collect()
}

/// An attribute that says how severe a record is.
fn level(random: &mut Rng) -> KeyValue {
    pair("level", any(Any::StringValue(one(random, &["warn", "ERROR", "loud"]).into())))
}

fn resources(random: &mut Rng) -> Vec<Resource> {
    let mut resources = Vec::new();
    for service in SERVICES {
        for _ in 0..2 {
            let mut attributes = attributes(random, 2, 1);
            if random.u32(..3) == 0 {
                attributes.push(level(random));
            }
            if !service.is_empty() {
                attributes.push(pair("service.name", any(Any::StringValue(service.into()))));
            }
            resources.push(Resource { attributes, ..Default::default() });
        }
    }
    resources
}

fn scopes(random: &mut Rng) -> Vec<InstrumentationScope> {
    ["", "shop", "db client"]
        .map(|name| {
            let mut attributes = if random.bool() { attributes(random, 2, 1) } else { Vec::new() };
            if random.u32(..3) == 0 {
                attributes.push(level(random));
            }
            InstrumentationScope {
                name: name.into(),
                version: "1.2".into(),
                attributes,
                ..Default::default()
            }
        })
        .into()
}

/// An id of a few, none, or zeros.
fn span_id(random: &mut Rng) -> Vec<u8> {
    match random.u64(..12) {
        0 => Vec::new(),
        1 => vec![0; 8],
        number => number.to_be_bytes().into(),
    }
}

fn of_trace(random: &mut Rng) -> Vec<u8> {
    match random.u32(..40) {
        0 => Vec::new(),
        1 => vec![0; 16],
        _ => trace_id(random.u64(..TRACES)).to_vec(),
    }
}

/// A time; where few bits are random, that of many.
fn time(random: &mut Rng, part: u64, zero: u32) -> u64 {
    let step = one(random, &[1, 1000, 100_000_000]);
    let within = random.u64(..PERIOD) / step * step;
    if random.u32(..zero) == 0 { 0 } else { TIME + part * PERIOD / 2 + within }
}

fn span(random: &mut Rng, part: u64) -> Span {
    let start = time(random, part, 60);
    let duration = random.u64(..400) * one(random, &[0, 1, 1000, 1_000_000]);
    let event = |random: &mut Rng| Event {
        time_unix_nano: start,
        name: one(random, &["", "exception", "cache miss"]).into(),
        attributes: attributes(random, 2, 1),
        ..Default::default()
    };
    let link = |random: &mut Rng| Link {
        trace_id: of_trace(random),
        span_id: span_id(random),
        attributes: attributes(random, 2, 1),
        ..Default::default()
    };
    Span {
        trace_id: of_trace(random),
        span_id: span_id(random),
        parent_span_id: if random.u32(..4) == 0 { Vec::new() } else { span_id(random) },
        name: one(random, &OPERATIONS).into(),
        kind: random.i32(0..7),
        start_time_unix_nano: start,
        end_time_unix_nano: match random.u32(..30) {
            0 => 0,
            1 => start.saturating_sub(duration),
            _ => start + duration,
        },
        attributes: attributes(random, 4, 2),
        events: (0..random.u32(..6).saturating_sub(3)).map(|_| event(random)).collect(),
        links: (0..random.u32(..6).saturating_sub(4)).map(|_| link(random)).collect(),
        status: (random.u32(..3) > 0).then(|| Status {
            code: random.i32(0..3),
            message: one(random, &["", "refused by payment", "超时"]).into(),
        }),
        ..Default::default()
    }
}

fn record(random: &mut Rng, part: u64, number: i64) -> LogRecord {
    let mut attributes = attributes(random, 3, 2);
    attributes.push(pair("number", any(Any::IntValue(number))));
    if random.u32(..8) == 0 {
        attributes.push(level(random));
    }
    let map = random.u32(..5) == 0;
    LogRecord {
        time_unix_nano: time(random, part, 8),
        observed_time_unix_nano: time(random, part, 3),
        severity_number: if random.bool() { random.i32(0..27) } else { 0 },
        severity_text: one(random, &["", "", "", "Error", "WARN", "custom"]).into(),
        body: (random.u32(..12) > 0).then(|| match map {
            true => value(random, 2),
            false => any(Any::StringValue(one(random, &TEXTS).into())),
        }),
        attributes,
        trace_id: of_trace(random),
        span_id: span_id(random),
        event_name: one(random, &["", "", "", "login failed"]).into(),
        ..Default::default()
    }
}

/// What one process stored after the other, in the order in which it came.
#[derive(Debug, Default)]
pub struct Telemetry {
    pub parts: Vec<Vec<u8>>,
    pub spans: Vec<Record<Span>>,
    pub logs: Vec<Record<LogRecord>>,
}

impl Telemetry {
    pub fn new(random: &mut Rng, parts: u64, items: usize) -> Telemetry {
        let (resources, scopes) = (resources(random), scopes(random));
        let mut telemetry = Telemetry::default();
        for part in 0..parts {
            let mut stream = Vec::new();
            let end = (part as usize + 1) * items;
            while telemetry.logs.len() < end {
                let (mut traces, mut logs) = (TracesData::default(), LogsData::default());
                for _ in 0..random.usize(1..4) {
                    let (resource, scope) = (one(random, &resources), one(random, &scopes));
                    let count = random.usize(1..20);
                    let mut spans: Vec<Span> = (0..count).map(|_| span(random, part)).collect();
                    // Stored more than once.
                    spans.extend(spans.first().filter(|_| random.u32(..4) == 0).cloned());
                    let first = telemetry.logs.len() as i64;
                    let records: Vec<LogRecord> =
                        (first..first + count as i64).map(|number| record(random, part, number)).collect();
                    traces.resource_spans.push(resource_spans(&resource, &scope, spans.clone()));
                    logs.resource_logs.push(resource_logs(&resource, &scope, records.clone()));
                    telemetry.spans.extend(with(&resource, &scope, spans));
                    telemetry.logs.extend(with(&resource, &scope, records));
                }
                stream.extend(frame(1, &traces));
                stream.extend(frame(3, &logs));
            }
            telemetry.parts.push(stream);
        }
        telemetry
    }
}

fn with<T>(
    resource: &Resource,
    scope: &InstrumentationScope,
    items: Vec<T>,
) -> impl Iterator<Item = Record<T>> {
    items.into_iter().map(|item| Record { resource: resource.clone(), scope: scope.clone(), item })
}

fn resource_spans(resource: &Resource, scope: &InstrumentationScope, spans: Vec<Span>) -> ResourceSpans {
    let scope_spans = ScopeSpans { scope: Some(scope.clone()), spans, ..Default::default() };
    ResourceSpans { resource: Some(resource.clone()), scope_spans: vec![scope_spans], ..Default::default() }
}

fn resource_logs(
    resource: &Resource,
    scope: &InstrumentationScope,
    log_records: Vec<LogRecord>,
) -> ResourceLogs {
    let scope_logs = ScopeLogs { scope: Some(scope.clone()), log_records, ..Default::default() };
    ResourceLogs { resource: Some(resource.clone()), scope_logs: vec![scope_logs], ..Default::default() }
}
