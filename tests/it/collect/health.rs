//! What processes say about themselves.

use std::collections::BTreeSet;

use tonic::Code;

use crate::support::sink::Message;
use crate::support::telemetry::{frame, line, traces};
use crate::support::{Answer, GrpcClient, HttpClient, Obs, Process, Sink, TempDir, eventually};

const HEALTH: &str = "--health 127.0.0.1:0";

/// The names and labels of the metrics of a process, once one of them is `wanted`.
fn metrics(process: &Process, wanted: &str) -> BTreeSet<String> {
    let mut client = HttpClient::connect(process.health());
    let text = eventually(&format!("metric {wanted}"), || {
        let response = client.get("/metrics");
        assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Some(response.text()).filter(|text| text.lines().any(|line| line == wanted))
    });
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap_or_else(|_| panic!("no number in {line:?}"));
    }
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[track_caller]
fn expect_metrics(found: &BTreeSet<String>, expected: &[&str]) {
    for name in expected {
        assert!(found.contains(*name), "no {name} in {found:#?}");
    }
}

/// Those that every process has.
const COMMON: [&str; 8] = [
    "otlp_spans_total",
    "otlp_spans_exported_total",
    "otlp_spans_per_second",
    "otlp_memory_usage_bytes",
    "otlp_cpu_usage_percent",
    "obs_items_total{signal=\"traces\",outcome=\"in\",reason=\"\"}",
    "obs_items_total{signal=\"logs\",outcome=\"out\",reason=\"\"}",
    "obs_rejected_objects_total",
];

fn expect_healthy(process: &Process) {
    let mut client = HttpClient::connect(process.health());
    for (path, status, text) in [("/healthz", 200, "ok\n"), ("/readyz", 200, "ready\n")] {
        let response = client.get(path);
        assert_eq!((response.status, &*response.text()), (status, text));
    }
    assert_eq!(client.get("/").status, 404);
}

#[test]
fn collect_serves_health_and_metrics() {
    let dir = TempDir::new();
    let collect = super::start(&dir, HEALTH);
    expect_healthy(&collect);
    GrpcClient::connect(collect.port("gRPC")).traces(traces(0..5)).unwrap();
    let found = metrics(&collect, "otlp_spans_total 5");
    expect_metrics(&found, &COMMON);
    expect_metrics(&found, &["otlp_queue_length"]);
}

#[test]
fn sample_serves_health_and_metrics() {
    let dir = TempDir::new();
    let mut sample = Obs::new(&dir, "sample --rate 0").args(HEALTH).stdin_open().spawn();
    expect_healthy(&sample);
    sample.write(line(&traces(0..5)).as_bytes());
    let found = metrics(&sample, "otlp_spans_sampled_total{reason=\"dropped\"} 5");
    expect_metrics(&found, &COMMON);
    expect_metrics(
        &found,
        &[
            "otlp_spans_sampled_total{reason=\"error\"}",
            "otlp_spans_sampled_total{reason=\"slow\"}",
            "otlp_spans_sampled_total{reason=\"probability\"}",
            "obs_items_total{signal=\"traces\",outcome=\"dropped\",reason=\"probability\"}",
        ],
    );
}

#[test]
fn relay_serves_health_and_metrics() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        0 => Answer::grpc(Code::Unavailable, "later"),
        _ => Answer::Accept,
    });
    let mut relay = Obs::new(&dir, "relay --to").arg(sink.url()).args(HEALTH).stdin_open().spawn();
    expect_healthy(&relay);
    relay.write(&frame(1, &traces(0..5)));
    let found = metrics(&relay, "otlp_spans_exported_total 5");
    expect_metrics(&found, &COMMON);
    expect_metrics(
        &found,
        &[
            "otlp_queue_length",
            "otlp_export_duration_seconds_count",
            "otlp_export_duration_seconds_sum",
            "otlp_export_duration_seconds_bucket{le=\"+Inf\"}",
            "otlp_export_errors_total{code=\"Unavailable\"}",
        ],
    );
}

#[test]
fn collect_and_sample_add_their_own_metrics_to_the_stream() {
    let dir = TempDir::new();
    let collect = super::start(&dir, "--self-metrics=100ms");
    let sample = Obs::new(&dir, "sample --rate 1 --self-metrics=100ms").stdin_open().spawn();
    for (process, command) in [(collect, "collect"), (sample, "sample")] {
        let line = process.stdout.as_ref().unwrap().line("resourceMetrics");
        let metrics: serde_json::Value = serde_json::from_str(&line).unwrap();
        let resource = &metrics["resourceMetrics"][0];
        let attributes = resource["resource"]["attributes"].as_array().unwrap();
        let attribute = |key: &str| {
            let found = attributes.iter().find(|attribute| attribute["key"] == key);
            found.unwrap_or_else(|| panic!("no {key} in {attributes:?}"))["value"]["stringValue"].clone()
        };
        assert_eq!(attribute("service.name"), "obs");
        assert_eq!(attribute("obs.command"), command);
        let names: BTreeSet<&str> = resource["scopeMetrics"][0]["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["name"].as_str().unwrap())
            .collect();
        assert!(names.contains("otlp_spans_total") && names.contains("obs_items_total"), "{names:?}");
    }
}

#[test]
fn relay_sends_its_own_metrics_to_its_peer() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let _relay = Obs::new(&dir, "relay --self-metrics=100ms --to").arg(sink.url()).stdin_open().spawn();
    sink.wait_until("metrics", |attempts| {
        attempts.iter().any(|attempt| matches!(attempt.message, Message::Metrics(_)))
    });
}
