//! The ways in which a case is searched for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use obs::expr::{self, Field, Found, Matcher, Search};
use obs::mistake::Text;
use obs::otlp::Signal;
use obs::query::logs::{LogSearch, Order};
use obs::query::{Reader, traces};
use obs::store::Database;

use super::file::{Case, CaseFile, Expected};
use super::records;
use crate::support::{Obs, TempDir};

/// The records of a file, stored one by one and together.
pub struct Databases {
    dir: TempDir,
    readers: [(&'static str, Reader); 2],
}

const APART: &str = "apart.db";
const TOGETHER: &str = "together.db";

impl Databases {
    pub fn new(file: &CaseFile) -> Databases {
        let dir = TempDir::new();
        let store = |name: &str, stream: String| {
            Obs::new(&dir, "store --db").arg(name).stdin(stream).run().expect(0, "");
        };
        for record in &file.records {
            store(APART, record.document.to_string());
        }
        store(TOGETHER, file.records.iter().map(|record| format!("{}\n", record.document)).collect());
        let readers = [APART, TOGETHER].map(|name| {
            let database = Database::read(Path::new(&dir.file(name)), &mut |_, _| {}).unwrap();
            (name, Reader::new(database).unwrap())
        });
        Databases { dir, readers }
    }

    /// What is found in every way.
    pub fn search(&self, file: &CaseFile, case: &Case) -> Vec<(&str, Expected)> {
        let compiled = expr::parse(&case.query).and_then(|search| {
            let matcher = Matcher::compile(&search.query, file.signal, &file.clock())?;
            Ok((search, matcher))
        });
        let (search, matcher) = match compiled {
            Ok(compiled) => compiled,
            Err(mistake) => {
                let message = Text { name: "query".into(), text: case.query.clone() }.explain(&mistake);
                let hint = mistake.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                let by_library = ("the library", Expected::Mistake(message + &hint));
                return vec![by_library, ("the binary", self.by_binary(file, case, &[]))];
            }
        };
        let mut found = vec![("the library", over_bytes(file, &search, &matcher))];
        for (name, reader) in &self.readers {
            found.push((name, in_database(file, &search, matcher.clone(), reader)));
        }
        let names: Vec<&str> =
            search.count_by.iter().flatten().filter_map(|name| name.pattern.as_literal()).collect();
        found.push(("the binary", self.by_binary(file, case, &names)));
        found
    }

    /// By the real binary, where every record has a segment of its own.
    fn by_binary(&self, file: &CaseFile, case: &Case, count_by: &[&str]) -> Expected {
        let query = Obs::new(&self.dir, "query").env("LC_ALL", "C.UTF-8");
        let now = format!("--now={}", file.now);
        let query = match file.signal {
            Signal::Logs => query.args("logs --format ndjson --limit 0").arg(now).arg("--").arg(&case.query),
            _ => {
                query.args("traces --format ndjson --limit 0").arg(now).arg(format!("--where={}", case.query))
            }
        };
        let end = query.arg(APART).run();
        let lines = || end.lines().into_iter();
        match end.code {
            0 if matches!(case.expected, Expected::Counts(_)) => Expected::counts(lines().map(|line| {
                let value = |name: &&str| line["values"][name].as_str().map(str::to_owned);
                (count_by.iter().map(value).collect(), line["count"].as_u64().unwrap())
            })),
            0 => file.found(lines().map(|line| match file.signal {
                Signal::Logs => records::time_ns(line["time"].as_str().unwrap()).to_string(),
                _ => line["trace_id"].as_str().unwrap().to_owned(),
            })),
            2 => Expected::Mistake(end.stderr.trim_start_matches("obs: ").trim_end().to_owned()),
            code => panic!("{}: exit code {code}: {}", case.query, end.stderr),
        }
    }
}

fn fields(file: &CaseFile, search: &Search) -> Vec<Field> {
    search.count_by.iter().flatten().map(|name| Field::named(name, file.signal).unwrap()).collect()
}

fn over_bytes(file: &CaseFile, search: &Search, matcher: &Matcher) -> Expected {
    let batch = file.batch();
    let fields = fields(file, search);
    let mut row = 0;
    let mut keys = Vec::new();
    let mut counts: BTreeMap<Vec<Option<String>>, u64> = BTreeMap::new();
    if fields.is_empty() {
        counts.insert(Vec::new(), 0);
    }
    let mut each = |found: Found<'_>| {
        assert!(matcher.is_match(&found));
        keys.push(records::key_of(file.signal, &found));
        let value = |field| expr::value_of(field, file.signal, &found);
        *counts.entry(fields.iter().map(value).collect()).or_default() += 1;
    };
    matcher.find(batch.bytes(), &mut row, |_| true, &mut each);
    assert_eq!(row, file.records.len());
    match search.count_by {
        Some(_) => Expected::counts(counts),
        None => file.found(keys),
    }
}

fn in_database(file: &CaseFile, search: &Search, matcher: Matcher, reader: &Reader) -> Expected {
    if file.signal == Signal::Traces {
        let order = traces::Order::Newest;
        let range_ns = (None, None);
        let search = traces::TraceSearch {
            matcher,
            duration_ns: (None, None),
            order,
            after: None,
            limit: None,
            range_ns,
        };
        let mut found = Vec::new();
        let each = |trace: traces::Summary| {
            found.push(const_hex::encode(trace.trace_id));
            ControlFlow::Continue(())
        };
        search.run(reader, each).unwrap();
        return file.found(found);
    }
    let order = Order::Oldest;
    let found =
        LogSearch { matcher, order, limit: None, range_ns: (None, None), after: None, resource: None };
    if search.count_by.is_some() {
        let counts = found.count(reader, &fields(file, search), 1, None).unwrap();
        return Expected::counts(counts.counts.into_iter().map(|count| (count.values, count.count)));
    }
    let mut keys = BTreeSet::new();
    let mut each = |hit: obs::query::logs::Hit| {
        keys.insert(hit.place.time_ns.to_string());
        ControlFlow::Continue(())
    };
    found.run(reader, &mut each).unwrap();
    file.found(keys)
}
