//! SIGKILL in the middle of a stream: what was committed is there, and nothing is half there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::ops::Range;

use fastrand::Rng;

use super::database::{Commit, Db, commits, numbers};
use crate::support::telemetry::{frame, span, spans_of, text};
use crate::support::{Signal, eventually};

/// Spans in a batch.
const SPANS: u64 = 20;

/// What a writer that was killed had done.
#[derive(Debug)]
struct Killed {
    /// The number of its first span, and that behind its last.
    first: u64,
    end: u64,
    commits: Vec<Commit>,
}

/// When to kill a writer.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Batches come as fast as they are taken: after so many commits and then so many batches.
    Hurried(u64, u64),
    /// A batch comes when the one before is committed: in the middle of the last of so many.
    Calm(u64),
}

impl When {
    fn any(random: &mut Rng) -> When {
        match random.bool() {
            true => When::Hurried(random.u64(0..3), random.u64(1..30)),
            false => When::Calm(random.u64(1..20)),
        }
    }
}

/// A batch of spans that are long, so that few of them fill a segment.
fn batch(numbers: Range<u64>, random: &mut Rng) -> Vec<u8> {
    let mut spans: Vec<_> = numbers.map(span).collect();
    for span in &mut spans {
        let noise: String = (0..200).map(|_| random.alphanumeric()).collect();
        span.attributes.push(text("db.query.text", &noise.repeat(40)));
    }
    frame(1, &spans_of("checkout", spans))
}

/// Sends numbered spans from `first` on, and kills the writer.
fn kill(db: &Db, log: &str, first: u64, random: &mut Rng) -> Killed {
    let when = When::any(random);
    let (stdin, mut spans) = std::io::pipe().unwrap();
    let line = format!("--flush-interval 3ms --commit-log {log}");
    let process = db.store(&line).stdin_from(stdin).spawn();
    let committed = || -> (u64, u64) {
        let commits = commits(&db.dir.file(log));
        (commits.len() as u64, commits.iter().map(|commit| commit.items).sum())
    };
    let mut end = first;
    let mut send = || {
        spans.write_all(&batch(end..end + SPANS, random)).unwrap();
        end += SPANS;
        end - first
    };
    match when {
        When::Hurried(after_commits, after_batches) => {
            while committed().0 < after_commits {
                send();
            }
            for _ in 0..after_batches {
                send();
            }
        }
        When::Calm(batches) => {
            for _ in 1..batches {
                let sent = send();
                eventually("the commit", || (committed().1 >= sent).then_some(()));
            }
            send();
        }
    }
    process.signal(Signal::KILL);
    assert_eq!(process.wait().code, 128 + 9);
    Killed { first, end, commits: commits(&db.dir.file(log)) }
}

impl Killed {
    fn committed(&self) -> u64 {
        self.commits.iter().map(|commit| commit.items).sum()
    }
}

/// Expects that all is there that was committed, and nothing that was not sent; returns how many spans there are.
fn expect_committed(db: &Db, killed: &[Killed], seed: u64) -> usize {
    if !fs::exists(db.path()).unwrap() {
        assert!(killed.iter().all(|killed| killed.commits.is_empty()), "seed {seed}: committed to no file");
        return 0;
    }
    let check = db.store("check").run();
    assert_eq!(check.code, 0, "seed {seed}: {}{}", check.text(), check.stderr);
    let mut found = numbers(&db.export(""));
    let total = found.len();
    for killed in killed {
        let rest = found.split_off(&killed.end);
        // One writer of one stream: what is there is the beginning of what was sent.
        assert!(
            found.iter().copied().eq(killed.first..killed.first + found.len() as u64),
            "seed {seed}: a gap"
        );
        let (there, committed) = (found.len() as u64, killed.committed());
        assert!(there >= committed, "seed {seed}: {there} spans of {committed} committed ones");
        assert_eq!(there % SPANS, 0, "seed {seed}: a part of a batch");
        found = rest;
    }
    assert!(found.is_empty(), "seed {seed}: spans that were never sent");
    expect_segments(db, killed, seed);
    total
}

/// Expects a segment for every line of the commit logs, unless it has become part of an earlier one.
fn expect_segments(db: &Db, killed: &[Killed], seed: u64) {
    if killed.iter().all(|killed| killed.commits.is_empty()) {
        // There may be no tables yet.
        return;
    }
    let connection = db.sql();
    let mut segments = connection.prepare("SELECT id, items FROM segments").unwrap();
    let segments = segments.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let segments: BTreeMap<i64, u64> = segments.collect::<Result<_, _>>().unwrap();
    for commit in killed.iter().flat_map(|killed| &killed.commits) {
        let Commit { segment, items } = *commit;
        match segments.get(&segment) {
            Some(found) => assert!(*found >= items, "seed {seed}: {found} items of {commit:?}"),
            None => {
                let merged = segments.range(..segment).any(|(_, found)| *found > items);
                assert!(merged, "seed {seed}: {commit:?} is in no segment");
            }
        }
    }
}

#[test]
fn a_killed_writer_of_a_new_database_leaves_all_that_it_has_committed() {
    let mut spans = 0;
    for seed in 0..30 {
        let mut random = Rng::with_seed(seed);
        let db = Db::new();
        let killed = kill(&db, "commits", 0, &mut random);
        spans += expect_committed(&db, &[killed], seed);
    }
    assert!(spans > 0, "never anything was committed");
}

#[test]
fn writers_that_are_killed_one_after_the_other_leave_all_that_they_have_committed() {
    let (db, mut random) = (Db::new(), Rng::with_seed(1));
    let mut killed = Vec::new();
    let mut spans = 0;
    for round in 0..20 {
        // Numbers of different rounds are far apart.
        let first = round * 1_000_000;
        killed.push(kill(&db, &format!("commits-{round}"), first, &mut random));
        spans = expect_committed(&db, &killed, round);
    }
    // The next writer takes into the rollups what they have left.
    db.keep("");
    for table in ["operation_minutes", "operation_hours", "operation_days"] {
        assert_eq!(db.number(&format!("SELECT sum(count) FROM {table}")), spans as i64, "{table}");
    }
    assert_eq!(db.number("SELECT count(*) FROM unfolded"), 0);
    db.expect_whole(spans as u64);
}

#[test]
fn a_writer_that_is_killed_while_it_creates_the_file_leaves_an_empty_database() {
    let writing = Db::new();
    let connection = writing.sql();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema.sql");
    // What is begun goes to the disk when the cache is full.
    connection.execute_batch("PRAGMA cache_size = 1; BEGIN").unwrap();
    connection.execute_batch(&fs::read_to_string(schema).unwrap()).unwrap();
    connection.execute("INSERT INTO payloads VALUES (1, 1, zeroblob(1000000))", []).unwrap();
    for reader in ["stats", "check", "export", "services"] {
        let db = Db::new();
        for file in ["obs.db", "obs.db-journal"] {
            assert!(fs::copy(writing.dir.file(file), db.dir.file(file)).unwrap() > 0, "{file}");
        }
        let end = db.store(reader).run();
        assert_eq!(end.code, 0, "{reader}: {}", end.stderr);
        db.expect_whole(0);
    }
}
