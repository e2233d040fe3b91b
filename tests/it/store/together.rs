//! Several writers and several readers of one database at once.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::database::{Db, commits, frames, numbers};
use crate::support::telemetry::{frame, span, spans_of};
use crate::support::{Account, eventually};

const WRITERS: u64 = 2;
const READERS: usize = 3;
/// Spans in a batch.
const SPANS: u64 = 40;
/// The first numbers of the spans of two writers are so far apart.
const APART: u64 = 1_000_000_000;

/// How long they work beside each other.
fn duration() -> Duration {
    let seconds = std::env::var("OBS_TEST_TOGETHER_SECONDS").ok();
    Duration::from_secs_f64(seconds.map_or(10.0, |seconds| seconds.parse().unwrap()))
}

fn log(writer: u64) -> String {
    format!("commits-{writer}")
}

/// Sends batch after batch, the next one when the one before is committed; returns how many spans.
fn write(db: &Db, writer: u64, until: Instant) -> u64 {
    let ledger = db.dir.file(&format!("ledger-{writer}.json"));
    let line = format!("--flush-interval 2ms --commit-log {}", log(writer));
    let (stdin, mut batches) = std::io::pipe().unwrap();
    let process = db.store(&line).ledger(&ledger).stdin_from(stdin).spawn();
    let (mut sent, service) = (0, format!("writer {writer}"));
    while Instant::now() < until {
        let first = writer * APART + sent;
        let spans = (first..first + SPANS).map(span).collect();
        batches.write_all(&frame(1, &spans_of(&service, spans))).unwrap();
        sent += SPANS;
        eventually("the commit", || (committed(db, writer) >= sent).then_some(()));
    }
    drop(batches);
    let end = process.wait();
    end.expect(0, &format!("{sent} spans in = {sent} out"));
    assert_eq!(end.ledger().traces(), Account::all(sent));
    sent
}

fn committed(db: &Db, writer: u64) -> u64 {
    commits(&db.dir.file(&log(writer))).iter().map(|commit| commit.items).sum()
}

/// What a reader has seen so far.
#[derive(Debug, Default)]
struct Seen {
    total: u64,
    rounds: u64,
}

/// Runs a reader's command and returns its output; it fails on any complaint.
fn output(db: &Db, line: &str) -> Vec<u8> {
    let end = db.store(line).run();
    assert_eq!(end.code, 0, "{line}: {}{}", end.text(), end.stderr);
    for word in ["warning", "error", "damaged", "cannot"] {
        assert!(!end.stderr.contains(word), "{line}: {}", end.stderr);
    }
    end.stdout
}

impl Seen {
    fn round(&mut self, db: &Db) {
        let before: Vec<u64> = (0..WRITERS).map(|writer| committed(db, writer)).collect();
        let stats: Value = serde_json::from_slice(&output(db, "stats --format json")).unwrap();
        let total = stats["signals"][0]["items"].as_u64().unwrap();
        assert!(total >= before.iter().sum(), "{total} spans, {before:?} were committed before");
        self.grow(total);

        let services: Value = serde_json::from_slice(&output(db, "services --format json")).unwrap();
        let services = services["services"].as_array().unwrap();
        self.grow(services.iter().map(|service| service["spans"].as_u64().unwrap()).sum());

        let exported = numbers(&frames(&output(db, "export --format proto")));
        self.grow(exported.len() as u64);
        expect_beginnings(exported, &before);

        output(db, "check");
        self.rounds += 1;
    }

    fn grow(&mut self, total: u64) {
        assert!(total >= self.total, "{total} spans, {} before", self.total);
        self.total = total;
    }
}

/// Expects of each writer the first spans without a gap, at least so many.
fn expect_beginnings(mut exported: BTreeSet<u64>, at_least: &[u64]) {
    for (writer, at_least) in at_least.iter().enumerate() {
        let first = writer as u64 * APART;
        let rest = exported.split_off(&(first + APART));
        let count = exported.len() as u64;
        assert!(count >= *at_least, "{count} spans of {at_least}");
        assert!(exported.into_iter().eq(first..first + count), "a gap");
        exported = rest;
    }
    assert!(exported.is_empty());
}

#[test]
fn two_writers_and_three_readers_do_not_disturb_each_other() {
    let db = Db::new();
    // Readers need a file.
    db.keep("");
    let until = Instant::now() + duration();
    let (sent, seen): (Vec<u64>, Vec<Seen>) = std::thread::scope(|scope| {
        let db = &db;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(db, writer, until))).collect();
        let read = move || {
            let mut seen = Seen::default();
            while Instant::now() < until {
                seen.round(db);
            }
            seen
        };
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        let sent = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        (sent, readers.into_iter().map(|reader| reader.join().unwrap()).collect())
    });
    println!("{sent:?} spans sent, {seen:?}");
    assert!(
        sent.iter().all(|sent| *sent > 0) && seen.iter().all(|seen| seen.rounds > 0),
        "{sent:?} {seen:?}"
    );
    let total = sent.iter().sum();
    let exported = numbers(&db.export(""));
    assert_eq!(exported.len() as u64, total);
    expect_beginnings(exported, &sent);
    assert_eq!(db.stats()["signals"][0]["items"], total);
    assert_eq!(db.number("SELECT sum(count) FROM operation_minutes"), total as i64);
    db.expect_whole(total);
}
