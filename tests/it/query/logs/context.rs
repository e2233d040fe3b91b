//! Neighbours of what is found, and its traces.

use super::{Kept, line, log, records, traces};
use crate::support::telemetry::logs_of;
use crate::support::{End, Obs};

#[test]
fn neighbours_are_shown_once_as_grep_shows_them() {
    let kept = Kept::new(&[records("a", 0..5), records("a", 5..12)]);
    // Without --format, though stdout is a pipe.
    let query = "message: (3 or 5 or 10)";
    let expected = [
        "  line 2",
        "> line 3",
        "  line 4",
        "> line 5",
        "  line 6",
        "--",
        "  line 9",
        "> line 10",
        "  line 11",
    ];
    assert_eq!(kept.lines(query, "-C 1 --sort oldest"), expected);
    let mut expected = expected;
    expected.reverse();
    assert_eq!(kept.lines(query, "-C 1"), expected);
    // Those that only touch are not separated.
    let expected = [
        "  line 1",
        "> line 2",
        "  line 3",
        "  line 4",
        "> line 5",
        "  line 6",
        "--",
        "  line 10",
        "> line 11",
    ];
    assert_eq!(kept.lines("message: (2 or 5 or 11)", "-C 1 --sort oldest"), expected);
    // One that is among the neighbours of another is found there.
    let expected = ["  line 0", "> line 1", "> line 2", "> line 3", "  line 4", "  line 5"];
    assert_eq!(kept.lines("message: (1 or 2 or 3)", "-C 2 --sort oldest"), expected);
    let alone = kept.logs("message: 7", "").run().text();
    assert!(alone.starts_with("time\tlevel\tservice\tmessage\t"), "{alone}");
}

#[test]
fn neighbours_are_of_one_source() {
    let kept = Kept::new(&[records("a", [0, 2, 4, 6, 8]), records("b", [1, 3, 5, 7, 9])]);
    let expected = [
        "  line 0", "> line 2", "  line 4", "--", "  line 1", "> line 3", "  line 5", "--", "> line 6",
        "  line 8", "--", "  line 7", "> line 9",
    ];
    assert_eq!(kept.lines("message: (2 or 3 or 6 or 9)", "-C 1 --sort oldest"), expected);
}

fn bodies(end: &End) -> Vec<String> {
    let mut bodies = Vec::new();
    for line in end.lines() {
        for container in line["resourceLogs"].as_array().into_iter().flatten() {
            for scope in container["scopeLogs"].as_array().unwrap() {
                assert_eq!(scope["scope"]["name"], "test");
                let records = scope["logRecords"].as_array().unwrap().iter();
                bodies.extend(records.map(|log| log["body"]["stringValue"].as_str().unwrap().to_owned()));
            }
        }
    }
    bodies
}

#[test]
fn a_stream_has_every_record_and_every_trace_once() {
    // Two records of a trace each.
    let of_trace = |number: u64| {
        [
            log(number),
            opentelemetry_proto::tonic::logs::v1::LogRecord {
                time_unix_nano: log(number).time_unix_nano + 100,
                ..log(number)
            },
        ]
    };
    let stored = line(&logs_of("a", (0..4).flat_map(of_trace).collect()));
    let kept = Kept::new(&[stored, line(&traces(0..4))]);
    let run = |query: &str, line: &str| {
        let end = kept.logs(query, line).run();
        end.expect(0, "");
        end
    };
    let end = run("message: (1 or 2)", "--format otlp --trace --sort oldest");
    assert_eq!(bodies(&end), ["line 1", "line 2", "line 1", "line 2"]);
    let text = end.text();
    assert_eq!((text.matches("\"span 1\"").count(), text.matches("\"span 2\"").count()), (1, 1), "{text}");
    let end = run("message: (1 or 2)", "--format otlp -C 2 --sort oldest");
    assert_eq!(
        bodies(&end),
        ["line 0", "line 1", "line 2", "line 3", "line 0", "line 1", "line 2", "line 3"]
    );
    // In JSON each record stands for itself.
    let end = run("message: 1", "--format ndjson --trace -C 1 --sort oldest");
    let lines = end.lines();
    assert_eq!(lines.len(), 2);
    for (line, (before, behind)) in lines.iter().zip([("line 0", "line 2"), ("line 0", "line 2")]) {
        assert_eq!(
            (&line["before"][0]["message"], &line["behind"][0]["message"]),
            (&before.into(), &behind.into())
        );
        assert_eq!(line["trace"]["root"]["operation"], "span 1");
    }
    // The text too has the trace once.
    let end = run("message: 1", "--trace");
    assert_eq!(end.text().matches("span 1").count(), 1, "{}", end.text());
}

#[test]
fn a_stream_that_nobody_reads_ends_quietly() {
    let kept = Kept::new(&[records("a", 0..20)]);
    for line in ["--format otlp", "--format otlp -C 2", "--format ndjson", ""] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let end: End = Obs::new(&kept.dir, "query logs").args(line).stdout_to(writer).run();
        end.expect(0, "");
        assert_eq!(end.stderr, "", "{line}");
    }
}
