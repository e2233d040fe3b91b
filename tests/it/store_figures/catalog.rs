//! Services, operations, keys of attributes, items by service and trace ids of random data of all signals.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use super::tables::{open, texts};
use crate::support::telemetry::{TIME, frame};
use crate::support::{Obs, TempDir};

/// What was put into the stream.
#[derive(Default)]
struct Seen {
    services: BTreeSet<Vec<String>>,
    operations: BTreeSet<Vec<String>>,
    keys: BTreeSet<Vec<String>>,
    /// By signal and service.
    items: BTreeMap<(String, String), u64>,
    traces: BTreeSet<Vec<u8>>,
    service: String,
}

const KEYS: [&str; 6] = ["url.path", "größe", "k8s.pod.name", "数据", "a", ""];

/// A random value, with the name of its type.
fn value(random: &mut fastrand::Rng) -> (Option<AnyValue>, &'static str) {
    let text = AnyValue { value: Some(Value::StringValue("x".into())) };
    let (value, name) = match random.u8(..9) {
        0 => (Value::StringValue(String::new()), "string"),
        1 => (Value::StringValue("GET /".into()), "string"),
        2 => (Value::BoolValue(random.bool()), "bool"),
        3 => (Value::IntValue(random.i64(..)), "int"),
        4 => (Value::DoubleValue(random.f64()), "double"),
        5 => (Value::ArrayValue(ArrayValue { values: vec![text] }), "array"),
        6 => {
            let pair = KeyValue { key: "inner".into(), value: Some(text), ..Default::default() };
            (Value::KvlistValue(KeyValueList { values: vec![pair] }), "map")
        }
        7 => (Value::BytesValue(vec![1, 2]), "bytes"),
        _ => return (random.bool().then(AnyValue::default), "none"),
    };
    (Some(AnyValue { value: Some(value) }), name)
}

impl Seen {
    fn attributes(&mut self, random: &mut fastrand::Rng, level: &str) -> Vec<KeyValue> {
        let mut attributes = Vec::new();
        for _ in 0..random.usize(..4) {
            let key = KEYS[random.usize(..KEYS.len())];
            let (value, name) = value(random);
            self.keys.insert([level, key, name].map(String::from).to_vec());
            attributes.push(KeyValue { key: key.into(), value, ..Default::default() });
        }
        attributes
    }

    fn resource(&mut self, random: &mut fastrand::Rng) -> Option<Resource> {
        self.service = ["", "checkout", "Lager für Tee", "数据库"][random.usize(..4)].to_owned();
        self.services.insert(vec![self.service.clone()]);
        let mut attributes = self.attributes(random, "resource");
        if self.service.is_empty() {
            return random.bool().then_some(Resource { attributes, ..Default::default() });
        }
        self.keys.insert(["resource", "service.name", "string"].map(String::from).to_vec());
        let at = random.usize(..=attributes.len());
        attributes.insert(at, crate::support::telemetry::text("service.name", &self.service));
        Some(Resource { attributes, ..Default::default() })
    }

    fn scope(&mut self, random: &mut fastrand::Rng) -> Option<InstrumentationScope> {
        let attributes = self.attributes(random, "scope");
        Some(InstrumentationScope { attributes, ..Default::default() })
    }

    fn item(&mut self, signal: &str) {
        *self.items.entry((signal.into(), self.service.clone())).or_default() += 1;
    }

    fn trace(&mut self, random: &mut fastrand::Rng) -> Vec<u8> {
        let id = match random.u8(..10) {
            0 => return Vec::new(),
            1 => return vec![0; 16],
            _ => random.u128(1..).to_be_bytes().to_vec(),
        };
        self.traces.insert(id.clone());
        id
    }

    fn span(&mut self, random: &mut fastrand::Rng) -> Span {
        self.item("traces");
        let (kind, name) = (random.i32(0..6), format!("operation {}", random.u8(..20)));
        self.operations.insert(vec![self.service.clone(), kind.to_string(), name.clone()]);
        Span {
            trace_id: self.trace(random),
            span_id: random.u64(1..).to_be_bytes().to_vec(),
            name,
            kind,
            start_time_unix_nano: TIME,
            attributes: self.attributes(random, "span"),
            events: vec![Event { attributes: self.attributes(random, "event"), ..Default::default() }],
            links: vec![Link { attributes: self.attributes(random, "link"), ..Default::default() }],
            ..Default::default()
        }
    }

    fn log(&mut self, random: &mut fastrand::Rng) -> LogRecord {
        self.item("logs");
        let (trace_id, attributes) = (self.trace(random), self.attributes(random, "log"));
        LogRecord { time_unix_nano: TIME, trace_id, attributes, ..Default::default() }
    }

