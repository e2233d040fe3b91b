//! The searches of Jaeger's own storage tests find the traces that they must.
//!
//! A query of Jaeger maps to flags so: `ServiceName` and `OperationName` to `--service` and `--operation`, `StartTimeMin`
//! and `StartTimeMax` to `--from` and `--to`, `DurationMin` and `DurationMax`, nanoseconds of a span in which 0 is no
//! limit, to `--min-duration` and `--max-duration` with `--span-duration`, and `NumTraces` to `--limit`.
//!
//! All `Tags` must be those of one span, whether it has them itself or in its process, which is the resource, its logs,
//! which are events, its scope, or its links: each becomes a `--tag`. They are typed, texts, numbers and bools; in a
//! `--tag` the value stands as it is written in JSON, without the quotes of a text, because it is compared with values
//! of all types.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Obs, TempDir, shared_data};

/// The traces, each in a file of its own.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("traces")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The ids of the traces in a document.
fn ids_in(document: &Value, ids: &mut BTreeSet<String>) {
    match document {
        Value::Array(values) => values.iter().for_each(|value| ids_in(value, ids)),
        Value::Object(members) => {
            // Links have ids of other traces.
            for (name, value) in members.iter().filter(|(name, _)| *name != "links") {
                match value.as_str().filter(|_| name == "traceId") {
                    Some(id) => drop(ids.insert(id.to_owned())),
                    None => ids_in(value, ids),
                }
            }
        }
        _ => {}
    }
}

/// The options that ask for the same.
fn options(query: &Value) -> Vec<String> {
    let mut options = Vec::new();
    let mut option = |name: &str, value: &str| options.extend([name.to_owned(), value.to_owned()]);
    for (member, name) in [
        ("ServiceName", "--service"),
        ("OperationName", "--operation"),
        ("StartTimeMin", "--from"),
        ("StartTimeMax", "--to"),
    ] {
        if let Some(value) = query[member].as_str().filter(|value| !value.is_empty()) {
            option(name, value);
        }
    }
    for (key, value) in query["Tags"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        option("--tag", &format!("{key}={value}"));
    }
    for (member, name) in [("DurationMin", "--min-duration"), ("DurationMax", "--max-duration")] {
        if let Some(duration @ 1..) = query[member].as_u64() {
            option(name, &format!("{duration}ns"));
        }
    }
    option("--limit", &query["NumTraces"].to_string());
    options.push("--span-duration".into());
    options
}

fn found(dir: &TempDir, options: &[String], files: &[PathBuf]) -> BTreeSet<String> {
    let query = Obs::new(dir, "query traces --format ndjson");
    let end = options.iter().fold(query, Obs::arg);
    let end = files.iter().fold(end, |end, file| end.arg(file)).run();
    end.expect(0, "");
    let id = |trace: &Value| trace["trace_id"].as_str().unwrap().to_owned();
    let lines = end.lines();
    let ids: BTreeSet<String> = lines.iter().map(id).collect();
    assert_eq!(ids.len(), lines.len(), "{options:?}: a trace is listed twice");
    ids
}

#[test]
fn every_search_finds_the_traces_that_it_must_and_no_other() {
    let Some(folder) = shared_data("jaeger") else { return };
    let dir = TempDir::new();
    let files = documents(&folder);
    let store = files.iter().fold(Obs::new(&dir, "store"), |store, file| store.arg(file)).run();
    store.expect(0, "");
    let queries = json(&folder.join("queries.json"));
    let queries = queries.as_array().unwrap();
    assert_eq!(queries.len(), 25);
    for query in queries {
        let mut expected = BTreeSet::new();
        for fixture in query["ExpectedFixtures"].as_array().unwrap() {
            let file = format!("traces/{}.json", fixture.as_str().unwrap());
            ids_in(&json(&folder.join(file)), &mut expected);
        }
        assert!(!expected.is_empty());
        let options = options(&query["Query"]);
        assert_eq!(found(&dir, &options, &[]), expected, "{}: {options:?}", query["Caption"]);
        assert_eq!(found(&dir, &options, &files), expected, "{}: {options:?}, files", query["Caption"]);
    }
}
