//! `--health`, `--self-metrics` and ledgers of whole pipelines.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric};

use super::whole::{COLLECT, Ledgers, run};
use crate::support::sink::Message;
use crate::support::telemetry::{frame, line, traces};
use crate::support::{GrpcClient, HttpClient, Signal, Sink, TempDir, eventually};

#[test]
fn health_and_metrics_are_those_of_all_stages() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let relay = format!("relay --to {}", sink.url());
    let pipeline = format!("{COLLECT} | sample --rate 1 | tee {{ {relay} }} {{ {relay} }}");
    let process = run(&dir, "--health 127.0.0.1:0", &pipeline).spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..5)).unwrap();
    let mut client = HttpClient::connect(process.health());
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = client.get(path);
        assert_eq!((answer.status, &*answer.text()), (200, text));
    }
    let text = client.get("/metrics").text();
    let mut families = BTreeSet::new();
    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        assert!(families.insert(name), "{name} twice in\n{text}");
    }
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert_eq!(samples.insert(name, value), None, "{name} twice in\n{text}");
    }
    let stages = ["collect", "sample", "branch-1", "relay", "branch-2", "relay-2"];
    for stage in stages {
        for outcome in ["in", "out"] {
            let labels = format!("{{stage=\"{stage}\",signal=\"traces\",outcome=\"{outcome}\",reason=\"\"}}");
            assert_eq!(samples.get(&*format!("obs_items_total{labels}")), Some(&"5"), "{labels} in\n{text}");
        }
    }
    // Of the whole.
    assert_eq!(samples["otlp_spans_total"], "5");
    assert_eq!(samples["otlp_spans_exported_total"], "10");
    for name in ["otlp_queue_length{stage=\"collect\"}", "otlp_queue_length{stage=\"relay-2\"}"] {
        assert_eq!(samples.get(name), Some(&"0"), "{name} in\n{text}");
    }
    for name in [
        "otlp_export_duration_seconds_count{stage=\"relay\"}",
        "obs_rejected_objects_total{stage=\"sample\"}",
    ] {
        assert!(samples.contains_key(name), "no {name} in\n{text}");
    }
}

#[test]
fn readyz_names_the_stage_that_does_not_keep_up() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let input: Vec<u8> = (0..100).flat_map(|n| frame(1, &traces(n * 50..(n + 1) * 50))).collect();
    let pipeline = format!("sample --rate 1 - | relay --buffer-capacity 100 --to {}", sink.url());
    let process = run(&dir, "--health 127.0.0.1:0", &pipeline).stdin(input).spawn();
    let answer = eventually("a relay that does not keep up", || {
        Some(HttpClient::connect(process.health()).get("/readyz")).filter(|answer| answer.status == 503)
    });
    assert_eq!(answer.text(), "relay: input is being refused or not taken\n");
    assert_eq!(HttpClient::connect(process.health()).get("/healthz").status, 200);
    sink.release();
    process.wait().expect(0, "relay: 5000 spans in = 5000 out");
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Our own metrics that came, with the subcommand that they are of.
fn own_metrics(sink: &Sink) -> Vec<(String, Vec<Metric>)> {
    let requests = sink.accepted().into_iter().filter_map(|message| match message {
        Message::Metrics(ExportMetricsServiceRequest { resource_metrics }) => Some(resource_metrics),
        _ => None,
    });
    let of_resource = |metrics: opentelemetry_proto::tonic::metrics::v1::ResourceMetrics| {
        let resource = metrics.resource.unwrap();
        let command = value(&resource.attributes, "obs.command").unwrap().to_owned();
        (command, metrics.scope_metrics.into_iter().flat_map(|scope| scope.metrics).collect())
    };
    requests.flatten().map(of_resource).collect()
}

