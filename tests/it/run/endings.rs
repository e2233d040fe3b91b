//! A stage that fails ends the whole, with its exit code and its name.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use super::whole::{COLLECT, Ledgers, free_port, run};
use crate::support::telemetry::{frame, ids, ids_of, line, spans_in, traces};
use crate::support::{Account, GrpcClient, Process, Signal, Sink, TempDir, eventually};

const GONE: &str = "the reader of stdout went away before the end";

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Reads a little and goes away.
fn go_away(process: &mut Process) {
    let mut stdout = process.take_stdout();
    stdout.read_exact(&mut [0; 10]).unwrap();
}

#[test]
fn it_ends_when_the_reader_of_stdout_has_gone() {
    let dir = TempDir::new();
    for (pipeline, message) in [
        ("collect --synthetic 1000", format!("obs: {GONE}")),
        ("collect --synthetic 1000 | sample --rate 1", format!("obs: sample: {GONE}")),
        ("collect --synthetic 1000 | sample --rate 1 | sample --rate 1", format!("obs: sample-2: {GONE}")),
    ] {
        let mut process = run(&dir, "", pipeline).stdout_piped().spawn();
        go_away(&mut process);
        process.wait().expect(4, &message);
        assert!(Ledgers::read(&dir)["collect"].traces().received > 0);
    }
}

#[test]
fn it_ends_when_the_reader_of_a_branch_has_gone() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline =
        format!("collect --synthetic 1000 | tee {{ sample --rate 1 }} {{ relay --to {} }}", sink.url());
    let mut process = run(&dir, "", &pipeline).stdout_piped().spawn();
    go_away(&mut process);
    process.wait().expect(4, &format!("obs: sample: {GONE}"));
    let ledgers = Ledgers::read(&dir);
    let collected = ledgers["collect"].traces();
    assert_eq!(ledgers["relay"].traces(), Account::all(collected.received), "the other branch has it all");
}

#[test]
fn it_ends_when_the_reader_of_a_branch_has_gone_although_its_input_is_open() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let pipeline = format!("sample --rate 1 - | tee {{ sample --rate 1 }} {{ relay --to {} }}", sink.url());
    let mut process = run(&dir, "", &pipeline).stdin_open().stdout_piped().spawn();
    process.write(&frame(1, &traces(0..3)));
    sink.wait_for_spans(3);
    go_away(&mut process);
    let began = Instant::now();
    eventually("the end", || (!process.is_running()).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    process.wait().expect(4, &format!("sample-2: {GONE}"));
    Ledgers::read(&dir).expect_all(&["sample", "branch-1", "sample-2", "branch-2", "relay"], 3);
}

#[test]
fn it_ends_when_the_disk_is_full() {
    let dir = TempDir::new();
    dir.write("input.jsonl", line(&traces(0..10)));
    for (pipeline, stage) in [
        ("collect --synthetic 1000 | sample --rate 1", "sample"),
        ("sample --rate 1 input.jsonl | sample --rate 1", "sample-2"),
    ] {
        let end = run(&dir, "", pipeline).stdout_to(full()).run();
        end.expect(4, &format!("obs: {stage}: cannot write to stdout: No space left on device"));
        let account = Ledgers::read(&dir)[stage].traces();
        assert!(account.sent == 0 && account.lost > 0, "{account:?}");
    }
}

#[test]
fn senders_are_told_when_the_disk_is_full() {
    let dir = TempDir::new();
    let process = run(&dir, "", &format!("{COLLECT} | sample --rate 1")).stdout_to(full()).spawn();
    let refusal = GrpcClient::connect(process.port("gRPC")).traces(traces(0..10)).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable, "{refusal}");
    process.wait().expect(4, "sample: 10 spans in = 0 out + 10 lost (not_written)");
}

