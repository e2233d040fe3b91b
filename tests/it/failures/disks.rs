//! Full disks, for which `/dev/full` stands.

use std::fs::File;

use super::{SPANS, relay};
use crate::support::telemetry::{frame, line, logs, traces};
use crate::support::{Account, Answer, GrpcClient, Obs, Sink, TempDir};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn what_the_dead_letter_file_cannot_hold_is_lost() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(tonic::Code::InvalidArgument, "no"));
    let end = relay(&dir, &sink, 2, "--dead-letter /dev/full");
    end.expect(4, "10 spans lost (refused_by_peer)")
        .expect(4, "and the dead-letter file: No space left on device");
    assert_eq!(end.ledger().traces(), Account::all_lost(2 * SPANS));
}

#[test]
fn sample_to_a_full_disk_accounts_for_everything() {
    let dir = TempDir::new();
    // One batch that is written at once, one that leaves in pieces, and more of both behind them.
    let batches = [traces(0..10), traces(10..6000), traces(6000..6010), traces(6010..12_000)];
    let text: String = batches.iter().map(line).collect::<String>() + &line(&logs(0..5));
    let frames: Vec<u8> = batches.iter().flat_map(|batch| frame(1, batch)).collect();
    for (input, format) in [(text.into_bytes(), "ndjson"), (frames, "proto")] {
        let input = dir.write("input", input);
        let end = Obs::new(&dir, "sample --rate 1 --format")
            .arg(format)
            .arg(input)
            .ledger(&dir.file("ledger.json"))
            .stdout_to(full())
            .run();
        end.expect(4, "cannot write to stdout: No space left on device");
        let traces = end.ledger().traces();
        assert!(traces.sent == 0 && traces.lost > 0, "{format}: {traces:?}");
        assert_eq!(
            end.ledger().lost("traces", "not_written"),
            traces.lost,
            "{format}: for that reason alone"
        );
    }
}

#[test]
fn collect_to_a_full_disk_refuses_and_ends() {
    let dir = TempDir::new();
    let collect = Obs::new(&dir, "collect --grpc 127.0.0.1:0 --http off")
        .ledger(&dir.file("ledger.json"))
        .stdout_to(full())
        .spawn();
    let client = GrpcClient::connect(collect.port("gRPC"));
    let refusal = client.traces(traces(0..10)).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable, "{refusal}");
    let end = collect.wait();
    end.expect(4, "cannot write to stdout: No space left on device");
    assert_eq!(end.ledger().traces(), Account::all_lost(10));
}

#[test]
fn a_ledger_that_cannot_be_written_is_an_error() {
    let dir = TempDir::new();
    for path in ["/dev/full", "no/such/directory/ledger.json"] {
        let end = Obs::new(&dir, "sample --rate 1 --ledger").arg(path).stdin(line(&traces(0..1))).run();
        end.expect(4, &format!("cannot write the ledger to {path}"));
        assert_eq!(end.lines().len(), 1);
    }
}

#[test]
fn a_dead_letter_file_that_cannot_be_opened_is_told_before_anything_is_sent() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let end = relay(&dir, &sink, 1, "--dead-letter no/such/directory/failed.jsonl");
    end.expect(2, "cannot open the dead-letter file no/such/directory/failed.jsonl");
    assert!(sink.attempts().is_empty());
}
