//! A file system that takes no writes. Permissions do not stop the superuser, a mount does.

use std::process::Command;

use super::database::{Db, Frame, commits, frames};
use crate::support::telemetry::{frame, line, traces};
use crate::support::{Account, Signal, eventually};

/// The directory of a database once more, read-only; it goes away with the test.
struct Mount {
    path: String,
}

impl Mount {
    /// Says so and returns nothing where the system does not allow it.
    fn of(db: &Db) -> Option<Mount> {
        let path = db.dir.file("read-only");
        std::fs::create_dir(&path).unwrap();
        let mount = |args: &[&str]| {
            Command::new("mount").args(args).output().is_ok_and(|mounted| mounted.status.success())
        };
        let source = db.dir.path().to_str().unwrap();
        if !mount(&["--bind", source, &path]) {
            println!("skipped: this system does not allow to mount a directory read-only");
            return None;
        }
        let mounted = Mount { path };
        if !mount(&["-o", "remount,ro,bind", &mounted.path]) {
            println!("skipped: this system does not allow to mount a directory read-only");
            return None;
        }
        Some(mounted)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}

/// A database, all that it holds, and its name where it is read-only; a name that means something in a URI.
fn kept(items: u64) -> (Db, Vec<Frame>) {
    let db = Db::new();
    db.store("--db 100%?x#.db").stdin(line(&traces(0..items))).run().expect(0, "");
    let end = db.store("export --format proto --db 100%?x#.db").run();
    (db, frames(&end.stdout))
}

#[track_caller]
fn expect_readable(db: &Db, path: &str, all: &[Frame]) {
    for command in ["stats", "services", "check"] {
        let end = db.store(command).arg("--db").arg(path).run();
        assert_eq!(end.code, 0, "{command}: {}", end.stderr);
    }
    let end = db.store("export --format proto --db").arg(path).run();
    end.expect(0, "");
    assert!(frames(&end.stdout) == all);
}

#[track_caller]
fn expect_not_written(db: &Db, path: &str, message: &str) {
    for command in ["compact", "prune --older-than 1d"] {
        db.store(command).arg("--db").arg(path).run().expect(4, message);
    }
    let store = db.store("--db").arg(path).ledger(&db.dir.file("ledger.json"));
    let end = store.stdin(line(&traces(10..20))).run();
    end.expect(4, message);
    assert_eq!(end.ledger().traces(), Account::default());
}

#[test]
fn a_read_only_database_can_be_read_and_is_not_written() {
    let (db, all) = kept(10);
    // As the last writer leaves it.
    for log in ["100%?x#.db-wal", "100%?x#.db-shm"] {
        let _ = std::fs::remove_file(db.dir.file(log));
    }
    let Some(mount) = Mount::of(&db) else { return };
    let path = format!("{}/100%?x#.db", mount.path);
    expect_readable(&db, &path, &all);
    expect_not_written(&db, &path, &format!("obs: cannot open {path}: it or its directory cannot be opened"));
    drop(mount);
    expect_readable(&db, "100%?x#.db", &all);
}

#[test]
fn what_a_killed_writer_has_left_in_the_log_can_be_read_where_nothing_can_be_written() {
    let db = Db::new();
    let mut store = db.store("--flush-interval 1ms --commit-log commits").stdin_open().spawn();
    store.write(&frame(1, &traces(0..10)));
    eventually("the commit", || (commits(&db.dir.file("commits")).len() == 1).then_some(()));
    store.signal(Signal::KILL);
    store.wait();
    assert!(std::fs::metadata(db.dir.file("obs.db-wal")).unwrap().len() > 0);
    let Some(mount) = Mount::of(&db) else { return };
    let path = format!("{}/obs.db", mount.path);
    expect_readable(&db, &path, &frames(&frame(1, &traces(0..10))));
    expect_not_written(&db, &path, &format!("obs: cannot write {path}: it is read-only"));
}
