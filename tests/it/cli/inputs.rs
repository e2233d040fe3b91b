//! Streams as people hand them over.

use std::io::Write;

use crate::support::telemetry::{frame, ids, ids_of, line, logs, metrics, spans_in, traces, traces_of_lines};
use crate::support::{Account, End, Obs, TempDir};

fn sample(input: impl Into<Vec<u8>>) -> End {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "sample --rate 1").stdin(input).ledger(&dir.file("ledger.json")).run();
    end.ledger();
    end
}

#[track_caller]
fn expect_spans(end: &End, numbers: std::ops::Range<u64>) {
    let requests = traces_of_lines(&end.text());
    assert_eq!(ids_of(requests.iter().flat_map(spans_in)), ids(numbers));
}

fn pretty(numbers: std::ops::Range<u64>) -> String {
    serde_json::to_string_pretty(&traces(numbers)).unwrap()
}

#[test]
fn pretty_printed_and_concatenated_objects() {
    let compact = |numbers| line(&traces(numbers)).trim_end().to_owned();
    let input = [
        pretty(0..2),
        compact(2..4),
        "\r\n\r\n  ".into(),
        compact(4..6),
        pretty(6..8),
        "\n".into(),
        compact(8..10),
    ];
    let end = sample(input.concat());
    end.expect(0, "10 spans in = 10 out");
    expect_spans(&end, 0..10);
    // The last object needs no end of line, and a byte order mark is nothing.
    let end = sample(format!("\u{feff}{}", compact(0..2)));
    end.expect(0, "2 spans in = 2 out");
}

#[test]
fn garbage_between_objects_is_rejected_with_its_place_and_the_rest_is_read() {
    let input = [
        line(&traces(0..2)),
        "garbage\n".into(),
        line(&traces(2..4)),
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"NOSUCH\"}]}]}]}\n".into(),
        line(&logs(0..1)),
        "{\"something\":\"else\"}\n".into(),
        "{\"resourceSpans\":[\n".into(),
        line(&traces(4..6)),
        "[1,2]\n".into(),
        line(&traces(6..8)),
    ];
    let end = sample(input.concat());
    end.expect(3, "warning: stdin:2:1: ")
        .expect(3, "warning: stdin:4:52: resourceSpans[0].scopeSpans[0].spans[0].kind: ")
        .expect(3, "warning: stdin:6:")
        .expect(3, "expected an OTLP object with resourceSpans, resourceMetrics or resourceLogs")
        .expect(3, "warning: stdin:9:1: ")
        .expect(3, "8 spans in = 8 out")
        .expect(3, "5 input objects rejected");
    expect_spans(&end, 0..8);
    assert_eq!(end.ledger().rejected(), 5);
    assert_eq!(end.ledger().account("logs"), Account::all(1));
}

#[test]
fn a_stream_that_is_cut_off() {
    let whole = line(&traces(0..2)) + &line(&traces(2..4));
    let end = sample(&whole.as_bytes()[..whole.len() - 20]);
    end.expect(3, "the text ends inside a JSON value");
    expect_spans(&end, 0..2);
}

#[test]
fn frames_that_are_cut_off_or_broken() {
    let frames = |numbers: std::ops::Range<u64>| frame(1, &traces(numbers));
    let whole = [frames(0..2), frames(2..4)].concat();
    let end = sample(&whole[..whole.len() - 5]);
    end.expect(3, "stdin: frame 2: ").expect(3, "the stream was cut off");
    expect_spans(&end, 0..2);
    let end = sample(&whole[..frames(0..2).len() + 2]);
    end.expect(3, "2 bytes at the end are no frame; the stream was cut off");
    expect_spans(&end, 0..2);
    // A frame whose message is none; the next one is found by its length.
    let broken = [&[1, 0, 0, 4][..], b"\xff\xff\xff\xff"].concat();
    let end = sample([frames(0..2), broken, frames(2..4)].concat());
    end.expect(3, "stdin: frame 2: at byte ").expect(3, "1 input objects rejected");
    expect_spans(&end, 0..4);
    // A header that is none: nothing behind it can be found.
    let end = sample([frames(0..2), vec![9, 0, 0, 1, 0], frames(2..4)].concat());
    end.expect(3, "expected a signal (0 to 3) in the first byte of the header, found 9");
    expect_spans(&end, 0..2);
}

#[test]
fn frames_that_do_not_say_their_signal() {
    let dir = TempDir::new();
    let run = |signal: &str, frame: Vec<u8>| {
        Obs::new(&dir, "sample --rate 1 --signal").arg(signal).stdin(frame).run()
    };
    sample(frame(0, &traces(0..2))).expect(0, "2 spans in = 2 out");
    run("traces", frame(0, &traces(0..2))).expect(0, "2 spans in = 2 out");
    run("logs", frame(0, &logs(0..2))).expect(0, "2 log records in = 2 out");
    run("metrics", frame(0, &metrics(0..2))).expect(0, "2 data points in = 2 out");
    run("logs", frame(1, &traces(0..2))).expect(0, "2 spans in = 2 out");
}

#[test]
fn compressed_input_is_recognized() {
    let dir = TempDir::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(line(&traces(0..2)).as_bytes()).unwrap();
    let input = dir.write("traces.jsonl.gz", gzip.finish().unwrap());
    let end = Obs::new(&dir, "sample --rate 1").arg(input).run();
    end.expect(3, "the input is compressed; try: zcat FILE | obs");
    assert_eq!(end.text(), "");
    let end = sample(zstd::encode_all(line(&traces(0..2)).as_bytes(), 1).unwrap());
    end.expect(3, "the input is compressed; try: zstdcat FILE | obs");
}

#[test]
fn several_files_and_stdin_are_read_in_order() {
    let dir = TempDir::new();
    dir.write("first.jsonl", line(&traces(0..2)));
    dir.write("second.frames", frame(1, &traces(4..6)));
    let end = Obs::new(&dir, "sample --rate 1 first.jsonl - second.frames").stdin(line(&traces(2..4))).run();
    end.expect(0, "6 spans in = 6 out");
    assert_eq!(traces_of_lines(&end.text()), [traces(0..2), traces(2..4), traces(4..6)]);
}

#[test]
fn an_empty_input_is_an_empty_output() {
    for input in ["", "\n \r\n\t\n"] {
        let end = sample(input);
        end.expect(0, "nothing came in");
        assert_eq!(end.text(), "");
    }
}

#[test]
fn files_that_cannot_be_read_are_told_before_anything_is_done() {
    let dir = TempDir::new();
    dir.write("first.jsonl", line(&traces(0..2)));
    let end = Obs::new(&dir, "sample --rate 1 first.jsonl missing.jsonl").run();
    end.expect(4, "obs: cannot open missing.jsonl: No such file or directory");
    assert_eq!(end.text(), "");
    let end = Obs::new(&dir, "sample --rate 1 .").run();
    end.expect(4, "Is a directory");
}

#[test]
fn one_broken_file_does_not_keep_the_next_from_being_read() {
    let dir = TempDir::new();
    dir.write("broken.frames", [7, 7, 7, 7]);
    dir.write("cut.frames", &frame(1, &traces(0..2))[..10]);
    dir.write("good.jsonl", line(&traces(0..2)));
    let end = Obs::new(&dir, "sample --rate 1 broken.frames cut.frames good.jsonl").run();
    end.expect(3, "broken.frames:").expect(3, "cut.frames: frame 1: ").expect(3, "2 spans in = 2 out");
    expect_spans(&end, 0..2);
}
