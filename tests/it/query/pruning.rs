//! Segments that need not be read are left out without losing anything: for values of all types and the ways to ask for
//! them, a database finds what the bytes of the records hold.

use std::ops::ControlFlow;

use obs::expr::{self, Clock, Matcher, Name, Query, Test};
use obs::otlp::{Batch, Signal, json};
use obs::query::logs::{LogSearch, Order};
use obs::query::traces::TraceSearch;
use obs::query::{Reader, Temporary};
use obs::store::{Contents, Database};
use obs::stream::{Stop, open};
use serde_json::{Value, json};

use crate::support::TempDir;

/// A record in a database of its own, so that the filters of each decide alone.
struct Record {
    batch: Batch,
    reader: Reader,
    _temporary: Temporary,
}

impl Record {
    fn new(dir: &TempDir, signal: Signal, value: &Value) -> Record {
        // No text, but so much that the segment gets all filters.
        let ballast = "AAAA".repeat(50 << 10);
        let resource = json!({"attributes": [
            {"key": "ballast", "value": {"bytesValue": ballast}},
            {"key": "r", "value": {"stringValue": "heron"}},
        ]});
        let stork = json!([{"key": "s", "value": {"stringValue": "stork"}}]);
        let scope = json!({"name": "okapi", "version": "1.2 okapi", "attributes": stork});
        let attributes = json!([{"key": "k", "value": value}]);
        let stream = match signal {
            Signal::Logs => {
                json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": [{
                    "timeUnixNano": "1767225600000000000",
                    "body": {"kvlistValue": {"values": [{"key": "b", "value": value}]}},
                    "attributes": attributes,
                }]}]}]})
            }
            _ => json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [{
                "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
                "spanId": "00f067aa0ba902b7",
                "startTimeUnixNano": "1767225600000000000",
                "name": "name tapir",
                "traceState": "v=lynx",
                "status": {"code": 258, "message": "Zebra crossing"},
                "attributes": attributes,
                "events": [{"name": "giraffe", "attributes": [{"key": "b", "value": value}]}],
                "links": [{"attributes": [{"key": "l", "value": {"stringValue": "ibex"}}]}],
            }]}]}]}),
        };
        let path = dir.write("stream.json", stream.to_string());
        let input = open(&path, signal).unwrap();
        let temporary = Temporary::fill(vec![input], &Stop::never().unwrap(), 1, Contents::All).unwrap();
        let reader = Database::read(&temporary.path(), &mut |_, _| {}).and_then(Reader::new).unwrap();
        let batch = json::read_as(signal, stream.to_string().as_bytes()).unwrap();
        Record { batch, reader, _temporary: temporary }
    }

    fn is_in_bytes(&self, matcher: &Matcher) -> bool {
        let mut is_found = false;
        matcher.find(self.batch.bytes(), &mut 0, |_| true, |_| is_found = true);
        is_found
    }

    fn is_in_database(&self, matcher: &Matcher) -> bool {
        if self.batch.signal() == Signal::Traces {
            return self.is_in_traces(matcher);
        }
        let search = LogSearch {
            matcher: matcher.clone(),
            order: Order::Newest,
            limit: None,
            range_ns: (None, None),
            after: None,
            resource: None,
        };
        let mut is_found = false;
        search.run(&self.reader, |_| found(&mut is_found)).unwrap();
        is_found
    }

    fn is_in_traces(&self, matcher: &Matcher) -> bool {
        let search = TraceSearch {
            matcher: matcher.clone(),
            duration_ns: (None, None),
            order: Default::default(),
            after: None,
            limit: None,
            range_ns: (None, None),
        };
        let mut is_found = false;
        search.run(&self.reader, |_| found(&mut is_found)).unwrap();
        is_found
    }
}

/// One is enough.
fn found(is_found: &mut bool) -> ControlFlow<()> {
    *is_found = true;
    ControlFlow::Break(())
}

