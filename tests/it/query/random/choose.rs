//! Random conditions, of names and values that telemetry has.

use fastrand::Rng;

use super::query::Query;
use super::records::hex;
use super::telemetry::{KEYS, OPERATIONS, PERIOD, SERVICES, TEXTS, TRACES, one};
use super::values::{Expression, Limit, Test, Wanted};
use crate::support::telemetry::{TIME, trace_id};

const SIGNS: [&str; 4] = ["<", "<=", ">", ">="];
const PREFIXES: [&str; 6] = ["", "", "", "attributes.", "resource.", "scope."];
const NUMBERS: [f64; 7] = [0.0, 5.0, 7.0, 72.5, 200.0, -3.0, 500.0];

/// Which records a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Spans,
    Logs,
}

/// The name of an attribute, with what may stand before it.
pub fn key(random: &mut Rng, of: Of) -> String {
    let mut prefix = one(random, &PREFIXES);
    if of == Of::Spans && random.u32(..8) == 0 {
        prefix = one(random, &["event.", "link."]);
    }
    let mut key = format!("{prefix}{}", one(random, &KEYS));
    if random.u32(..8) == 0 {
        key += &format!(".{}", one(random, &KEYS));
    }
    key
}

/// A time in the telemetry, or beside it.
pub fn time(random: &mut Rng) -> i64 {
    let step = one(random, &[1, 1000, 100_000_000]);
    (TIME + random.u64(..5 * PERIOD) / step * step) as i64
}

/// Both ends of a range of time, where they are given.
pub fn range(random: &mut Rng) -> (Option<i64>, Option<i64>) {
    let mut end = || (random.u32(..5) == 0).then(|| time(random));
    match (end(), end()) {
        (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other).max(one.min(other) + 1))),
        ends => ends,
    }
}

pub fn duration(random: &mut Rng) -> i64 {
    (random.u64(..400) * one(random, &[1, 1000, 1_000_000])) as i64
}

pub fn expression(random: &mut Rng) -> Expression {
    match random.u32(..3) {
        0 => Expression::Begins(one(random, &["GET", "conn", "7", "数据", "/"]).into()),
        1 => Expression::Ends(one(random, &["host", "y", "e", "失败"]).into()),
        _ => Expression::Holds(one(random, &["refused", "2", "超时", "st", "tru"]).into()),
    }
}

/// The text of a value.
pub fn text(random: &mut Rng) -> String {
    match random.u32(..8) {
        0..5 => one(random, &TEXTS).into(),
        5 => one(random, &NUMBERS).to_string(),
        6 => one(random, &["true", "false", "503", "absent", "error", "warn", "ok"]).into(),
        _ => one(random, &OPERATIONS).into(),
    }
}

fn wanted(random: &mut Rng) -> Wanted {
    let whole = text(random);
    if random.u32(..8) == 0 {
        return Wanted::literal_of(&whole);
    }
    let mut letters: Vec<char> = whole.chars().collect();
    // A part of it: from anywhere to anywhere, or from one end of a word to another.
    let words: Vec<&str> = whole.split_whitespace().collect();
    match random.u32(..4) {
        0 if !words.is_empty() => {
            let from = random.usize(..words.len());
            let to = random.usize(from..words.len());
            letters = words[from..=to].join(" ").chars().collect();
        }
        1 if !letters.is_empty() => {
            letters.drain(..random.usize(..letters.len()));
            letters.truncate(random.usize(1..=letters.len()));
        }
        _ => {}
    }
    if random.u32(..4) == 0 {
        let at = random.usize(..=letters.len());
        let to = random.usize(at..=letters.len());
        letters.splice(at..to, ['*']);
    }
    if random.u32(..6) == 0 {
        letters = letters.into_iter().flat_map(char::to_uppercase).filter(|c| *c != 'S').collect();
    }
    let value: String = letters.into_iter().collect();
    let is_keyword = |word: &str| ["and", "or", "not"].contains(&word.to_lowercase().as_str());
    let is_quoted = random.bool()
        || value.trim().is_empty()
        || value.trim() == "*"
        || value.split_whitespace().any(is_keyword);
    Wanted::new(&value, is_quoted)
}

