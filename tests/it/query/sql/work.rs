//! What a query looks at: no more than what it is about.

use obs::query::sql::{Session, Work};
use obs::store::Database;
use opentelemetry_proto::tonic::trace::v1::Span;
use rusqlite::types::Value;

use super::{Db, values};
use crate::support::telemetry::{TIME, frame, log, logs_of, span, span_id, spans_of, text, trace_id};

const SEGMENTS: u64 = 6;
const TRACES: u64 = 400;
/// A root and its children.
const SPANS_PER_TRACE: u64 = 6;
const SPANS: u64 = TRACES * SPANS_PER_TRACE;
const LOGS: u64 = SPANS / 8;

/// A span of a trace whose spans are in two segments that follow each other.
fn child(number: u64) -> Span {
    let (trace, place) = (number / SPANS_PER_TRACE, number % SPANS_PER_TRACE);
    Span {
        trace_id: trace_id(trace).to_vec(),
        parent_span_id: if place == 0 { Vec::new() } else { span_id(number - place).to_vec() },
        kind: if place == 0 { 2 } else { 3 },
        end_time_unix_nano: TIME + number + 1000 + number * 7919 % 10_007,
        attributes: vec![text("number", &number.to_string())],
        ..span(number)
    }
}

fn shop() -> Db {
    let db = Db::new();
    for segment in 0..SEGMENTS {
        let segment_of = |number: &u64| (number / SPANS_PER_TRACE + number % 2) % SEGMENTS;
        let spans = (0..SPANS).filter(|number| segment_of(number) == segment).map(child).collect();
        db.keep(frame(1, &spans_of("checkout", spans)));
    }
    let records = (0..LOGS).map(|number| {
        let mut record = log(number * 8);
        record.trace_id = trace_id(number * 8 / SPANS_PER_TRACE).to_vec();
        record.span_id = span_id(number * 8).to_vec();
        // Most log records are written outside of any trace.
        if number % 2 == 0 {
            record.trace_id.clear();
            record.span_id.clear();
        }
        record
    });
    db.keep(frame(3, &logs_of("checkout", records.collect())));
    db
}

/// The first number that a query finds, and what it took.
fn asked(db: &Db, sql: &str) -> (i64, Work) {
    let mut database = Database::read(&db.0.path().join("obs.db"), &mut |_, _| {}).unwrap();
    let session = Session::begin(&mut database).unwrap();
    let Value::Integer(number) = values(&session, sql)[0][0] else { panic!("{sql}: no number") };
    (number, session.work())
}

/// Each segment is read in two steps at most: its columns, and the rest.
fn assert_each_once(work: Work, sql: &str) {
    assert!(work.segments <= 2 * (SEGMENTS + 1), "{sql}: {work:?}");
}

#[test]
fn a_join_looks_at_the_rows_of_its_traces() {
    let db = shop();
    for (sql, expected) in [
        (
            "SELECT count(*) FROM spans a JOIN spans b ON a.TraceId = b.TraceId AND a.SpanId = b.ParentSpanId",
            SPANS - TRACES,
        ),
        ("SELECT count(*) FROM spans a CROSS JOIN spans b ON a.TraceId = b.TraceId", SPANS * SPANS_PER_TRACE),
        ("SELECT count(*) FROM spans JOIN logs USING (TraceId, SpanId)", LOGS / 2),
        ("SELECT count(*) FROM logs CROSS JOIN spans USING (TraceId, SpanId)", LOGS / 2),
        ("SELECT count(*) FROM spans CROSS JOIN logs USING (TraceId, SpanId)", LOGS / 2),
        (
            "SELECT count(attr(s.row, 'number')) FROM logs l CROSS JOIN spans s USING (TraceId, SpanId)
             WHERE s.StatusCode <> 'Error' AND s.Timestamp >= '2026-01-01' AND s.ServiceName = 'checkout'",
            LOGS / 2,
        ),
        (
            "SELECT count(*) FROM spans s WHERE EXISTS (SELECT 1 FROM spans p WHERE p.TraceId = s.TraceId AND p.SpanId = s.ParentSpanId)",
            SPANS - TRACES,
        ),
    ] {
        let (found, work) = asked(&db, sql);
        assert_eq!(found, expected as i64, "{sql}");
        assert!(work.rows <= 2 * SPANS * (SPANS_PER_TRACE + 3), "{sql}: {work:?}");
        assert_each_once(work, sql);
    }
}

