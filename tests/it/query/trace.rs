//! `query trace` and `query compare`.

use std::fs::File;
use std::io::Read;

use serde_json::{Value, json};

use crate::support::{End, Obs, TempDir, terminal};

/// 2026-01-01T00:00:00Z.
pub(super) const TIME: u64 = 1_767_225_600_000_000_000;
pub(super) const MS: u64 = 1_000_000;
pub(super) const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A span by its number, that of its parent or 0, and when it started and ended in microseconds.
pub(super) fn span(number: u64, parent: u64, name: &str, start_us: u64, end_us: u64) -> Value {
    let mut span = json!({
        "traceId": ID,
        "spanId": format!("{number:016x}"),
        "name": name,
        "kind": 2,
        "startTimeUnixNano": (TIME + start_us * 1000).to_string(),
        "endTimeUnixNano": (TIME + end_us * 1000).to_string(),
    });
    if parent > 0 {
        span["parentSpanId"] = format!("{parent:016x}").into();
    }
    span
}

pub(super) fn with(mut span: Value, members: Value) -> Value {
    span.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    span
}

pub(super) fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

pub(super) fn of_service(service: &str, spans: Vec<Value>) -> Value {
    json!({
        "resource": {"attributes": [text("service.name", service)]},
        "scopeSpans": [{"scope": {"name": "shop", "version": "1.2"}, "spans": spans}],
    })
}

pub(super) fn document(services: Vec<Value>) -> String {
    json!({"resourceSpans": services}).to_string() + "\n"
}

/// A database with what the documents say.
pub(super) struct Kept {
    pub(super) dir: TempDir,
}

impl Kept {
    #[track_caller]
    pub(super) fn new(documents: &str) -> Kept {
        let kept = Kept { dir: TempDir::new() };
        Obs::new(&kept.dir, "store").stdin(documents).run().expect(0, "");
        kept
    }

    pub(super) fn query(&self, line: &str) -> Obs {
        Obs::new(&self.dir, "query").args(line).env("COLUMNS", "100").env("LC_ALL", "C.UTF-8")
    }

    #[track_caller]
    pub(super) fn text(&self, line: &str) -> String {
        let end = self.query(line).run();
        end.expect(0, "");
        end.text()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text("trace 4bf9 --format json")).unwrap()
    }

    #[track_caller]
    fn error(&self, line: &str) -> End {
        self.query(line).run()
    }
}

/// A purchase: four services, a failure, a loop of calls.
fn purchase() -> String {
    let reads = (0..12).map(|read| {
        let read_us = 13_000 + read * 2_000;
        with(span(0x20 + read, 2, "GET", read_us, read_us + 1_500), json!({"kind": 3}))
    });
    let charge = with(
        span(3, 1, "POST /charge", 45_000, 240_000),
        json!({
            "status": {"code": 2, "message": "card declined\u{1b}[2J"},
            "attributes": [text("card", "visa"), {"key": "amount", "value": {"intValue": "9007199254740993"}}],
            "traceState": "ot=th:8",
            "events": [{
                "timeUnixNano": (TIME + 200 * MS).to_string(),
                "name": "exception",
                "attributes": [text("exception.type", "Declined")],
            }],
            "links": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}],
        }),
    );
    document(vec![
        of_service(
            "checkout",
            vec![span(1, 0, "POST /checkout", 0, 250_000), span(6, 1, "validate", 2_000, 10_000)],
        ),
        of_service("cart", [span(2, 1, "GET /cart", 12_000, 40_000)].into_iter().chain(reads).collect()),
        of_service("payment", vec![charge]),
        of_service("注文サービス", vec![span(7, 3, "注文を確認する", 60_000, 120_000)]),
    ])
}

