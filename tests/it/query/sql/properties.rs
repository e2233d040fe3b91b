//! A query finds the same whether the tables or SQLite itself apply its conditions.

use std::path::PathBuf;
use std::sync::OnceLock;

use obs::query::sql::Session;
use obs::store::Database;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use proptest::prelude::*;
use rusqlite::types::Value;

use super::{Db, values};
use crate::support::telemetry::{TIME, frame, log, logs_of, span_id, spans_of, trace_id, traces};

const SERVICES: [&str; 3] = ["checkout", "Payment", ""];
const NAMES: [&str; 3] = ["GET /", "pay", ""];

/// A span whose parts say little, so that many are alike.
fn span(number: u64, from: u64) -> Span {
    let id = trace_id(number);
    let pick = |index: usize, of: u64| u64::from(id[index]) % of;
    let start = if pick(0, 12) == 0 { 0 } else { TIME + from + pick(1, 40) * 100_000_000 };
    Span {
        trace_id: if pick(2, 20) == 0 { Vec::new() } else { trace_id(pick(3, 9)).to_vec() },
        span_id: span_id(number).to_vec(),
        name: NAMES[pick(4, 3) as usize].into(),
        kind: pick(5, 7) as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: if pick(6, 8) == 0 { 0 } else { start + pick(7, 5) * 500 },
        status: Some(Status { code: pick(8, 3) as i32, ..Status::default() }),
        ..Span::default()
    }
}

/// Some segments of spans and log records, whose times overlap.
fn database() -> &'static PathBuf {
    static KEPT: OnceLock<(Db, PathBuf)> = OnceLock::new();
    let (_, path) = KEPT.get_or_init(|| {
        let db = Db::new();
        for segment in 0..6_u64 {
            let numbers = segment * 60..(segment + 1) * 60;
            let mut stream = Vec::new();
            for (index, service) in SERVICES.iter().enumerate().skip((segment % 2) as usize) {
                let own = || numbers.clone().filter(move |number| number % 3 == index as u64);
                let spans = own().map(|number| span(number, segment * 2_000_000_000)).collect();
                stream.extend(frame(1, &spans_of(service, spans)));
                let records = own().map(|number| {
                    let mut record = log(number);
                    let id = trace_id(number);
                    record.severity_number = i32::from(id[0] % 25);
                    record.time_unix_nano = span(number, segment * 2_000_000_000).start_time_unix_nano;
                    record.trace_id = trace_id(u64::from(id[1] % 9)).to_vec();
                    record
                });
                stream.extend(frame(3, &logs_of(service, records.collect())));
            }
            db.keep(stream);
        }
        let path = db.0.path().join("obs.db");
        (db, path)
    });
    path
}

fn comparison() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["=", "<", "<=", ">", ">=", "IS", "<>"])
}

/// A time, whole or cut, right or not.
fn time() -> impl Strategy<Value = String> {
    let ticks = (0..200_u64).prop_map(|tick| TIME + tick * 100_000_000);
    let whole = ticks.prop_map(|ns| {
        let (seconds, rest) = ((ns - TIME) / 1_000_000_000, ns % 1_000_000_000);
        format!("2026-01-01T00:00:{seconds:02}.{rest:09}Z")
    });
    let cut = (whole.clone(), 0..30_usize).prop_map(|(time, length)| time[..length].to_owned());
    let spaced = cut.clone().prop_map(|time| time.replace('T', " "));
    let shifted = whole.clone().prop_map(|time| time.replace("-01T00", "-01 09").replace('Z', "+09:00"));
    prop_oneof![4 => whole, 2 => cut, 2 => spaced, 2 => shifted, 1 => Just("3000".into()), 1 => Just("~".into())]
}

fn name() -> impl Strategy<Value = String> {
    let names =
        ["checkout", "Payment", "payment", "", "GET /", "pay", "Server", "Error", "Unset", "Client", "6"];
    prop::sample::select(names.to_vec()).prop_map(|name| format!("'{name}'"))
}

fn id() -> impl Strategy<Value = String> {
    let known = (0..9_u64)
        .prop_map(|number| trace_id(number).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let known = prop_oneof![6 => known.clone(), 1 => known.prop_map(|id| id.to_uppercase()), 1 => Just(String::new()), 1 => Just("ab".into())];
    known.prop_map(|id| format!("'{id}'"))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..30_i64).prop_map(|number| number.to_string()),
        (0..5_i64).prop_map(|number| (number * 500).to_string()),
        (0..3000_i64).prop_map(|number| format!("{}.5", number)),
        (0..200_u64).prop_map(|tick| (TIME + tick * 100_000_000).to_string()),
        prop::sample::select(vec!["-1", "1e300", "-1e300", "9223372036854775807", "NULL", "'500'", "17.0"])
            .prop_map(str::to_owned),
    ]
}

