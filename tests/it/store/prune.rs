//! `store prune`: old segments go, and with them their space.

use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::database::Db;
use crate::support::telemetry::{TIME, frame, log, logs_of, span, spans_of};

const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;
/// Spans of a day, in segments of their own.
const SPANS: u64 = 2000;
const DAYS: u64 = 6;

/// Midday of the last day.
const NOW: &str = "--now 2026-01-06T12:00:00Z";

fn day(day: u64) -> Vec<u8> {
    let mut spans: Vec<_> = (day * SPANS..(day + 1) * SPANS).map(span).collect();
    for span in &mut spans {
        span.start_time_unix_nano += day * DAY_NS;
        span.end_time_unix_nano += day * DAY_NS;
        // A name a span would make the catalog larger than the segments.
        span.name = "GET /".into();
    }
    let mut record = log(day);
    record.time_unix_nano = TIME + day * DAY_NS;
    [frame(1, &spans_of("checkout", spans)), frame(3, &logs_of("checkout", vec![record]))].concat()
}

/// Segments of six days, written out of order.
fn kept() -> Db {
    let db = Db::new();
    for number in [3, 1, 0, 5, 4, 2] {
        assert!(number < DAYS);
        db.keep(day(number));
    }
    db
}

/// The days that there are spans and log records of.
fn days(db: &Db) -> Vec<u64> {
    let of = |signal: &str| -> Vec<u64> {
        let connection = db.sql();
        let query = "SELECT (first_ns - ?1) / ?2 FROM segments WHERE signal = ?3 ORDER BY first_ns";
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map((TIME as i64, DAY_NS as i64, signal), |row| row.get(0));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let (spans, records) = (of("traces"), of("logs"));
    assert_eq!(spans, records);
    spans
}

fn prune(db: &Db, options: &str) -> String {
    let end = db.store("prune").args(options).args(NOW).run();
    end.expect(0, "");
    end.text()
}

#[test]
fn what_is_older_goes_and_its_space_is_given_back() {
    let db = kept();
    let before = db.bytes().len();
    let rollups = db.number("SELECT sum(count) FROM operation_minutes");
    let told = prune(&db, "--older-than 48h");
    assert_eq!(days(&db), [4, 5]);
    let given_back = before - db.bytes().len();
    assert!(given_back > before / 4, "{given_back} of {before} bytes");
    assert!(
        told.starts_with("8 segments with 8004 items and 0 rows of rollups deleted, ")
            && told.ends_with(" given back\n"),
        "{told}"
    );
    assert_eq!(db.number("PRAGMA freelist_count"), 0);
    assert_eq!(db.number("SELECT sum(count) FROM operation_minutes"), rollups, "the counts stay");
    assert_eq!(db.number("SELECT count(*) FROM operation_hours"), 6);
    for table in ["payloads", "columns", "trace_ids", "segment_services"] {
        assert_eq!(
            db.number(&format!(
                "SELECT count(*) FROM {table} WHERE segment NOT IN (SELECT id FROM segments)"
            )),
            0,
            "{table}"
        );
    }
    db.expect_whole(2 * SPANS + 2);
    // Again there is nothing to do.
    assert_eq!(
        prune(&db, "--older-than 48h"),
        "0 segments with 0 items and 0 rows of rollups deleted, 0 B given back\n"
    );
}

#[test]
fn a_segment_goes_when_all_of_its_items_are_older() {
    let db = kept();
    // The day that began at that very moment is kept.
    prune(&db, "--older-than 12h");
    assert_eq!(days(&db), [5]);
    let db = Db::new();
    db.keep([day(0), day(5)].concat());
    prune(&db, "--older-than 48h");
    assert_eq!(db.number("SELECT count(*) FROM segments"), 2, "each holds items of both days");
    db.expect_whole(2 * SPANS + 2);
}

#[test]
fn the_oldest_go_until_it_fits() {
    let db = kept();
    let before = db.bytes().len() as u64;
    let limit = before - (100 << 10);
    let told = prune(&db, &format!("--max-size {limit}B"));
    let left = days_of_spans(&db);
    assert!(!left.is_empty() && left.len() < DAYS as usize, "{told}");
    assert!(left.iter().copied().eq(DAYS - left.len() as u64..DAYS), "the oldest first: {left:?}");
    assert!(db.bytes().len() as u64 <= limit, "{} bytes of {limit}: {told}", db.bytes().len());
    // No more than had to.
    assert!(prune(&db, "--max-size 1GiB").starts_with("0 segments "));
    // Rollups and catalog are no segments: all of those cannot make it smaller than that.
    let told = prune(&db, "--max-size 1KiB");
    assert!(!told.starts_with("0 segments "), "{told}");
    assert_eq!(db.number("SELECT count(*) FROM segments"), 0);
    assert_eq!(db.number("SELECT sum(count) FROM operation_minutes"), (DAYS * SPANS) as i64);
    db.expect_whole(0);
}

fn days_of_spans(db: &Db) -> Vec<u64> {
    let all = numbers_of(db);
    let mut days: Vec<u64> = all.iter().map(|number| number / SPANS).collect();
    days.dedup();
    assert_eq!(days.len() as u64 * SPANS, all.len() as u64);
    days
}

fn numbers_of(db: &Db) -> Vec<u64> {
    let mut numbers = Vec::new();
    for (_, message) in db.export("--signal traces") {
        let resources = TracesData::decode(&message[..]).unwrap().resource_spans;
        let scopes = resources.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            numbers.push(u64::from_be_bytes(span.span_id[..].try_into().unwrap()) - 1);
        }
    }
    numbers.sort_unstable();
    numbers
}

#[test]
fn counts_are_kept_for_longer_and_go_too() {
    let db = kept();
    let told = prune(&db, "--older-than 48h --rollups-older-than 72h");
    assert!(told.starts_with("8 segments with 8004 items and 8 rows of rollups deleted, "), "{told}");
    // A day stays until all of it is old.
    for (table, left) in [("operation_minutes", 3), ("operation_hours", 3), ("operation_days", 4)] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), left, "{table}");
    }
}

#[test]
fn the_configuration_says_what_is_old() {
    let db = kept();
    db.dir.write("my.yaml", "storage: {retention_days: 2}\n");
    prune(&db, "--config my.yaml");
    assert_eq!(days(&db), [4, 5]);
    // A flag says it better.
    prune(&db, "--config my.yaml --older-than 12h");
    assert_eq!(days(&db), [5]);
}

#[test]
fn a_database_that_does_not_give_space_back_is_pruned_all_the_same() {
    let db = kept();
    // As a client leaves it that has copied it with VACUUM INTO after changing that.
    db.sql().execute_batch("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM").unwrap();
    assert_eq!(db.number("PRAGMA auto_vacuum"), 0);
    prune(&db, "--older-than 48h");
    assert_eq!(days(&db), [4, 5]);
    db.expect_whole(2 * SPANS + 2);
    assert_eq!(numbers_of(&db).len() as u64, 2 * SPANS);
}

#[test]
fn a_reader_that_is_in_the_middle_does_not_hold_it_up() {
    let db = kept();
    let connection = db.sql();
    connection.execute_batch("BEGIN; SELECT count(*) FROM segments").unwrap();
    let began = std::time::Instant::now();
    prune(&db, "--older-than 48h");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    let seen: i64 = connection.query_row("SELECT count(*) FROM segments", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 2 * DAYS as i64, "a reader sees what was there when it began");
    drop(connection);
    assert_eq!(days(&db), [4, 5]);
}
