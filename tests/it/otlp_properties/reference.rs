//! OTLP/JSON as the specification says, field by field from the `prost` types: what the writer is measured by.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, EntityRef, InstrumentationScope, KeyValue, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::{Map, Value, json};

use super::messages::Data;
use super::metric_reference::metric;

/// An object that leaves out what has its default value.
#[derive(Default)]
pub struct Object(Map<String, Value>);

impl Object {
    pub fn put(mut self, key: &str, value: Value) -> Self {
        self.0.insert(key.into(), value);
        self
    }

    pub fn text(self, key: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.put(key, json!(text)) }
    }

    pub fn id(self, key: &str, id: &[u8]) -> Self {
        let digits: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.text(key, &digits)
    }

    pub fn number(self, key: &str, number: impl Into<i64>) -> Self {
        match number.into() {
            0 => self,
            number => self.put(key, json!(number)),
        }
    }

    pub fn long(self, key: &str, number: u64) -> Self {
        if number == 0 { self } else { self.put(key, json!(number.to_string())) }
    }

    pub fn double(self, key: &str, number: f64) -> Self {
        if number.to_bits() == 0 { self } else { self.put(key, double(number)) }
    }

    pub fn optional(self, key: &str, number: Option<f64>) -> Self {
        match number {
            Some(number) => self.put(key, double(number)),
            None => self,
        }
    }

    pub fn flag(self, key: &str, flag: bool) -> Self {
        if flag { self.put(key, json!(true)) } else { self }
    }

    pub fn message<T>(self, key: &str, message: &Option<T>, write: impl Fn(&T) -> Value) -> Self {
        match message {
            Some(message) => self.put(key, write(message)),
            None => self,
        }
    }

    pub fn list<T>(self, key: &str, list: &[T], write: impl Fn(&T) -> Value) -> Self {
        if list.is_empty() { self } else { self.put(key, list.iter().map(write).collect()) }
    }

    pub fn attributes(self, list: &[KeyValue]) -> Self {
        self.list("attributes", list, key_value)
    }

    pub fn done(self) -> Value {
        Value::Object(self.0)
    }
}

pub fn object() -> Object {
    Object::default()
}

pub fn double(number: f64) -> Value {
    match number {
        _ if number.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(number),
    }
}

/// The document; the list that names the signal is there even when it is empty.
pub fn document(data: &Data) -> Value {
    match data {
        Data::Traces(data) => {
            let scope =
                |of: &ScopeSpans| of_scope(&of.scope, &of.schema_url).list("spans", &of.spans, span).done();
            let resource = |of: &ResourceSpans| {
                of_resource(&of.resource, &of.schema_url).list("scopeSpans", &of.scope_spans, scope).done()
            };
            json!({"resourceSpans": data.resource_spans.iter().map(resource).collect::<Value>()})
        }
        Data::Metrics(data) => {
            let scope = |of: &ScopeMetrics| {
                of_scope(&of.scope, &of.schema_url).list("metrics", &of.metrics, metric).done()
            };
            let resource = |of: &ResourceMetrics| {
                of_resource(&of.resource, &of.schema_url)
                    .list("scopeMetrics", &of.scope_metrics, scope)
                    .done()
            };
            json!({"resourceMetrics": data.resource_metrics.iter().map(resource).collect::<Value>()})
        }
        Data::Logs(data) => {
            let scope = |of: &ScopeLogs| {
                of_scope(&of.scope, &of.schema_url).list("logRecords", &of.log_records, log_record).done()
            };
            let resource = |of: &ResourceLogs| {
                of_resource(&of.resource, &of.schema_url).list("scopeLogs", &of.scope_logs, scope).done()
            };
            json!({"resourceLogs": data.resource_logs.iter().map(resource).collect::<Value>()})
        }
    }
}

fn of_resource(of: &Option<Resource>, schema_url: &str) -> Object {
    object().message("resource", of, resource).text("schemaUrl", schema_url)
}

fn of_scope(of: &Option<InstrumentationScope>, schema_url: &str) -> Object {
    object().message("scope", of, scope).text("schemaUrl", schema_url)
}

