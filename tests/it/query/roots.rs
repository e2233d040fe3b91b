//! The root of a trace in a list, however its spans are stored.

use serde_json::{Value, json};

use super::trace::{Kept, document, of_service, span, with};
use crate::support::{Obs, TempDir};

/// The roots that lists have of the trace that is stored so, a process each, and of the same as a stream.
#[track_caller]
fn roots(parts: &[Vec<Value>]) -> [String; 2] {
    let dir = TempDir::new();
    let parts: Vec<String> =
        parts.iter().map(|spans| document(vec![of_service("web", spans.clone())])).collect();
    for part in &parts {
        Obs::new(&dir, "store").stdin(part.clone()).run().expect(0, "");
    }
    let stream = dir.write("stream.jsonl", parts.join("\n"));
    let root = |search: &str| {
        let end = Obs::new(&dir, "query traces --format json").args(search).run();
        end.expect(0, "");
        let found: Value = serde_json::from_str(&end.text()).unwrap();
        let root = &found["traces"][0]["root"];
        format!(
            "{}{}",
            root["operation"].as_str().unwrap(),
            if root["is_missing"] == true { "?" } else { "" }
        )
    };
    // Also by what only the records tell for certain.
    let of_store = root("");
    assert_eq!(of_store, root("--tag kind!=client"), "by records");
    [of_store, root(&stream)]
}

#[test]
fn of_spans_that_start_at_once_the_one_with_the_lowest_id_is_the_root() {
    let [low, high, later] = [(7, "low", 10_000), (9, "high", 10_000), (1, "later", 20_000)]
        .map(|(number, name, start)| span(number, 0, name, start, 90_000));
    let child = span(2, 9, "child", 5_000, 95_000);
    for parts in [
        vec![vec![high.clone(), later.clone(), low.clone(), child.clone()]],
        vec![vec![high.clone(), later.clone()], vec![low.clone()], vec![child.clone()]],
        vec![vec![child.clone()], vec![low], vec![later.clone(), high.clone()]],
    ] {
        assert_eq!(roots(&parts), ["low", "low"]);
    }
    assert_eq!(roots(&[vec![later], vec![high]]), ["high", "high"]);
}

#[test]
fn without_a_root_it_is_the_first_span() {
    let [low, high, later] = [(7, "low", 10_000), (9, "high", 10_000), (1, "later", 20_000)]
        .map(|(number, name, start)| span(number, 100 + number, name, start, 90_000));
    assert_eq!(roots(&[vec![later.clone(), high.clone()], vec![low.clone()]]), ["low?", "low?"]);
    assert_eq!(roots(&[vec![later, high, low]]), ["low?", "low?"]);
}

#[test]
fn errors_and_spans_without_an_id_are_counted() {
    let failed = with(span(1, 0, "root", 0, 50_000), json!({"status": {"code": 2}, "kind": 70_000}));
    let nameless = with(span(2, 1, "no id", 10_000, 20_000), json!({"spanId": ""}));
    let lost = with(span(3, 1, "no trace", 10_000, 20_000), json!({"traceId": ""}));
    let kept = Kept::new(&document(vec![of_service("web", vec![failed, nameless, lost])]));
    let found: Value = serde_json::from_str(&kept.text("traces --format json")).unwrap();
    let traces = found["traces"].as_array().unwrap();
    assert_eq!(traces.len(), 1, "{found}");
    assert_eq!((&traces[0]["spans"], &traces[0]["errors"]), (&json!(2), &json!(1)), "{found}");
}
