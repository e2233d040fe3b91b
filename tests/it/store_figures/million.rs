//! Random spans in random order, stored by many runs of the writer, of which one is killed.

use super::naive;
use super::spans::{Names, RawSpan, random_traces};
use super::tables::{Rollups, number, open};
use super::wire;
use crate::support::{Account, Obs, Signal, TempDir, eventually};

/// Spans; `OBS_FIGURES_SPANS` makes it as many as wanted.
const SPANS: usize = 200_000;
const RUNS: usize = 20;

#[test]
fn all_rollups_of_random_spans_in_many_runs() {
    let count = std::env::var("OBS_FIGURES_SPANS").map_or(SPANS, |count| count.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(7);
    let names = Names::unusual();
    let mut spans = random_traces(&mut random, &names, count);
    random.shuffle(&mut spans);
    let dir = TempDir::new();
    let mut rest = &spans[..];
    for run in 0..RUNS {
        let left = RUNS - run;
        // Some of them are ten times as large as others.
        let share =
            if left == 1 { rest.len() } else { rest.len() * [3, 3, 12, 30][random.usize(..4)] / (12 * left) };
        let (part, later) = rest.split_at(share.min(rest.len()));
        rest = later;
        let batches = batches(&mut random, &names, part, run % 3 == 0);
        match run {
            8 => killed(&dir, part.len(), &batches),
            _ => stored(&dir, part.len(), &batches, &mut random),
        }
    }
    let database = open(&dir.file("figures.db"));
    assert_eq!(number(&database, "SELECT sum(items) FROM segments"), spans.len() as u64);
    assert_eq!(number(&database, "SELECT count(*) FROM unfolded"), 0);
    Rollups::read(&database).expect(&naive::rollups(&spans, &names));
    // Each run of the writer leaves at least one run of spans that wait, and three of a size may stay as they are.
    let runs = number(&database, "SELECT count(*) FROM pending_runs");
    assert!(runs < RUNS as u64 * 3 / 4, "{runs} runs of what waits have not been merged");
    assert!(number(&database, "SELECT max(bits) FROM pending_runs") > 2, "they have many parts");
}

/// A batch of the stream and its spans.
struct Batch {
    bytes: Vec<u8>,
    spans: usize,
}

/// Spans in batches of any size.
fn batches(random: &mut fastrand::Rng, names: &Names, mut spans: &[RawSpan], as_lines: bool) -> Vec<Batch> {
    let mut batches = Vec::new();
    while !spans.is_empty() {
        let most = [3, 300, 3000][random.usize(..3)];
        let (batch, later) = spans.split_at(random.usize(1..most).min(spans.len()));
        spans = later;
        let bytes = if as_lines { wire::line(batch, names) } else { wire::frame(batch, names) };
        batches.push(Batch { bytes, spans: batch.len() });
    }
    batches
}

fn stream(batches: &[Batch]) -> Vec<u8> {
    batches.iter().flat_map(|batch| &batch.bytes).copied().collect()
}

/// Stores batches from one to four files.
fn stored(dir: &TempDir, spans: usize, batches: &[Batch], random: &mut fastrand::Rng) {
    let files = batches.chunks(batches.len().div_ceil(random.usize(1..5)).max(1));
    let mut obs = Obs::new(dir, "store --db figures.db").ledger(&dir.file("ledger.json"));
    for (number, file) in files.enumerate() {
        obs = obs.arg(dir.write(&format!("{number}.stream"), stream(file)));
    }
    let end = obs.run();
    end.expect(0, "");
    assert_eq!(end.ledger().traces(), Account::all(spans as u64));
}

/// Stores batches with a writer that is killed after a commit, and then those again that it has not committed.
fn killed(dir: &TempDir, spans: usize, batches: &[Batch]) {
    let path = dir.file("figures.db");
    let stored = || number(&open(&path), "SELECT sum(batches) FROM segments") as usize;
    let items = || number(&open(&path), "SELECT sum(items) FROM segments") as usize;
    let before = (stored(), items());
    let log = dir.file("commits.jsonl");
    let mut writer = Obs::new(dir, "store --db figures.db --flush-interval 10ms --commit-log")
        .arg(&log)
        .stdin_open()
        .spawn();
    writer.write(&stream(&batches[..batches.len() / 2]));
    eventually("a commit", || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.ends_with('\n')).then_some(())
    });
    writer.signal(Signal::KILL);
    assert_eq!(writer.wait().code, 128 + 9);
    let committed = stored() - before.0;
    assert!((1..batches.len()).contains(&committed), "{committed} batches were committed");
    let (done, left) = batches.split_at(committed);
    assert_eq!(items() - before.1, done.iter().map(|batch| batch.spans).sum::<usize>(), "the first of them");
    let end =
        Obs::new(dir, "store --db figures.db").stdin(stream(left)).ledger(&dir.file("ledger.json")).run();
    end.expect(0, "");
    assert_eq!(end.ledger().traces().received as usize, left.iter().map(|batch| batch.spans).sum::<usize>());
    assert_eq!(items() - before.1, spans);
}
