//! Signals: the first drains, the second ends at once.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::telemetry::{frame, ids, traces};
use crate::support::{Account, GrpcClient, Load, Obs, Pipeline, Signal, Sink, TempDir, eventually};

const COLLECT: &str = "collect --grpc 127.0.0.1:0 --http off";

/// Sends `signal` to the first stage, or to all, in the middle of load; what was acknowledged must arrive.
fn drains(signal: Signal, to_all: bool, env: &[(&str, &str)]) {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let relay = format!("relay --to {}", sink.url());
    let pipeline = Pipeline::start_with(&dir, env, &[COLLECT, "sample --rate 1", &relay]);
    let load = Load::start(pipeline[0].port("gRPC"), 4);
    load.wait_for(50);
    // Then every stage has begun.
    sink.wait_for_spans(1);
    if to_all {
        pipeline.signal(signal)
    } else {
        pipeline[0].signal(signal)
    }
    let (acknowledged, _) = load.finish();
    let ledgers = pipeline.wait().expect(&[0, 0, 0]);
    let arrived = sink.span_ids();
    assert!(
        acknowledged.is_subset(&arrived),
        "{} spans did not arrive",
        acknowledged.difference(&arrived).count()
    );
    // A sender whose connection ends with the answer on its way cannot know.
    let unsure = arrived.len() - acknowledged.len();
    assert!(unsure <= 4 * 20, "{unsure} spans arrived without having been acknowledged");
    for ledger in ledgers {
        assert_eq!(ledger.traces(), Account::all(arrived.len() as u64));
    }
}

#[test]
fn sigterm_to_collect_in_the_middle_of_load_drains_the_pipeline() {
    drains(Signal::TERM, false, &[]);
}

#[test]
fn sigterm_to_the_whole_pipeline_drains_it() {
    drains(Signal::TERM, true, &[]);
}

#[test]
fn sigint_to_the_whole_pipeline_drains_it() {
    drains(Signal::INT, true, &[("OBS_FORMAT", "proto")]);
}

#[test]
fn a_second_signal_ends_collect_at_once() {
    let dir = TempDir::new();
    let collect = Obs::new(&dir, "collect --grpc off --http 127.0.0.1:0").spawn();
    let port = collect.port("HTTP");
    // A request that is under way keeps it from ending.
    let mut request = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n\
                content-length: 9\r\n\r\n";
    request.write_all(head.as_bytes()).unwrap();
    // The collector asks for the body: the request has begun.
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut request, &mut answer).unwrap();
    assert_eq!(answer, *b"HTTP/1.1 100");
    collect.signal(Signal::INT);
    eventually("the listener to close", || TcpStream::connect(("127.0.0.1", port)).err());
    collect.signal(Signal::INT);
    collect.wait().expect(130, "listening");
}

#[test]
fn a_second_signal_ends_relay_at_once() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let mut relay =
        Obs::new(&dir, "relay --timeout 60s --drain-timeout 60s --to").arg(sink.url()).stdin_open().spawn();
    relay.write(&frame(1, &traces(0..3)));
    sink.wait_until("a request", |attempts| !attempts.is_empty());
    assert_eq!(relay.interrupt().code, 130);
}

#[test]
fn a_relay_that_cannot_deliver_gives_up_with_the_drain_timeout() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let mut relay = Obs::new(&dir, "relay --timeout 60s --drain-timeout 1s --to")
        .arg(sink.url())
        .ledger(&dir.file("ledger.json"))
        .stdin_open()
        .spawn();
    relay.write(&frame(1, &traces(0..3)));
    sink.wait_until("a request", |attempts| !attempts.is_empty());
    let began = Instant::now();
    relay.signal(Signal::TERM);
    let end = relay.wait();
    assert!(
        began.elapsed() >= Duration::from_millis(900),
        "it drains for a second, not {:?}",
        began.elapsed()
    );
    end.expect(4, "3 spans lost (drain_timeout)");
    assert_eq!(end.ledger().traces(), Account::all_lost(3));
}

