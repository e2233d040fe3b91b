//! `tee`: every branch gets everything, once.

use std::collections::BTreeSet;

use tonic::Code;

use super::whole::{COLLECT, Ledgers, run};
use crate::support::telemetry::{frame, ids, ids_of, logs, metrics, spans_in, traces, traces_of_lines};
use crate::support::{Account, GrpcClient, HttpClient, Process, Signal, Sink, TempDir, eventually};

/// Spans in a request, of about 220 bytes each.
const SPANS: u64 = 10;

/// Requests of which each is in a branch's queue of 16 KiB, before it, or in a relay's queue of 20 items.
const IN_BRANCH: u64 = 12;

fn relay(sink: &Sink) -> String {
    format!("relay --timeout 5m --buffer-capacity 20 --to {}", sink.url())
}

fn metrics_of(process: &Process) -> String {
    HttpClient::connect(process.health()).get("/metrics").text()
}

#[test]
fn every_branch_gets_everything() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    let [one, other] = sinks.each_ref().map(Sink::url);
    let pipeline = format!(
        "{COLLECT} | tee {{ relay --to {one} }} {{ sample --rate 0.5 --slow off | relay --to {other} }}"
    );
    let process = run(&dir, "", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    client.traces(traces(0..100)).unwrap();
    client.logs(logs(0..10)).unwrap();
    client.metrics(metrics(0..10)).unwrap();
    process.signal(Signal::TERM);
    process.wait().expect(0, "branch-2: 100 spans in = 100 out");
    assert_eq!(sinks[0].span_ids(), ids(0..100));
    assert_eq!(sinks[0].logs().len(), 10);
    let sampled = sinks[1].span_ids().len() as u64;
    assert!((20..80).contains(&sampled), "{sampled}");
    let ledgers = Ledgers::read(&dir);
    assert_eq!(ledgers.names(), ["collect", "branch-1", "relay", "branch-2", "sample", "relay-2"]);
    for stage in ["collect", "branch-1", "relay", "branch-2"] {
        assert_eq!(ledgers[stage].traces(), Account::all(100), "{stage}");
        assert_eq!(ledgers[stage].account("metrics"), Account::all(10), "{stage}");
    }
    assert_eq!(ledgers["sample"].dropped("traces", "probability"), 100 - sampled);
    assert_eq!(ledgers["relay-2"].traces(), Account::all(sampled));
    assert_eq!(ledgers["relay-2"].account("metrics"), Account::all(10));
}

/// The peer of one of two branches stalls: the other goes on until `waiting` requests wait, then senders are refused; in
/// the end both have everything that was acknowledged, of which so many requests were when the queues were full.
fn one_of_two_stalls(ack: &str, waiting: usize, acknowledged: usize) {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    sinks[1].hold();
    let [one, other] = sinks.each_ref().map(relay);
    let options = format!("--ack {ack} --branch-buffer 16KiB --health 127.0.0.1:0");
    let process = run(&dir, &options, &format!("{COLLECT} | tee {{ {one} }} {{ {other} }}")).spawn();
    // More than a connection has streams for.
    let clients = [0; 5].map(|_| GrpcClient::connect(process.port("gRPC")));
    let numbers = |request: usize| request as u64 * SPANS..(request as u64 + 1) * SPANS;
    let mut requests = Vec::new();
    let mut send = || {
        let request = requests.len();
        requests.push(clients[request % clients.len()].start_traces(traces(numbers(request))));
    };
    (0..waiting).for_each(|_| send());
    eventually("senders to be refused", || {
        send();
        let ready = HttpClient::connect(process.health()).get("/readyz");
        (ready.status == 503 && ready.text() == "collect: input is being refused or not taken\n")
            .then_some(())
    });
    let went_on = eventually("the other branch to have all that was not refused", || {
        let answered = requests.iter().filter(|request| request.is_finished()).count();
        let taken = (requests.len() + acknowledged).checked_sub(answered)?;
        (sinks[0].span_ids().len() == taken * SPANS as usize).then_some(taken)
    });
    assert!((waiting..=waiting + acknowledged).contains(&went_on), "{went_on} requests");
    let spans = went_on as u64 * SPANS;
    let lines = [
        "obs_branch_buffer_used_ratio{stage=\"branch-1\"} 0\n",
        "obs_branch_buffer_used_ratio{stage=\"branch-2\"} 1\n",
        &format!(
            "obs_items_total{{stage=\"relay\",signal=\"traces\",outcome=\"out\",reason=\"\"}} {spans}\n"
        ),
        "obs_items_total{stage=\"relay-2\",signal=\"traces\",outcome=\"out\",reason=\"\"} 0\n",
    ];
    // What has just arrived is not entered yet.
    eventually("the figures of both branches", || {
        let metrics = metrics_of(&process);
        lines.iter().all(|line| metrics.contains(line)).then_some(())
    });
    sinks[1].release();
    let mut accepted = BTreeSet::new();
    for (request, answer) in requests.into_iter().enumerate() {
        match clients[request % clients.len()].finish(answer) {
            Ok(_) => accepted.extend(ids(numbers(request))),
            Err(refusal) => assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}"),
        }
    }
    assert_eq!(accepted.len(), spans as usize);
    process.signal(Signal::TERM);
    process.wait().expect(0, "branch-2: ");
    for sink in &sinks {
        assert_eq!(sink.span_ids(), accepted);
    }
    Ledgers::read(&dir).expect_all(&["collect", "branch-1", "relay", "branch-2", "relay-2"], accepted.len());
}

