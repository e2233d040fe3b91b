//! Spans that do not say when they were.

use serde_json::{Value, json};

use super::trace::{Kept, MS, document, of_service, span, with};
use crate::support::Obs;

/// A span that says no more of its times than `members` do.
fn untimed(number: u64, parent: u64, name: &str, members: Value) -> Value {
    let mut span = span(number, parent, name, 0, 0);
    let object = span.as_object_mut().unwrap();
    object.retain(|key, _| !key.ends_with("UnixNano"));
    object.extend(members.as_object().unwrap().clone());
    span
}

fn id(number: u64) -> String {
    format!("4bf92f3577b34da6a3ce9{number:011x}")
}

fn of_trace(number: u64, span: Value) -> Value {
    with(span, json!({"traceId": id(number)}))
}

#[test]
fn no_span_moves_its_trace_to_1970() {
    let ended = json!({"endTimeUnixNano": span(0, 0, "", 0, 40_000)["endTimeUnixNano"]});
    let kept = Kept::new(&document(vec![of_service(
        "web",
        vec![
            span(1, 0, "root", 10_000, 110_000),
            untimed(2, 1, "no start", ended),
            span(3, 1, "child", 50_000, 90_000),
            untimed(4, 3, "no times", json!({})),
            untimed(5, 0, "no times, no parent", json!({})),
        ],
    )]));
    let trace = kept.json();
    assert_eq!(
        (&trace["start"], &trace["duration_ns"]),
        (&json!("2026-01-01T00:00:00.01Z"), &json!(100 * MS))
    );
    assert_eq!(trace["root"]["operation"], "root");
    let found: Vec<(&str, u64, u64, bool)> = trace["tree"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| {
            let number = |key: &str| span[key].as_u64().unwrap() / MS;
            let name = span["operation"].as_str().unwrap();
            (name, number("start_offset_ns"), number("duration_ns"), span["invalid_time"] == true)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("root", 0, 100, false),
            ("no start", 30, 0, true),
            ("child", 40, 40, false),
            ("no times", 40, 0, true),
            ("no times, no parent", 0, 0, true),
        ]
    );
    let traces: Value = serde_json::from_str(&kept.text("traces --format json")).unwrap();
    let listed = &traces["traces"][0];
    for key in ["start", "duration_ns", "spans"] {
        assert_eq!(listed[key], trace[key], "{key}");
    }
    assert_eq!(listed["root"]["operation"], "root");
    let found = |options: &str| kept.text(&format!("traces --format tsv {options}")).lines().count() - 1;
    assert_eq!((found("--min-duration 1s"), found("--max-duration 100ms")), (0, 1));
    let bottlenecks: Value = serde_json::from_str(&kept.text("bottlenecks --format json")).unwrap();
    assert_eq!(bottlenecks["critical_path_ns"], 100 * MS);
    assert_eq!(
        serde_json::from_str::<Value>(&kept.text("bottlenecks --max-duration 1s --format json")).unwrap(),
        bottlenecks
    );
}

/// Their traces may have started later than anything else that was stored with them.
#[test]
fn the_newest_traces_are_found_by_spans_that_do_not_say_when_they_were() {
    let kept = Kept::new("");
    let store = |spans: Vec<Value>| {
        let documents = document(vec![of_service("web", spans)]);
        Obs::new(&kept.dir, "store").stdin(documents).run().expect(0, "");
    };
    let old = |number: u64| of_trace(number, span(1, 0, "wanted", number * 1_000, number * 1_000 + 10));
    // One of the newest trace is stored long before the others, among old ones or alone.
    store(vec![old(1), old(2), of_trace(100, untimed(2, 1, "wanted", json!({})))]);
    store(vec![of_trace(101, untimed(2, 1, "wanted", json!({})))]);
    store(vec![old(3), old(4)]);
    store(
        [100, 101]
            .map(|number| of_trace(number, span(1, 0, "other", number * 1_000, number * 1_000 + 10)))
            .to_vec(),
    );
    let newest = [id(101), id(100), id(4), id(3), id(2), id(1)];
    for limit in 1..=newest.len() {
        let line = format!("traces --operation wanted --limit {limit} --format ndjson");
        let found: Vec<Value> = kept.query(&line).run().lines();
        let ids: Vec<&str> = found.iter().map(|trace| trace["trace_id"].as_str().unwrap()).collect();
        assert_eq!(ids, newest[..limit], "{limit}");
    }
}
