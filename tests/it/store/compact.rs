//! `store compact`: many small segments become few, with the same content in the same order.

use super::database::{Db, of_signal};
use crate::support::telemetry::{frame, logs, metrics, span, spans_of, traces};

/// Segments of very different sizes: a row of small ones, large ones in between.
fn kept() -> Db {
    let db = Db::new();
    for number in 0..12 {
        let numbers = number * 10..(number + 1) * 10;
        db.keep(
            [
                frame(1, &traces(numbers.clone())),
                frame(3, &logs(numbers.clone())),
                frame(2, &metrics(numbers)),
            ]
            .concat(),
        );
        if number % 5 == 2 {
            let first = 1_000_000 * (number + 1);
            let spans = (first..first + 12_000).map(span).collect();
            db.keep(frame(1, &spans_of("payment", spans)));
        }
    }
    db
}

fn segments(db: &Db, signal: &str) -> i64 {
    db.number(&format!("SELECT count(*) FROM segments WHERE signal = '{signal}'"))
}

#[test]
fn small_segments_become_few_and_nothing_else_changes() {
    let db = kept();
    let before = db.export("");
    let services = db.store("services").run().text();
    let (items, bytes) = (db.number("SELECT sum(items) FROM segments"), db.bytes().len());
    assert!(segments(&db, "logs") == 12 && segments(&db, "traces") == 14);

    let end = db.store("compact").run();
    end.expect(0, "");
    assert_eq!(segments(&db, "logs"), 1);
    assert_eq!(segments(&db, "metrics"), 1);
    // Two large ones, and what is small before, between and behind them.
    assert_eq!(segments(&db, "traces"), 5);
    assert!(end.text().starts_with("36 segments merged into 5, "), "{}", end.text());
    assert!(db.bytes().len() <= bytes, "{} bytes, {bytes} before", db.bytes().len());
    assert_eq!(db.number("PRAGMA freelist_count"), 0);

    let after = db.export("");
    for signal in [1, 2, 3] {
        let (before, after) = (of_signal(&before, signal), of_signal(&after, signal));
        assert_eq!(before.len(), after.len(), "batches of signal {signal}");
        assert!(before == after, "batches of signal {signal} differ");
    }
    assert_eq!(db.store("services").run().text(), services);
    assert_eq!(
        db.number("SELECT sum(count) FROM operation_minutes"),
        db.number("SELECT sum(items) FROM segments WHERE signal = 'traces'")
    );
    db.expect_whole(items as u64);
    // Selections find the merged ones.
    assert_eq!(db.export("--signal traces --service checkout").len(), 12);
    assert_eq!(db.export("--signal traces --service payment").len(), 2);

    let again = db.store("compact").run();
    again.expect(0, "");
    assert_eq!(again.text(), "0 segments merged into 0, 0 B given back\n");
}

#[test]
fn a_writer_merges_what_piles_up() {
    let db = Db::new();
    let mut store = db.store("--flush-interval 1ms --commit-log commits").stdin_open().spawn();
    for number in 0..80 {
        store.write(&frame(1, &traces(number * 10..(number + 1) * 10)));
        crate::support::eventually("the commit", || {
            let items: u64 =
                super::database::commits(&db.dir.file("commits")).iter().map(|commit| commit.items).sum();
            (items == (number + 1) * 10).then_some(())
        });
    }
    store.close_stdin();
    store.wait().expect(0, "800 spans in = 800 out");
    assert!(segments(&db, "traces") < 40, "{} segments", segments(&db, "traces"));
    let found = db.export("");
    assert!(super::database::numbers(&found).into_iter().eq(0..800));
    let given: Vec<_> = (0..80)
        .flat_map(|number| super::database::frames(&frame(1, &traces(number * 10..(number + 1) * 10))))
        .collect();
    assert!(found == given, "not in the order in which they came");
    db.expect_whole(800);
}

#[test]
fn those_who_merge_at_once_lose_nothing() {
    let db = kept();
    let before = db.export("");
    let started: Vec<_> = (0..4).map(|_| db.store("compact").spawn()).collect();
    let late = frame(3, &logs(5000..5010));
    let writer = db.store("").stdin(late.clone()).spawn();
    for process in started.into_iter().chain([writer]) {
        let end = process.wait();
        assert_eq!(end.code, 0, "{}", end.stderr);
    }
    let after = db.export("");
    assert!(of_signal(&before, 1) == of_signal(&after, 1));
    assert!(of_signal(&before, 2) == of_signal(&after, 2));
    let late = late[4..].to_vec();
    assert!([of_signal(&before, 3), vec![&late]].concat() == of_signal(&after, 3));
}