/// The stages that a metric has points of.
fn stages_of(metrics: &[Metric], name: &str) -> BTreeSet<Option<String>> {
    let found: Vec<_> = metrics.iter().filter(|metric| metric.name == name).collect();
    assert_eq!(found.len(), 1, "{name} once");
    let points = match found[0].data.as_ref().unwrap() {
        metric::Data::Sum(sum) => &sum.data_points,
        metric::Data::Gauge(gauge) => &gauge.data_points,
        other => panic!("{other:?}"),
    };
    points.iter().map(|point| value(&point.attributes, "stage").map(str::to_owned)).collect()
}

#[test]
fn own_metrics_of_the_whole_are_of_all_stages() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} | sample --rate 1 | relay --to {}", sink.url());
    let process = run(&dir, "--self-metrics=100ms", &pipeline).spawn();
    let metrics = eventually("own metrics", || own_metrics(&sink).pop());
    assert_eq!(metrics.0, "run");
    let stages = ["collect", "sample", "relay"].map(|stage| Some(stage.to_owned()));
    assert_eq!(stages_of(&metrics.1, "obs_items_total"), stages.into());
    assert_eq!(stages_of(&metrics.1, "otlp_spans_total"), [None].into());
    process.signal(Signal::TERM);
    process.wait().expect(0, "collect: ");
    let ledgers = Ledgers::read(&dir);
    let own = ledgers["collect"].account("metrics");
    assert!(own.received > 0);
    assert_eq!(ledgers["relay"].account("metrics"), own, "they come through all stages");
}

#[test]
fn own_metrics_of_a_stage_are_its_own_and_enter_there() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    let [one, other] = sinks.each_ref().map(Sink::url);
    let pipeline = format!(
        "{COLLECT} | tee {{ relay --self-metrics=100ms --to {one} }} {{ sample --rate 1 | relay --to {other} }}"
    );
    let process = run(&dir, "", &pipeline).spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..3)).unwrap();
    let (command, metrics) = eventually("own metrics", || own_metrics(&sinks[0]).pop());
    assert_eq!(command, "relay");
    assert_eq!(stages_of(&metrics, "obs_items_total"), [None].into());
    process.signal(Signal::TERM);
    process.wait().expect(0, "relay: ");
    let ledgers = Ledgers::read(&dir);
    for stage in ["collect", "branch-1", "branch-2", "sample", "relay-2"] {
        assert_eq!(ledgers[stage].account("metrics").received, 0, "{stage}");
    }
    assert!(ledgers["relay"].account("metrics").sent > 0);
    assert!(own_metrics(&sinks[1]).is_empty());
}

#[test]
fn own_metrics_come_while_a_file_is_read() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!("sample --rate 1 - | relay --to {}", sink.url());
    let mut process = run(&dir, "--self-metrics=50ms", &pipeline).stdin_open().spawn();
    process.write(line(&traces(0..3)).as_bytes());
    let (command, _) = eventually("own metrics", || own_metrics(&sink).pop());
    assert_eq!(command, "run");
    process.close_stdin();
    process.wait().expect(0, "sample: 3 spans in = 3 out");
}

#[test]
fn a_ledger_of_a_stage_is_the_one_in_the_whole() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!(
        "{COLLECT} --ledger collect.json | sample --rate 0.5 --ledger sample.json \
         | tee {{ relay --to {0} --ledger relay.json }} {{ relay --to {0} --ledger relay-2.json }}",
        sink.url()
    );
    let process = run(&dir, "", &pipeline).spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..20)).unwrap();
    process.signal(Signal::TERM);
    process.wait().expect(0, "sample: 20 spans in = ");
    let ledgers = Ledgers::read(&dir);
    for stage in ["collect", "sample", "relay", "relay-2"] {
        let text = std::fs::read_to_string(dir.file(&format!("{stage}.json"))).unwrap();
        let own: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(own, ledgers[stage].0, "{stage}");
    }
    assert_eq!(ledgers["relay-2"].0["command"], "relay");
    assert!(ledgers["sample"].0["sampling"].is_object());
}
