//! Damaged segments: they are found and named, and take nothing with them.

use rusqlite::params;

use super::database::{Db, Frame, complaints, frames};
use crate::support::telemetry::{frame, logs, traces};
use crate::support::{End, LedgerFile, Obs};

/// Items in a segment.
const ITEMS: u64 = 100;

/// Three segments of spans and one of log records.
fn kept() -> Db {
    let db = Db::new();
    for number in 0..3 {
        db.keep(frame(1, &traces(number * ITEMS..(number + 1) * ITEMS)));
    }
    db.keep(frame(3, &logs(0..ITEMS)));
    assert_eq!(db.number("SELECT count(*) FROM segments"), 4);
    db
}

/// Flips a bit of the byte in the middle of a part of a segment.
fn flip(db: &Db, table: &str, segment: i64) {
    let connection = db.sql();
    let select = format!("SELECT data FROM {table} WHERE segment = ?1");
    let mut data: Vec<u8> = connection.query_row(&select, [segment], |row| row.get(0)).unwrap();
    let middle = data.len() / 2;
    data[middle] ^= 1;
    let update = format!("UPDATE {table} SET data = ?1 WHERE segment = ?2");
    assert_eq!(connection.execute(&update, params![data, segment]).unwrap(), 1);
}

fn export(db: &Db) -> (End, Vec<Frame>) {
    let end = db.store("export --format proto").ledger(&db.dir.file("export.json")).run();
    let frames = frames(&end.stdout);
    (end, frames)
}

#[test]
fn a_damaged_payload_is_told_and_all_others_come_out() {
    let db = kept();
    let mut all = db.export("");
    flip(&db, "payloads", 2);

    let check = db.store("check").run();
    assert_eq!(check.code, 1, "{}", check.stderr);
    assert_eq!(
        check.text(),
        "segment 2 (100 spans): payloads differ from their checksum\n\
         obs.db: damaged; 300 items can be read, 100 cannot\n"
    );
    assert_eq!(check.stderr, "");

    let (end, found) = export(&db);
    assert_eq!(end.code, 3, "{}", end.stderr);
    assert_eq!(
        complaints(&end),
        "obs store: warning: segment 2: payloads differ from their checksum; its 100 spans are left out\n\
         obs store: 1 input objects rejected"
    );
    all.remove(1);
    assert!(found == all);
    assert_eq!(end.ledger().rejected(), 1);
    assert_eq!(end.ledger().traces().sent, 2 * ITEMS);
}

#[test]
fn a_missing_payload_is_told_and_all_others_come_out() {
    let db = kept();
    let mut all = db.export("");
    db.sql().execute("DELETE FROM payloads WHERE segment = 4", []).unwrap();
    let check = db.store("check").run();
    assert_eq!((check.code, check.stderr.as_str()), (1, ""));
    assert_eq!(
        check.text(),
        "segment 4 (100 log records): payloads are missing\n\
         obs.db: damaged; 300 items can be read, 100 cannot\n"
    );
    let (end, found) = export(&db);
    end.expect(3, "segment 4: payloads are missing; its 100 log records are left out");
    all.remove(3);
    assert!(found == all);
}

#[test]
fn damage_beside_the_payloads_costs_no_items() {
    for (table, segment, items) in [
        ("columns", 1, "spans"),
        ("trace_ids", 3, "spans"),
        ("texts", 3, "spans"),
        ("word_filters", 4, "log records"),
    ] {
        let db = kept();
        let all = db.export("");
        flip(&db, table, segment);
        let check = db.store("check").run();
        assert_eq!((check.code, check.stderr.as_str()), (1, ""), "{table}");
        assert_eq!(
            check.text(),
            format!(
                "segment {segment} (100 {items}): {table} differ from their checksum\n\
                 obs.db: damaged; 400 items can be read, 0 cannot\n"
            )
        );
        assert!(db.export("") == all, "{table}");
    }
}

