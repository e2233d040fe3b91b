//! The documents through the real `obs`, with rate 1 so that all must come out.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use obs::otlp::Signal;
use serde_json::Value;

use super::shared::{self, BAD, documents, is_bad, is_json};
use super::{read, wire, write};

/// Runs `obs sample --rate 1` in the documents' folder, without any environment.
fn sample(root: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_obs"))
        .args(["sample", "--rate", "1"])
        .args(args)
        .current_dir(root)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("obs starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // Beside the reading of the output, as either pipe may fill up. A process that ends early reads no more.
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().expect("obs ends")
    })
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(output: &Output) -> Vec<&str> {
    str::from_utf8(&output.stdout).expect("NDJSON is UTF-8").lines().collect()
}

/// What a document's good objects are as NDJSON.
fn ndjson(root: &Path, name: &str) -> Vec<String> {
    read(&shared::text(root, name)).batches.iter().map(|(batch, _)| write(batch)).collect()
}

#[test]
fn good_documents_come_out_whole() {
    let Some(root) = shared::root() else { return };
    let good: Vec<String> =
        documents(&root).into_iter().filter(|name| is_json(name) && !is_bad(name)).collect();
    for name in &good {
        let output = sample(&root, &[name], b"");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert_eq!(lines(&output), ndjson(&root, name), "{name}");
    }
    // All of them in one command, in order, as if they were one.
    let names: Vec<&str> = good.iter().map(String::as_str).collect();
    let output = sample(&root, &names, b"");
    let all: Vec<String> = names.iter().flat_map(|name| ndjson(&root, name)).collect();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(lines(&output), all);
}

#[test]
fn broken_documents_are_told_by_place_and_leave_their_neighbours_alone() {
    let Some(root) = shared::root() else { return };
    let neighbour = "examples/trace.json";
    for (name, faults) in BAD {
        let output = sample(&root, &[neighbour, name, neighbour], b"");
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{name}: {told}");
        for (line, column, path) in *faults {
            let place = format!("{name}:{line}:{column}: {path}");
            assert!(told.lines().any(|line| line.contains(&place)), "{place} in {told}");
        }
        let around = ndjson(&root, neighbour);
        assert_eq!(lines(&output), [&around[..], &ndjson(&root, name), &around].concat(), "{name}");
    }
}

#[test]
fn broken_objects_leave_those_beside_them_in_the_file_alone() {
    let Some(root) = shared::root() else { return };
    let good = shared::text(&root, "duckdb-otlp/traces_simple.jsonl");
    let pretty = shared::text(&root, "examples/logs.json");
    for (name, faults) in BAD {
        let bad = shared::text(&root, name);
        // Compact and pretty-printed neighbours, before and behind.
        let text = format!("{good}{}\n{}\n{good}{pretty}", pretty.trim_end(), bad.trim_end());
        let before = good.lines().count() + pretty.trim_end().lines().count();
        let output = sample(&root, &["-"], text.as_bytes());
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{name}: {told}");
        for (line, column, path) in *faults {
            let place = format!("stdin:{}:{column}: {path}", line + before);
            assert!(told.lines().any(|line| line.contains(&place)), "{name}: {place} in {told}");
        }
        let traces = ndjson(&root, "duckdb-otlp/traces_simple.jsonl");
        let logs = ndjson(&root, "examples/logs.json");
        assert_eq!(lines(&output), [&traces[..], &logs, &traces, &logs].concat(), "{name}: {told}");
    }
}

#[test]
fn frames_say_the_same_as_lines() {
    let Some(root) = shared::root() else { return };
    for name in documents(&root).iter().filter(|name| is_json(name) && !is_bad(name)) {
        let direct = sample(&root, &[name], b"");
        let framed = sample(&root, &["--format", "proto", name], b"");
        assert_eq!(framed.status.code(), Some(0), "{name}: {}", stderr(&framed));
        let back = sample(&root, &["--format", "ndjson", "-"], &framed.stdout);
        assert_eq!(back.status.code(), Some(0), "{name}: {}", stderr(&back));
        assert_eq!(lines(&back), lines(&direct), "{name}");
    }
}

