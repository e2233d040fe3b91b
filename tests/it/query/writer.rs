//! Queries while a writer streams: each sees all that was committed before it began, and nothing in part.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use serde_json::Value;

use crate::support::telemetry::{frame, logs, traces};
use crate::support::{Obs, TempDir, eventually};

/// Items of either signal in a batch.
const ITEMS: u64 = 100;

/// Batches that are sent for each query.
const BATCHES: u64 = 10;

/// Rounds of all queries.
const ROUNDS: u64 = 5;

/// Items of traces that a commit log has.
fn committed(dir: &TempDir) -> u64 {
    let log = std::fs::read_to_string(dir.file("commits")).unwrap_or_default();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|commit| commit["signal"] == "traces").filter_map(|commit| commit["items"].as_u64()).sum()
}

#[test]
fn queries_see_what_was_committed_when_they_began() {
    let dir = TempDir::new();
    let (stdin, mut stream) = std::io::pipe().unwrap();
    let store = Obs::new(&dir, "store --flush-interval 5ms --commit-log commits").stdin_from(stdin).spawn();
    let (sent, asked, stopped) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stopped.load(SeqCst) {
                let first = sent.fetch_add(ITEMS, SeqCst);
                stream.write_all(&frame(1, &traces(first..first + ITEMS))).unwrap();
                stream.write_all(&frame(3, &logs(first..first + ITEMS))).unwrap();
                // Not so far ahead that the queries take longer and longer.
                eventually("the next query", || {
                    let is_near = first < (asked.load(SeqCst) + 1) * BATCHES * ITEMS;
                    (is_near || stopped.load(SeqCst)).then_some(())
                });
            }
            drop(stream);
        });
        eventually("the first commit", || (committed(&dir) > 0).then_some(()));
        let answer = |line: &str, sql: Option<&str>| -> Value {
            let obs = Obs::new(&dir, "query").args(line);
            let end = sql.into_iter().fold(obs, Obs::arg).run();
            assert_eq!(end.code, 0, "{line}: {}", end.stderr);
            assert!(!end.stderr.contains("warning"), "{line}: {}", end.stderr);
            asked.fetch_add(1, SeqCst);
            serde_json::from_slice(&end.stdout).unwrap()
        };
        let within = |what: &str, before: u64, found: u64| {
            assert!(
                before <= found && found <= sent.load(SeqCst),
                "{what}: {found}, {before} were committed before"
            );
            assert_eq!(found % ITEMS, 0, "{what}: a batch in part");
        };
        for _ in 0..ROUNDS {
            for sort in ["newest", "longest"] {
                let before = committed(&dir);
                let traces = answer(&format!("traces --limit 0 --sort {sort} --format json"), None);
                within(sort, before, traces["traces"].as_array().unwrap().len() as u64);
            }
            let before = committed(&dir);
            let sql = "SELECT count(*) AS n, count(DISTINCT TraceId) AS d FROM spans";
            let count = answer("sql --format json", Some(sql));
            assert_eq!(count["rows"][0]["n"], count["rows"][0]["d"]);
            within("sql", before, count["rows"][0]["n"].as_u64().unwrap());
            let services = answer("services --format json", None);
            within("services", 0, services["services"][0]["spans"].as_u64().unwrap_or_default());
            let records = answer("logs line --limit 0 --format json", None);
            let records = records["logs"].as_array().unwrap();
            assert_eq!(records.len() as u64 % ITEMS, 0);
        }
        stopped.store(true, SeqCst);
        writer.join().unwrap();
    });
    store.wait().expect(0, "obs store: ");
    let total = sent.load(SeqCst);
    let all = Obs::new(&dir, "query traces --limit 0 --format ndjson").run();
    assert_eq!(all.lines().len() as u64, total);
}
