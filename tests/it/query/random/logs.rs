//! Searches for log records.

use std::collections::BTreeMap;

use fastrand::Rng;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Value, json};

use super::choose::{self, Of};
use super::query::Query;
use super::records::{Record, log_time};
use super::telemetry::one;
use super::values::{Seen, Test, level_name};
use super::{World, each_search, expect_same, rfc3339, shell};

#[derive(Debug)]
struct Search {
    args: Vec<String>,
    query: Query,
    from_ns: Option<i64>,
    to_ns: Option<i64>,
    oldest: bool,
}

impl Search {
    fn random(random: &mut Rng) -> Search {
        let query = if random.u32(..10) == 0 { Query::All } else { choose::query(random, Of::Logs, 2) };
        let mut args = Vec::new();
        let (from_ns, to_ns) = choose::range(random);
        args.extend(from_ns.map(|time| format!("--from={}", rfc3339(time))));
        args.extend(to_ns.map(|time| format!("--to={}", rfc3339(time))));
        let oldest = random.bool();
        if oldest {
            args.push("--sort=oldest".into());
        }
        Search { args, query, from_ns, to_ns, oldest }
    }

    fn passes(&self, record: &Record<LogRecord>) -> bool {
        let time = log_time(&record.item) as i64;
        let is = |name: Option<&str>, test: &Test| record.passes(name, test);
        self.from_ns.is_none_or(|from| time > 0 && time >= from)
            && self.to_ns.is_none_or(|to| time > 0 && time < to)
            && self.query.passes(&is)
    }

    /// The records that are found, in their order: those without a time last.
    fn naive<'r>(&self, records: &'r [Record<LogRecord>]) -> Vec<&'r Record<LogRecord>> {
        let mut found: Vec<_> = records.iter().filter(|record| self.passes(record)).collect();
        let time = |record: &&Record<LogRecord>| log_time(&record.item);
        if self.oldest {
            found.sort_by_key(|record| (time(record) == 0, time(record)));
        } else {
            found.reverse();
            found.sort_by_key(|record| std::cmp::Reverse(time(record)));
        }
        found
    }
}

/// What each record has another of.
fn number(record: &Record<LogRecord>) -> i64 {
    let attribute = record.item.attributes.iter().find(|attribute| attribute.key == "number");
    match attribute.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Any::IntValue(number)) => *number,
        _ => unreachable!("every record has one"),
    }
}

#[test]
fn searches_for_log_records() {
    let world = World::shared();
    each_search(|seed, random| {
        let search = Search::random(random);
        let expected = search.naive(&world.telemetry.logs);
        if random.u32(..6) == 0 {
            return counts(world, &search, &expected, random, seed);
        }
        let limit = one(random, &[0, 0, 1, 3, 20]);
        let mut args = vec![search.query.typed()];
        args.extend(search.args.iter().cloned());
        args.extend(["--limit".into(), limit.to_string()]);
        let what = format!("obs query logs {}, seed {seed}", shell(&args));
        let found = world.answer("query logs", &args, world.operands(random));
        let found: Vec<(i64, &str, &str)> = found["logs"].as_array().unwrap().iter().map(facts).collect();
        let shown = if limit == 0 { expected.len() } else { limit.min(expected.len()) };
        let levels: Vec<String> = expected.iter().map(|record| level(&record.item)).collect();
        let expected: Vec<(i64, &str, &str)> = expected[..shown]
            .iter()
            .zip(&levels)
            .map(|(record, level)| (number(record), record.service(), level.as_str()))
            .collect();
        expect_same(&found, &expected, &what);
    });
}

fn facts(record: &Value) -> (i64, &str, &str) {
    let number = record["attributes"]["number"].as_i64().unwrap();
    (number, record["service"].as_str().unwrap(), record["level"].as_str().unwrap())
}

fn level(record: &LogRecord) -> String {
    match level_name(record.severity_number) {
        "" => record.severity_text.to_lowercase(),
        name => name.into(),
    }
}

/// Compares what there is of each value.
#[track_caller]
fn counts(world: &World, search: &Search, records: &[&Record<LogRecord>], random: &mut Rng, seed: u64) {
    let fields = ["service", "level", "k1", "http.status", "resource.k2", "event", "k2.k1"];
    let fields: Vec<&str> = (0..random.usize(0..3)).map(|_| one(random, &fields)).collect();
    let mut fields = fields;
    fields.dedup();
    let mut expected: BTreeMap<Vec<Option<String>>, u64> = BTreeMap::new();
    if fields.is_empty() {
        // Nothing at all is a count too.
        expected.insert(Vec::new(), 0);
    }
    for record in records {
        let values = fields.iter().map(|field| first_text(record, field)).collect();
        *expected.entry(values).or_default() += 1;
    }
    let mut expected: Vec<_> = expected.into_iter().collect();
    expected.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let typed = match fields.as_slice() {
        [] => format!("{} | count", search.query.typed()),
        fields => format!("{} | count by {}", search.query.typed(), fields.join(",")),
    };
    let mut args = vec![typed];
    args.extend(search.args.iter().cloned());
    args.push("--limit=0".into());
    let what = format!("obs query logs {}, seed {seed}", shell(&args));
    let found = world.answer("query logs", &args, world.operands(random));
    assert_eq!(found["total"], records.len(), "{what}");
    let rows = found["counts"].as_array().unwrap();
    let row = |row: &Value| (row["values"].clone(), row["count"].as_u64().unwrap());
    let named = |(values, count): (Vec<Option<String>>, u64)| {
        let values = fields.iter().zip(values).map(|(name, value)| ((*name).to_owned(), json!(value)));
        (Value::Object(values.collect()), count)
    };
    let found: Vec<_> = rows.iter().map(row).collect();
    expect_same(&found, &expected.into_iter().map(named).collect::<Vec<_>>(), &what);
    for row in rows {
        let parts = row["over_time"].as_array().unwrap();
        let sum: u64 = parts.iter().map(|part| part.as_u64().unwrap()).sum();
        assert_eq!(sum, row["count"], "{what}");
    }
}

/// The first value of a field as a text: of the record before the scope and the resource.
fn first_text(record: &Record<LogRecord>, field: &str) -> Option<String> {
    let (values, _) = record.values(field);
    Some(match values.into_iter().next()? {
        Seen::Text(text) | Seen::Name(text) => text,
        Seen::Int(number) => number.to_string(),
        Seen::Bool(value) => value.to_string(),
        Seen::Level(number, text) => match level_name(number) {
            "" => text,
            name => name.into(),
        },
        Seen::Any(value) => plain_text(value.value.as_ref()),
    })
}

/// A text as it is, anything else as JSON.
fn plain_text(value: Option<&Any>) -> String {
    match value {
        Some(Any::StringValue(text)) => text.clone(),
        value => plain(value).to_string(),
    }
}

fn plain(value: Option<&Any>) -> Value {
    match value {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::BoolValue(value)) => json!(value),
        Some(Any::ArrayValue(list)) => list.values.iter().map(|value| plain(value.value.as_ref())).collect(),
        Some(Any::KvlistValue(map)) => {
            let mut members = serde_json::Map::new();
            for pair in &map.values {
                let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
                // Of those of one name the first.
                members.entry(pair.key.clone()).or_insert_with(|| plain(value));
            }
            Value::Object(members)
        }
        // The only bytes there are.
        Some(Any::BytesValue(_)) => json!("R0VU"),
        _ => Value::Null,
    }
}
