//! Flag before environment before file before default.

use std::time::{Duration, Instant};

use crate::support::telemetry::{frame, line, traces};
use crate::support::{Obs, Sink, TempDir};

/// Spans that a sampler keeps of ten.
fn kept(sampler: Obs) -> usize {
    let end = sampler.stdin(line(&traces(0..10))).run();
    end.expect(0, "10 spans in = ");
    end.text().matches("\"spanId\"").count()
}

#[test]
fn rates() {
    let dir = TempDir::new();
    dir.write("all.yaml", "sampling: {base_rate: 1}\n");
    let file = || Obs::new(&dir, "sample --config all.yaml");
    assert_eq!(kept(file()), 10);
    assert_eq!(kept(file().env("OBS_SAMPLE_RATE", "0")), 0);
    assert_eq!(kept(file().env("OBS_SAMPLE_RATE", "0").args("--rate 1")), 10);
    assert_eq!(kept(file().args("--rate 0")), 0);
}

#[test]
fn thresholds_of_slow_spans() {
    let dir = TempDir::new();
    // Spans take a millisecond.
    dir.write("fast.yaml", "sampling: {base_rate: 0, slow_threshold_ms: 1}\n");
    dir.write("off.yaml", "sampling: {base_rate: 0, slow_threshold_ms: 0}\n");
    let file = |name: &str| Obs::new(&dir, "sample --config").arg(name);
    assert_eq!(kept(Obs::new(&dir, "sample --rate 0")), 0, "the default is a second");
    assert_eq!(kept(file("fast.yaml")), 10);
    assert_eq!(kept(file("off.yaml")), 0);
    assert_eq!(kept(file("fast.yaml").env("OBS_SAMPLE_SLOW", "off")), 0);
    assert_eq!(kept(file("fast.yaml").env("OBS_SAMPLE_SLOW", "off").args("--slow 500us")), 10);
}

#[test]
fn services_of_flags_are_added_to_those_of_the_file() {
    let dir = TempDir::new();
    dir.write("my.yaml", "sampling: {base_rate: 1, service_overrides: {checkout: 0}}\n");
    assert_eq!(kept(Obs::new(&dir, "sample --config my.yaml")), 0);
    assert_eq!(kept(Obs::new(&dir, "sample --config my.yaml --service checkout=1")), 10);
    assert_eq!(kept(Obs::new(&dir, "sample --config my.yaml --service search=1")), 0);
}

#[test]
fn files() {
    let dir = TempDir::new();
    dir.write("all.yaml", "sampling: {base_rate: 1}\n");
    dir.write("none.yaml", "sampling: {base_rate: 0}\n");
    assert_eq!(kept(Obs::new(&dir, "sample").env("OBS_CONFIG", "all.yaml")), 10);
    assert_eq!(kept(Obs::new(&dir, "sample --config none.yaml").env("OBS_CONFIG", "all.yaml")), 0);
    assert_eq!(kept(Obs::new(&dir, "--config none.yaml sample").env("OBS_CONFIG", "all.yaml")), 0);
    // The one in the current directory is read where nothing else is said.
    dir.write("obs.yaml", "sampling: {base_rate: 1}\n");
    assert_eq!(kept(Obs::new(&dir, "sample")), 10);
    assert_eq!(kept(Obs::new(&dir, "sample").env("OBS_CONFIG", "none.yaml")), 0);
    assert_eq!(kept(Obs::new(&dir, "sample --config none.yaml")), 0);
    dir.write("obs.yaml", "sampling: {bas_rate: 1}\n");
    Obs::new(&dir, "sample").stdin("").run().expect(2, "obs.yaml:1:12: unknown field `bas_rate`");
}

#[test]
fn sizes_of_requests() {
    let dir = TempDir::new();
    dir.write("three.yaml", "agent: {batch_size: 3}\n");
    let largest = |relay: Obs| {
        let sink = Sink::accepting();
        let end = relay.arg("--to").arg(sink.url()).stdin(frame(1, &traces(0..12))).run();
        end.expect(0, "12 spans in = 12 out");
        sink.attempts().iter().map(|attempt| attempt.message.items()).max().unwrap()
    };
    let file = || Obs::new(&dir, "relay --config three.yaml");
    assert_eq!(largest(Obs::new(&dir, "relay")), 12);
    assert_eq!(largest(file()), 3);
    assert_eq!(largest(file().env("OBS_RELAY_BATCH_SIZE", "4")), 4);
    assert_eq!(largest(file().env("OBS_RELAY_BATCH_SIZE", "4").args("--batch-size 6")), 6);
}

#[test]
fn endpoints_and_headers() {
    let dir = TempDir::new();
    dir.write("headers", "x-one: from the file\n");
    let (flag, general, traces_only) = (Sink::accepting(), Sink::accepting(), Sink::accepting());
    let environment = |relay: Obs| {
        let relay = relay.env("OTEL_EXPORTER_OTLP_ENDPOINT", &general.url());
        let relay = relay.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &traces_only.url());
        let relay = relay.env("OTEL_EXPORTER_OTLP_HEADERS", "x-one=from%20the%20environment,x-two=2");
        relay.env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip").stdin(frame(1, &traces(0..1)))
    };
    environment(Obs::new(&dir, "relay --to").arg(flag.url())).run().expect(0, "1 out");
    assert_eq!(flag.spans().len(), 1);
    environment(Obs::new(&dir, "relay").env("OBS_RELAY_TO", &flag.url())).run().expect(0, "1 out");
    assert_eq!(flag.spans().len(), 2);
    let relay = Obs::new(&dir, "relay --headers-file headers --compression none");
    environment(relay).run().expect(0, "1 out");
    environment(Obs::new(&dir, "relay")).run().expect(0, "1 out");
    let attempts = traces_only.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].headers["x-one"], "from the file");
    assert_eq!(attempts[0].headers["x-two"], "2");
    assert!(!attempts[0].headers.contains_key("grpc-encoding"));
    assert_eq!(attempts[1].headers["x-one"], "from the environment");
    assert_eq!(attempts[1].headers["grpc-encoding"], "gzip");
    assert!(general.attempts().is_empty());
}

#[test]
fn protocols_and_timeouts() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let relay = |line: &str| {
        let relay = Obs::new(&dir, line).env("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.url());
        relay.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json").stdin(frame(1, &traces(0..1)))
    };
    relay("relay").run().expect(0, "1 out");
    relay("relay --protocol grpc").run().expect(0, "1 out");
    let attempts = sink.attempts();
    assert_eq!(
        (&*attempts[0].path, &attempts[0].headers["content-type"]),
        ("/v1/traces", &"application/json".parse().unwrap())
    );
    assert_eq!(attempts[1].path, "grpc traces");
    sink.hold();
    let began = Instant::now();
    let end = relay("relay --give-up-after 0s").env("OTEL_EXPORTER_OTLP_TIMEOUT", "300").run();
    end.expect(4, "Timeout");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}
