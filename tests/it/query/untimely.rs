//! Spans that do not say when they were, or say it wrong, or whose parents are missing.

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

fn path_of(trace: &Value, operation: &str) -> (Value, u64) {
    let span = trace["tree"].as_array().unwrap().iter().find(|span| span["operation"] == operation).unwrap();
    (span["critical_path"].clone(), span["self_time_ns"].as_u64().unwrap() / MS)
}

#[test]
fn a_server_whose_clock_is_late_is_on_the_path() {
    let late_us = 5_000_000;
    let kept = Kept::new(&document(vec![
        of_service("web", vec![with(span(1, 0, "call", 0, 100_000), json!({"kind": 3}))]),
        of_service(
            "api",
            vec![
                span(2, 1, "GET /", late_us, late_us + 90_000),
                with(span(3, 2, "query", late_us + 10_000, late_us + 30_000), json!({"kind": 1})),
            ],
        ),
    ]));
    let trace = kept.json();
    assert_eq!((&trace["skewed"], &trace["duration_ns"]), (&json!(1), &json!(5_090 * MS)));
    let ms = |from: u64, to: u64| json!([from * MS, to * MS]);
    assert_eq!(path_of(&trace, "call"), (json!([ms(0, 5), ms(95, 100)]), 10));
    assert_eq!(path_of(&trace, "GET /"), (json!([ms(5_000, 5_010), ms(5_030, 5_090)]), 70));
    assert_eq!(path_of(&trace, "query"), (json!([ms(5_010, 5_030)]), 20));
    let table = kept.text("trace 4bf9 --format table");
    assert!(
        table.contains("└ ~ api GET /") && table.contains("~ 1 span outside the time of a parent"),
        "{table}"
    );
    let bottlenecks = kept.text("bottlenecks --format csv");
    let rows: Vec<&str> = bottlenecks.lines().skip(1).collect();
    assert!(
        rows[0].starts_with("0.7,70000000,api,GET /,") && rows[2].starts_with("0.1,10000000,web,call,"),
        "{rows:?}"
    );
}

#[test]
fn time_of_a_trace_that_is_stored_in_part_counts_once() {
    let kept = Kept::new(&document(vec![
        of_service("web", vec![span(1, 0, "root", 0, 100_000)]),
        of_service("db", vec![span(3, 2, "leaf", 5_000, 95_000)]),
    ]));
    let trace = kept.json();
    assert_eq!((&trace["missing_parents"], &trace["roots"]), (&json!(1), &json!(2)));
    assert_eq!(path_of(&trace, "root"), (json!([[0, 5 * MS], [95 * MS, 100 * MS]]), 10));
    let bottlenecks: Value = serde_json::from_str(&kept.text("bottlenecks --format json")).unwrap();
    let shares: Vec<_> =
        bottlenecks["bottlenecks"].as_array().unwrap().iter().map(|of| of["share"].clone()).collect();
    assert_eq!((&bottlenecks["critical_path_ns"], shares), (&json!(100 * MS), vec![json!(0.9), json!(0.1)]));
}

#[test]
fn a_client_and_its_server_may_share_an_id() {
    let kept = Kept::new(&document(vec![
        of_service(
            "web",
            vec![span(1, 0, "GET", 0, 100), with(span(2, 1, "call", 10, 90), json!({"kind": 3}))],
        ),
        of_service(
            "api",
            vec![span(2, 1, "serve", 20, 80), with(span(3, 2, "work", 30, 70), json!({"kind": 1}))],
        ),
    ]));
    let depths: Vec<(Value, Value)> = kept.json()["tree"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| (span["operation"].clone(), span["depth"].clone()))
        .collect();
    let expected = [("GET", 0), ("call", 1), ("serve", 2), ("work", 3)];
    assert_eq!(depths, expected.map(|(name, depth)| (json!(name), json!(depth))));
}

#[test]
fn bottlenecks_count_what_a_sampler_has_left_out() {
    // Ten that were kept in any case, and ten that stand for 16 each; their durations differ.
    let trace = |number: u64, name: &str, kept_by: &str| {
        let id = format!("4bf92f3577b34da6ffffffff{number:08x}");
        let took_us = 100_000 + number;
        with(span(1, 0, name, 0, took_us), json!({"traceId": id, "traceState": format!("ot=th:{kept_by}")}))
    };
    let rare = (0..10).map(|number| trace(number, "rare", "0"));
    let common = (10..20).map(|number| trace(number, "common", "f"));
    let kept = Kept::new(&document(vec![of_service("web", rare.chain(common).collect())]));
    let found: Value = serde_json::from_str(&kept.text("bottlenecks --format json")).unwrap();
    assert_eq!(found["traces"], 170);
    let operations: Value = serde_json::from_str(&kept.text("operations web --format json")).unwrap();
    for (index, (name, count)) in [("common", 160), ("rare", 10)].into_iter().enumerate() {
        let of = &found["bottlenecks"][index];
        let numbers = ["operation", "traces", "spans"].map(|key| of[key].clone());
        assert_eq!(numbers, [json!(name), json!(count), json!(count)]);
        let share = of["share"].as_f64().unwrap() * 170.0;
        assert!((share / f64::from(count) - 1.0).abs() < 0.001, "{of}");
        let operation =
            operations["operations"].as_array().unwrap().iter().find(|of| of["operation"] == name);
        let operation = operation.unwrap();
        assert_eq!((&of["spans"], &of["duration_p95_ns"]), (&operation["count"], &operation["p95_ns"]));
        assert_eq!(of["p50_ns"], operation["p50_ns"]);
    }
    let table = kept.text("bottlenecks --format table");
    assert!(table.contains("94.1 %") && table.contains("5.9 %"), "{table}");
}
