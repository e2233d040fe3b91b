//! `store export` of a part of the database.

use std::collections::BTreeSet;

use super::database::{Db, LOGS, METRICS, TRACES, numbers, of_signal};
use crate::support::telemetry::{TIME, frame, log, logs_of, metrics, span, spans_of, traces};
use crate::support::{Account, Obs};

const HOUR_NS: u64 = 3600 * 1_000_000_000;

/// Spans, one an hour from the generator's time on.
fn hourly(service: &str, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut spans: Vec<_> = numbers.map(span).collect();
    for span in &mut spans {
        let number = u64::from_be_bytes(span.span_id[..].try_into().unwrap()) - 1;
        span.start_time_unix_nano = TIME + number * HOUR_NS;
        span.end_time_unix_nano = span.start_time_unix_nano + 2 * HOUR_NS;
    }
    frame(1, &spans_of(service, spans))
}

/// A span an hour of two services for two days, and a log record of each service at the beginning.
fn kept() -> Db {
    let db = Db::new();
    db.keep([hourly("checkout", 0..12), hourly("payment", 12..24)].concat());
    db.keep([hourly("checkout", 24..36), hourly("payment", 36..48)].concat());
    db.keep(
        [frame(3, &logs_of("checkout", vec![log(0)])), frame(3, &logs_of("payment", vec![log(1)]))].concat(),
    );
    db.keep(frame(2, &metrics(0..3)));
    db
}

#[track_caller]
fn expect_numbers(db: &Db, options: &str, expected: impl IntoIterator<Item = u64>) {
    let expected: BTreeSet<u64> = expected.into_iter().collect();
    assert_eq!(numbers(&db.export(options)), expected, "{options}");
}

#[test]
fn by_signal() {
    let db = kept();
    let all = db.export("");
    for (name, signal, batches) in [("traces", TRACES, 4), ("logs", LOGS, 2), ("metrics", METRICS, 1)] {
        let found = db.export(&format!("--signal {name}"));
        assert_eq!(found.len(), batches, "{name}");
        assert!(found.iter().map(|(_, message)| message).eq(of_signal(&all, signal)), "{name}");
    }
}

#[test]
fn by_service() {
    let db = kept();
    expect_numbers(&db, "--service checkout", (0..12).chain(24..36));
    expect_numbers(&db, "--service payment", (12..24).chain(36..48));
    expect_numbers(&db, "--service payment --service checkout", 0..48);
    assert_eq!(db.export("--service payment --signal logs").len(), 1);
    assert_eq!(db.export("--service payment --signal metrics").len(), 0);
    assert_eq!(db.export("--service nobody").len(), 0);
    // Names are names, not patterns.
    assert_eq!(db.export("--service %").len(), 0);
    assert_eq!(db.export("--service Checkout").len(), 0);
}

#[test]
fn by_time() {
    let db = kept();
    let now = "--signal traces --now 2026-01-02T12:30:00Z";
    // The start of a span counts; the beginning belongs to a range, the end does not.
    expect_numbers(&db, "--from 2026-01-01T10:00:00Z", 10..48);
    expect_numbers(&db, "--to 2026-01-01T10:00:00Z", 0..10);
    expect_numbers(&db, "--from 2026-01-01T05:00:00Z --to 2026-01-02T02:00:01Z", 5..27);
    expect_numbers(&db, "--from 2026-01-01T05:00:00.000000001Z --to 2026-01-01T06:00:00Z", []);
    expect_numbers(&db, &format!("{now} --since 3h"), 34..48);
    expect_numbers(&db, &format!("{now} --since 3h --to now"), 34..37);
    expect_numbers(&db, &format!("{now} --from now-2h --to now-30m"), 35..36);
    expect_numbers(&db, &format!("{now} --since 2h --service payment"), 36..48);
    // The environment says what the present is, too.
    let end = db.store("export --format proto --since 3h").env("OBS_NOW", "2026-01-02T12:30:00Z").run();
    assert!(numbers(&super::database::frames(&end.stdout)).into_iter().eq(34..48));
    // Log records and data points stand at the very beginning.
    assert_eq!(db.export("--signal logs --to 2026-01-01T00:00:01Z").len(), 2);
    assert_eq!(db.export("--signal logs --from 2026-01-01T00:00:01Z").len(), 0);
    assert_eq!(db.export("--signal metrics --to 2026-01-01T00:00:01Z").len(), 1);
}

#[test]
fn what_is_left_of_a_batch_is_whole_in_itself() {
    let db = Db::new();
    let batch = spans_of("checkout", (0..10).map(span).collect());
    db.keep(frame(1, &batch));
    let export = db.store("export --format proto --from 2026-01-01T00:00:00.000000007Z");
    let end = export.ledger(&db.dir.file("ledger.json")).run();
    end.expect(0, "3 spans in = 3 out");
    assert_eq!(end.traces_of_frames(), [spans_of("checkout", (7..10).map(span).collect())]);
    assert_eq!(end.ledger().traces(), Account::all(3));
}

#[test]
fn lines_and_frames_say_the_same() {
    let db = kept();
    let lines = db.store("export").run();
    let frames = db.store("export").env("OBS_FORMAT", "proto").run();
    let back = Obs::new(&db.dir, "sample --rate 1 --format ndjson").stdin(frames.stdout).run();
    back.expect(0, "");
    assert_eq!(back.text(), lines.text());
    assert_eq!(lines.text().lines().count(), 7);
}

#[test]
fn a_reader_of_the_export_may_go_away() {
    let db = Db::new();
    db.keep((0..40).flat_map(|batch| frame(1, &traces(batch * 500..(batch + 1) * 500))).collect::<Vec<_>>());
    let mut export = db.store("export").stdout_piped().spawn();
    drop(export.take_stdout());
    export.wait().expect(4, "the reader of stdout went away before the end");
}
