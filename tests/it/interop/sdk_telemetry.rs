//! One of everything that the SDK for Rust can make, exported twice.

use std::time::{Duration, SystemTime};

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider, Severity};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream, Temporality};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};

fn attributes() -> Vec<KeyValue> {
    let strings = vec![StringValue::from("a"), StringValue::from(""), StringValue::from("日本\n\"\\\u{1}")];
    vec![
        KeyValue::new("text", "with \"quotes\", \\ and \u{7f} and \u{10ffff}"),
        KeyValue::new("empty", ""),
        KeyValue::new("yes", true),
        KeyValue::new("no", false),
        KeyValue::new("largest", i64::MAX),
        KeyValue::new("smallest", i64::MIN),
        KeyValue::new("zero", 0),
        KeyValue::new("double", -0.1),
        KeyValue::new("whole", 3.0),
        KeyValue::new("tiny", f64::MIN_POSITIVE),
        KeyValue::new("huge", f64::MAX),
        KeyValue::new("texts", Value::Array(Array::String(strings))),
        KeyValue::new("integers", Value::Array(Array::I64(vec![1, -1, i64::MAX]))),
        KeyValue::new("doubles", Value::Array(Array::F64(vec![0.5, 1e300]))),
        KeyValue::new("truths", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("nothing", Value::Array(Array::String(Vec::new()))),
    ]
}

fn resource() -> Resource {
    Resource::builder_empty()
        .with_schema_url(attributes(), "https://opentelemetry.io/schemas/1.30.0")
        .with_service_name("shop")
        .build()
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("library")
        .with_version("1.2.3")
        .with_schema_url("https://opentelemetry.io/schemas/1.29.0")
        .with_attributes([KeyValue::new("scope", "attribute")])
        .build()
}

pub(super) fn emit_spans(first: impl SpanExporter + 'static, second: impl SpanExporter + 'static) {
    let provider = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_simple_exporter(first)
        .with_simple_exporter(second)
        .build();
    let tracer = provider.tracer_with_scope(scope());
    let remote = SpanContext::new(
        TraceId::from_bytes([0xab; 16]),
        SpanId::from_bytes([0xcd; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::from_key_value([("vendor", "t61rcWkgMzE"), ("ot", "th:0;rv:0123456789abcd")]).unwrap(),
    );
    let parent = Context::new().with_remote_span_context(remote.clone());
    let statuses = [Status::Unset, Status::Ok, Status::error("it broke"), Status::error("")];
    let kinds =
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    for (index, kind) in kinds.into_iter().enumerate() {
        let builder =
            tracer.span_builder(format!("span {index}")).with_kind(kind).with_attributes(attributes());
        let link = Link::new(remote.clone(), attributes(), 3);
        let builder = builder.with_links(vec![link, Link::with_context(remote.clone())]);
        let mut span = if index % 2 == 0 {
            builder.start_with_context(&tracer, &parent)
        } else {
            builder.start_with_context(&tracer, &Context::new())
        };
        span.add_event("an event", attributes());
        span.add_event_with_timestamp("", SystemTime::UNIX_EPOCH + Duration::from_nanos(1), Vec::new());
        span.set_status(statuses[index % statuses.len()].clone());
        span.end();
    }
    tracer.span_builder("").start(&tracer).end();
    provider.shutdown().unwrap();
}

/// Exports to both, because two readers would not read at the same time.
struct Both<A, B>(A, B);

impl<A: PushMetricExporter, B: PushMetricExporter> PushMetricExporter for Both<A, B> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.0.export(metrics).await.and(self.1.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush().and(self.1.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout).and(self.1.shutdown_with_timeout(timeout))
    }

    fn temporality(&self) -> Temporality {
        self.0.temporality()
    }
}

pub(super) fn emit_metrics(first: impl PushMetricExporter, second: impl PushMetricExporter) {
    let exponential = |instrument: &Instrument| {
        let aggregation =
            Aggregation::Base2ExponentialHistogram { max_size: 160, max_scale: 20, record_min_max: true };
        let stream = Stream::builder().with_aggregation(aggregation);
        (instrument.name() == "exponential").then(|| stream.build().ok())?
    };
    let provider = SdkMeterProvider::builder()
        .with_resource(resource())
        .with_view(exponential)
        .with_periodic_exporter(Both(first, second))
        .build();
    let meter = provider.meter_with_scope(scope());
    let few = [KeyValue::new("route", "/orders/{id}"), KeyValue::new("status", 200)];
    let counter = meter.u64_counter("requests").with_unit("{request}").with_description("Requests.").build();
    counter.add(u64::MAX / 2, &few);
    counter.add(1, &attributes());
    meter.f64_counter("seconds").with_unit("s").build().add(0.25, &[]);
    let active = meter.i64_up_down_counter("active").build();
    active.add(-7, &few);
    meter.f64_up_down_counter("balance").build().add(-0.5, &few);
    meter.f64_gauge("temperature").build().record(f64::NAN, &few);
    meter.i64_gauge("level").build().record(i64::MIN, &[]);
    meter.f64_gauge("limit").build().record(f64::INFINITY, &[]);
    let _observed =
        meter.u64_observable_gauge("observed").with_callback(|observer| observer.observe(9, &[])).build();
    let histogram = meter.f64_histogram("duration").with_boundaries(vec![0.1, 1.0, 10.0]).build();
    let exponential = meter.f64_histogram("exponential").build();
    for value in [0.0, 0.001, 0.05, 0.5, 5.0, 50.0, 1e9] {
        histogram.record(value, &few);
        exponential.record(value, &few);
    }
    meter.u64_histogram("size").build().record(u64::from(u32::MAX), &few);
    provider.shutdown().unwrap();
}

pub(super) fn emit_logs(first: impl LogExporter + 'static, second: impl LogExporter + 'static) {
    let provider = SdkLoggerProvider::builder()
        .with_resource(resource())
        .with_simple_exporter(first)
        .with_simple_exporter(second)
        .build();
    let logger = provider.logger_with_scope(scope());
    let map = AnyValue::Map(Box::new([("key".into(), AnyValue::Int(1))].into()));
    let bodies = [
        AnyValue::String("a line\nand another".into()),
        AnyValue::Int(-1),
        AnyValue::Double(1.5),
        AnyValue::Boolean(false),
        AnyValue::Bytes(Box::new(vec![0, 255, 128])),
        AnyValue::ListAny(Box::new(vec![AnyValue::Int(1), AnyValue::String("two".into()), map.clone()])),
        map,
    ];
    let severities = [Severity::Trace, Severity::Debug, Severity::Info, Severity::Warn4, Severity::Fatal4];
    for (index, body) in bodies.into_iter().enumerate() {
        let mut record = logger.create_log_record();
        record.set_body(body.clone());
        record.add_attribute("value", body);
        record.set_severity_number(severities[index % severities.len()]);
        record.set_severity_text("SEVERE");
        record.set_timestamp(SystemTime::UNIX_EPOCH + Duration::from_nanos(1_767_225_600_000_000_001));
        if index % 2 == 0 {
            record.set_event_name("an.event");
            let (trace_id, span_id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
            record.set_trace_context(trace_id, span_id, Some(TraceFlags::SAMPLED));
        }
        logger.emit(record);
    }
    provider.shutdown().unwrap();
}
