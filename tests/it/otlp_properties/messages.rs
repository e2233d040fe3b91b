//! Random OTLP as `prost` types: all fields of all messages of the three signals.

use obs::otlp::Signal;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, MetricsData, metric};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use prost::{DecodeError, Message};

use super::choices::Choices;
use super::metric_messages::resource_metrics;

/// How deep values nest in values.
const VALUE_DEPTH: usize = 5;

/// A batch as `prost` has it.
#[derive(Debug, Clone)]
pub enum Data {
    Traces(TracesData),
    Metrics(MetricsData),
    Logs(LogsData),
}

impl Data {
    pub fn random(signal: Signal, choices: &mut Choices) -> Data {
        match signal {
            Signal::Traces => Data::Traces(TracesData { resource_spans: choices.many(3, resource_spans) }),
            Signal::Metrics => {
                Data::Metrics(MetricsData { resource_metrics: choices.many(3, resource_metrics) })
            }
            Signal::Logs => Data::Logs(LogsData { resource_logs: choices.many(3, resource_logs) }),
        }
    }

    pub fn decode(signal: Signal, bytes: &[u8]) -> Result<Data, DecodeError> {
        match signal {
            Signal::Traces => TracesData::decode(bytes).map(Data::Traces),
            Signal::Metrics => MetricsData::decode(bytes).map(Data::Metrics),
            Signal::Logs => LogsData::decode(bytes).map(Data::Logs),
        }
    }

    /// Also what two batches are compared by, as `NaN` is not equal to itself but its bytes are.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Data::Traces(data) => data.encode_to_vec(),
            Data::Metrics(data) => data.encode_to_vec(),
            Data::Logs(data) => data.encode_to_vec(),
        }
    }

    pub fn items(&self) -> usize {
        match self {
            Data::Traces(data) => {
                let scopes = data.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
                scopes.map(|scope| scope.spans.len()).sum()
            }
            Data::Metrics(data) => {
                let scopes = data.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
                scopes.flat_map(|scope| &scope.metrics).map(points).sum()
            }
            Data::Logs(data) => {
                let scopes = data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
        }
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(metric::Data::Gauge(data)) => data.data_points.len(),
        Some(metric::Data::Sum(data)) => data.data_points.len(),
        Some(metric::Data::Histogram(data)) => data.data_points.len(),
        Some(metric::Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(metric::Data::Summary(data)) => data.data_points.len(),
    }
}

fn any_value(choices: &mut Choices, depth: usize) -> AnyValue {
    use any_value::Value;
    let kinds = if depth == 0 { 7 } else { 10 };
    let value = match choices.below(kinds) {
        0 => None,
        1 => Some(Value::StringValue(choices.string())),
        2 => Some(Value::BoolValue(choices.bool())),
        3 => Some(Value::IntValue(choices.i64())),
        4 => Some(Value::DoubleValue(choices.f64())),
        5 => Some(Value::BytesValue(choices.bytes())),
        6 => Some(Value::StringValueStrindex(choices.i32())),
        7 => Some(Value::ArrayValue(ArrayValue {
            values: choices.many(3, |choices| any_value(choices, depth - 1)),
        })),
        _ => Some(Value::KvlistValue(KeyValueList {
            values: choices.many(3, |choices| key_value(choices, depth - 1)),
        })),
    };
    AnyValue { value }
}

fn key_value(choices: &mut Choices, depth: usize) -> KeyValue {
    KeyValue {
        key: choices.string(),
        value: choices.maybe(|choices| any_value(choices, depth)),
        key_strindex: choices.i32(),
    }
}

pub fn attributes(choices: &mut Choices) -> Vec<KeyValue> {
    choices.many(2, |choices| key_value(choices, VALUE_DEPTH))
}

pub fn resource(choices: &mut Choices) -> Resource {
    Resource {
        attributes: attributes(choices),
        dropped_attributes_count: choices.u32(),
        entity_refs: choices.many(2, |choices| EntityRef {
            schema_url: choices.string(),
            r#type: choices.string(),
            id_keys: choices.many(2, Choices::string),
            description_keys: choices.many(2, Choices::string),
        }),
    }
}

pub fn scope(choices: &mut Choices) -> InstrumentationScope {
    InstrumentationScope {
        name: choices.string(),
        version: choices.string(),
        attributes: attributes(choices),
        dropped_attributes_count: choices.u32(),
    }
}

fn resource_spans(choices: &mut Choices) -> ResourceSpans {
    ResourceSpans {
        resource: choices.maybe(resource),
        scope_spans: choices.many(3, |choices| ScopeSpans {
            scope: choices.maybe(scope),
            spans: choices.many(4, span),
            schema_url: choices.string(),
        }),
        schema_url: choices.string(),
    }
}

fn span(choices: &mut Choices) -> Span {
    Span {
        trace_id: choices.id(16),
        span_id: choices.id(8),
        trace_state: choices.string(),
        parent_span_id: choices.id(8),
        flags: choices.u32(),
        name: choices.string(),
        kind: enumeration(choices, 6),
        start_time_unix_nano: choices.u64(),
        end_time_unix_nano: choices.u64(),
        attributes: attributes(choices),
        dropped_attributes_count: choices.u32(),
        events: choices.many(2, |choices| Event {
            time_unix_nano: choices.u64(),
            name: choices.string(),
            attributes: attributes(choices),
            dropped_attributes_count: choices.u32(),
        }),
        dropped_events_count: choices.u32(),
        links: choices.many(2, |choices| Link {
            trace_id: choices.id(16),
            span_id: choices.id(8),
            trace_state: choices.string(),
            attributes: attributes(choices),
            dropped_attributes_count: choices.u32(),
            flags: choices.u32(),
        }),
        dropped_links_count: choices.u32(),
        status: choices.maybe(|choices| Status { message: choices.string(), code: enumeration(choices, 3) }),
    }
}

/// A value below `known`, seldom one that the protocol does not have yet.
pub fn enumeration(choices: &mut Choices, known: usize) -> i32 {
    match choices.one_in(16) {
        true => choices.i32(),
        false => choices.below(known) as i32,
    }
}

fn resource_logs(choices: &mut Choices) -> ResourceLogs {
    ResourceLogs {
        resource: choices.maybe(resource),
        scope_logs: choices.many(3, |choices| ScopeLogs {
            scope: choices.maybe(scope),
            log_records: choices.many(4, log_record),
            schema_url: choices.string(),
        }),
        schema_url: choices.string(),
    }
}

fn log_record(choices: &mut Choices) -> LogRecord {
    LogRecord {
        time_unix_nano: choices.u64(),
        observed_time_unix_nano: choices.u64(),
        severity_number: enumeration(choices, 25),
        severity_text: choices.string(),
        body: choices.maybe(|choices| any_value(choices, VALUE_DEPTH)),
        attributes: attributes(choices),
        dropped_attributes_count: choices.u32(),
        flags: choices.u32(),
        trace_id: choices.id(16),
        span_id: choices.id(8),
        event_name: choices.string(),
    }
}
