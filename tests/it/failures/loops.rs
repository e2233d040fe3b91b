//! Pipelines that would feed themselves.

use crate::support::telemetry::{ids, ids_of, spans_in, traces, traces_of_lines};
use crate::support::{Account, GrpcClient, Obs, Signal, TempDir};

const COLLECT: &str = "collect --grpc 127.0.0.1:0 --http 127.0.0.1:0";

/// A relay that sends to the collector at the head of its own pipeline, with a sampler between them or not.
fn refuses_itself(sampled: bool, protocol: &str) {
    let dir = TempDir::new();
    let mut collect =
        Obs::new(&dir, COLLECT).ledger(&dir.file("collect.json")).stdout_piped().process_group(0).spawn();
    let port = collect.port(if protocol == "grpc" { "gRPC" } else { "HTTP" });
    let group = collect.id();
    let stdout = collect.take_stdout();
    let (stdout, sample) = if sampled {
        let sample = Obs::new(&dir, "sample --rate 1").stdin_from(stdout).stdout_piped().process_group(group);
        let mut sample = sample.spawn();
        (sample.take_stdout(), Some(sample))
    } else {
        (stdout, None)
    };
    let relay = Obs::new(&dir, &format!("relay --to http://127.0.0.1:{port} --protocol {protocol}"))
        .ledger(&dir.file("relay.json"))
        .stdin_from(stdout)
        .process_group(group)
        .spawn();
    GrpcClient::connect(collect.port("gRPC")).traces(traces(0..3)).unwrap();
    relay.stderr.line("this collector's own pipeline");
    collect.signal(Signal::TERM);
    assert_eq!(collect.wait().ledger().traces(), Account::all(3));
    let end = relay.wait();
    end.expect(4, "point the relay's --to at another endpoint");
    assert_eq!(end.ledger().lost("traces", "refused_by_peer"), 3);
    assert!(sample.is_none_or(|sample| sample.wait().code == 0));
}

#[test]
fn a_relay_is_refused_by_its_own_collector() {
    refuses_itself(false, "grpc");
}

#[test]
fn a_relay_is_refused_by_its_own_collector_through_a_sampler() {
    refuses_itself(true, "grpc");
}

#[test]
fn a_relay_over_http_is_refused_by_its_own_collector() {
    refuses_itself(true, "http/json");
}

#[test]
fn another_collector_of_the_same_process_group_takes_what_a_relay_sends() {
    let dir = TempDir::new();
    let mut first = Obs::new(&dir, COLLECT).stdout_piped().process_group(0).spawn();
    let group = first.id();
    let second = Obs::new(&dir, COLLECT).process_group(group).spawn();
    let to = format!("relay --to http://127.0.0.1:{}", second.port("gRPC"));
    let relay = Obs::new(&dir, &to).stdin_from(first.take_stdout()).process_group(group).spawn();
    GrpcClient::connect(first.port("gRPC")).traces(traces(0..3)).unwrap();
    second.stdout.as_ref().unwrap().line("resourceSpans");
    first.signal(Signal::TERM);
    first.wait().expect(0, "3 spans in = 3 out");
    relay.wait().expect(0, "3 spans in = 3 out");
    second.signal(Signal::TERM);
    let end = second.wait();
    end.expect(0, "3 spans in = 3 out");
    let requests = traces_of_lines(&end.text());
    assert_eq!(ids_of(requests.iter().flat_map(spans_in)), ids(0..3));
}
