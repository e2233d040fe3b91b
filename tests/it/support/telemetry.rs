//! Telemetry that tests send: numbered items, so that each can be told from the others where it arrives.

use std::collections::BTreeSet;
use std::ops::Range;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// 2026-01-01T00:00:00Z.
pub const TIME: u64 = 1_767_225_600_000_000_000;

pub fn text(key: &str, value: &str) -> KeyValue {
    let value = any_value::Value::StringValue(value.into());
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// A trace id for a number; numbers in a row have ids far apart.
pub fn trace_id(number: u64) -> [u8; 16] {
    // SplitMix64.
    let mix = |seed: u64| {
        let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let (high, low) = (mix(2 * number + 1), mix(2 * number + 2));
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}

pub fn span_id(number: u64) -> [u8; 8] {
    (number + 1).to_be_bytes()
}

pub fn span(number: u64) -> Span {
    Span {
        trace_id: trace_id(number).to_vec(),
        span_id: span_id(number).to_vec(),
        name: format!("span {number}"),
        kind: 2,
        start_time_unix_nano: TIME + number,
        end_time_unix_nano: TIME + number + 1_000_000,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.path", "/api/v1/orders/12345"),
            text("user_agent.original", "test/1.0 (a user agent of about the usual length)"),
        ],
        ..Default::default()
    }
}

pub fn resource(service: &str) -> Resource {
    Resource { attributes: vec![text("service.name", service)], ..Default::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "test".into(), version: "1".into(), ..Default::default() }
}

/// Spans of a service.
pub fn spans_of(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = ScopeSpans { scope: Some(scope()), spans, ..Default::default() };
    let resource_spans = ResourceSpans {
        resource: Some(resource(service)),
        scope_spans: vec![scope_spans],
        ..Default::default()
    };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

pub fn traces(numbers: Range<u64>) -> ExportTraceServiceRequest {
    spans_of("checkout", numbers.map(span).collect())
}

pub fn log(number: u64) -> LogRecord {
    LogRecord {
        time_unix_nano: TIME + number,
        severity_number: 9,
        body: Some(AnyValue { value: Some(any_value::Value::StringValue(format!("line {number}"))) }),
        trace_id: trace_id(number).to_vec(),
        ..Default::default()
    }
}

pub fn logs_of(service: &str, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = ScopeLogs { scope: Some(scope()), log_records, ..Default::default() };
    let resource_logs = ResourceLogs {
        resource: Some(resource(service)),
        scope_logs: vec![scope_logs],
        ..Default::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

pub fn logs(numbers: Range<u64>) -> ExportLogsServiceRequest {
    logs_of("checkout", numbers.map(log).collect())
}

/// A gauge with a point a number.
pub fn metrics(numbers: Range<u64>) -> ExportMetricsServiceRequest {
    let point = |number: u64| NumberDataPoint {
        time_unix_nano: TIME + number,
        value: Some(number_data_point::Value::AsInt(number as i64)),
        ..Default::default()
    };
    let data = metric::Data::Gauge(Gauge { data_points: numbers.map(point).collect() });
    let metric = Metric { name: "temperature".into(), data: Some(data), ..Default::default() };
    let scope_metrics = ScopeMetrics { scope: Some(scope()), metrics: vec![metric], ..Default::default() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource("checkout")),
        scope_metrics: vec![scope_metrics],
        ..Default::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
}

/// A line of the stream.
pub fn line(request: &impl serde::Serialize) -> String {
    serde_json::to_string(request).unwrap() + "\n"
}

/// A frame of the stream; traces are signal 1, metrics 2, logs 3.
pub fn frame(signal: u8, request: &impl Message) -> Vec<u8> {
    let message = request.encode_to_vec();
    let [_, high, middle, low] = (message.len() as u32).to_be_bytes();
    let mut frame = vec![signal, high, middle, low];
    frame.extend(message);
    frame
}

/// Span ids, as they are where each is to be there once.
pub fn ids_of<'a>(spans: impl IntoIterator<Item = &'a Span>) -> BTreeSet<Vec<u8>> {
    spans.into_iter().map(|span| span.span_id.clone()).collect()
}

pub fn ids(numbers: Range<u64>) -> BTreeSet<Vec<u8>> {
    numbers.map(|number| span_id(number).to_vec()).collect()
}

/// All spans of a request.
pub fn spans_in(request: &ExportTraceServiceRequest) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
}

/// The traces of a stream of lines.
pub fn traces_of_lines(text: &str) -> Vec<ExportTraceServiceRequest> {
    text.lines()
        .filter(|line| line.contains("\"resourceSpans\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