    /// A metric with two points.
    fn metric(&mut self, random: &mut fastrand::Rng) -> Metric {
        self.item("metrics");
        self.item("metrics");
        let [one, other] = [(); 2].map(|()| self.attributes(random, "point"));
        let of = |attributes: &Vec<KeyValue>| attributes.clone();
        macro_rules! points {
            ($point:ident) => {
                [one, other].iter().map(|one| $point { attributes: of(one), ..Default::default() }).collect()
            };
        }
        let data = match random.u8(..5) {
            0 => Data::Gauge(Gauge { data_points: points!(NumberDataPoint) }),
            1 => Data::Sum(Sum { data_points: points!(NumberDataPoint), ..Default::default() }),
            2 => {
                Data::Histogram(Histogram { data_points: points!(HistogramDataPoint), ..Default::default() })
            }
            3 => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: points!(ExponentialHistogramDataPoint),
                ..Default::default()
            }),
            _ => Data::Summary(Summary { data_points: points!(SummaryDataPoint) }),
        };
        Metric { name: "m".into(), data: Some(data), ..Default::default() }
    }

    /// A random batch.
    fn frame(&mut self, random: &mut fastrand::Rng) -> Vec<u8> {
        let (resource, scope, items) = (self.resource(random), self.scope(random), random.usize(1..6));
        match random.u8(..3) {
            0 => {
                let spans = (0..items).map(|_| self.span(random)).collect();
                let scope_spans = vec![ScopeSpans { scope, spans, ..Default::default() }];
                let resource_spans = vec![ResourceSpans { resource, scope_spans, ..Default::default() }];
                frame(1, &ExportTraceServiceRequest { resource_spans })
            }
            1 => {
                let metrics = (0..items).map(|_| self.metric(random)).collect();
                let scope_metrics = vec![ScopeMetrics { scope, metrics, ..Default::default() }];
                let resource_metrics =
                    vec![ResourceMetrics { resource, scope_metrics, ..Default::default() }];
                frame(2, &ExportMetricsServiceRequest { resource_metrics })
            }
            _ => {
                let log_records = (0..items).map(|_| self.log(random)).collect();
                let scope_logs = vec![ScopeLogs { scope, log_records, ..Default::default() }];
                let resource_logs = vec![ResourceLogs { resource, scope_logs, ..Default::default() }];
                frame(3, &ExportLogsServiceRequest { resource_logs })
            }
        }
    }
}

#[test]
fn the_catalog_has_what_was_seen_and_nothing_else() {
    let (dir, mut seen, mut random) = (TempDir::new(), Seen::default(), fastrand::Rng::with_seed(5));
    for _ in 0..4 {
        let stream: Vec<u8> = (0..40).flat_map(|_| seen.frame(&mut random)).collect();
        Obs::new(&dir, "store --db figures.db").stdin(stream).run().expect(0, "");
    }
    let database = open(&dir.file("figures.db"));
    assert_eq!(texts(&database, "SELECT name FROM services"), seen.services);
    let operations =
        "SELECT s.name, CAST(kind AS TEXT), o.name FROM operations o JOIN services s ON s.id = o.service";
    assert_eq!(texts(&database, operations), seen.operations);
    assert_eq!(texts(&database, "SELECT level, key, type FROM attribute_keys"), seen.keys);
    let items = "SELECT signal, name, CAST(sum(i.items) AS TEXT) FROM segment_services i
                 JOIN segments g ON g.id = i.segment JOIN services s ON s.id = i.service GROUP BY 1, 2";
    let counted =
        seen.items.into_iter().map(|((signal, service), items)| vec![signal, service, items.to_string()]);
    assert_eq!(texts(&database, items), counted.collect());
    let sums = "SELECT g.id FROM segments g WHERE items <> (SELECT sum(items) FROM segment_services WHERE segment = g.id)";
    assert_eq!(texts(&database, sums), BTreeSet::new());
    let mut filters = database.prepare("SELECT data FROM trace_ids").unwrap();
    let filters: Vec<Vec<u8>> =
        filters.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let found = |id: &[u8; 16]| {
        let key = obs::store::trace_ids::key(id);
        filters.iter().any(|set| obs::store::trace_ids::may_hold(set, key))
    };
    assert!(seen.traces.iter().all(|id| found(id.as_slice().try_into().unwrap())));
    let others = (0..1000).filter(|_| found(&random.u128(1..).to_be_bytes())).count();
    assert!(others < 2, "{others} of 1000 other traces may be there");
}
