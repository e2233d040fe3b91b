//! Times that a query writes, in every spelling: instants are compared, not texts.

use serde_json::{Value, json};

use super::Db;
use crate::support::telemetry::{TIME, frame, log, logs_of, span, spans_of};

const MINUTE: u64 = 60_000_000_000;

/// A span and a log record every ten minutes of a day, from midnight of 2026-01-01, in two segments.
fn day() -> Db {
    let db = Db::new();
    for half in 0..2 {
        let times = || (half * 72..(half + 1) * 72).map(|number| (number, TIME + number * 10 * MINUTE));
        let spans = times().map(|(number, time)| {
            let mut span = span(number);
            (span.start_time_unix_nano, span.end_time_unix_nano) = (time, time + 1);
            span
        });
        let logs = times().map(|(number, time)| {
            let mut log = log(number);
            log.time_unix_nano = time;
            log
        });
        let stream = [frame(1, &spans_of("a", spans.collect())), frame(3, &logs_of("a", logs.collect()))];
        db.keep(stream.concat());
    }
    db
}

/// Spellings of 10:00.
const TEN: [&str; 12] = [
    "2026-01-01T10:00:00.000000000Z",
    "2026-01-01T10:00:00Z",
    "2026-01-01T10:00Z",
    "2026-01-01T10:00",
    "2026-01-01 10:00",
    "2026-01-01 10:00:00",
    "2026-01-01 10:00:00.0",
    "2026-01-01 10:00Z",
    "2026-01-01T12:00:00+02:00",
    "2026-01-01 12:00+02:00",
    "2026-01-01T04:30:00.000-05:30",
    "2025-12-31 23:00-11:00",
];

/// The rows that a condition leaves: found through the tables, and by SQLite alone where `+` hides the column.
#[track_caller]
fn counts(db: &Db, conditions: &[String]) -> Vec<Value> {
    let count = |condition: &String| {
        format!(
            "(SELECT count(*) FROM spans WHERE {condition}), (SELECT count(*) FROM logs WHERE {condition})"
        )
    };
    let counts: Vec<String> = conditions.iter().map(count).collect();
    let row = db.end(&format!("SELECT json_array({}) AS c", counts.join(", "))).lines();
    serde_json::from_str(row[0]["c"].as_str().unwrap()).unwrap()
}

#[test]
fn every_spelling_of_a_time_finds_the_same() {
    let db = day();
    for ten in TEN {
        for column in ["Timestamp", "+Timestamp"] {
            let conditions = [
                (format!("{column} > '{ten}'"), 83),
                (format!("{column} >= '{ten}'"), 84),
                (format!("{column} < '{ten}'"), 60),
                (format!("{column} <= '{ten}'"), 61),
                (format!("{column} = '{ten}'"), 1),
                (format!("{column} <> '{ten}'"), 143),
                (format!("'{ten}' < {column}"), 83),
                (format!("{column} BETWEEN '{ten}' AND '2026-01-01 11:05'"), 7),
                (format!("{column} BETWEEN '2026-01-01T00:30:00+01:00' AND '{ten}'"), 61),
                (format!("{column} IN ('{ten}', '2026-01-01 00:00', 'never')"), 2),
                (format!("{column} >= '{ten}' AND {column} < '2026-01-01T13:00:00+02:00'"), 6),
            ];
            let expected: Vec<i64> = conditions.iter().flat_map(|(_, count)| [*count, *count]).collect();
            let conditions = conditions.map(|(condition, _)| condition);
            assert_eq!(json!(counts(&db, &conditions)), json!(expected), "{conditions:#?}");
        }
    }
}

#[test]
fn dates_functions_and_other_texts_are_compared_too() {
    let db = day();
    for column in ["Timestamp", "+Timestamp"] {
        let conditions = [
            ("= '2026-01-01'", 1),
            (">= '2026-01'", 144),
            ("> '2026'", 143),
            ("< '2026-01-02'", 144),
            ("> datetime('2026-01-01 12:00', '-2 hours')", 83),
            (">= strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+10 hours')", 84),
            ("> datetime('now')", 0),
            ("< '2026-01-01T10:3'", 63),
            ("> 'tomorrow'", 0),
            ("> ''", 144),
            // As texts.
            (">= '2026-01-01 10:00' COLLATE BINARY", 144),
        ];
        let expected: Vec<i64> = conditions.iter().flat_map(|(_, count)| [*count, *count]).collect();
        let conditions = conditions.map(|(rest, _)| format!("{column} {rest}"));
        assert_eq!(json!(counts(&db, &conditions)), json!(expected), "{conditions:#?}");
    }
}

#[test]
fn order_and_groups_are_those_of_instants() {
    let db = day();
    let latest = "SELECT Timestamp FROM spans WHERE Timestamp < '2026-01-01 12:10+02:00' ORDER BY Timestamp DESC LIMIT 2";
    assert_eq!(db.column(latest), ["2026-01-01T10:00:00.000000000Z", "2026-01-01T09:50:00.000000000Z"]);
    let first = "SELECT Timestamp FROM logs WHERE Timestamp > '2026-01-01 10:00' ORDER BY Timestamp LIMIT 1";
    assert_eq!(db.column(first), ["2026-01-01T10:10:00.000000000Z"]);
    let joined = "SELECT count(*) FROM spans s JOIN logs l ON l.Timestamp = s.Timestamp AND l.Timestamp >= '2026-01-01 23:00'";
    assert_eq!(db.column(joined), [6]);
    let texts =
        "WITH t(x) AS (VALUES ('2026-01-01 10:00'), ('2026-01-01T09:00:00Z'), ('2026-01-01T10:00:00+02:00'))
                 SELECT x FROM t ORDER BY x COLLATE INSTANT";
    assert_eq!(db.column(texts), ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "2026-01-01 10:00"]);
    let known = "SELECT count(*) FROM logs WHERE ObservedTimestamp >= '2026-01-01 00:00' OR ObservedTimestamp IS NULL";
    assert_eq!(db.column(known), [144]);
}
