//! The search language by examples: the files of `fixtures/query`, which say what is found.
//!
//! Every case is evaluated over the bytes of the records, in databases where each record has a segment of its own and
//! where one segment holds them all, and by the real binary: leaving out what need not be read must not change what is
//! found.

mod file;
mod records;
mod search;

use file::CaseFile;
use search::Databases;

use crate::support::{Obs, TempDir};

/// Checks all cases of a file.
#[track_caller]
fn check(name: &str, text: &str) {
    let file = CaseFile::parse(text);
    let databases = Databases::new(&file);
    let mut wrong = String::new();
    for case in &file.cases {
        for (by, found) in databases.search(&file, case) {
            if found != case.expected {
                let (line, query, expected) = (case.line, &case.query, &case.expected);
                wrong += &format!("{name}:{line}: {query}\n  expected {expected}\n  {by}: {found}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "of {} cases\n{wrong}", file.cases.len());
    assert!(file.cases.len() >= 7);
}

macro_rules! cases {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let text = include_str!(concat!("../../../fixtures/query/", stringify!($name), ".txt"));
            check(concat!("fixtures/query/", stringify!($name), ".txt"), text);
        }
    )*};
}

cases! {
    arrays_and_maps
    beyond
    beyond_of_spans
    counts
    errors
    errors_of_spans
    escapes
    fields
    levels
    neighbours
    numbers
    precedence
    spans
    times
    wildcards
    without_spaces
    words
}

const LOG: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}"#;

#[test]
fn nesting_has_an_end() {
    let dir = TempDir::new();
    let stream = dir.write("stream.jsonl", LOG);
    let query =
        |query: &str| Obs::new(&dir, "query logs --format ndjson").arg("--").arg(query).arg(&stream).run();
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(query(&nested(199)).lines().len(), 1);
    assert_eq!(query(&("not ".repeat(198) + "a")).lines().len(), 1);
    for (text, column) in [(nested(200), 201), (nested(50_000), 201), ("not ".repeat(200) + "a", 801)] {
        query(&text).expect(2, &format!("obs: query:1:{column}: nested more than 200 deep\n"));
    }
}

#[test]
fn words_have_an_end() {
    let dir = TempDir::new();
    let stream = dir.write("stream.jsonl", LOG);
    let query = |query: &str| Obs::new(&dir, "query logs --format ndjson").arg(query).arg(&stream).run();
    assert_eq!(query(&"a ".repeat(256)).lines().len(), 1);
    let end = query(&format!("message: ({})", ["a"; 257].join(" or ")));
    end.expect(2, "more than 256 words are looked for");
    end.expect(2, "hint: put words that stand one behind the other in quotes");
    // Values that are compared as a whole are cheap.
    assert_eq!(query(&format!("x: ({}) or a", ["a"; 5000].join(" or "))).lines().len(), 1);
    assert_eq!(query(&format!("not x: {}", "a".repeat(100_000))).lines().len(), 1);
    assert_eq!(query(&format!("not message: \"{} \"", "连接".repeat(1_000))).lines().len(), 1);
}

#[test]
fn where_finds_and_does_not_count() {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "query traces -").arg("--where=error: true | count by service").run();
    end.expect(2, "obs: --where finds spans, it does not count them\nhint: leave | count out; ");
}
