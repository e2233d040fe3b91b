//! `query logs --follow`.

use std::io::{BufRead, BufReader};
use std::path::Path;

use obs::expr::{self, Matcher};
use obs::query::Reader;
use obs::query::logs::{Follower, LogSearch, Order};
use obs::store::Database;

use super::{Kept, line, logs, metrics, records, traces};
use crate::support::{Obs, Signal, TempDir, eventually};

fn search() -> LogSearch {
    let search = expr::parse("").unwrap();
    let matcher =
        Matcher::compile(&search.query, obs::otlp::Signal::Logs, &obs::expr::Clock::utc(0)).unwrap();
    let (order, range_ns) = (Order::Newest, (None, None));
    LogSearch { matcher, order, limit: None, range_ns, after: None, resource: None }
}

fn reader(path: &str) -> Reader {
    Reader::new(Database::read(Path::new(path), &mut |_, _| {}).unwrap()).unwrap()
}

#[test]
fn between_two_looks_the_log_of_the_writer_can_be_emptied() {
    let kept = Kept::new(&[records("a", 0..3)]);
    let path = kept.dir.file("obs.db");
    let reader = reader(&path);
    let mut follower = Follower::new(&reader).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let write = |number: i64| {
        connection
            .execute_batch(&format!("CREATE TABLE other{number} (a); DROP TABLE other{number};"))
            .unwrap();
    };
    // Whether readers were in the way.
    let checkpoint =
        || -> i64 { connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap() };
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    write(1);
    assert_eq!(checkpoint(), 1, "nothing has been released yet");
    for number in 2..5 {
        kept.store(&records("a", number + 10..number + 11));
        let new = follower.new_hits(&reader, &search()).unwrap();
        assert_eq!(new.len(), 1);
        write(number as i64);
        assert_eq!(checkpoint(), 0, "after a look");
    }
    // What was not looked at is still there.
    kept.store(&records("a", 20..22));
    assert_eq!(follower.new_hits(&reader, &search()).unwrap().len(), 2);
}

#[test]
fn a_search_that_is_read_slowly_does_not_hold_on_to_the_database() {
    let kept = Kept::new(&[records("a", 0..2000)]);
    let connection = rusqlite::Connection::open(kept.dir.file("obs.db")).unwrap();
    connection.execute_batch("CREATE TABLE other (a)").unwrap();
    // More than a pipe holds.
    let mut search = kept.logs("", "--limit 900 --format ndjson").stdout_piped().spawn();
    let mut out = BufReader::new(search.take_stdout());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0);
    assert!(search.is_running(), "it has not been read to its end");
    assert_eq!(out.lines().count(), 899);
    search.wait().expect(0, "there are more");
}

#[test]
fn a_file_that_was_empty_is_followed_once_it_is_a_database() {
    let kept = Kept { dir: TempDir::new() };
    let path = kept.dir.write("obs.db", "");
    let reader = reader(&path);
    let mut follower = Follower::new(&reader).unwrap();
    assert!(follower.new_hits(&reader, &search()).unwrap().is_empty());
    kept.store(&records("a", 0..3));
    assert_eq!(follower.new_hits(&reader, &search()).unwrap().len(), 3);
    kept.store(&records("a", 3..4));
    assert_eq!(follower.new_hits(&reader, &search()).unwrap().len(), 1);
}

#[test]
fn a_database_is_followed_until_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let kept = Kept::new(&[records("a", 0..5)]);
        let follow = kept.logs("service: a", "--follow -n 2 --format ndjson").spawn();
        let stdout = follow.stdout.as_ref().unwrap();
        stdout.line("line 4");
        kept.store(&(records("b", 5..6) + &records("a", 6..7)));
        stdout.line("line 6");
        follow.signal(signal);
        let end = follow.wait();
        end.expect(0, "");
        let messages: Vec<_> = end.lines().iter().map(|line| line["message"].clone()).collect();
        assert_eq!(messages, ["line 3", "line 4", "line 6"]);
    }
}

