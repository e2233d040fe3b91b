//! What people write as a search: rejected with its place, or evaluated over records and in databases of them alike.
#![no_main]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use obs::expr::{Clock, Matcher, Node, parse};
use obs::mistake::{Mistake, Text};
use obs::otlp::{Batch, Signal, json};
use obs::query::logs::{LogSearch, Order};
use obs::query::{Reader, Temporary};
use obs::store::{Contents, Database};
use obs::stream::{Stop, open};

/// 2026-01-02T00:00:00Z.
const NOW_NS: i64 = 1_767_312_000_000_000_000;

const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"scope":{"name":"http","version":"1.2"},"spans":[
{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"GET /cart","kind":2,"startTimeUnixNano":"1767225600000000000",
"endTimeUnixNano":"1767225601000000000","status":{"code":2,"message":"timed out"},"attributes":[{"key":"code","value":{"intValue":"504"}}],
"events":[{"name":"exception","attributes":[{"key":"exception.message","value":{"stringValue":"Connection reset"}}]}],
"links":[{"attributes":[{"key":"reason","value":{"boolValue":true}}]}]},{"name":"a","attributes":[{"key":"v","value":{"doubleValue":2.5}}]}]}]}]}"#;

/// Log records; each gets a database of its own.
const LOGS: [&str; 4] = [
    r#"{"severityNumber":17,"timeUnixNano":"1767225600000000000","body":{"stringValue":"数据库连接失败: timed out_after 30s, 用户 a*b"},
"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","attributes":[{"key":"user_id","value":{"stringValue":"12345"}},{"key":"v","value":{"stringValue":"x y"}}]}"#,
    r#"{"severityText":"Warning","body":{"kvlistValue":{"values":[{"key":"user","value":{"kvlistValue":{"values":[{"key":"name","value":{"stringValue":"Ümit"}}]}}}]}},
"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"-5"},{"boolValue":true},{"doubleValue":0.25}]}}}]}"#,
    r#"{"body":{"intValue":"42"},"eventName":"cart.emptied","attributes":[{"key":"level","value":{"stringValue":"error"}},{"key":"b","value":{"bytesValue":"AQI="}}]}"#,
    r#"{"severityNumber":9,"body":{"stringValue":"ab cd\nef 超 gh"},"attributes":[{"key":"v","value":{}},{"key":"message","value":{"stringValue":"\"quoted\" \\"}}]}"#,
];

struct Data {
    spans: Batch,
    logs: Vec<(Batch, Reader)>,
    _temporary: Vec<Temporary>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let directory = std::env::temp_dir();
        let mut data = Data {
            spans: json::read_as(Signal::Traces, SPANS.as_bytes()).expect("spans"),
            logs: Vec::new(),
            _temporary: Vec::new(),
        };
        for (index, record) in LOGS.iter().enumerate() {
            let service = ["", "shop", "商店", "12345"][index];
            let stream = format!(
                r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{service}"}}}}]}},
"scopeLogs":[{{"scope":{{"name":"http"}},"logRecords":[{record}]}}]}}]}}"#
            );
            let path = directory.join(format!("obs-fuzz-query-{}-{index}.json", std::process::id()));
            std::fs::write(&path, &stream).expect("a temporary file");
            let input = open(&path.to_string_lossy(), Signal::Logs).expect("the file just written");
            let temporary = Temporary::fill(vec![input], &Stop::never().expect("a pipe"), 1, Contents::All).expect("a database");
            std::fs::remove_file(&path).expect("the file just written");
            let database: &Path = &temporary.path();
            let reader = Database::read(database, &mut |_, _| {}).and_then(Reader::new).expect("a database");
            let batch = json::read_as(Signal::Logs, stream.as_bytes()).expect("log records");
            data.logs.push((batch, reader));
            data._temporary.push(temporary);
        }
        data
    })
}

fn explain(text: &str, mistake: &Mistake) {
    assert!(text.is_char_boundary(mistake.span.start) && text.is_char_boundary(mistake.span.end));
    let explained = Text { name: "fuzz".into(), text: text.into() }.explain(mistake);
    assert!(explained.ends_with('^'), "{explained}");
}

/// Finds what the other one does not.
fn opposite(matcher: &Matcher) -> Matcher {
    let root = Node::Not(Box::new(matcher.root.clone()));
    let mut other = matcher.clone();
    other.root = root;
    other
}

fn found(matcher: &Matcher, batch: &Batch) -> usize {
    let mut count = 0;
    matcher.find(batch.bytes(), &mut 0, |_| true, |found| {
        assert!(matcher.is_match(&found));
        count += 1;
    });
    count
}

fuzz_target!(|text: &str| {
    let search = match parse(text) {
        Ok(search) => search,
        Err(mistake) => return explain(text, &mistake),
    };
    assert_eq!(parse(text).as_ref(), Ok(&search));
    let clock = Clock::utc(NOW_NS);
    let compile = |signal| Matcher::compile(&search.query, signal, &clock);
    match compile(Signal::Traces) {
        Ok(matcher) => {
            let others = opposite(&matcher);
            let spans = &data().spans;
            assert_eq!(found(&matcher, spans) + found(&others, spans), spans.items());
        }
        Err(mistake) => explain(text, &mistake),
    }
    let matcher = match compile(Signal::Logs) {
        Ok(matcher) => matcher,
        Err(mistake) => return explain(text, &mistake),
    };
    matcher.highlights();
    let others = opposite(&matcher);
    for (batch, reader) in &data().logs {
        assert_eq!(found(&matcher, batch) + found(&others, batch), 1);
        let expected = found(&matcher, batch);
        let order = Order::Newest;
        let range_ns = (None, None);
        let search = LogSearch { matcher: matcher.clone(), order, limit: None, range_ns, after: None, resource: None };
        let mut count = 0;
        let each = |_| {
            count += 1;
            ControlFlow::Continue(())
        };
        search.run(reader, each).expect("a database that can be read");
        assert_eq!(count, expected, "what the database leaves out of {text:?}");
    }
});