#[test]
fn a_writer_goes_on_beside_damage_and_leaves_it_where_it_is() {
    let db = kept();
    flip(&db, "payloads", 2);
    let before = export(&db).1;
    let new = frame(1, &traces(1000..1010));
    let end = db.store("").ledger(&db.dir.file("ledger.json")).stdin(new.clone()).run();
    end.expect(0, "10 spans in = 10 out");
    // Merging must not make the damage whole by forgetting what it cost.
    db.store("compact").run().expect(0, "");
    let (end, found) = export(&db);
    end.expect(3, "segment 2: payloads differ from their checksum; its 100 spans are left out");
    assert!(found == [before, frames(&new)].concat());
    let check = db.store("check").run();
    assert_eq!(check.code, 1);
    assert!(check.text().ends_with("310 items can be read, 100 cannot\n"), "{}", check.text());
}

#[test]
fn a_catalog_that_does_not_fit_is_told() {
    let db = kept();
    let connection = db.sql();
    connection.execute_batch("PRAGMA foreign_keys = off").unwrap();
    for (change, told) in [
        (
            "UPDATE segments SET items = 99 WHERE id = 1",
            "segment 1 (99 spans): 100 items in 1 batches, the catalog says 99 in 1",
        ),
        (
            "DELETE FROM segment_services WHERE segment = 2",
            "segments whose items are not those of their services",
        ),
        (
            "UPDATE operation_minutes SET count = count + 1 WHERE operation = 1",
            "operation_minutes: 1 histograms do not fit their counts",
        ),
        (
            "UPDATE operation_hours SET operation = 7777 WHERE operation = 1",
            "catalog: 1 rows of rollups without an operation or an edge",
        ),
        (
            "UPDATE operation_days SET operation = 7777 WHERE operation = 1",
            "catalog: 2 rows of rollups without an operation or an edge",
        ),
    ] {
        assert_eq!(connection.execute(change, []).unwrap(), 1, "{change}");
        let check = db.store("check").run();
        assert_eq!(check.code, 1, "{change}");
        assert!(check.text().contains(told), "{change}: {}", check.text());
    }
}

#[test]
fn the_ledger_of_an_export_adds_up_beside_damage() {
    let db = kept();
    flip(&db, "payloads", 1);
    flip(&db, "payloads", 3);
    let (end, _) = export(&db);
    assert_eq!(end.code, 3);
    let ledger: LedgerFile = end.ledger();
    assert_eq!((ledger.traces().received, ledger.traces().sent, ledger.rejected()), (ITEMS, ITEMS, 2));
    assert_eq!(ledger.account("logs").sent, ITEMS);
}

#[test]
fn damaged_counts_are_told_and_do_not_stop_the_writer() {
    let db = kept();
    db.sql()
        .execute_batch(
            "UPDATE operation_minutes SET durations = x'2000';
             UPDATE operation_hours SET durations = x'2000';
             UPDATE operation_days SET durations = x'2000';
             INSERT INTO unfolded VALUES (NULL, x'00000000', x'ff', x'', x'', x'', x'', x'');
             INSERT INTO pending_runs VALUES (1000, 5, 70, 1), (1001, 5, 0, 1);
             INSERT INTO pending_spans VALUES (1001, 0, x'ff', x'ff');",
        )
        .unwrap();
    let check = db.store("check").run();
    assert_eq!(check.code, 1, "{}", check.text());
    for table in ["unfolded: 1 rows are damaged", "pending_spans: 1 rows are damaged", "operation_minutes: "]
    {
        assert!(check.text().contains(table), "{table} not in {}", check.text());
    }
    // The same minute again, whose counts are the damaged ones.
    let end = db.store("").stdin(frame(1, &traces(0..ITEMS))).run();
    end.expect(0, "100 spans in = 100 out");
    assert_eq!(db.number("SELECT sum(items) FROM segments"), 5 * ITEMS as i64);
    assert_eq!(db.number("SELECT count(*) FROM unfolded"), 0);
    assert_eq!(db.number("SELECT sum(count) FROM operation_minutes"), 4 * ITEMS as i64);
    // Of calls, too.
    let calls = Obs::new(&db.dir, "collect --synthetic 1000 --spans 50 --seed 1 --format proto").run();
    db.store("").stdin(calls.stdout).run().expect(0, "are damaged and forgotten");
    assert_eq!(db.number("SELECT count(*) FROM pending_runs WHERE id IN (1000, 1001)"), 0);
}
