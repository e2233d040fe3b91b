//! `obs capacity calibrate`: what it measures is what it was given, and nothing of it stays behind.

use std::path::{Path, PathBuf};

use obs::capacity::Profile;
use prost::Message;
use rustix::process::{Pid, test_kill_process_group};
use serde_json::Value;

use crate::support::telemetry::{frame, line, logs, metrics, traces};
use crate::support::{End, Obs, Signal, TempDir, eventually};

/// Measures little, for a short time.
const QUICK: &str = "--rounds 2 --spans 3000 --load-time 300ms";

/// The directory in which temporary files are made.
fn temporary(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("tmp");
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn calibrate(dir: &TempDir, line: &str) -> Obs {
    let temporary = temporary(dir);
    Obs::new(dir, &format!("capacity calibrate {line}")).env("TMPDIR", temporary.to_str().unwrap())
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every number in a document, with its path.
fn numbers(path: &str, value: &Value, found: &mut Vec<(String, f64)>) {
    match value {
        Value::Number(number) => found.push((path.into(), number.as_f64().unwrap())),
        Value::Array(values) => values.iter().for_each(|value| numbers(path, value, found)),
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| numbers(&format!("{path}.{key}"), value, found));
        }
        _ => {}
    }
}

/// The profile that a run has written, which is sound.
#[track_caller]
fn profile(dir: &TempDir, name: &str) -> Profile {
    let path = dir.path().join(name);
    let profile = Profile::read(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.ends_with("}\n") && text.contains("\n  \"stages\": {\n"), "{text}");
    let mut found = Vec::new();
    numbers("", &serde_json::from_str(&text).unwrap(), &mut found);
    assert!(found.len() > 20 && found.iter().all(|(_, number)| *number > 0.0), "{found:?}");
    let stages = &profile.stages;
    for measured in [stages.collect, stages.sample, stages.relay, stages.store, profile.memory_bytes_per_span]
    {
        assert!(measured.min <= measured.median && measured.median <= measured.max, "{measured:?}");
    }
    let loads: Vec<f64> = profile.latency.iter().map(|latency| latency.load).collect();
    assert_eq!(loads, [0.5, 0.8]);
    assert!(profile.latency.iter().all(|latency| latency.p50_ms <= latency.p99_ms), "{profile:?}");
    let bytes = &profile.bytes;
    assert!(bytes.zstd < bytes.wire && bytes.gzip < bytes.wire && bytes.stored >= bytes.zstd, "{bytes:?}");
    assert!(profile.memory_bytes_per_span.median > bytes.wire / 2.0, "{profile:?}");
    assert!(names(&temporary(dir)).is_empty());
    profile
}

#[test]
fn files_are_measured_and_what_is_no_span_is_left_out() {
    let dir = TempDir::new();
    let requests = [traces(0..700), traces(700..900), traces(900..1100)];
    let frames =
        [frame(1, &requests[0]), frame(3, &logs(0..5)), frame(2, &metrics(0..7)), frame(1, &requests[1])];
    dir.write("a.frames", frames.concat());
    dir.write("b.jsonl", line(&requests[2]) + &line(&logs(0..8)));
    dir.write("obs.yaml", "agent:\n  buffer_capacity: 1\n");
    dir.write("profile.json", "what was there before");
    let end = calibrate(&dir, &format!("a.frames b.jsonl {QUICK} --format json"))
        // What is measured is not configured.
        .env("OBS_COLLECT_BEARER_TOKEN_FILE", "nowhere")
        .run();
    end.expect(0, "a.frames, b.jsonl: 20 data points and log records are left out");
    end.expect(0, "wrote profile.json; use it with obs capacity --profile profile.json");
    let profile = profile(&dir, "profile.json");
    let bytes: usize = requests.iter().map(Message::encoded_len).sum();
    assert_eq!(profile.bytes.wire, bytes as f64 / 1100.0);
    assert_eq!((profile.sample.source.as_str(), profile.sample.spans), ("a.frames, b.jsonl", 1100));
    assert_eq!(serde_json::from_slice::<Profile>(&end.stdout).unwrap(), profile);
    assert_eq!(names(dir.path()), ["a.frames", "b.jsonl", "obs.yaml", "profile.json", "tmp"]);
}

