//! SIGHUP: the configuration is read again.

use tonic::Code;

use super::whole::{COLLECT, run};
use crate::support::telemetry::{frame, ids, traces};
use crate::support::{GrpcClient, Obs, Process, Signal, Sink, TempDir, certificates};

const READ_AGAIN: &str = "the configuration is read again";
const OLD_HOLDS: &str = "the old configuration holds";

fn keep(rate: u32) -> String {
    format!("sampling: {{base_rate: {rate}, slow_threshold_ms: 0, sample_errors: false}}\n")
}

/// Sends SIGHUP, and waits for what is said about it; returns that.
fn hang_up(process: &Process, expected: &str) -> String {
    let before = process.stderr.text().len();
    process.signal(Signal::HUP);
    process.stderr.wait_for(expected, |bytes| {
        let said = String::from_utf8_lossy(&bytes[before..]).into_owned();
        (said.contains(expected) && said.ends_with('\n')).then_some(said)
    })
}

#[test]
fn the_rate_of_a_sampler_changes_without_a_restart() {
    let dir = TempDir::new();
    dir.write("my.yaml", keep(0));
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} | sample | relay --to {}", sink.url());
    let process = run(&dir, "--config my.yaml", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    client.traces(traces(0..5)).unwrap();
    dir.write("my.yaml", keep(1));
    hang_up(&process, READ_AGAIN);
    client.traces(traces(5..10)).unwrap();
    assert_eq!(sink.span_ids(), ids(5..10));
    // A mistake, and a file that has gone: the old rate holds.
    dir.write("my.yaml", "sampling:\n  base_rate: 7\n");
    let said = hang_up(&process, OLD_HOLDS);
    assert!(said.contains("sample: ") && said.contains("my.yaml:2:"), "{said}");
    client.traces(traces(10..15)).unwrap();
    std::fs::remove_file(dir.file("my.yaml")).unwrap();
    let said = hang_up(&process, OLD_HOLDS);
    assert!(said.contains("cannot read the configuration my.yaml"), "{said}");
    client.traces(traces(15..20)).unwrap();
    assert_eq!(sink.span_ids(), ids(5..20));
    dir.write("my.yaml", keep(0));
    hang_up(&process, READ_AGAIN);
    client.traces(traces(20..25)).unwrap();
    process.signal(Signal::TERM);
    process.wait().expect(0, "sample: 25 spans in = 15 out + 10 dropped (probability)");
    assert_eq!(sink.span_ids(), ids(5..20));
}

#[test]
fn a_flag_holds_whatever_the_configuration_says_later() {
    let dir = TempDir::new();
    dir.write("my.yaml", keep(0));
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} | sample --rate 1 | relay --to {}", sink.url());
    let process = run(&dir, "--config my.yaml", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    hang_up(&process, READ_AGAIN);
    client.traces(traces(0..5)).unwrap();
    assert_eq!(sink.span_ids(), ids(0..5));
}

#[test]
fn a_stage_reads_its_own_configuration_again() {
    let dir = TempDir::new();
    dir.write("whole.yaml", keep(0));
    dir.write("own.yaml", keep(0));
    let sinks = [Sink::accepting(), Sink::accepting()];
    let [one, other] = sinks.each_ref().map(Sink::url);
    let pipeline = format!(
        "{COLLECT} | tee {{ sample --config own.yaml | relay --to {one} }} {{ sample | relay --to {other} }}"
    );
    let process = run(&dir, "--config whole.yaml", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    dir.write("own.yaml", keep(1));
    hang_up(&process, READ_AGAIN);
    client.traces(traces(0..5)).unwrap();
    assert_eq!(sinks[0].span_ids(), ids(0..5));
    assert!(sinks[1].attempts().is_empty());
}

#[test]
fn a_stage_has_its_own_configuration() {
    let dir = TempDir::new();
    dir.write("whole.yaml", keep(0));
    dir.write("own.yaml", keep(1));
    let input = crate::support::telemetry::line(&traces(0..10));
    for (sample, kept) in [("sample -", 0), ("sample --config own.yaml -", 10)] {
        let end = Obs::new(&dir, "run --config whole.yaml").arg(sample).stdin(input.clone()).run();
        end.expect(0, "10 spans in = ");
        assert_eq!(end.text().matches("\"spanId\"").count(), kept, "{sample}");
    }
}

#[test]
fn the_bearer_token_is_read_again() {
    let dir = TempDir::new();
    dir.write("token", "old");
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} --bearer-token-file token | relay --to {}", sink.url());
    let process = run(&dir, "", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    let send =
        |token: &str| client.clone().bearer(token).traces(traces(0..1)).map_err(|refusal| refusal.code());
    assert!(send("old").is_ok());
    dir.write("token", "new\n");
    hang_up(&process, READ_AGAIN);
    assert_eq!(send("old"), Err(Code::Unauthenticated));
    assert!(send("new").is_ok());
    dir.write("token", "");
    let said = hang_up(&process, OLD_HOLDS);
    assert!(said.contains("collect: ") && said.contains("an empty file"), "{said}");
    assert!(send("new").is_ok());
    assert_eq!(send(""), Err(Code::Unauthenticated));
}

#[test]
fn certificates_are_read_again() {
    let dir = TempDir::new();
    certificates(&dir, "old");
    certificates(&dir, "new");
    let install = |name: &str| {
        std::fs::copy(dir.file(&format!("{name}.key")), dir.file("server.key")).unwrap();
        std::fs::copy(dir.file(&format!("{name}.pem")), dir.file("server.pem")).unwrap();
    };
    install("old");
    let sink = Sink::accepting();
    let tls = "--tls-cert server.pem --tls-key server.key";
    let process = run(&dir, "", &format!("{COLLECT} {tls} | relay --to {}", sink.url())).spawn();
    let relay = |authority: &str| {
        let to = format!("relay --give-up-after 1s --to https://localhost:{}", process.port("gRPC"));
        let obs = Obs::new(&dir, &to).args(&format!("--ca {authority}-ca.pem"));
        obs.stdin(frame(1, &traces(0..1))).run()
    };
    relay("old").expect(0, "1 spans in = 1 out");
    install("new");
    hang_up(&process, READ_AGAIN);
    relay("new").expect(0, "1 spans in = 1 out");
    relay("old").expect(4, "invalid peer certificate");
    dir.write("server.pem", "");
    let said = hang_up(&process, OLD_HOLDS);
    assert!(said.contains("server.pem"), "{said}");
    relay("new").expect(0, "1 spans in = 1 out");
}