#[test]
fn a_database_is_followed_as_long_as_somebody_reads() {
    let kept = Kept::new(&[records("a", 0..5)]);
    let mut follow = kept.logs("", "--follow").stdout_piped().spawn();
    let mut first = String::new();
    BufReader::new(follow.take_stdout()).read_line(&mut first).unwrap();
    assert!(first.contains("line 0"), "{first}");
    // Nothing more needs to come for that.
    let end = follow.wait();
    assert_eq!((end.code, end.stderr.as_str()), (0, ""));
}

#[test]
fn the_records_of_a_stream_are_shown_as_they_come() {
    let dir = TempDir::new();
    let mut follow =
        Obs::new(&dir, "query logs --follow -n 1 --format ndjson message:line -").stdin_open().spawn();
    for number in [0, 5, 9] {
        follow.write(line(&traces(number..number + 1)).as_bytes());
        follow.write(line(&metrics(number..number + 1)).as_bytes());
        follow.write(line(&logs(number..number + 2)).as_bytes());
        follow.stdout.as_ref().unwrap().line(&format!("\"line {}\"", number + 1));
    }
    follow.write(b"{\"resourceLogs\":7}\n");
    follow.stderr.line("stdin:10:");
    follow.write(records("a", 20..21).as_bytes());
    follow.stdout.as_ref().unwrap().line("\"line 20\"");
    follow.close_stdin();
    let end = follow.wait();
    // Nothing was searched before, and all the rest was read.
    end.expect(3, "resourceLogs");
    let messages: Vec<_> = end.lines().iter().map(|line| line["message"].clone()).collect();
    assert_eq!(messages, ["line 0", "line 1", "line 5", "line 6", "line 9", "line 10", "line 20"]);
    // Nothing was kept of it either.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn files_are_followed_to_their_ends() {
    let dir = TempDir::new();
    let one = dir.write("one.jsonl", records("a", 0..2) + &records("b", 2..3));
    let other = dir.write("other.jsonl", records("a", 3..4));
    let end = Obs::new(&dir, "query logs --follow --utc --format csv service:a").arg(&one).arg(&other).run();
    end.expect(0, "");
    let lines: Vec<String> =
        end.text().lines().map(|line| line.split(',').nth(3).unwrap().to_owned()).collect();
    assert_eq!(lines, ["line 0", "line 1", "line 3"]);
    let none = |line: &str| Obs::new(&dir, "query logs --follow service:x").arg(&one).args(line).run();
    assert_eq!((none("").code, none("--exit-code").code), (0, 1));
    let missing = Obs::new(&dir, "query logs --follow service:x nothing.jsonl").run();
    missing.expect(4, "cannot open nothing.jsonl");
}

#[test]
fn a_stream_that_is_followed_ends_in_order() {
    let dir = TempDir::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut follow = Obs::new(&dir, "query logs --follow").arg("").arg("-").stdin_open().spawn();
        let shown = |follow: &crate::support::Process, text: &str| follow.stdout.as_ref().unwrap().line(text);
        follow.write(records("a", 0..1).as_bytes());
        shown(&follow, "line 0");
        follow.signal(signal);
        // What comes before the end is still shown.
        follow.write(records("a", 1..2).as_bytes());
        shown(&follow, "line 1");
        follow.close_stdin();
        follow.wait().expect(0, "");
    }
    let mut follow =
        Obs::new(&dir, "query logs --follow").arg("").arg("-").stdin_open().stdout_piped().spawn();
    follow.write(records("a", 0..1).as_bytes());
    let mut first = String::new();
    BufReader::new(follow.take_stdout()).read_line(&mut first).unwrap();
    assert!(first.contains("line 0"), "{first}");
    eventually("the end, though its input goes on", || (!follow.is_running()).then_some(()));
    let end = follow.wait();
    assert_eq!((end.code, end.stderr.as_str()), (0, ""));
}
