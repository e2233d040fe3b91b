//! What a deployment starts takes spans, and hands on those that it is to keep.

use std::time::{SystemTime, UNIX_EPOCH};

use obs::capacity::manifests::{Deployment, Target};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Status;

use super::programs::Program;
use super::{TARGETS, large, small, with_backend};
use crate::support::sink::Message;
use crate::support::telemetry::{ids, ids_of, metrics, span, spans_in, spans_of};
use crate::support::{GrpcClient, HttpClient, Obs, Process, Signal, Sink, TempDir, eventually};

const SPANS: u64 = 400;
const ERRORS: u64 = 3;

/// Spans of this moment, the first of which have an error.
fn spans() -> ExportTraceServiceRequest {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let of_now = (0..SPANS).map(|number| {
        let mut span = span(number);
        span.start_time_unix_nano = now + number;
        span.end_time_unix_nano = now + number + 1_000_000;
        if number < ERRORS {
            span.status = Some(Status { code: 2, ..Default::default() });
        }
        span
    });
    spans_of("checkout", of_now.collect())
}

/// How many are kept at the rate: all errors, and about 5 % of the others.
#[track_caller]
fn expect_sampled(deployment: &Deployment, kept: usize) {
    let (least, most) = if deployment.rate < 1.0 { (ERRORS + 8, ERRORS + 40) } else { (SPANS, SPANS) };
    assert!((least..=most).contains(&(kept as u64)), "{kept} kept, at {}", deployment.rate);
}

fn expect_healthy(process: &Process) {
    for path in ["/healthz", "/readyz"] {
        assert_eq!(HttpClient::connect(process.health()).get(path).status, 200, "{path}");
    }
    let metrics = HttpClient::connect(process.health()).get("/metrics").text();
    assert!(metrics.contains("\notlp_spans_per_second "), "the autoscaler's metric in {metrics}");
}

fn end(process: Process) {
    process.signal(Signal::TERM);
    process.wait().expect(0, "");
}

/// Spans in a database.
fn stored(dir: &TempDir) -> u64 {
    let end = Obs::new(dir, "store stats --db kept.db --format json").run();
    let stats: serde_json::Value = serde_json::from_str(&end.text()).unwrap();
    let signals = stats["signals"].as_array().unwrap();
    signals
        .iter()
        .find(|signal| signal["signal"] == "traces")
        .map_or(0, |traces| traces["items"].as_u64().unwrap())
}