fn resource(of: &Resource) -> Value {
    let entity_ref = |of: &EntityRef| {
        object()
            .text("schemaUrl", &of.schema_url)
            .text("type", &of.r#type)
            .list("idKeys", &of.id_keys, |key| json!(key))
            .list("descriptionKeys", &of.description_keys, |key| json!(key))
            .done()
    };
    object()
        .attributes(&of.attributes)
        .number("droppedAttributesCount", of.dropped_attributes_count)
        .list("entityRefs", &of.entity_refs, entity_ref)
        .done()
}

fn scope(of: &InstrumentationScope) -> Value {
    object()
        .text("name", &of.name)
        .text("version", &of.version)
        .attributes(&of.attributes)
        .number("droppedAttributesCount", of.dropped_attributes_count)
        .done()
}

pub fn key_value(of: &KeyValue) -> Value {
    object()
        .text("key", &of.key)
        .message("value", &of.value, any_value)
        .number("keyStrindex", of.key_strindex)
        .done()
}

fn any_value(of: &AnyValue) -> Value {
    use any_value::Value as Any;
    // A member of a oneof is written even with its default value.
    match &of.value {
        None => json!({}),
        Some(Any::StringValue(text)) => json!({"stringValue": text}),
        Some(Any::BoolValue(flag)) => json!({"boolValue": flag}),
        Some(Any::IntValue(number)) => json!({"intValue": number.to_string()}),
        Some(Any::DoubleValue(number)) => json!({"doubleValue": double(*number)}),
        Some(Any::BytesValue(bytes)) => json!({"bytesValue": STANDARD.encode(bytes)}),
        Some(Any::StringValueStrindex(index)) => json!({"stringValueStrindex": index}),
        Some(Any::ArrayValue(list)) => {
            json!({"arrayValue": object().list("values", &list.values, any_value).done()})
        }
        Some(Any::KvlistValue(list)) => {
            json!({"kvlistValue": object().list("values", &list.values, key_value).done()})
        }
    }
}

fn span(of: &Span) -> Value {
    let event = |of: &Event| {
        object()
            .long("timeUnixNano", of.time_unix_nano)
            .text("name", &of.name)
            .attributes(&of.attributes)
            .number("droppedAttributesCount", of.dropped_attributes_count)
            .done()
    };
    let link = |of: &Link| {
        object()
            .id("traceId", &of.trace_id)
            .id("spanId", &of.span_id)
            .text("traceState", &of.trace_state)
            .attributes(&of.attributes)
            .number("droppedAttributesCount", of.dropped_attributes_count)
            .number("flags", of.flags)
            .done()
    };
    let status = |of: &Status| object().text("message", &of.message).number("code", of.code).done();
    object()
        .id("traceId", &of.trace_id)
        .id("spanId", &of.span_id)
        .text("traceState", &of.trace_state)
        .id("parentSpanId", &of.parent_span_id)
        .number("flags", of.flags)
        .text("name", &of.name)
        .number("kind", of.kind)
        .long("startTimeUnixNano", of.start_time_unix_nano)
        .long("endTimeUnixNano", of.end_time_unix_nano)
        .attributes(&of.attributes)
        .number("droppedAttributesCount", of.dropped_attributes_count)
        .list("events", &of.events, event)
        .number("droppedEventsCount", of.dropped_events_count)
        .list("links", &of.links, link)
        .number("droppedLinksCount", of.dropped_links_count)
        .message("status", &of.status, status)
        .done()
}

fn log_record(of: &LogRecord) -> Value {
    object()
        .long("timeUnixNano", of.time_unix_nano)
        .long("observedTimeUnixNano", of.observed_time_unix_nano)
        .number("severityNumber", of.severity_number)
        .text("severityText", &of.severity_text)
        .message("body", &of.body, any_value)
        .attributes(&of.attributes)
        .number("droppedAttributesCount", of.dropped_attributes_count)
        .number("flags", of.flags)
        .id("traceId", &of.trace_id)
        .id("spanId", &of.span_id)
        .text("eventName", &of.event_name)
        .done()
}
