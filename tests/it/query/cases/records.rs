//! Records of case files as OTLP.
//!
//! A record has members of OTLP/JSON, and for what would be long there: `service`, `resource`, `scope` and `attributes`
//! as plain objects, and for logs `level`, the number of the severity, and `message`, the body. A value is plain JSON, or
//! an object such as `{"bytesValue": "AQI="}`. Of what is not given, times and ids are made, so that each record has its
//! own.

use obs::expr::{Field, Found, Name, log_time, value_of};
use obs::otlp::Signal;
use serde_json::{Map, Value, json};

/// 2026-01-01T00:00:00Z.
const TIME_NS: i64 = 1_767_225_600_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;

pub struct Record {
    pub name: String,
    /// Tells it from others: the time of a log record, the trace of a span.
    pub key: String,
    /// A stream of it alone.
    pub document: Value,
}

/// Nanoseconds since the epoch of a time in RFC 3339.
#[track_caller]
pub fn time_ns(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_nanosecond().try_into().unwrap()
}

/// What tells a record from others.
pub fn key_of(signal: Signal, found: &Found<'_>) -> String {
    let trace_id = || value_of(&Field::named(&Name::given("trace_id"), signal)?, signal, found);
    match signal {
        Signal::Logs => log_time(found.record).to_string(),
        _ => trace_id().unwrap(),
    }
}

impl Record {
    /// The record of a line, the `index`-th of its file.
    #[track_caller]
    pub fn parse(signal: Signal, index: usize, line: &str) -> Record {
        let (name, text) = line.split_once(' ').expect("a name and a record");
        let wrong = |error| panic!("{error} in the record {line}");
        let mut members: Map<String, Value> = serde_json::from_str(text).unwrap_or_else(wrong);
        let mut take = |key: &str| members.remove(key);
        let mut resource = take("resource").unwrap_or(json!({}));
        if let Some(service) = take("service") {
            resource["service.name"] = service;
        }
        let mut scope = take("scope").unwrap_or(json!({}));
        if let Some(attributes) = scope.get_mut("attributes") {
            *attributes = pairs(attributes);
        }
        let attributes = take("attributes").unwrap_or(json!({}));
        let container = |records: &str, scopes: &str, containers: &str, record: Value| {
            json!({containers: [{
                "resource": {"attributes": pairs(&resource)},
                scopes: [{"scope": scope, records: [record]}],
            }]})
        };
        let time = TIME_NS + index as i64 * SECOND_NS;
        let (key, document) = match signal {
            Signal::Logs => {
                let level = take("level").unwrap_or(json!(0));
                let body = take("message").map_or(Value::Null, |body| any_value(&body));
                let time = take("time").map_or(time, |time| time_ns(time.as_str().unwrap()));
                let mut record = json!({
                    "timeUnixNano": time.to_string(), "severityNumber": level, "body": body,
                    "attributes": pairs(&attributes),
                });
                record.as_object_mut().unwrap().extend(members);
                (time.to_string(), container("logRecords", "scopeLogs", "resourceLogs", record))
            }
            _ => {
                let start = take("start").map_or(time, |start| time_ns(start.as_str().unwrap()));
                let duration = take("duration_ns").map_or(0, |duration| duration.as_i64().unwrap());
                let mut record = json!({
                    "traceId": format!("{:032x}", index + 1), "spanId": format!("{:016x}", index + 1),
                    "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + duration).to_string(),
                    "attributes": pairs(&attributes),
                });
                for children in ["events", "links"] {
                    let mut given = take(children).unwrap_or(json!([]));
                    for child in given.as_array_mut().unwrap() {
                        child["attributes"] = pairs(&child["attributes"]);
                    }
                    record[children] = given;
                }
                record.as_object_mut().unwrap().extend(members);
                let key = record["traceId"].as_str().unwrap().to_owned();
                (key, container("spans", "scopeSpans", "resourceSpans", record))
            }
        };
        Record { name: name.to_owned(), key, document }
    }
}

fn pairs(map: &Value) -> Value {
    let pair = |(key, value): (&String, &Value)| json!({"key": key, "value": any_value(value)});
    map.as_object().into_iter().flatten().map(pair).collect()
}

/// A value with its type.
fn any_value(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(value) => json!({"boolValue": value}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(values) => {
            json!({"arrayValue": {"values": values.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(map) if map.len() == 1 && map.keys().all(|key| key.ends_with("Value")) => value.clone(),
        map => json!({"kvlistValue": {"values": pairs(map)}}),
    }
}