/// A query for one kind of records.
pub fn query(random: &mut Rng, of: Of, depth: u32) -> Query {
    let several = |random: &mut Rng| (0..random.u32(2..4)).map(|_| query(random, of, depth - 1)).collect();
    match random.u32(..if depth > 0 { 10 } else { 7 }) {
        7 => Query::And(several(random)),
        8 => Query::Or(several(random)),
        9 => Query::Not(Box::new(query(random, of, depth - 1))),
        0..3 => of_attribute(random, of),
        3 => Query::Is(None, Test::Equals(term(random))),
        _ => of_field(random, of),
    }
}

/// What any field may have.
fn term(random: &mut Rng) -> Wanted {
    match random.u32(..12) {
        0 => Wanted::new(&hex(&trace_id(random.u64(..TRACES))), false),
        _ => wanted(random),
    }
}

fn of_attribute(random: &mut Rng, of: Of) -> Query {
    let key = key(random, of);
    // Its values are names, which numbers stand for too.
    if key == "status" && of == Of::Spans {
        return Query::Is(Some(key), Test::Equals(name(random, &["ok", "unset", "Error"])));
    }
    match random.u32(..10) {
        0 => Query::Is(Some(key), Test::Exists),
        1 => Query::IsAny(key, (0..2).map(|_| wanted(random)).collect()),
        2 => Query::Is(Some("k*".into()), Test::Equals(wanted(random))),
        3..5 => {
            Query::Is(Some(key), Test::Compares(one(random, &SIGNS), Limit::Number(one(random, &NUMBERS))))
        }
        5 => Query::Is(
            Some(key),
            Test::Compares(one(random, &SIGNS), Limit::Text(one(random, &["GET", "b", "用"]).into())),
        ),
        _ => Query::Is(Some(key), Test::Equals(wanted(random))),
    }
}

fn name(random: &mut Rng, names: &[&str]) -> Wanted {
    let name = one(random, names);
    match random.u32(..6) {
        0 => Wanted::new(&format!("{}*", &name[..1]), false),
        _ => Wanted::new(name, name.is_empty() || random.bool()),
    }
}

fn of_field(random: &mut Rng, of: Of) -> Query {
    let is = |name: &str, test| Query::Is(Some(name.into()), test);
    let compares = |random: &mut Rng, limit| Test::Compares(one(random, &SIGNS), limit);
    let id = trace_id(random.u64(..TRACES));
    match (random.u32(..10), of) {
        (0, _) => is("service", Test::Equals(name(random, &SERVICES[..3]))),
        (1, _) => is("scope", Test::Equals(Wanted::new(one(random, &["shop", "db client", "d*"]), true))),
        (2, _) => is("trace_id", Test::Equals(Wanted::new(&hex(&id).to_uppercase(), random.bool()))),
        (3, _) => {
            let limit = Limit::Time(time(random));
            is("timestamp", compares(random, limit))
        }
        (4, Of::Spans) => is("operation", Test::Equals(wanted(random))),
        (5, Of::Spans) => is("kind", Test::Equals(name(random, &["server", "Client", "internal"]))),
        (6, Of::Spans) => is("status", Test::Equals(name(random, &["ok", "ERROR", "unset"]))),
        (7, Of::Spans) => {
            let limit = Limit::Duration(duration(random));
            is("duration", compares(random, limit))
        }
        (8, Of::Spans) => is("status.message", Test::Equals(wanted(random))),
        (_, Of::Spans) => is("event", Test::Equals(Wanted::new(one(random, &["exception", "*e*"]), true))),
        (4, Of::Logs) => {
            let limit = Limit::Level(random.u8(..6));
            is("level", compares(random, limit))
        }
        (5, Of::Logs) => {
            let names = ["info", "warn", "Error", "fatal", "custom", "loud"];
            is("level", Test::Equals(name(random, &names)))
        }
        (6, Of::Logs) => is("event", Test::Equals(Wanted::new(one(random, &["login failed", "l*"]), true))),
        (_, Of::Logs) => is("message", Test::Equals(wanted(random))),
    }
}
