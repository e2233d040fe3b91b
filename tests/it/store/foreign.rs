//! Files that are no database of ours, or of another version.

use std::fs;

use super::database::{Db, complaints};
use crate::support::telemetry::{line, traces};
use crate::support::{Account, End};

/// Every command that reads, and two that write, each with its input.
const READERS: [&str; 4] = ["stats", "services", "check", "export"];
const MAINTAINERS: [&str; 2] = ["compact", "prune --older-than 1d"];

const HINT: &str = "hint: --db names the file that obs store writes";

fn ingest(db: &Db) -> End {
    let input = line(&traces(0..5));
    db.store("").ledger(&db.dir.file("ledger.json")).stdin(input).run()
}

/// Expects that no command does anything but complain, in these words, and leaves the file alone.
#[track_caller]
fn expect_refused(db: &Db, message: &str) {
    let before = fs::metadata(db.path()).is_ok_and(|file| file.is_file()).then(|| db.bytes());
    for command in READERS.iter().chain(&MAINTAINERS) {
        let end = db.store(command).run();
        assert_eq!((end.code, complaints(&end).as_str()), (4, message), "{command}");
        assert_eq!(end.text(), "", "{command}");
    }
    let end = ingest(db);
    assert_eq!((end.code, complaints(&end).as_str()), (4, message));
    assert_eq!(end.ledger().traces(), Account::default());
    if let Some(before) = before {
        assert!(db.bytes() == before, "the file was changed");
    }
}

#[test]
fn a_file_that_is_no_database() {
    let db = Db::new();
    db.dir.write("obs.db", "not a database, but a letter to whoever finds it\n".repeat(100));
    expect_refused(&db, &format!("obs: cannot open obs.db: it is not a SQLite database\n{HINT}"));
}

#[test]
fn a_database_of_another_program() {
    let db = Db::new();
    db.sql().execute_batch("CREATE TABLE birds (name TEXT); INSERT INTO birds VALUES ('wren')").unwrap();
    expect_refused(&db, &format!("obs: obs.db is a SQLite database of another program\n{HINT}"));
    // One that says so itself.
    let db = Db::new();
    db.sql().execute_batch("PRAGMA application_id = 0x47504b47; PRAGMA user_version = 1").unwrap();
    expect_refused(&db, &format!("obs: obs.db is a SQLite database of another program\n{HINT}"));
}

#[test]
fn a_database_of_a_newer_version() {
    let db = Db::new();
    db.keep(line(&traces(0..5)));
    db.sql().pragma_update(None, "user_version", 99).unwrap();
    let told = format!(
        "obs: obs.db has the schema version 99; this obs knows versions up to {}\n\
         hint: a newer obs has written it: use that one, or another --db",
        obs::store::VERSION
    );
    expect_refused(&db, &told);
    // The one that has written it finds all of it.
    db.sql().pragma_update(None, "user_version", obs::store::VERSION).unwrap();
    db.expect_whole(5);
}

#[test]
fn a_directory() {
    let db = Db::new();
    fs::create_dir(db.path()).unwrap();
    expect_refused(&db, &format!("obs: cannot open obs.db: it is a directory\n{HINT}"));
}

#[test]
fn a_file_that_is_not_there() {
    let db = Db::new();
    for command in READERS.iter().chain(&MAINTAINERS) {
        let end = db.store(command).run();
        let message = format!("obs: cannot open obs.db: No such file or directory (os error 2)\n{HINT}");
        assert_eq!((end.code, complaints(&end)), (4, message), "{command}");
        assert!(!fs::exists(db.path()).unwrap(), "{command} has made one");
    }
    let end = db.store("--db no/such/obs.db").stdin(line(&traces(0..5))).run();
    let message = format!("obs: cannot open no/such/obs.db: its directory does not exist\n{HINT}");
    assert_eq!((end.code, complaints(&end)), (4, message));
}

#[test]
fn arguments_that_have_no_meaning() {
    let db = Db::new();
    db.keep(line(&traces(0..5)));
    for (command, message) in [
        ("stats extra", "unexpected argument 'extra'"),
        ("stats --format xml", "invalid value 'xml' for '--format <FORMAT>'"),
        ("export --signal profiles", "invalid value 'profiles' for '--signal <SIGNAL>'"),
        ("export --since 1h --from now", "'--since <DURATION>' cannot be used with '--from <TIME>'"),
        ("export --from yesterday", "invalid value 'yesterday' for '--from <TIME>'"),
        ("prune", "obs: nothing says what to delete\nhint: set --older-than 30d, --max-size 10GiB"),
        ("prune --older-than soon", "invalid value 'soon' for '--older-than <DURATION>'"),
        ("--durability eternal", "invalid value 'eternal' for '--durability <WHAT>'"),
        ("--redact a=b", "invalid value 'a=b' for '--redact <RULE>'"),
    ] {
        db.store(command).run().expect(2, message);
    }
    // A name that is no subcommand is an operand.
    db.store("stat").run().expect(4, "cannot open stat: No such file or directory");
    db.expect_whole(5);
}
