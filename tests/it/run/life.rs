//! Signals, and what ends with them.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::whole::{COLLECT, Ledgers, free_port, run};
use crate::support::telemetry::{frame, ids, traces};
use crate::support::{Account, GrpcClient, HttpClient, Load, Signal, Sink, TempDir, eventually};

/// Sends SIGTERM in the middle of load: what was acknowledged is at every sink, and all stages agree.
fn drains(options: &str, stages: &[&str], sinks: usize, pipeline: impl Fn(&[Sink]) -> String) {
    let dir = TempDir::new();
    let sinks: Vec<Sink> = (0..sinks).map(|_| Sink::accepting()).collect();
    let process = run(&dir, options, &pipeline(&sinks)).spawn();
    let load = Load::start(process.port("gRPC"), 4);
    load.wait_for(50);
    process.signal(Signal::TERM);
    let (acknowledged, _) = load.finish();
    process.wait().expect(0, "collect: ");
    let arrived = sinks[0].span_ids();
    for sink in &sinks {
        assert_eq!(sink.span_ids(), arrived);
    }
    assert!(acknowledged.is_subset(&arrived), "{} lost", acknowledged.difference(&arrived).count());
    // A sender whose connection ends with the answer on its way cannot know.
    assert!(arrived.len() - acknowledged.len() <= 4 * 20);
    Ledgers::read(&dir).expect_all(stages, arrived.len());
}

#[test]
fn sigterm_in_the_middle_of_load_drains_the_stages_in_order() {
    for options in ["--ack on-delivery", "--ack on-accept", "--workers 1"] {
        drains(options, &["collect", "sample", "relay"], 1, |sinks| {
            format!("{COLLECT} | sample --rate 1 | relay --to {}", sinks[0].url())
        });
    }
}

#[test]
fn sigterm_in_the_middle_of_load_drains_all_branches() {
    let stages = ["collect", "branch-1", "relay", "branch-2", "sample", "relay-2"];
    for options in ["--workers 1", "--ack on-accept"] {
        drains(options, &stages, 2, |sinks| {
            let [one, other] = [&sinks[0], &sinks[1]].map(Sink::url);
            format!("{COLLECT} | tee {{ relay --to {one} }} {{ sample --rate 1 | relay --to {other} }}")
        });
    }
}

#[test]
fn a_request_that_waits_for_the_peer_has_its_answer_after_sigterm() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let process = run(&dir, "", &format!("{COLLECT} | sample --rate 1 | relay --to {}", sink.url())).spawn();
    let port = process.port("gRPC");
    let client = GrpcClient::connect(port);
    let waiting = client.start_traces(traces(0..3));
    sink.wait_until("a request", |attempts| !attempts.is_empty());
    process.signal(Signal::TERM);
    eventually("the listener to close", || TcpStream::connect(("127.0.0.1", port)).err());
    sink.release();
    client.finish(waiting).unwrap();
    process.wait().expect(0, "relay: 3 spans in = 3 out");
    assert_eq!(sink.span_ids(), ids(0..3));
}