#[track_caller]
fn expect_snapshot(name: &str, expected: &str, found: &str) {
    if std::env::var_os("OBS_BLESS").is_some() {
        let path = format!("{}/tests/it/query/trace/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, found).unwrap();
        return;
    }
    assert!(expected == found, "{name} differs; found:\n{found}");
}

macro_rules! snapshot {
    ($name:literal, $found:expr) => {
        expect_snapshot($name, include_str!(concat!("trace/", $name)), $found)
    };
}

#[test]
fn a_trace_is_a_tree_with_bars() {
    let kept = Kept::new(&purchase());
    snapshot!("purchase.txt", &kept.text("trace 4bf92f3577b34da6 --format table"));
    let ascii = kept.query("trace 4bf9 --format table").env("LC_ALL", "C").env("COLUMNS", "80").run();
    let ascii = ascii.text();
    snapshot!("purchase_ascii.txt", &ascii);
    // What people have named is shown as they have.
    assert!(
        ascii.chars().all(|character| character.is_ascii() || "注文サービスを確認する".contains(character))
    );
}

#[test]
fn runs_are_folded_but_no_errors() {
    let kept = Kept::new(&purchase());
    let folded = kept.text("trace 4bf9 --format table --collapse --attributes");
    snapshot!("purchase_folded.txt", &folded);
    let failed =
        |read: u64| with(span(0x20 + read, 1, "GET", read, read + 1), json!({"status": {"code": 2}}));
    let mut spans: Vec<Value> = (0..100).map(|read| span(0x20 + read, 1, "GET", read, read + 1)).collect();
    spans[50] = failed(50);
    spans.insert(0, span(1, 0, "all", 0, 200));
    let kept = Kept::new(&document(vec![of_service("cart", spans)]));
    let folded = kept.text("trace 4bf9 --format table --collapse");
    let rows: Vec<&str> = folded.lines().filter(|line| line.contains("cart GET")).collect();
    let [before, failed, after] = rows[..] else { panic!("{folded}") };
    assert!(before.contains("× 50") && failed.contains("✗") && after.contains("× 49"), "{folded}");
}

/// What a terminal gets.
fn on_a_terminal(query: Obs) -> String {
    let (controller, user) = terminal();
    // It holds no more than some kilobytes.
    let reader = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // The end is an error: nobody has the other end open any more.
        let _ = File::from(controller).read_to_end(&mut shown);
        shown
    });
    query.stdout_to(user).run().expect(0, "");
    let shown = reader.join().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

#[test]
fn colours_are_for_terminals() {
    let kept = Kept::new(&purchase());
    let query = || kept.query("trace 4bf9 --collapse");
    let plain = kept.text("trace 4bf9 --collapse --format table");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert_eq!(on_a_terminal(query().env(name, value)), plain, "{name}={value}");
    }
    let coloured = on_a_terminal(query().env("TERM", "xterm").env("NO_COLOR", ""));
    for text in ["trace \u{1b}[1m4bf9", "\u{1b}[31m✗ payment POST /charge", "\u{1b}[33m", "\u{1b}[34m"] {
        assert!(coloured.contains(text), "{text:?}: {coloured:?}");
    }
    // Where nobody says how many columns there are, there are 100.
    let wide = on_a_terminal(query().env("COLUMNS", "").env("TERM", "dumb"));
    assert_eq!(wide, plain);
}

#[test]
fn long_traces_are_folded_on_a_terminal() {
    let spans = (1..=300).map(|id| span(id, u64::from(id > 1), if id > 1 { "GET" } else { "all" }, id, 1000));
    let kept = Kept::new(&document(vec![of_service("web", spans.collect())]));
    let rows =
        |options: &str| on_a_terminal(kept.query("trace 4bf9").args(options)).matches("web GET").count();
    assert_eq!((rows(""), rows("--expand"), rows("--logs")), (1, 299, 299));
}