#[test]
fn a_sampler_whose_input_does_not_end_says_so_after_the_drain_timeout() {
    let dir = TempDir::new();
    let mut sample = Obs::new(&dir, "sample --rate 1 --format proto --drain-timeout 500ms")
        .ledger(&dir.file("ledger.json"))
        .stdin_open()
        .spawn();
    let input = frame(1, &traces(0..5));
    sample.write(&input);
    let stdout = sample.stdout.as_ref().unwrap();
    stdout.wait_for("the spans", |bytes| (bytes.len() == input.len()).then_some(()));
    sample.signal(Signal::TERM);
    // Still open, as before the signal.
    eventually("its end", || (!sample.is_running()).then_some(()));
    let end = sample.wait();
    end.expect(4, "the input did not end within the drain timeout").expect(4, "hint: --drain-timeout");
    assert_eq!(end.ledger().traces(), Account::all(5));
    assert_eq!(end.stdout, input);
}

#[test]
fn input_that_comes_after_the_signal_is_drained() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let mut relay =
        Obs::new(&dir, "relay --to").arg(sink.url()).ledger(&dir.file("ledger.json")).stdin_open().spawn();
    relay.write(&frame(1, &traces(0..5)));
    sink.wait_for_spans(5);
    relay.signal(Signal::TERM);
    relay.write(&frame(1, &traces(5..10)));
    sink.wait_for_spans(10);
    relay.close_stdin();
    let end = relay.wait();
    end.expect(0, "10 spans in = 10 out");
    assert_eq!(sink.span_ids(), ids(0..10));
}

#[test]
fn collect_answers_the_requests_under_way_before_it_ends() {
    let dir = TempDir::new();
    let mut collect = Obs::new(&dir, COLLECT).args("--format proto").stdout_piped().spawn();
    let client = GrpcClient::connect(collect.port("gRPC"));
    client.traces(traces(0..1)).unwrap();
    // More than the pipe holds, so that the answer waits for the reader.
    let waiting: Vec<_> = (0..8).map(|_| client.start_traces(traces(0..2000))).collect();
    collect.signal(Signal::TERM);
    eventually("the listener to close", || TcpStream::connect(("127.0.0.1", collect.port("gRPC"))).err());
    let mut stdout = collect.take_stdout();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut stdout, &mut bytes).unwrap();
    let answered = waiting.into_iter().filter_map(|request| client.finish(request).ok()).count();
    let (first, each) = (frame(1, &traces(0..1)).len(), frame(1, &traces(0..2000)).len());
    assert!((bytes.len() - first) / each >= answered && (bytes.len() - first) % each == 0);
    assert!(answered > 0);
    collect.wait().expect(0, "spans in");
}

#[test]
fn collect_whose_reader_stalls_gives_up_with_the_drain_timeout() {
    let dir = TempDir::new();
    let mut collect = Obs::new(&dir, COLLECT)
        .args("--format proto --drain-timeout 500ms")
        .ledger(&dir.file("ledger.json"))
        .stdout_piped()
        .spawn();
    let client = GrpcClient::connect(collect.port("gRPC"));
    client.traces(traces(0..1)).unwrap();
    // Nobody reads, and it is more than a pipe holds.
    let _stdout = collect.take_stdout();
    let _waiting: Vec<_> = (0..8).map(|_| client.start_traces(traces(0..4000))).collect();
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(4, "the reader of stdout did not take everything within the drain timeout");
    let account = end.ledger().traces();
    assert!(account.sent >= 1 && account.lost > 0, "{account:?}");
}

#[test]
fn sample_whose_reader_stalls_gives_up_with_the_drain_timeout() {
    let dir = TempDir::new();
    let input: Vec<u8> = (0..20).flat_map(|n| frame(1, &traces(n * 1000..(n + 1) * 1000))).collect();
    let mut sample = Obs::new(&dir, "sample --rate 1 --format proto --drain-timeout 500ms")
        .ledger(&dir.file("ledger.json"))
        .stdin(input)
        .stdout_piped()
        .spawn();
    // A little of it, so that it is under way, and then no more.
    let mut stdout = sample.take_stdout();
    std::io::Read::read_exact(&mut stdout, &mut [0; 100]).unwrap();
    sample.signal(Signal::TERM);
    eventually("its end", || (!sample.is_running()).then_some(()));
    let end = sample.wait();
    end.expect(4, "within the drain timeout");
    let account = end.ledger().traces();
    assert!(account.lost > 0, "{account:?}");
}
