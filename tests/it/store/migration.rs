//! A database of an older schema is brought up to date by whoever opens it.

use rusqlite::Connection;

use super::database::Db;
use crate::support::telemetry::{line, logs, traces};

/// The first version, with rollups of two services over two hours; no segments.
fn version_1(db: &Db) -> Connection {
    let connection = db.sql();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema.sql");
    connection.execute_batch(&std::fs::read_to_string(schema).unwrap()).unwrap();
    connection.pragma_update(None, "application_id", 0x6f62_7364).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection
        .execute_batch(
            "INSERT INTO services VALUES (1, 'checkout'), (2, 'payment');
             INSERT INTO operations VALUES (1, 1, 2, 'POST /pay'), (2, 2, 2, 'charge');
             INSERT INTO edges VALUES (1, 1, 2);",
        )
        .unwrap();
    connection
}

/// Durations as the rollups of the current version have them, with that count: taken from a database that has them.
fn durations(count: u64) -> Vec<u8> {
    let db = Db::new();
    db.keep(line(&traces(0..1)));
    let rows = "SELECT durations FROM operation_minutes";
    let one: Vec<u8> = db.sql().query_row(rows, [], |row| row.get(0)).unwrap();
    if count == 1 {
        return one;
    }
    // All spans of the generator take the same time and have names of their own; more of one name add up.
    let more: String = (0..count).map(|_| line(&traces(0..1))).collect();
    let db = Db::new();
    db.keep(more);
    db.sql().query_row(rows, [], |row| row.get(0)).unwrap()
}