#[test]
fn a_branch_that_stalls_stops_the_others_at_its_bound_and_loses_nothing() {
    one_of_two_stalls("on-delivery", 1024, 0);
}

#[test]
fn so_it_does_when_requests_are_acknowledged_at_once() {
    // Two are in the queue of the relay.
    one_of_two_stalls("on-accept", 64, 2);
}

#[test]
fn a_file_is_read_no_faster_than_its_slowest_branch() {
    const REQUESTS: u64 = 200;
    let dir = TempDir::new();
    let frames = (0..REQUESTS).flat_map(|n| frame(1, &traces(n * SPANS..(n + 1) * SPANS)));
    dir.write("input.frames", frames.collect::<Vec<u8>>());
    let sinks = [Sink::accepting(), Sink::accepting()];
    sinks[1].hold();
    let [one, other] = sinks.each_ref().map(relay);
    let pipeline = format!("sample --rate 1 input.frames | tee {{ {one} }} {{ {other} }}");
    let process = run(&dir, "--branch-buffer 16KiB --health 127.0.0.1:0", &pipeline).spawn();
    eventually("a branch that does not keep up", || {
        let ready = HttpClient::connect(process.health()).get("/readyz");
        (ready.status == 503 && ready.text().starts_with("branch-2: ")).then_some(())
    });
    let went_on = sinks[0].span_ids().len() as u64;
    assert!((2 * SPANS..=IN_BRANCH * SPANS).contains(&went_on), "{went_on} spans");
    sinks[1].release();
    process.wait().expect(0, "relay-2: 2000 spans in = 2000 out");
    for sink in &sinks {
        assert_eq!(sink.span_ids(), ids(0..REQUESTS * SPANS));
    }
    let stages = ["sample", "branch-1", "relay", "branch-2", "relay-2"];
    Ledgers::read(&dir).expect_all(&stages, (REQUESTS * SPANS) as usize);
}

#[test]
fn branches_of_branches() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting(), Sink::accepting()];
    let [one, two, three] = sinks.each_ref().map(|sink| format!("relay --to {}", sink.url()));
    let pipeline =
        format!("{COLLECT} | tee {{ sample --rate 1 | tee {{ {one} }} {{ {two} }} }} {{ {three} }}");
    let process = run(&dir, "", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    for number in 0..10 {
        client.traces(traces(number * 10..(number + 1) * 10)).unwrap();
    }
    // Acknowledged: it is everywhere.
    for sink in &sinks {
        assert_eq!(sink.span_ids(), ids(0..100));
    }
    process.signal(Signal::TERM);
    process.wait().expect(0, "branch-4: 100 spans in = 100 out");
    let stages =
        ["collect", "branch-1", "sample", "branch-2", "relay", "branch-3", "relay-2", "branch-4", "relay-3"];
    Ledgers::read(&dir).expect_all(&stages, 100);
}

fn span_ids_on(text: &str) -> BTreeSet<Vec<u8>> {
    ids_of(traces_of_lines(text).iter().flat_map(spans_in))
}

#[test]
fn a_branch_to_stdout_beside_one_to_a_relay() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} | tee {{ sample --rate 1 }} {{ relay --to {} }}", sink.url());
    let process = run(&dir, "", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    for number in 0..10 {
        client.traces(traces(number * 10..(number + 1) * 10)).unwrap();
    }
    process.signal(Signal::TERM);
    let end = process.wait();
    end.expect(0, "relay: 100 spans in = 100 out");
    assert_eq!(span_ids_on(&end.text()), ids(0..100));
    assert_eq!(end.text().matches("\"spanId\"").count(), 100);
    assert_eq!(sink.span_ids(), ids(0..100));
    Ledgers::read(&dir).expect_all(&["collect", "branch-1", "sample", "branch-2", "relay"], 100);
}

#[test]
fn stdin_to_stdout_and_to_a_relay() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let input: Vec<u8> = (0..10).flat_map(|n| frame(1, &traces(n * 10..(n + 1) * 10))).collect();
    let pipeline = format!("sample --rate 1 - | tee {{ sample --rate 1 }} {{ relay --to {} }}", sink.url());
    let end = run(&dir, "", &pipeline).stdin(input).run();
    end.expect(0, "sample-2: 100 spans in = 100 out");
    assert_eq!(span_ids_on(&end.text()), ids(0..100));
    assert_eq!(sink.span_ids(), ids(0..100));
    Ledgers::read(&dir).expect_all(&["sample", "branch-1", "sample-2", "branch-2", "relay"], 100);
}
