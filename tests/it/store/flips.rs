//! A file that is damaged anywhere: no crash, no wrong data, and no damage that nobody is told of.

use std::fs;

use fastrand::Rng;

use super::database::{Db, Frame, copy, frames, is_in_order};
use crate::support::telemetry::{frame, logs, metrics, traces};

/// Several segments of each signal; big enough that parts have pages of their own.
fn kept() -> Db {
    let db = Db::new();
    for number in 0..4 {
        let numbers = number * 2000..(number + 1) * 2000;
        db.keep(frame(1, &traces(numbers.clone())));
        db.keep(frame(3, &logs(numbers.clone())));
        db.keep(frame(2, &metrics(numbers)));
    }
    db
}

/// What a check and an export must not do with a file, whatever is in it; returns whether the check found it whole.
#[track_caller]
fn expect_honest(db: &Db, all: &[Frame], what: &str) -> bool {
    let check = db.store("check").run();
    let export = db.store("export --format proto").run();
    let found = frames(&export.stdout);
    assert!([0, 1, 4].contains(&check.code), "{what}: check: {} {}", check.code, check.stderr);
    assert!([0, 3, 4].contains(&export.code), "{what}: export: {} {}", export.code, export.stderr);
    assert!(!export.stderr.contains("panicked") && !check.stderr.contains("panicked"), "{what}");
    assert!(is_in_order(&found, all), "{what}: batches that were never stored");
    match check.code {
        0 => assert!(export.code == 0 && found == all, "{what}: nobody was told: {}", export.stderr),
        1 => assert!(check.text().contains("obs.db: damaged; "), "{what}: {}", check.text()),
        _ => assert!(
            check.stderr.starts_with("obs: cannot ") || check.stderr.starts_with("obs: obs.db "),
            "{what}: {}",
            check.stderr
        ),
    }
    check.code == 0
}

#[test]
fn a_flipped_byte_anywhere_in_the_file_is_found() {
    let original = kept();
    let all = original.export("");
    let whole = original.bytes();
    let mut found = 0;
    for seed in 0..24 {
        let mut random = Rng::with_seed(seed);
        let db = copy(&original);
        let mut bytes = whole.clone();
        let offset = random.usize(0..bytes.len());
        bytes[offset] ^= 1 << random.u8(0..8);
        fs::write(db.path(), bytes).unwrap();
        found += u32::from(!expect_honest(&db, &all, &format!("seed {seed}, byte {offset}")));
    }
    // Some bytes hold nothing.
    assert!(found > 4, "{found} of 24");
}

#[test]
fn a_flipped_byte_in_the_first_pages_is_found() {
    let original = kept();
    let all = original.export("");
    let whole = original.bytes();
    let mut found = 0;
    // The header of the file, and the definitions of the tables behind it.
    for offset in [0, 16, 18, 20, 24, 28, 33, 44, 56, 60, 68, 92, 100, 103, 105, 16_000, 16_300] {
        let db = copy(&original);
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x10;
        fs::write(db.path(), bytes).unwrap();
        found += u32::from(!expect_honest(&db, &all, &format!("byte {offset}")));
    }
    assert!(found > 4, "{found}");
}

#[test]
fn a_file_that_was_cut_off_gives_what_is_left() {
    let original = kept();
    let all = original.export("");
    let whole = original.bytes();
    for eighths in 0..8 {
        let db = copy(&original);
        fs::write(db.path(), &whole[..whole.len() * eighths / 8]).unwrap();
        if eighths == 0 {
            // An empty file is a database that nothing was written to.
            db.expect_whole(0);
            assert!(db.export("").is_empty());
        } else {
            assert!(!expect_honest(&db, &all, &format!("{eighths}/8")), "{eighths}/8 of the file are whole");
        }
    }
}

#[test]
fn zeros_in_the_middle_of_the_file_are_found() {
    let original = kept();
    let all = original.export("");
    let whole = original.bytes();
    let page = 16 << 10;
    let mut found = 0;
    for number in (1..whole.len() / page).step_by(7) {
        let db = copy(&original);
        let mut bytes = whole.clone();
        bytes[number * page..(number + 1) * page].fill(0);
        fs::write(db.path(), bytes).unwrap();
        found += u32::from(!expect_honest(&db, &all, &format!("page {number}")));
    }
    assert!(found > 0);
}