#[test]
fn an_address_in_use_is_told_before_anything_is_done() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let taken = sink.url();
    let taken = taken.strip_prefix("http://").unwrap();
    let pipeline = format!("collect --grpc {taken} --http off | sample --rate 1 | relay --to {}", sink.url());
    let end = run(&dir, "", &pipeline).run();
    end.expect(2, &format!("obs: collect: cannot listen for OTLP/gRPC on {taken}: Address already in use"));
    end.expect(2, "hint: --grpc ADDR chooses another address");
    assert!(!std::path::Path::new(&dir.file("ledgers.json")).exists());
    let end =
        run(&dir, &format!("--health {taken}"), "collect --synthetic 1 | relay --to http://127.0.0.1:9")
            .run();
    end.expect(2, &format!("cannot serve health on {taken}"));
}

#[test]
fn a_dead_letter_file_that_cannot_be_opened_is_told_before_anything_is_done() {
    let dir = TempDir::new();
    let relay = format!("relay --dead-letter no/such/failed.jsonl --to http://127.0.0.1:{}", free_port());
    for (pipeline, stage) in [
        (format!("{COLLECT} | {relay}"), "relay"),
        (format!("collect --synthetic 1000 | tee {{ sample --rate 1 }} {{ {relay} }}"), "relay"),
        (
            format!("{COLLECT} | tee {{ relay --to http://127.0.0.1:9 }} {{ sample --rate 1 | {relay} }}"),
            "relay-2",
        ),
    ] {
        let end = run(&dir, "", &pipeline).run();
        end.expect(2, &format!("obs: {stage}: cannot open the dead-letter file no/such/failed.jsonl"));
        assert!(end.stdout.is_empty() && !end.stderr.contains("listening"), "{}", end.stderr);
    }
}

#[test]
fn a_file_that_is_both_read_and_written_is_told_before_anything_is_done() {
    let dir = TempDir::new();
    let input = dir.write("failed.jsonl", line(&traces(0..3)));
    let to = format!("--to http://127.0.0.1:{} --give-up-after 0s", free_port());
    for pipeline in [
        format!("relay {to} --dead-letter failed.jsonl failed.jsonl"),
        format!("sample --rate 1 failed.jsonl | relay {to} --dead-letter {input}"),
        format!(
            "sample --rate 1 failed.jsonl | tee {{ relay {to} }} {{ relay {to} --dead-letter failed.jsonl }}"
        ),
        "sample --rate 1 failed.jsonl | sample --rate 1".to_owned(),
        format!("sample --rate 1 failed.jsonl | tee {{ sample --rate 1 }} {{ relay {to} }}"),
    ] {
        let stdout = File::options().append(true).open(&input).unwrap();
        run(&dir, "", &pipeline).stdout_to(stdout).run().expect(2, "failed.jsonl is both read and written");
        assert_eq!(std::fs::read_to_string(&input).unwrap(), line(&traces(0..3)));
    }
}

#[test]
fn stdout_is_in_the_format_of_the_environment() {
    let dir = TempDir::new();
    for pipeline in ["sample --rate 1 -", "sample --rate 1 - | sample --rate 1"] {
        let end = run(&dir, "", pipeline).env("OBS_FORMAT", "proto").stdin(line(&traces(0..5))).run();
        end.expect(0, "5 spans in = 5 out");
        assert_eq!(ids_of(end.traces_of_frames().iter().flat_map(spans_in)), ids(0..5), "{pipeline}");
    }
    let process = run(&dir, "", &format!("{COLLECT} | sample --rate 1")).env("OBS_FORMAT", "proto").spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..5)).unwrap();
    process.signal(Signal::TERM);
    let end = process.wait();
    end.expect(0, "sample: 5 spans in = 5 out");
    assert_eq!(ids_of(end.traces_of_frames().iter().flat_map(spans_in)), ids(0..5));
}

#[test]
fn objects_that_cannot_be_read_are_told_and_the_rest_goes_on() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let input = format!("nonsense\n{}", line(&traces(0..5)));
    let pipeline = format!("sample --rate 1 - | relay --to {}", sink.url());
    let end = run(&dir, "", &pipeline).stdin(input).run();
    end.expect(3, "relay: 5 spans in = 5 out");
    assert_eq!(sink.span_ids(), ids(0..5));
    let ledgers = Ledgers::read(&dir);
    assert_eq!((ledgers["sample"].rejected(), ledgers["relay"].rejected()), (1, 0));
}
