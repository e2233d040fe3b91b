//! A disk without room: what was committed before is safe, what was not is said to be lost.

use std::io::Write;
use std::process::Command;

use super::database::{Commit, Db, commits, frames, numbers};
use crate::support::telemetry::{frame, traces};
use crate::support::{End, Obs, TempDir, eventually};

/// Bytes of a disk, or of the largest file on it.
const ROOM: u64 = 2 << 20;
/// Spans in a batch.
const SPANS: u64 = 500;
const BATCHES: u64 = 200;

/// Sends batches that need more room than there is, also when they are compressed; the first is committed before the
/// others come.
fn fill(db: &Db, store: Obs) -> End {
    let (stdin, mut batches) = std::io::pipe().unwrap();
    let process = store.ledger(&db.dir.file("ledger.json")).stdin_from(stdin).spawn();
    for number in 0..BATCHES {
        // It reads no more when it has ended.
        let _ = batches.write_all(&frame(1, &traces(number * SPANS..(number + 1) * SPANS)));
        if number == 0 {
            eventually("a commit", || (!commits(&db.dir.file("commits")).is_empty()).then_some(()));
        }
    }
    drop(batches);
    process.wait()
}

/// A file system of its own in memory; it goes away with the test.
struct Disk {
    path: String,
}

impl Disk {
    /// Says so and returns nothing where the system does not allow it.
    fn mount(dir: &TempDir, bytes: u64) -> Option<Disk> {
        let path = dir.file("disk");
        std::fs::create_dir(&path).unwrap();
        let options = format!("size={bytes}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs", &path]).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            println!("skipped: this system does not allow to mount a tmpfs");
            return None;
        }
        Some(Disk { path })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}

/// Expects that the writer has said what is lost, and that all it has committed is there.
#[track_caller]
fn expect_honest(db: &Db, path: &str, end: &End) {
    let ledger = end.ledger();
    let account = ledger.traces();
    let committed: u64 = commits(&db.dir.file("commits")).iter().map(|Commit { items, .. }| items).sum();
    assert!((SPANS..BATCHES * SPANS).contains(&committed), "{committed} spans committed");
    assert_eq!((account.sent, account.received), (committed, account.sent + account.lost), "{account:?}");
    assert_eq!(ledger.lost("traces", "not_written"), account.lost, "for that reason alone: {:?}", ledger.0);

    let check = Obs::new(&db.dir, "store check --db").arg(path).run();
    assert_eq!(check.code, 0, "{}{}", check.text(), check.stderr);
    let export = Obs::new(&db.dir, "store export --format proto --db").arg(path).run();
    export.expect(0, "");
    assert!(numbers(&frames(&export.stdout)).into_iter().eq(0..committed));
}

#[test]
fn a_file_that_must_not_grow_further_ends_the_writer_in_order() {
    let db = Db::new();
    db.keep("");
    let line = "store --flush-interval 1ms --commit-log commits";
    let end = fill(&db, Obs::with_largest_file(&db.dir, ROOM, line));
    let message = "obs: cannot write obs.db: the disk does not take it\n\
                   hint: what was committed before is safe; the disk may be faulty, or the file as large as is \
                   allowed (ulimit -f)";
    end.expect(4, message);
    expect_honest(&db, "obs.db", &end);
    // Given room it goes on.
    db.store("").stdin(frame(1, &traces(1_000_000..1_000_010))).run().expect(0, "10 spans in = 10 out");
}

#[test]
fn a_full_disk_is_told_and_what_was_committed_is_safe() {
    let db = Db::new();
    let Some(disk) = Disk::mount(&db.dir, 2 * ROOM) else { return };
    let path = format!("{}/obs.db", disk.path);
    let line = format!("--flush-interval 1ms --commit-log commits --db {path}");
    let end = fill(&db, db.store(&line));
    let hint = "hint: what was committed before is safe; obs store prune makes room";
    end.expect(4, &format!("obs: cannot write {path}: the disk is full\n{hint}"));
    expect_honest(&db, &path, &end);
    drop(disk);
}

#[test]
fn a_commit_log_that_cannot_be_written_ends_the_writer() {
    let db = Db::new();
    let end = db
        .store("--commit-log /dev/full")
        .ledger(&db.dir.file("ledger.json"))
        .stdin(frame(1, &traces(0..10)))
        .run();
    end.expect(4, "obs: cannot write the commit log: No space left on device");
    let end = db.store("--commit-log no/such/log").stdin(frame(1, &traces(0..10))).run();
    end.expect(4, "obs: cannot open the commit log no/such/log: No such file or directory");
}