/// The address that a gateway or an agent sends to.
fn peer(target: Target, role: &str) -> String {
    match (target, role) {
        (Target::Systemd, "store") => "http://127.0.0.1:4337".into(),
        (Target::Systemd, _) => "http://127.0.0.1:4327".into(),
        _ => format!("http://otlp-{role}.observability.svc:4317"),
    }
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A gateway that sends to the port `to` instead.
fn gateway(target: Target, deployment: &Deployment, dir: &TempDir, from: &str, to: &str) -> Process {
    Program::of(target, deployment, "gateway").replace(from, to).here().start(dir)
}

/// Sends spans to an agent that sends to the gateway.
fn send(target: Target, deployment: &Deployment, gateway: &Process) {
    let dir = TempDir::new();
    let agent = Program::of(target, deployment, "agent");
    let agent = agent.replace(&peer(target, "gateway"), &local(gateway.port("gRPC"))).here().start(&dir);
    GrpcClient::connect(agent.port("gRPC")).traces(spans()).unwrap();
    expect_healthy(&agent);
    expect_healthy(gateway);
    end(agent);
}

#[test]
fn what_is_started_is_valid_as_it_is() {
    for deployment in [large(), small(), with_backend()] {
        for target in TARGETS {
            let stores = if deployment.backend.is_none() { &["store"][..] } else { &[] };
            for role in ["agent", "gateway"].iter().chain(stores) {
                let dir = TempDir::new();
                let program = Program::of(target, &deployment, role);
                program.command(&dir).arg("--check").run().expect(0, "the pipeline is valid");
            }
        }
    }
}

#[test]
fn spans_go_through_agent_and_gateway_to_the_store() {
    for (target, deployment) in [(Target::K8s, large()), (Target::Systemd, large()), (Target::K8s, small())] {
        let dirs = [TempDir::new(), TempDir::new()];
        let store = Program::of(target, &deployment, "store");
        let store = store.replace("/var/lib/obs/obs.db", &dirs[0].file("kept.db")).here().start(&dirs[0]);
        let (from, to) = (peer(target, "store"), local(store.port("gRPC")));
        let gateway = gateway(target, &deployment, &dirs[1], &from, &to);
        send(target, &deployment, &gateway);
        expect_healthy(&store);
        // It hands on what it has accepted.
        end(gateway);
        end(store);
        expect_sampled(&deployment, stored(&dirs[0]) as usize);
    }
}

#[test]
fn spans_go_through_agent_and_gateway_to_the_backend() {
    for target in [Target::K8s, Target::Systemd] {
        let (dir, sink, deployment) = (TempDir::new(), Sink::accepting(), with_backend());
        let gateway = gateway(target, &deployment, &dir, "https://otlp.example:4317", &sink.url());
        send(target, &deployment, &gateway);
        end(gateway);
        expect_sampled(&deployment, sink.span_ids().len());
        assert!(sink.span_ids().is_superset(&ids(0..ERRORS)));
    }
}

#[test]
fn gateways_hold_what_they_keep_while_the_backend_is_away() {
    const NOBODY: &str = "http://127.0.0.1:9";
    for target in [Target::K8s, Target::Systemd] {
        let dirs = [TempDir::new(), TempDir::new()];
        let deployment = Deployment { rate: 1.0, ..large() };
        let gateway = gateway(target, &deployment, &dirs[0], &peer(target, "store"), NOBODY);
        let agent = Program::of(target, &deployment, "agent");
        let agent =
            agent.replace(&peer(target, "gateway"), &local(gateway.port("gRPC"))).here().start(&dirs[1]);
        let client = GrpcClient::connect(agent.port("gRPC"));
        // More requests than an agent may have under way.
        for _ in 0..20 {
            client.traces(spans()).unwrap();
        }
        expect_healthy(&agent);
        expect_healthy(&gateway);
        let metrics = HttpClient::connect(gateway.health()).get("/metrics").text();
        let waiting = format!("otlp_queue_length{{stage=\"relay\"}} {}\n", 20 * SPANS);
        assert!(metrics.contains(&waiting), "{waiting} in {metrics}");
    }
}

#[test]
fn the_local_system_keeps_spans_and_shows_them() {
    let (dir, deployment) = (TempDir::new(), Deployment { rate: 0.05, ..with_backend() });
    let [jaeger, prometheus, backend] = [(); 3].map(|()| Sink::accepting());
    let system = Program::of(Target::Compose, &deployment, "");
    let system = system
        .replace("/var/lib/obs/obs.db", &dir.file("kept.db"))
        .replace("http://jaeger:4317", &jaeger.url())
        .replace("http://prometheus:9090/api/v1/otlp", &prometheus.url())
        .replace("https://otlp.example:4317", &backend.url());
    let system = system.here().start(&dir);
    let client = GrpcClient::connect(system.port("gRPC"));
    client.traces(spans()).unwrap();
    client.metrics(metrics(0..2)).unwrap();
    jaeger.wait_for_spans(1);
    backend.wait_for_spans(2);
    prometheus.wait_until("metrics", |attempts| !attempts.is_empty());
    expect_healthy(&system);
    let kept = eventually("spans in the store", || Some(stored(&dir)).filter(|spans| *spans > 0));
    expect_sampled(&deployment, kept as usize);
    assert_eq!(ids_of(&jaeger.spans()).len(), kept as usize);
    assert_eq!(prometheus.attempts()[0].path, "/v1/metrics");
    let shown = backend
        .accepted()
        .iter()
        .filter_map(|message| match message {
            Message::Traces(request) => Some(spans_in(request).count()),
            _ => None,
        })
        .sum::<usize>();
    assert_eq!(shown, kept as usize);
    end(system);
}

/// The names of metrics in a message.
fn names(message: &Message) -> Vec<String> {
    let Message::Metrics(request) = message else { return Vec::new() };
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics).map(|metric| metric.name.clone()).collect()
}

#[test]
fn the_local_system_is_told_what_it_costs() {
    let (dir, deployment) = (TempDir::new(), large());
    let [jaeger, prometheus] = [(); 2].map(|()| Sink::accepting());
    let system = Program::of(Target::Compose, &deployment, "")
        .replace("/var/lib/obs/obs.db", &dir.file("kept.db"))
        .replace("http://jaeger:4317", &jaeger.url())
        .replace("http://prometheus:9090/api/v1/otlp", &prometheus.url())
        .here()
        .start(&dir);
    GrpcClient::connect(system.port("gRPC")).traces(spans()).unwrap();
    eventually("spans in the store", || Some(stored(&dir)).filter(|spans| *spans > 0));
    let service = &super::composed(&deployment)["services"]["cost"];
    let shell = service["command"][0].as_str().unwrap();
    let once = shell.strip_prefix("while :; do ").and_then(|shell| shell.strip_suffix(" sleep 300; done"));
    let obs = env!("CARGO_BIN_EXE_obs");
    let once = once
        .unwrap()
        .replace("obs --config /etc/obs/obs.yaml", &format!("{obs} --config costs.yaml"))
        .replace("obs relay", &format!("{obs} relay"))
        .replace("http://obs:4317", &local(system.port("gRPC")));
    dir.write("costs.yaml", format!("storage:\n  path: {}\n", dir.file("kept.db")));
    let mut bash = std::process::Command::new("bash");
    let output = bash.args(["-euo", "pipefail", "-c", &once]).current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{once}: {}", String::from_utf8_lossy(&output.stderr));
    for name in ["otlp_storage_cost_usd", "otlp_storage_size_gb", "otlp_service_cost_usd"] {
        prometheus.wait_until(name, |attempts| {
            attempts.iter().any(|attempt| names(&attempt.message).iter().any(|found| found == name))
        });
    }
    end(system);
}