/// Rows of minutes: two in the same hour, and one in the next.
fn fill(connection: &Connection) {
    let mut insert = connection
        .prepare("INSERT INTO operation_minutes (minute, operation, count, errors, stored, variance, error_variance, durations) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        .unwrap();
    let hour = 490_000 * 60;
    for (minute, operation, count, errors, stored, variance) in [
        (hour, 1, 3, 1, None, None),
        (hour + 59, 1, 5, 2, Some(2), Some(10.5)),
        (hour + 60, 1, 7, 0, None, None),
        (hour + 1, 2, 2, 2, None, None),
    ] {
        let row = rusqlite::params![
            minute,
            operation,
            count,
            errors,
            stored,
            variance,
            None::<f64>,
            durations(count)
        ];
        insert.execute(row).unwrap();
    }
    let edge = "INSERT INTO edge_minutes SELECT minute, 1, count, errors, stored, variance, error_variance, durations
                FROM operation_minutes WHERE operation = 2";
    connection.execute(edge, []).unwrap();
}

type Hour = (i64, i64, i64, i64, Option<i64>, Option<f64>);

fn hours(db: &Db, table: &str, series: &str) -> Vec<Hour> {
    let connection = db.sql();
    let query = format!(
        "SELECT hour, {series}, count, errors, stored, variance FROM {table} ORDER BY hour, {series}"
    );
    let mut statement = connection.prepare(&query).unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[track_caller]
fn expect_migrated(db: &Db, extra: usize) {
    assert_eq!(db.number("PRAGMA user_version"), i64::from(obs::store::VERSION));
    let found = hours(db, "operation_hours", "operation");
    assert_eq!(found.len(), 3 + extra);
    assert_eq!(
        found[..3],
        [
            (490_000, 1, 8, 3, Some(5), Some(10.5)),
            (490_000, 2, 2, 2, None, None),
            (490_001, 1, 7, 0, None, None)
        ]
    );
    assert_eq!(hours(db, "edge_hours", "edge"), [(490_000, 1, 2, 2, None, None)]);
    // The day of both hours.
    let day = "SELECT count FROM operation_days WHERE day = 20416 AND operation = 1";
    assert_eq!(db.number(day), 15);
    assert_eq!(db.number("SELECT count(*) FROM operation_minutes"), 4 + extra as i64);
}

#[test]
fn a_reader_migrates() {
    let db = Db::new();
    fill(&version_1(&db));
    let stats = db.stats();
    assert_eq!((&stats["schema_version"], &stats["rollups"]), (&obs::store::VERSION.into(), &5.into()));
    expect_migrated(&db, 0);
    db.expect_whole(0);
}

#[test]
fn a_writer_migrates_and_goes_on() {
    let db = Db::new();
    fill(&version_1(&db));
    db.keep(line(&traces(0..1)));
    expect_migrated(&db, 1);
    db.expect_whole(1);
}

#[test]
fn many_that_come_at_once_migrate_it_once() {
    let db = Db::new();
    fill(&version_1(&db));
    let input = line(&traces(0..1));
    let started: Vec<_> = (0..6)
        .map(|number| match number % 3 {
            0 => db.store("").stdin(input.clone()),
            1 => db.store("stats"),
            _ => db.store("check"),
        })
        .map(crate::support::Obs::spawn)
        .collect();
    for process in started {
        let end = process.wait();
        assert_eq!(end.code, 0, "{}", end.stderr);
    }
    expect_migrated(&db, 1);
    db.expect_whole(2);
}

#[test]
fn what_a_migration_cannot_read_leaves_the_old_version_as_it_was() {
    let db = Db::new();
    let connection = version_1(&db);
    fill(&connection);
    connection
        .execute("UPDATE operation_minutes SET durations = x'2000' WHERE minute % 60 = 59", [])
        .unwrap();
    let end = db.store("stats").run();
    end.expect(4, "obs: cannot write obs.db: a histogram in the rollups is damaged");
    assert_eq!(db.number("PRAGMA user_version"), 1);
    assert_eq!(db.number("SELECT count(*) FROM operation_minutes"), 4);
    assert_eq!(db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'operation_hours'"), 0);
}

/// All that three searches find.
fn found(db: &Db) -> Vec<String> {
    ["query traces --limit 0", "query trace 0a", "query logs --limit 0"]
        .map(|line| {
            let end = crate::support::Obs::new(&db.dir, line).args("--format json").run();
            assert!(end.code == 0 || line.contains("0a"), "{line}: {}", end.stderr);
            format!("{}{}", end.text(), end.stderr)
        })
        .into()
}

/// Four segments of traces and logs, two of them merged.
fn with_segments() -> Db {
    let db = Db::new();
    for part in 0..4 {
        let mut stream = line(&traces(part * 50..part * 50 + 50));
        stream += &line(&logs(part * 20..part * 20 + 20));
        db.keep(stream);
        if part == 1 {
            db.store("compact").run().expect(0, "");
        }
    }
    db
}

/// Takes out of the columns what the first versions did not have: which traces spans are of, and whether they have parents.
fn forget_traces(connection: &Connection) {
    const FIRST_NEW: u8 = 7;
    let mut rows = connection.prepare("SELECT segment, data FROM columns").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(i64, Vec<u8>)> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    let mut shorter = 0;
    for (segment, data) in rows {
        let columns = zstd::decode_all(&data[..]).unwrap();
        let (mut old, mut at) = (Vec::new(), 0);
        while at < columns.len() {
            let (mut length, mut end) = (0, at + 1);
            while columns[end] >= 0x80 {
                length |= usize::from(columns[end] & 0x7f) << (7 * (end - at - 1));
                end += 1;
            }
            length |= usize::from(columns[end]) << (7 * (end - at - 1));
            end += 1 + length;
            if columns[at] >> 3 < FIRST_NEW {
                old.extend_from_slice(&columns[at..end]);
            }
            at = end;
        }
        shorter += usize::from(old.len() < columns.len());
        let data = zstd::bulk::compress(&old, 1).unwrap();
        let checksum = obs::store::filter::hash(&data).cast_signed();
        let update = "UPDATE columns SET data = ?2, checksum = ?3 WHERE segment = ?1";
        connection.execute(update, rusqlite::params![segment, data, checksum]).unwrap();
    }
    assert!(shorter > 0);
}

#[test]
fn segments_of_every_older_version_are_found_as_before() {
    let versions = [
        (4, "DROP TABLE operation_days; DROP TABLE edge_days; DROP TABLE grams; DROP TABLE texts;"),
        // Trace ids were hashed in another way.
        (3, "DROP TABLE operation_days; DROP TABLE edge_days; DROP TABLE grams; DROP TABLE texts;
             UPDATE trace_ids SET data = x'01000000', checksum = 0"),
        (2, "DROP TABLE operation_days; DROP TABLE edge_days; DROP TABLE grams; DROP TABLE texts; DROP TABLE trace_ids;
             CREATE TABLE trace_filters (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
             INSERT INTO trace_filters SELECT id, 0, x'00' FROM segments"),
        (1, "DROP TABLE operation_days; DROP TABLE edge_days; DROP TABLE grams; DROP TABLE texts; DROP TABLE trace_ids;
             DROP TABLE operation_hours; DROP TABLE edge_hours;
             CREATE TABLE trace_filters (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
             INSERT INTO trace_filters SELECT id, 0, x'00' FROM segments"),
    ];
    for (version, downgrade) in versions {
        let db = with_segments();
        let (before, all) = (found(&db), db.export(""));
        let longer = || {
            ["operation_hours", "operation_days"]
                .map(|table| db.number(&format!("SELECT 1000000 * count(*) + sum(count) FROM {table}")))
        };
        let counts = longer();
        assert!(counts[1] > 1_000_000 && before[0].contains("trace_id"));
        let connection = db.sql();
        connection.execute_batch(downgrade).unwrap();
        forget_traces(&connection);
        connection.pragma_update(None, "user_version", version).unwrap();
        drop(connection);
        assert_eq!(found(&db), before, "version {version}");
        assert_eq!(db.number("PRAGMA user_version"), i64::from(obs::store::VERSION));
        assert_eq!(longer(), counts, "version {version}");
        assert!(db.export("") == all, "version {version}");
        db.expect_whole(280);
    }
}
