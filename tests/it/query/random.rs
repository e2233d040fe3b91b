//! Random searches find what a loop over the decoded records finds.
//!
//! What a search means is written here a second time, as `--help` has it. `OBS_RANDOM_SEARCHES` says how many searches of
//! each kind there are and `OBS_RANDOM_SEED` from which seed on; a search that fails names its seed.

mod choose;
mod logs;
mod query;
mod records;
mod telemetry;
mod traces;
mod values;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fastrand::Rng;
use serde_json::Value;

use crate::support::{Obs, TempDir};
use telemetry::Telemetry;

/// A database, the same as files, and what is in it.
struct World {
    dir: TempDir,
    telemetry: Telemetry,
    files: [String; 3],
}

/// Processes that store, one after the other.
const PARTS: u64 = 7;

impl World {
    fn new(seed: u64) -> World {
        let mut random = Rng::with_seed(seed);
        let telemetry = Telemetry::new(&mut random, PARTS, 220);
        let dir = TempDir::new();
        for (number, part) in telemetry.parts.iter().enumerate() {
            Obs::new(&dir, "store").stdin(part.clone()).run().expect(0, "");
            // Some segments are merged, others are not.
            if number == 3 {
                Obs::new(&dir, "store compact").run().expect(0, "");
            }
        }
        let lines = Obs::new(&dir, "store export").env("OBS_FORMAT", "ndjson").run();
        lines.expect(0, "");
        let (first, rest) = telemetry.parts.split_at(3);
        let files = [
            dir.write("all.jsonl", &lines.stdout),
            dir.write("first.frames", first.concat()),
            dir.write("rest.frames", rest.concat()),
        ];
        World { dir, telemetry, files }
    }

    fn shared() -> &'static World {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| World::new(number_from("OBS_RANDOM_SEED", 1)))
    }

    /// The whole answer to a search of the database.
    #[track_caller]
    fn answer(&self, line: &str, args: &[String], files: &[String]) -> Value {
        let query = args.iter().chain(files).fold(Obs::new(&self.dir, line), |query, arg| query.arg(arg));
        let end = query.args("--format json").run();
        assert_eq!(end.code, 0, "obs {line} {}: {}", shell(args), end.stderr);
        serde_json::from_slice(&end.stdout).unwrap()
    }

    /// Files of one encoding or the other, for some of the searches.
    fn operands(&self, random: &mut Rng) -> &[String] {
        match random.u32(..16) {
            0 => &self.files[..1],
            1 => &self.files[1..],
            _ => &[],
        }
    }
}

fn number_from(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Runs random searches on two threads.
fn each_search(search: impl Fn(u64, &mut Rng) + Sync) {
    let first = number_from("OBS_RANDOM_SEED", 1) * 1_000_000;
    let next = AtomicU64::new(first);
    let last = first + number_from("OBS_RANDOM_SEARCHES", 500);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= last {
                        return;
                    }
                    search(seed, &mut Rng::with_seed(seed));
                }
            });
        }
    });
}

/// Expects the same in the same order; says what is missing, what is too much, and where the rest begins to differ.
#[track_caller]
fn expect_same<T: PartialEq + std::fmt::Debug>(found: &[T], expected: &[T], what: &str) {
    if found == expected {
        return;
    }
    let beside = |of: &[T], other: &[T]| {
        of.iter()
            .filter(|one| !other.contains(one))
            .take(5)
            .map(|one| format!("\n  {one:?}"))
            .collect::<String>()
    };
    let place = found.iter().zip(expected).position(|(found, expected)| found != expected);
    panic!(
        "{what}\nfound {}, expected {}; missing:{}\nnot expected:{}\nfrom place {place:?} on found:{}\nexpected:{}",
        found.len(),
        expected.len(),
        beside(expected, found),
        beside(found, expected),
        beside(&found[place.unwrap_or(0)..], &[]),
        beside(&expected[place.unwrap_or(0)..], &[]),
    );
}

/// Words as a shell takes them.
fn shell(args: &[String]) -> String {
    let word = |arg: &String| format!("'{}'", arg.replace('\'', r"'\''"));
    args.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn rfc3339(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(ns.into()).unwrap().to_string()
}