#[test]
fn json_says_it_all() {
    let kept = Kept::new(&purchase());
    let trace = kept.json();
    for (key, value) in [
        ("schema", json!("obs.query.trace/1")),
        ("trace_id", json!(ID)),
        ("start", json!("2026-01-01T00:00:00Z")),
        ("duration_ns", json!(250 * MS)),
        ("spans", json!(17)),
        ("errors", json!(1)),
        ("roots", json!(1)),
        ("root", json!({"service": "checkout", "operation": "POST /checkout"})),
        ("missing_parents", json!(0)),
        ("duplicates", json!(0)),
        ("skewed", json!(0)),
    ] {
        assert_eq!(trace[key], value, "{key}");
    }
    let tree = trace["tree"].as_array().unwrap();
    let charge = tree.iter().find(|span| span["operation"] == "POST /charge").unwrap();
    let resource = charge["resource"].as_u64().unwrap() as usize;
    assert_eq!(trace["resources"][resource]["attributes"], json!({"service.name": "payment"}));
    assert_eq!(
        *charge,
        json!({
            "span_id": "0000000000000003",
            "parent_span_id": "0000000000000001",
            "depth": 1,
            "children": 1,
            "service": "payment",
            "operation": "POST /charge",
            "kind": "server",
            "status": "error",
            "status_message": "card declined\u{1b}[2J",
            "start_offset_ns": 45 * MS,
            "duration_ns": 195 * MS,
            "self_time_ns": 135 * MS,
            "critical_path": [[45 * MS, 60 * MS], [120 * MS, 240 * MS]],
            "missing_parent": false,
            "skewed": false,
            "attributes": {"card": "visa", "amount": "9007199254740993"},
            "resource": resource,
            "scope": {"name": "shop", "version": "1.2"},
            "trace_state": "ot=th:8",
            "events": [{
                "name": "exception", "time_offset_ns": 200 * MS, "attributes": {"exception.type": "Declined"}
            }],
            "links": [{"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}],
        })
    );
    let services: Vec<_> = trace["services"].as_array().unwrap().iter().collect();
    let path: u64 = services.iter().map(|service| service["critical_path_ns"].as_u64().unwrap()).sum();
    assert_eq!(path, 250 * MS);
    let payment = json!({
        "service": "payment", "spans": 1, "errors": 1, "self_time_ns": 135 * MS, "critical_path_ns": 135 * MS
    });
    assert!(services.contains(&&payment), "{services:?}");
}

#[test]
fn elsewhere_than_on_a_terminal_a_span_is_a_row() {
    let kept = Kept::new(&purchase());
    let tsv = kept.text("trace 4bf9");
    assert_eq!(tsv.lines().count(), 18);
    let charge = tsv.lines().find(|line| line.contains("/charge")).unwrap();
    let cells = [
        "0000000000000003",
        "0000000000000001",
        "1",
        "payment",
        "POST /charge",
        "server",
        "error",
        "45000000",
        "195000000",
        "135000000",
        "135000000",
    ];
    assert_eq!(charge, cells.join("\t"));
    assert_eq!(kept.text("trace 4bf9 --format csv"), tsv.replace('\t', ","));
}

#[test]
fn the_stream_of_a_trace_is_that_trace_alone() {
    let other = purchase().replace(ID, "4bf00000000000000000000000000001");
    let kept = Kept::new(&(purchase() + &other));
    let stream = kept.text("trace 4bf9 --format otlp");
    assert_eq!((stream.matches("\"spanId\"").count(), stream.matches("4bf00").count()), (18, 0));
    let again = Obs::new(&kept.dir, "query trace 4bf9 --format json -").stdin(stream).run();
    let again: Value = serde_json::from_str(&again.text()).unwrap();
    assert_eq!(again, kept.json());
    let frames = kept.query("trace 4bf9 --format otlp").env("OBS_FORMAT", "proto").run();
    assert_eq!(frames.traces_of_frames().len(), 1);
    kept.query("trace 4bf9 --format otlp")
        .env("OBS_FORMAT", "xml")
        .run()
        .expect(2, "OBS_FORMAT: expected ndjson");
}

#[test]
fn log_records_stand_under_their_spans() {
    let record = |span: u64, at_us: u64, severity: u64, message: &str| {
        let mut record = json!({
            "timeUnixNano": (TIME + at_us * 1000).to_string(),
            "severityNumber": severity,
            "body": {"stringValue": message},
            "traceId": ID,
            "attributes": [text("user", "ann")],
        });
        if span > 0 {
            record["spanId"] = format!("{span:016x}").into();
        }
        record
    };
    let records = vec![
        record(3, 199_000, 17, "the bank said no"),
        record(1, 1_500, 9, "a purchase begins"),
        record(0, 3_000, 13, "from nowhere"),
    ];
    let logs = json!({"resourceLogs": [{
        "resource": {"attributes": [text("service.name", "payment")]},
        "scopeLogs": [{"logRecords": records}],
    }]});
    let kept = Kept::new(&format!("{}{logs}\n", purchase()));
    assert!(!kept.text("trace 4bf9 --format table").contains("the bank"));
    snapshot!("purchase_logs.txt", &kept.text("trace 4bf9 --format table --logs --collapse"));
    let trace: Value = serde_json::from_str(&kept.text("trace 4bf9 --format json --logs")).unwrap();
    let charge =
        trace["tree"].as_array().unwrap().iter().find(|span| span["operation"] == "POST /charge").unwrap();
    let expected = json!([{
        "time": "2026-01-01T00:00:00.199Z", "offset_ns": 199 * MS, "level": "error", "message": "the bank said no",
        "service": "payment", "attributes": {"user": "ann"}
    }]);
    assert_eq!(charge["logs"], expected);
    assert_eq!(trace["logs"][0]["message"], "from nowhere");
    // The stream has them too.
    assert!(kept.text("trace 4bf9 --format otlp --logs").contains("the bank said no"));
}

#[test]
fn whatever_was_sent_is_shown() {
    let spans = vec![
        span(1, 0, "root", 1_000, 9_000),
        // It starts before its parent, in another process.
        span(2, 0, "other root", 2_000, 3_000),
        span(3, 77, "orphan", 4_000, 5_000),
        // A circle, and one that is its own parent.
        span(0x10, 0x12, "a", 6_000, 7_000),
        span(0x11, 0x10, "b", 5_500, 7_000),
        span(0x12, 0x11, "c", 6_500, 7_000),
        span(0x13, 0x13, "self", 8_000, 8_100),
        // Of the same id, but not the same.
        span(1, 0, "twin", 1_200, 1_300),
        // It ends before it starts.
        span(5, 1, "backwards", 3_000, 2_000),
    ];
    let early = span(4, 1, "early", 500, 2_000);
    let documents = document(vec![of_service("web", spans.clone()), of_service("api", vec![early])])
        + &document(vec![of_service("web", spans[..2].to_vec())]);
    let kept = Kept::new(&documents);
    snapshot!("odd.txt", &kept.text("trace 4bf9 --format table"));
    let trace = kept.json();
    let numbers = ["spans", "roots", "missing_parents", "cycles", "duplicates", "skewed", "invalid_times"]
        .map(|key| trace[key].as_u64().unwrap());
    assert_eq!(numbers, [10, 6, 1, 2, 2, 1, 1]);
    let of = |name: &str| {
        trace["tree"].as_array().unwrap().iter().find(|span| span["operation"] == name).unwrap().clone()
    };
    assert_eq!(
        (of("early")["skewed"].clone(), of("early")["start_offset_ns"].clone()),
        (json!(true), json!(0))
    );
    assert_eq!(of("orphan")["missing_parent"], true);
    assert_eq!((of("b")["cycle"].clone(), of("b")["depth"].clone()), (json!(true), json!(0)));
    assert_eq!((of("a")["depth"].clone(), of("c")["depth"].clone()), (json!(2), json!(1)));
    assert_eq!(
        (of("backwards")["duration_ns"].clone(), of("backwards")["invalid_time"].clone()),
        (json!(0), json!(true))
    );
    assert_eq!(trace["root"]["operation"], "root");
}

#[test]
fn ten_thousand_spans_are_no_matter_however_deep() {
    let deep: Vec<Value> = (1..=10_000).map(|id| span(id, id - 1, "deeper", id, 30_000 - id)).collect();
    let kept = Kept::new(&document(vec![of_service("web", deep)]));
    let table = kept.text("trace 4bf9 --format table");
    assert_eq!(table.lines().filter(|line| line.contains("web deeper")).count(), 10_000);
    assert!(table.lines().all(|line| line.chars().count() <= 100));
    assert_eq!(kept.json()["tree"][9_999]["depth"], 9_999);
    let wide: Vec<Value> = (1..=10_000).map(|id| span(id, u64::from(id > 1), "wider", id, id + 1)).collect();
    let kept = Kept::new(&document(vec![of_service("web", wide)]));
    assert_eq!(kept.text("trace 4bf9").lines().count(), 10_001);
    let folded = kept.text("trace 4bf9 --format table --collapse");
    assert!(folded.contains("web wider × 9999"), "{folded}");
}

#[test]
fn ten_thousand_spans_are_shown_on_a_terminal_by_what_matters() {
    // A loop that asks the database and the cache by turns; one query fails, another is a large part of the time.
    let failed = json!({"status": {"code": 2, "message": "deadlock"}});
    let step = |id: u64| match id {
        4_000 => with(span(id, 1, "SELECT", id * 10, id * 10 + 9), failed.clone()),
        7_000 => span(id, 1, "SELECT", id * 10, id * 10 + 9_000),
        id => span(id, 1, if id % 2 == 0 { "SELECT" } else { "GET" }, id * 10, id * 10 + 9),
    };
    let spans = [span(1, 0, "all", 0, 110_000)].into_iter().chain((2..=10_000).map(step));
    let kept = Kept::new(&document(vec![of_service("web", spans.collect())]));
    let table = on_a_terminal(kept.query("trace 4bf9"));
    let rows: Vec<&str> =
        table.lines().skip(5).map(|line| line.split("  ").next().unwrap().trim_end()).collect();
    let shown = |text: &str| rows.iter().filter(|row| row.contains(text)).count();
    assert!(rows.len() < 20, "{table}");
    assert_eq!((shown("web all"), shown("✗ web SELECT"), shown("├ web SELECT")), (1, 1, 1), "{table}");
    assert!(table.contains("├ 3998 siblings") && table.contains("├ 2999 siblings"), "{table}");
    assert!(table.contains("deadlock") && table.contains("└ 3000 siblings"), "{table}");
    // The critical path goes through what is folded.
    let folded = table.lines().find(|line| line.contains("3998 siblings")).unwrap();
    assert!(folded.contains('█') && !folded.contains('░'), "{folded}");
    assert!(table.ends_with("\n10000 spans in 6 rows; query trace --expand shows each\n"), "{table}");
    let whole = on_a_terminal(kept.query("trace 4bf9 --expand"));
    assert_eq!((whole.matches("web ").count(), whole.contains("--expand shows")), (10_000, false));
    // Elsewhere nothing is folded unless it is asked for.
    assert_eq!(kept.text("trace 4bf9 --format table").matches("web ").count(), 10_000);

    let deep = (1..=10_000).map(|id| span(id, id - 1, "deeper", id, 30_000 - id)).collect();
    let kept = Kept::new(&document(vec![of_service("web", deep)]));
    let table = on_a_terminal(kept.query("trace 4bf9"));
    assert!(table.contains("└ web deeper") && table.lines().count() < 40, "{table}");
    assert!(table.contains("9979 spans\n"), "{table}");
}

#[test]
fn the_first_digits_of_an_id_are_enough_where_no_other_has_them() {
    let other = purchase().replace(ID, "4bf92f3577b34da6a3ce929d0e0e4737");
    let kept = Kept::new(&(purchase() + &other));
    kept.error("trace 4bf92f35").expect(2, "2 traces begin with 4bf92f35").expect(2, ID);
    assert!(
        kept.text(&format!("trace {} --format table", ID.to_uppercase()))
            .starts_with(&format!("trace {ID}\n"))
    );
    kept.error("trace 5").expect(2, "no trace has the id").expect(2, "hint: obs query traces");
    kept.error("trace 4bf92f3577b34da6a3ce929d0e0e4738").expect(2, "no trace has the id");
    kept.error("trace xyz").expect(2, "\"xyz\" is no trace id");
    kept.error("trace 4bf92f3577b34da6a3ce929d0e0e473700").expect(2, "is no trace id");
}

#[test]
fn two_traces_stand_side_by_side() {
    let other = "5bf92f3577b34da6a3ce929d0e0e4736";
    let spans = |scale: u64, fails: bool| {
        let status = if fails { json!({"status": {"code": 2}}) } else { json!({}) };
        vec![
            span(1, 0, "POST /checkout", 0, 100_000 * scale),
            with(span(2, 1, "charge", 10_000, 90_000 * scale), status),
            span(3, 2, "query", 20_000, 30_000),
            span(4, 2, "query", 40_000, 50_000),
        ]
    };
    let mut second = spans(2, true);
    second.remove(3);
    second.push(span(9, 1, "audit", 185_000, 190_000));
    let before = document(vec![of_service("shop", spans(1, false))]);
    let after = document(vec![of_service("shop", second)]).replace(ID, other);
    let kept = Kept::new(&(before + &after));
    snapshot!("compare.txt", &kept.text("compare 4b 5b --format table"));
    let compared: Value = serde_json::from_str(&kept.text("compare 4b 5b --format json")).unwrap();
    assert_eq!(compared["schema"], "obs.query.compare/1");
    let numbers =
        ["delta_ns", "new", "missing", "failed", "recovered"].map(|key| compared[key].as_i64().unwrap());
    assert_eq!(numbers, [100_000_000, 1, 1, 1, 0]);
    let causes: Vec<_> = compared["causes"].as_array().unwrap().iter().collect();
    assert_eq!(causes.iter().map(|cause| cause["delta_ns"].as_i64().unwrap()).sum::<i64>(), 100_000_000);
    assert_eq!((&causes[0]["operation"], &causes[0]["delta_ns"]), (&json!("charge"), &json!(100_000_000)));
    let tsv = kept.text("compare 4b 5b");
    assert!(tsv.contains("1\tshop\tcharge\tserver\t80000000\t170000000\t90000000\t2.125\tfailed\n"), "{tsv}");
    // Nothing differs from itself.
    let same: Value = serde_json::from_str(&kept.text("compare 4b 4b --format json")).unwrap();
    assert_eq!((&same["delta_ns"], &same["causes"]), (&json!(0), &json!([])));
    assert!(
        same["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|node| node["change"] == "same" && node["delta_ns"] == 0)
    );
}