#[test]
fn a_database_is_measured_up_to_so_many_spans() {
    let dir = TempDir::new();
    let requests: Vec<_> = (0..6).map(|number| traces(number * 100..(number + 1) * 100)).collect();
    dir.write("a.frames", requests.iter().map(|request| frame(1, request)).collect::<Vec<_>>().concat());
    Obs::new(&dir, "store --db a.db a.frames").run().expect(0, "");
    let end = calibrate(&dir, "--db a.db --output b.json --rounds 1 --spans 300 --load-time 200ms").run();
    end.expect(0, "a.db: spans after the first 300 are left out");
    let profile = profile(&dir, "b.json");
    let bytes: usize = requests[..3].iter().map(Message::encoded_len).sum();
    assert_eq!((profile.bytes.wire, profile.sample.spans), (bytes as f64 / 300.0, 300));
    let text = end.text();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let first: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let expected = [
        ("measured", "unit"),
        ("spans", "spans"),
        ("collect", "spans/s per core"),
        ("sample", "spans/s per core"),
        ("relay", "spans/s per core"),
        ("store", "spans/s per core"),
        ("wire", "bytes a span"),
        ("gzip", "bytes a span"),
        ("zstd", "bytes a span"),
        ("stored", "bytes a span"),
        ("memory", "bytes a span"),
        ("export p50, 50 % load", "ms"),
        ("export p99, 50 % load", "ms"),
        ("export p50, 80 % load", "ms"),
        ("export p99, 80 % load", "ms"),
    ];
    assert_eq!(first, expected);
    assert_eq!(rows[5][2], profile.stages.store.median.to_string());
    assert_eq!(rows[1].last(), Some(&"100 in a request as they came"));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_measured() {
    let dir = TempDir::new();
    let stream = line(&traces(0..50)) + "{\"resourceSpans\": 7}\n" + &line(&traces(50..80));
    let end =
        calibrate(&dir, "- --rounds 1 --spans 1000 --load-time 200ms --format ndjson").stdin(stream).run();
    end.expect(3, "stdin: 1 objects could not be read");
    end.expect(3, "stdin:2:");
    assert_eq!(profile(&dir, "profile.json").sample.spans, 80);
    let lines = end.lines();
    assert_eq!((lines.len(), &lines[1]["measured"]), (14, &Value::from("collect")));
}

#[test]
fn a_signal_leaves_nothing_behind() {
    // In the order in which they come: the file of spans, a stage that ends by itself, a load on one that does not.
    for (moment, signal) in
        [("spans.frames", Signal::TERM), ("store", Signal::INT), ("sample.frames", Signal::HUP)]
    {
        let dir = TempDir::new();
        let temporary = temporary(&dir);
        let mut process = calibrate(&dir, "--rounds 1 --spans 40000").process_group(0).spawn();
        let group = Pid::from_raw(process.id()).unwrap();
        eventually(moment, || {
            assert!(process.is_running(), "{moment}: it has ended: {}", process.stderr.text());
            let sandbox = std::fs::read_dir(&temporary).unwrap().next()?.unwrap().path();
            sandbox.join(moment).exists().then_some(())
        });
        process.signal(signal);
        let end = process.wait();
        assert_eq!(end.code, 130, "{moment}: {}", end.stderr);
        assert!(names(&temporary).is_empty(), "{moment}: {:?}", names(&temporary));
        assert_eq!(names(dir.path()), ["tmp"], "{moment}");
        // Its children were in its group.
        eventually("no process", || test_kill_process_group(group).is_err().then_some(()));
    }
}

/// Nothing has been measured when an error is told.
#[track_caller]
fn refused(dir: &TempDir, line: &str, code: i32, message: &str, hint: &str) {
    let end: End = calibrate(dir, line).run();
    end.expect(code, message).expect(code, hint);
    assert!(end.stdout.is_empty() && names(&temporary(dir)).is_empty());
    assert!(!dir.path().join("profile.json").exists());
}

#[test]
fn what_cannot_be_measured_or_written_is_told_at_once() {
    let dir = TempDir::new();
    dir.write("logs.jsonl", line(&logs(0..5)));
    dir.write("empty.jsonl", "");
    dir.write("wrong.jsonl", "no JSON\n");
    dir.write("traces.jsonl", line(&traces(0..5)));
    let hint = "hint: name files of traces";
    refused(&dir, "logs.jsonl", 2, "logs.jsonl: expected spans, found 5 data points or log records", hint);
    refused(&dir, "empty.jsonl", 2, "empty.jsonl: expected spans, found nothing", hint);
    refused(&dir, "wrong.jsonl", 2, "found 0 data points or log records and 1 objects", hint);
    refused(&dir, "nowhere.jsonl", 4, "cannot open nowhere.jsonl: No such file", "");
    refused(&dir, "--db nowhere.db", 4, "nowhere.db", "hint: ");
    refused(&dir, "traces.jsonl --db a.db", 2, "cannot be used with", "");
    refused(&dir, "--output nowhere/a.json", 4, "cannot write nowhere/a.json: ", "hint: --output");
    refused(&dir, "--output .", 2, ".: expected the name of a file", "hint: such as --output profile.json");
    refused(&dir, "--rounds 0", 2, "--rounds", "");
    refused(&dir, "--spans 0", 2, "--spans", "");
}
