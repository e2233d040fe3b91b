//! Readers that go away.

use std::error::Error;
use std::io::Read;

use crate::support::telemetry::{frame, line, traces};
use crate::support::{GrpcClient, Load, Obs, Pipeline, Signal, Sink, TempDir};

const GONE: &str = "the reader of stdout went away before the end";
const COLLECT: &str = "collect --grpc 127.0.0.1:0 --http off";

#[test]
fn collect_ends_when_its_reader_has_gone_without_waiting_for_traffic() {
    let dir = TempDir::new();
    let mut collect = Obs::new(&dir, COLLECT).ledger(&dir.file("ledger.json")).stdout_piped().spawn();
    let client = GrpcClient::connect(collect.port("gRPC"));
    client.traces(traces(0..3)).unwrap();
    let mut stdout = collect.take_stdout();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let end = collect.wait();
    end.expect(4, GONE);
    assert_eq!(end.ledger().traces().received, 3);
}

#[test]
fn sample_ends_when_its_reader_has_gone_without_waiting_for_traffic() {
    let dir = TempDir::new();
    let mut sample = Obs::new(&dir, "sample --rate 1")
        .ledger(&dir.file("ledger.json"))
        .stdin_open()
        .stdout_piped()
        .spawn();
    sample.write(line(&traces(0..3)).as_bytes());
    let mut stdout = sample.take_stdout();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    crate::support::eventually("sample to end", || (!sample.is_running()).then_some(()));
    let end = sample.wait();
    end.expect(4, GONE);
    assert_eq!(end.ledger().traces().received, 3);
}

#[test]
fn sample_says_how_much_its_reader_did_not_take() {
    let dir = TempDir::new();
    let input: Vec<u8> = (0..100).flat_map(|n| frame(1, &traces(n * 100..(n + 1) * 100))).collect();
    // A file, which never lets it wait for more.
    let input = dir.write("input.frames", input);
    for format in ["ndjson", "proto"] {
        let mut sample = Obs::new(&dir, "sample --rate 1 --format")
            .arg(format)
            .ledger(&dir.file("ledger.json"))
            .arg(&input)
            .stdout_piped()
            .spawn();
        let mut stdout = sample.take_stdout();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let end = sample.wait();
        end.expect(4, GONE).expect(4, "lost (not_written)");
        let ledger = end.ledger();
        assert!(ledger.traces().lost > 0);
        assert_eq!(ledger.lost("traces", "not_written"), ledger.traces().lost, "for that reason alone");
    }
}

#[test]
fn senders_are_told_when_the_reader_of_collect_has_gone() {
    let dir = TempDir::new();
    let mut collect = Obs::new(&dir, COLLECT).ledger(&dir.file("ledger.json")).stdout_piped().spawn();
    let load = Load::start(collect.port("gRPC"), 2);
    let mut stdout = collect.take_stdout();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let (_, refusals) = load.finish();
    for refusal in refusals {
        // Refused as the pipe breaks, or the connection is gone when it has, for which the client has no code.
        let is_cut_off = refusal.source().is_some_and(|source| source.is::<tonic::transport::Error>());
        assert!(is_cut_off || refusal.code() == tonic::Code::Unavailable, "{refusal}");
    }
    let end = collect.wait();
    end.expect(4, GONE);
    end.ledger();
}

#[test]
fn a_killed_relay_ends_the_stages_before_it() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let relay = format!("relay --to {}", sink.url());
    let pipeline = Pipeline::start(&dir, &["collect --synthetic 2000", "sample --rate 1", &relay]);
    sink.wait_for_spans(500);
    pipeline[2].signal(Signal::KILL);
    let ends = pipeline.wait();
    ends[0].expect(4, GONE);
    ends[1].expect(4, GONE);
    assert_eq!(ends[2].code, 128 + 9);
    ends[0].ledger();
    ends[1].ledger();
}