#[test]
fn a_list_looks_at_the_rows_that_it_names() {
    let db = shop();
    let of_roots = "(SELECT row FROM spans WHERE SpanKind = 'Server')";
    for (sql, expected) in [
        (format!("SELECT count(*) FROM spans WHERE row IN {of_roots}"), TRACES),
        (format!("SELECT count(SpanId) FROM spans WHERE row IN {of_roots}"), TRACES),
        (format!("SELECT count(b.SpanId) FROM {of_roots} a CROSS JOIN spans b ON b.row = a.row"), TRACES),
        (
            "SELECT count(*) FROM spans WHERE TraceId IN (SELECT TraceId FROM logs WHERE TraceId <> '')"
                .into(),
            // Every second log record of every eighth span is in a trace: none of every fourth trace is.
            TRACES / 4 * 3 / 2 * SPANS_PER_TRACE,
        ),
    ] {
        let (found, work) = asked(&db, &sql);
        assert_eq!(found, expected as i64, "{sql}");
        // To find what the list names, all are looked at: by their columns, then by the rest.
        assert!(work.rows <= 3 * SPANS, "{sql}: {work:?}");
        assert_each_once(work, &sql);
    }
}

#[test]
fn attributes_of_rows_in_any_order_read_each_segment_once() {
    let db = shop();
    let sql = "SELECT sum(attr(q.row, 'number')) FROM (SELECT row FROM spans ORDER BY Duration) q";
    let (found, work) = asked(&db, sql);
    assert_eq!(found, (SPANS * (SPANS - 1) / 2) as i64);
    assert_each_once(work, sql);
}

#[test]
fn one_trace_of_many_spans_is_not_gone_through_for_each_of_them() {
    let db = Db::new();
    for part in 0..4 {
        let chain = |number: u64| Span {
            trace_id: trace_id(0).to_vec(),
            parent_span_id: number.checked_sub(1).map(|before| span_id(before).to_vec()).unwrap_or_default(),
            ..span(number)
        };
        db.keep(frame(1, &spans_of("checkout", (part * 500..(part + 1) * 500).map(chain).collect())));
    }
    let sql =
        "SELECT count(*) FROM spans a JOIN spans b ON a.TraceId = b.TraceId AND a.SpanId = b.ParentSpanId";
    let (found, work) = asked(&db, sql);
    assert_eq!(found, 1999);
    assert!(work.rows <= 5 * 2000, "{work:?}");
}

#[test]
fn a_trace_that_is_not_there_costs_nothing() {
    let db = shop();
    for id in ["00112233445566778899aabbccddeeff", "no id", "ab"] {
        let sql = format!("SELECT count(*) FROM spans WHERE TraceId = '{id}'");
        assert_eq!(asked(&db, &sql), (0, Work::default()), "{id}");
    }
}

#[test]
fn traces_are_found_without_their_sets() {
    let db = shop();
    let sql = "SELECT count(*) FROM spans a CROSS JOIN spans b ON a.TraceId = b.TraceId";
    let (expected, _) = asked(&db, sql);
    let connection = rusqlite::Connection::open(db.0.file("obs.db")).unwrap();
    let damaged =
        connection.execute("UPDATE trace_ids SET checksum = checksum + 1 WHERE segment IN (2, 4)", []);
    assert_eq!((damaged, asked(&db, sql).0), (Ok(2), expected));
}
