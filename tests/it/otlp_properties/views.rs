//! Views say of every field what `prost` decodes.

use obs::otlp::{Batch, proto};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, EntityRef, InstrumentationScope, KeyValue, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::messages::Data;
use super::metric_views;

/// Compares the whole batch.
pub fn batch(batch: &Batch, want: &Data) {
    assert_eq!(batch.traces().is_some(), matches!(want, Data::Traces(_)));
    assert_eq!(batch.metrics().is_some(), matches!(want, Data::Metrics(_)));
    assert_eq!(batch.logs().is_some(), matches!(want, Data::Logs(_)));
    match want {
        Data::Traces(want) => {
            let view = batch.traces().expect("a batch of traces");
            each(view.resource_spans(), &want.resource_spans, resource_spans);
        }
        Data::Metrics(want) => {
            let view = batch.metrics().expect("a batch of metrics");
            each(view.resource_metrics(), &want.resource_metrics, metric_views::resource_metrics);
        }
        Data::Logs(want) => {
            let view = batch.logs().expect("a batch of logs");
            each(view.resource_logs(), &want.resource_logs, resource_logs);
        }
    }
}

pub fn each<V, W>(views: impl Iterator<Item = V>, want: &[W], check: impl Fn(V, &W)) {
    let views: Vec<V> = views.collect();
    assert_eq!(views.len(), want.len());
    for (view, want) in views.into_iter().zip(want) {
        check(view, want);
    }
}

pub fn maybe<V, W>(view: Option<V>, want: &Option<W>, check: impl Fn(V, &W)) {
    match (view, want) {
        (Some(view), Some(want)) => check(view, want),
        (view, want) => assert_eq!(view.is_some(), want.is_some()),
    }
}

/// Bit by bit, so that `NaN` equals itself.
pub fn same_double(view: f64, want: &f64) {
    assert_eq!(view.to_bits(), want.to_bits());
}

pub fn texts<'a>(views: impl Iterator<Item = &'a str>, want: &[String]) {
    each(views, want, |view, want| assert_eq!(view, want));
}

fn resource_spans(view: proto::ResourceSpans, want: &ResourceSpans) {
    maybe(view.resource(), &want.resource, resource);
    each(view.scope_spans(), &want.scope_spans, |view, want: &ScopeSpans| {
        maybe(view.scope(), &want.scope, scope);
        each(view.spans(), &want.spans, span);
        assert_eq!(view.schema_url(), want.schema_url);
    });
    assert_eq!(view.schema_url(), want.schema_url);
}

fn resource_logs(view: proto::ResourceLogs, want: &ResourceLogs) {
    maybe(view.resource(), &want.resource, resource);
    each(view.scope_logs(), &want.scope_logs, |view, want: &ScopeLogs| {
        maybe(view.scope(), &want.scope, scope);
        each(view.log_records(), &want.log_records, log_record);
        assert_eq!(view.schema_url(), want.schema_url);
    });
    assert_eq!(view.schema_url(), want.schema_url);
}

pub fn resource(view: proto::Resource, want: &Resource) {
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
    each(view.entity_refs(), &want.entity_refs, |view, want: &EntityRef| {
        assert_eq!(view.schema_url(), want.schema_url);
        assert_eq!(view.r#type(), want.r#type);
        texts(view.id_keys(), &want.id_keys);
        texts(view.description_keys(), &want.description_keys);
    });
}

pub fn scope(view: proto::InstrumentationScope, want: &InstrumentationScope) {
    assert_eq!(view.name(), want.name);
    assert_eq!(view.version(), want.version);
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
}

pub fn key_value(view: proto::KeyValue, want: &KeyValue) {
    assert_eq!(view.key(), want.key);
    maybe(view.value(), &want.value, any_value);
    assert_eq!(view.key_strindex(), want.key_strindex);
}

fn any_value(view: proto::AnyValue, want: &AnyValue) {
    use any_value::Value;
    let set = [
        view.string_value().is_some(),
        view.bool_value().is_some(),
        view.int_value().is_some(),
        view.double_value().is_some(),
        view.array_value().is_some(),
        view.kvlist_value().is_some(),
        view.bytes_value().is_some(),
        view.string_value_strindex().is_some(),
    ];
    assert_eq!(set.into_iter().filter(|set| *set).count(), usize::from(want.value.is_some()));
    match &want.value {
        None => {}
        Some(Value::StringValue(want)) => assert_eq!(view.string_value(), Some(want.as_str())),
        Some(Value::BoolValue(want)) => assert_eq!(view.bool_value(), Some(*want)),
        Some(Value::IntValue(want)) => assert_eq!(view.int_value(), Some(*want)),
        Some(Value::DoubleValue(want)) => same_double(view.double_value().expect("a double"), want),
        Some(Value::ArrayValue(want)) => {
            each(view.array_value().expect("an array").values(), &want.values, any_value);
        }
        Some(Value::KvlistValue(want)) => {
            each(view.kvlist_value().expect("a list").values(), &want.values, key_value);
        }
        Some(Value::BytesValue(want)) => assert_eq!(view.bytes_value(), Some(want.as_slice())),
        Some(Value::StringValueStrindex(want)) => assert_eq!(view.string_value_strindex(), Some(*want)),
    }
}

fn span(view: proto::Span, want: &Span) {
    assert_eq!(view.trace_id(), want.trace_id);
    assert_eq!(view.span_id(), want.span_id);
    assert_eq!(view.trace_state(), want.trace_state);
    assert_eq!(view.parent_span_id(), want.parent_span_id);
    assert_eq!(view.flags(), want.flags);
    assert_eq!(view.name(), want.name);
    assert_eq!(view.kind(), want.kind);
    assert_eq!(view.start_time_unix_nano(), want.start_time_unix_nano);
    assert_eq!(view.end_time_unix_nano(), want.end_time_unix_nano);
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
    each(view.events(), &want.events, |view, want: &Event| {
        assert_eq!(view.time_unix_nano(), want.time_unix_nano);
        assert_eq!(view.name(), want.name);
        each(view.attributes(), &want.attributes, key_value);
        assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
    });
    assert_eq!(view.dropped_events_count(), want.dropped_events_count);
    each(view.links(), &want.links, |view, want: &Link| {
        assert_eq!(view.trace_id(), want.trace_id);
        assert_eq!(view.span_id(), want.span_id);
        assert_eq!(view.trace_state(), want.trace_state);
        each(view.attributes(), &want.attributes, key_value);
        assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
        assert_eq!(view.flags(), want.flags);
    });
    assert_eq!(view.dropped_links_count(), want.dropped_links_count);
    maybe(view.status(), &want.status, |view, want: &Status| {
        assert_eq!(view.message(), want.message);
        assert_eq!(view.code(), want.code);
    });
}

fn log_record(view: proto::LogRecord, want: &LogRecord) {
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    assert_eq!(view.observed_time_unix_nano(), want.observed_time_unix_nano);
    assert_eq!(view.severity_number(), want.severity_number);
    assert_eq!(view.severity_text(), want.severity_text);
    maybe(view.body(), &want.body, any_value);
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.dropped_attributes_count(), want.dropped_attributes_count);
    assert_eq!(view.flags(), want.flags);
    assert_eq!(view.trace_id(), want.trace_id);
    assert_eq!(view.span_id(), want.span_id);
    assert_eq!(view.event_name(), want.event_name);
}