/// The id of a span, or none, or one that is not there.
fn span_of() -> impl Strategy<Value = String> {
    let known = (0..400_u64).prop_map(|number| format!("'{:016x}'", number + 1));
    prop_oneof![6 => known, 1 => prop::sample::select(vec!["''", "'ab'", "NULL", "1"]).prop_map(str::to_owned)]
}

/// The number of a row of the first segments, or of none.
fn row() -> impl Strategy<Value = String> {
    let known = (0..14_i64, 0..70_i64).prop_map(|(segment, row)| (segment << 32 | row).to_string());
    prop_oneof![6 => known, 1 => prop::sample::select(vec!["-1", "NULL", "4294967297.0", "'x'"]).prop_map(str::to_owned)]
}

fn list(of: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(of, 0..4).prop_map(|values| values.join(", "))
}

fn condition() -> impl Strategy<Value = String> {
    let time = || time().prop_map(|time| format!("'{time}'"));
    let text = || {
        prop::sample::select(vec![
            "ServiceName",
            "SpanName",
            "SpanKind",
            "StatusCode",
            "TraceId",
            "Timestamp",
        ])
    };
    let numeric = || prop::sample::select(vec!["Duration", "TimeUnixNano"]);
    prop_oneof![
        3 => (comparison(), time()).prop_map(|(comparison, time)| format!("Timestamp {comparison} {time}")),
        1 => (time(), time()).prop_map(|(from, to)| format!("Timestamp BETWEEN {from} AND {to}")),
        1 => list(time()).prop_map(|times| format!("Timestamp IN ({times})")),
        1 => (comparison(), time()).prop_map(|(comparison, time)| format!("Timestamp {comparison} {time} COLLATE BINARY")),
        3 => (numeric(), comparison(), number()).prop_map(|(column, comparison, number)| format!("{column} {comparison} {number}")),
        1 => (numeric(), list(number())).prop_map(|(column, numbers)| format!("{column} IN ({numbers})")),
        3 => (text(), comparison(), prop_oneof![name(), id()]).prop_map(|(column, comparison, name)| format!("{column} {comparison} {name}")),
        2 => (text(), list(prop_oneof![name(), id()])).prop_map(|(column, names)| format!("{column} IN ({names})")),
        2 => id().prop_map(|id| format!("TraceId = {id}")),
        1 => list(id()).prop_map(|ids| format!("TraceId IN ({ids})")),
        1 => (id(), span_of()).prop_map(|(id, span)| format!("TraceId = {id} AND SpanId = {span}")),
        1 => (prop_oneof![Just("TraceId"), Just("SpanId")], list(prop_oneof![id(), span_of()])).prop_map(|(column, ids)| format!("{column} IN ({ids})")),
        1 => row().prop_map(|row| format!("row = {row}")),
        1 => list(row()).prop_map(|rows| format!("row IN ({rows})")),
        1 => (0..9_u64).prop_map(|n| format!("row IN (SELECT row FROM spans WHERE Duration > {n} * 300)")),
        1 => (text(), name()).prop_map(|(column, name)| format!("{column} = {name} COLLATE NOCASE")),
        1 => (text(), number()).prop_map(|(column, number)| format!("{column} = {number}")),
        1 => text().prop_map(|column| format!("{column} = NULL")),
        1 => text().prop_map(|column| format!("{column} IS NOT NULL")),
    ]
}

fn conditions() -> impl Strategy<Value = String> {
    let and = || prop::collection::vec(condition(), 1..4).prop_map(|conditions| conditions.join(" AND "));
    prop_oneof![4 => and(), 1 => (and(), and()).prop_map(|(one, other)| format!("({one}) OR ({other})"))]
}