/// A message with a header that gives its length and that `number` of a signal.
fn frame(number: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message") | u32::from(number) << 24;
    [&length.to_be_bytes()[..], message].concat()
}

#[test]
fn frames_of_a_collector_are_of_the_signal_that_is_asked_for() {
    let Some(root) = shared::root() else { return };
    let mut seen = Vec::new();
    for name in documents(&root).iter().filter(|name| name.ends_with(".pb")) {
        let signal = shared::signal(name);
        let batch = wire(signal, &root.join(name));
        let want = [write(&batch)];
        let unsaid = frame(0, batch.bytes());
        let output = sample(&root, &["--signal", signal.name(), "-"], &unsaid);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert_eq!(lines(&output), want, "{name}");

        // Not asked for, they are traces.
        let output = sample(&root, &["-"], &unsaid);
        let good = signal == Signal::Traces;
        assert_eq!(output.status.code(), Some(if good { 0 } else { 3 }), "{name}: {}", stderr(&output));
        assert_eq!(lines(&output).len(), usize::from(good), "{name}");
        if !good {
            assert!(stderr(&output).contains("stdin: frame 1: at byte "), "{name}: {}", stderr(&output));
        }

        // A frame that says its signal is not asked.
        let said = frame(signal.index() as u8 + 1, batch.bytes());
        let output = sample(&root, &["--signal", "logs", "-"], &said);
        assert_eq!(lines(&output), want, "{name}");
        seen.push(signal);
    }
    assert!(Signal::ALL.iter().all(|signal| seen.contains(signal)));
}

#[test]
fn a_broken_frame_is_told_by_number_and_the_next_one_is_read() {
    let Some(root) = shared::root() else { return };
    let batch = wire(Signal::Metrics, &root.join("otlp2parquet/metrics_sum.pb"));
    let cut = &batch.bytes()[..batch.bytes().len() - 1];
    let stream = [frame(2, batch.bytes()), frame(2, cut), frame(2, batch.bytes())].concat();
    let output = sample(&root, &["-"], &stream);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("stdin: frame 2: at byte 0: resourceMetrics"), "{}", stderr(&output));
    assert_eq!(lines(&output), [write(&batch), write(&batch)]);

    // A stream that ends inside a frame.
    let output = sample(&root, &["-"], &stream[..stream.len() - 1]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("stdin: frame 3: "), "{}", stderr(&output));
    assert_eq!(lines(&output), [write(&batch)]);
}

#[test]
fn the_ledger_counts_all_items_and_all_rejected_objects() {
    let Some(root) = shared::root() else { return };
    let folder = std::env::temp_dir().join(format!("obs-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the ledger");
    let path = folder.join("ledger.json");
    let names: Vec<String> = documents(&root).into_iter().filter(|name| is_json(name)).collect();
    let mut args = vec!["--ledger", path.to_str().expect("UTF-8")];
    args.extend(names.iter().map(String::as_str));
    let output = sample(&root, &args, b"");
    let ledger: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a ledger was written")).expect("JSON");
    std::fs::remove_dir_all(&folder).expect("the folder can go");

    assert_eq!(output.status.code(), Some(3));
    let rejected: usize = BAD.iter().map(|(_, faults)| faults.len()).sum();
    assert_eq!(ledger["rejected_objects"], rejected);
    assert_eq!(ledger["unknown_fields"], 0);
    for signal in Signal::ALL {
        let batches = names.iter().flat_map(|name| read(&shared::text(&root, name)).batches);
        let items: usize =
            batches.filter(|(batch, _)| batch.signal() == signal).map(|(batch, _)| batch.items()).sum();
        assert!(items > 0);
        let counts = &ledger[signal.name()];
        assert_eq!((&counts["in"], &counts["out"]), (&items.into(), &items.into()), "{signal}");
        assert_eq!((&counts["dropped"], &counts["lost"]), (&serde_json::json!({}), &serde_json::json!({})));
    }
}