#[test]
fn a_request_that_waits_for_others_of_its_batch_leaves_with_sigterm() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!("{COLLECT} | relay --batch-timeout 1h --to {}", sink.url());
    let process = run(&dir, "--health 127.0.0.1:0", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    let waiting = client.start_traces(traces(0..3));
    eventually("the request to wait in the relay", || {
        let metrics = HttpClient::connect(process.health()).get("/metrics").text();
        metrics.contains("otlp_queue_length{stage=\"relay\"} 3\n").then_some(())
    });
    let began = Instant::now();
    process.signal(Signal::TERM);
    client.finish(waiting).unwrap();
    process.wait().expect(0, "relay: 3 spans in = 3 out");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(sink.span_ids(), ids(0..3));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let pipeline = format!("{COLLECT} | relay --timeout 60s --to {}", sink.url());
    let process = run(&dir, "--drain-timeout 60s", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    let _waiting = client.start_traces(traces(0..3));
    sink.wait_until("a request", |attempts| !attempts.is_empty());
    assert_eq!(process.interrupt().code, 130);
}

#[test]
fn what_a_stalled_peer_does_not_take_within_the_drain_timeout_is_lost_and_counted() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    sinks[1].hold();
    let [one, other] = sinks.each_ref().map(|sink| format!("relay --timeout 60s --to {}", sink.url()));
    let pipeline = format!("{COLLECT} | tee {{ {one} }} {{ {other} }}");
    let process = run(&dir, "--drain-timeout 500ms", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    let waiting = client.start_traces(traces(0..3));
    sinks[1].wait_until("a request", |attempts| !attempts.is_empty());
    sinks[0].wait_for_spans(3);
    let began = Instant::now();
    process.signal(Signal::TERM);
    process.wait().expect(4, "relay-2: 3 spans in = 0 out + 3 lost (drain_timeout)");
    assert!((400..3500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let refusal = client.finish(waiting).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable, "{refusal:?}");
    let ledgers = Ledgers::read(&dir);
    for stage in ["collect", "branch-1", "relay", "branch-2"] {
        assert_eq!(ledgers[stage].traces(), Account::all(3), "{stage}");
    }
    assert_eq!(ledgers["relay-2"].traces(), Account::all_lost(3));
}

#[test]
fn what_waits_in_full_queues_at_the_drain_timeout_is_lost_and_counted() {
    let dir = TempDir::new();
    let input: Vec<u8> = (0..100).flat_map(|n| frame(1, &traces(n * 50..(n + 1) * 50))).collect();
    let sink = Sink::accepting();
    sink.hold();
    let relay = format!("relay --timeout 60s --buffer-capacity 100 --to {}", sink.url());
    let pipeline =
        format!("sample --rate 1 - | tee {{ {relay} }} {{ sample --rate 0 --slow off | {relay} }}");
    let process = run(&dir, "--drain-timeout 500ms --branch-buffer 64KiB", &pipeline).stdin(input).spawn();
    sink.wait_until("a request", |attempts| !attempts.is_empty());
    process.signal(Signal::TERM);
    process.wait().expect(4, "lost (drain_timeout)");
    let ledgers = Ledgers::read(&dir);
    let relay = ledgers["relay"].traces();
    assert_eq!(ledgers["relay"].lost("traces", "drain_timeout"), relay.received);
    assert_eq!(ledgers["sample"].traces(), Account::all(ledgers["branch-1"].traces().received));
    assert_eq!(ledgers["branch-2"].traces().received, ledgers["branch-1"].traces().received);
    assert_eq!(ledgers["relay-2"].traces(), Account::default());
}

#[test]
fn a_pipeline_that_would_feed_itself_is_refused_by_itself() {
    let dir = TempDir::new();
    let port = free_port();
    let relay = format!("relay --to http://127.0.0.1:{port}");
    for rest in
        [format!("sample --rate 1 | {relay}"), format!("tee {{ {relay} }} {{ sample --rate 0 | {relay}/ }}")]
    {
        let pipeline = format!("collect --grpc 127.0.0.1:{port} --http off | {rest}");
        let process = run(&dir, "", &pipeline).spawn();
        let refusal = GrpcClient::connect(process.port("gRPC")).traces(traces(0..3)).unwrap_err();
        assert_eq!(refusal.code(), tonic::Code::InvalidArgument, "{refusal}");
        assert!(refusal.message().contains("FailedPrecondition: "), "{refusal}");
        assert!(refusal.message().contains("this collector's own pipeline"), "{refusal}");
        process.signal(Signal::TERM);
        process.wait().expect(4, "point the relay's --to at another endpoint");
        let ledgers = Ledgers::read(&dir);
        assert_eq!(ledgers["collect"].traces(), Account::all(3), "it took in nothing of its own");
        assert_eq!(ledgers["relay"].lost("traces", "refused_by_peer"), 3);
    }
}

#[test]
fn another_pipeline_takes_what_one_sends() {
    let dirs = [TempDir::new(), TempDir::new()];
    let sink = Sink::accepting();
    let last = run(&dirs[1], "", &format!("{COLLECT} | relay --to {}", sink.url())).spawn();
    let to = format!("{COLLECT} | relay --to http://127.0.0.1:{}", last.port("gRPC"));
    let first = run(&dirs[0], "", &to).spawn();
    GrpcClient::connect(first.port("gRPC")).traces(traces(0..3)).unwrap();
    // Acknowledged through both.
    assert_eq!(sink.span_ids(), ids(0..3));
    for process in [first, last] {
        process.signal(Signal::TERM);
        process.wait().expect(0, "relay: 3 spans in = 3 out");
    }
}