/// The query for a log, where columns have other names.
fn of_logs(conditions: &str) -> String {
    let renamed = conditions.replace("Duration", "SeverityNumber").replace("SpanName", "ServiceName");
    renamed.replace("SpanKind", "TraceId").replace("StatusCode", "ServiceName")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn conditions_that_are_handed_on_lose_and_add_nothing(
        conditions in conditions(),
        is_log in any::<bool>(),
        columns in prop::sample::select(vec!["row, SpanId", "TimeUnixNano"]),
        order in prop::sample::select(vec!["", "Timestamp", "Timestamp DESC", "TimeUnixNano DESC", "TimeUnixNano", "Timestamp, ServiceName"]),
        limit in prop_oneof![3 => Just(-1_i64), 1 => 0..30_i64],
    ) {
        let mut database = Database::read(database(), &mut |_, _| {}).unwrap();
        let session = Session::begin(&mut database).unwrap();
        let (table, conditions) = if is_log { ("logs", of_logs(&conditions)) } else { ("spans", conditions) };
        let order_by = if order.is_empty() { String::new() } else { format!("ORDER BY {order}") };
        let query = |what: &str, from: &str| format!("SELECT {what} FROM {from} WHERE {conditions} {order_by}");
        // Conditions stay outside of what is materialized.
        let apart = |what: &str| {
            format!("WITH m AS MATERIALIZED (SELECT row, * FROM {table}) {}", query(what, "m"))
        };
        let (mut found, mut expected) = (values(&session, &query(columns, table)), values(&session, &apart(columns)));
        let key = |row: &Vec<Value>| format!("{row:?}");
        found.sort_by_key(key);
        expected.sort_by_key(key);
        prop_assert_eq!(&found, &expected, "{}", query(columns, table));
        if !order.is_empty() {
            // Rows of the same time may come in any order.
            let times = |query: String| values(&session, &format!("{query} LIMIT {limit}"));
            let sql = query("Timestamp", table);
            prop_assert_eq!(times(sql.clone()), times(apart("Timestamp")), "{}", sql);
        }
    }
}

#[test]
fn a_join_finds_the_same_whichever_table_comes_first() {
    let mut database = Database::read(database(), &mut |_, _| {}).unwrap();
    let session = Session::begin(&mut database).unwrap();
    let count = |join: &str| {
        let sql = format!("SELECT count(*), count(DISTINCT s.SpanId || l.row) FROM {join}");
        values(&session, &sql)
    };
    let on = "s.TraceId = l.TraceId AND s.TraceId <> ''";
    let expected = count("spans s JOIN logs l ON +s.TraceId = +l.TraceId AND s.TraceId <> ''");
    assert_eq!(count(&format!("spans s CROSS JOIN logs l ON {on}")), expected);
    assert_eq!(count(&format!("logs l CROSS JOIN spans s ON {on}")), expected);
    // Those that have no trace are as equal as any.
    for (one, other) in [("spans", "logs"), ("logs", "spans"), ("spans", "spans")] {
        for (more, hidden) in [
            ("", ""),
            ("AND s.SpanId = l.SpanId", "AND +s.SpanId = +l.SpanId"),
            (
                "AND l.ServiceName = 'checkout' AND l.TimeUnixNano > 0",
                "AND +l.ServiceName = 'checkout' AND +l.TimeUnixNano > 0",
            ),
            ("AND l.Timestamp >= s.Timestamp", "AND +l.Timestamp >= +s.Timestamp"),
        ] {
            let handed_on = format!("{one} s CROSS JOIN {other} l ON s.TraceId = l.TraceId {more}");
            let expected = format!("{one} s CROSS JOIN {other} l ON +s.TraceId = +l.TraceId {hidden}");
            assert_eq!(count(&handed_on), count(&expected), "{handed_on}");
        }
    }
    let inside =
        "SELECT count(*) FROM spans WHERE TraceId IN (SELECT TraceId FROM logs WHERE SeverityNumber > 16)";
    assert_eq!(
        values(&session, inside),
        values(&session, &inside.replace("WHERE TraceId", "WHERE +TraceId"))
    );
}

#[test]
fn one_state_is_seen_while_others_write() {
    let db = Db::new();
    db.keep(frame(1, &traces(0..10)));
    let path = db.0.path().join("obs.db");
    let mut database = Database::read(&path, &mut |_, _| {}).unwrap();
    let session = Session::begin(&mut database).unwrap();
    let all = "SELECT (SELECT count(*) FROM spans), (SELECT total(items) FROM segments)";
    let before = values(&session, all);
    db.keep(frame(1, &traces(10..30)));
    assert_eq!(values(&session, all), before);
    assert_eq!(before, [[Value::Integer(10), Value::Real(10.0)]]);
    drop(session);
    let mut database = Database::read(&path, &mut |_, _| {}).unwrap();
    let session = Session::begin(&mut database).unwrap();
    assert_eq!(values(&session, all), [[Value::Integer(30), Value::Real(30.0)]]);
}