fn values() -> Vec<Value> {
    let int = |number: i64| json!({"intValue": number.to_string()});
    let double = |number: f64| json!({"doubleValue": number});
    let text = |text: &str| json!({"stringValue": text});
    let ints =
        [0, 5, -5, 12345, 999_999_999_999_999, 1_000_000_000_000_000, 10_000_000_000_000_000, i64::MIN];
    let doubles =
        [0.0, -0.0, 5.0, -5.0, 12345.0, 12345.5, 1e3, 999_999_999_999_999.0, 1e15, 1e16, 1e20, 1e-7];
    let texts = [
        "5",
        "-5",
        "05",
        "5.0",
        "12345",
        "user 12345 left",
        "id=12345;",
        "x12345",
        "用户12345号",
        "1e3",
        "1000",
        "true",
        "Timeout ERROR",
        "time-out",
        "ſession Kelvin Straße",
        "холодная \u{1c80}ода",
        "a\0b",
        "session kelvin strasse",
        "10000000000000000",
    ];
    let mut values: Vec<Value> = ints.map(int).into();
    values.extend(doubles.map(double));
    values.extend(texts.map(text));
    values.extend([json!({"boolValue": true}), json!({"bytesValue": "MTIzNDU="}), json!({})]);
    let nested = [int(12345), double(12345.0), text("a 12345 b"), json!({"boolValue": false})];
    for value in nested {
        values.push(json!({"arrayValue": {"values": [{"stringValue": "x"}, value.clone()]}}));
        values.push(json!({"kvlistValue": {"values": [{"key": "a", "value": value}]}}));
    }
    values
}

/// What may be a value, as it is written.
const LITERALS: [&str; 41] = [
    "0",
    "-0",
    "5",
    "-5",
    "05",
    "+5",
    "5.0",
    "12345",
    "12345.0",
    "12345.5",
    "1e3",
    "1000",
    "999999999999999",
    "1000000000000000",
    "10000000000000000",
    "100000000000000000000",
    "-9223372036854775808",
    "1e16",
    "1e-7",
    "true",
    "false",
    "timeout",
    "error",
    "session",
    "ſession",
    "kelvin",
    "straße",
    "12*",
    "*345",
    "1*5",
    "12345 left",
    "*imeou*",
    "*ESSIO*",
    "*session*",
    "*elvin*",
    "*KELVIN*",
    "*traße*",
    "*TRASSE*",
    "*户12345号*",
    "*xyzw*",
    "time*rror",
];

/// Conditions on the attributes and on all that a record has.
fn queries() -> Vec<Query> {
    let texts = LITERALS.iter().flat_map(|literal| {
        [
            literal.to_string(),
            format!("\"{literal}\""),
            format!("k: {literal}"),
            format!("k: \"{literal}\""),
            format!("b: {literal}"),
            format!("message: {literal}"),
            format!("k.a: {literal} or b.a: {literal}"),
            format!("not k: {literal}"),
        ]
    });
    let elsewhere = [
        "name: \"name tapir\"",
        "tapir",
        "trace_state: \"v=lynx\"",
        "status.message: zebra",
        "status.message: \"zebra crossing\"",
        "ZEBRA",
        "258",
        "event.name: giraffe",
        "giraffe",
        "ibex",
        "link.l: ib*",
        "r: heron",
        "scope: okapi",
        "scope.version: \"1.2 okapi\"",
        "scope.s: *tor*",
        "stork and heron and not lynx",
    ];
    let texts = texts.chain(elsewhere.map(str::to_owned));
    let of_text = texts.map(|text| expr::parse(&text).unwrap().query);
    let expressions = ["5", "^12345$", "(?i)TIMEOUT", "^$|x", "^true$", "^1.*5$", "号$", r"\.0$", "a.b"];
    let of_expression = expressions
        .map(|expression| Query::Is(Some(Name::given("k")), Test::Finds(expression.to_owned(), 0..0)));
    of_text.chain(of_expression).collect()
}

#[track_caller]
fn expect_nothing_lost(signal: Signal) {
    let dir = TempDir::new();
    let records: Vec<Record> = values().iter().map(|value| Record::new(&dir, signal, value)).collect();
    let (mut searches, mut found, mut wrong) = (0, 0, String::new());
    for query in queries() {
        let matcher = Matcher::compile(&query, signal, &Clock::utc(0)).unwrap();
        for (record, value) in records.iter().zip(values()) {
            let is_there = record.is_in_bytes(&matcher);
            searches += 1;
            found += usize::from(is_there);
            if record.is_in_database(&matcher) != is_there {
                wrong += &format!("{query:?} and {value}: {is_there}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(found > searches / 20 && found < searches / 2, "{found} of {searches}");
}

#[test]
fn no_log_record_is_lost() {
    expect_nothing_lost(Signal::Logs);
}

#[test]
fn no_span_is_lost() {
    expect_nothing_lost(Signal::Traces);
}
