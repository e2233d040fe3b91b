//! What `query trace` and `query compare` show where there is much, or something is missing.

use serde_json::{Value, json};

use super::trace::{ID, Kept, MS, TIME, document, of_service, span, with};

fn logs(records: Vec<Value>) -> String {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string() + "\n"
}

#[test]
fn log_records_of_what_is_folded_are_counted() {
    let reads = (2..12).map(|number| span(number, 1, "GET", number * 100, number * 100 + 50));
    let spans = [span(1, 0, "all", 0, 2_000)].into_iter().chain(reads).collect();
    let record = |span: u64, severity: u64| {
        json!({
            "timeUnixNano": (TIME + span * 100_000).to_string(),
            "severityNumber": severity,
            "body": {"stringValue": "deadlock"},
            "traceId": ID,
            "spanId": format!("{span:016x}"),
        })
    };
    let records = vec![record(4, 17), record(5, 9), record(5, 10)];
    let kept = Kept::new(&(document(vec![of_service("web", spans)]) + &logs(records)));
    let folded = |options: &str| kept.text(&format!("trace 4bf9 --format table --collapse {options}"));
    assert!(
        folded("--logs").contains("total 500 µs, longest 50 µs, 3 log records, 1 error\n"),
        "{}",
        folded("--logs")
    );
    assert!(folded("").contains("total 500 µs, longest 50 µs\n"));
}

#[test]
fn what_does_not_say_when_it_was_has_no_offset() {
    let events = json!([{"name": "some time"}, {"name": "then", "timeUnixNano": (TIME + MS).to_string()}]);
    let spans = vec![with(span(1, 0, "root", 0, 2_000), json!({"events": events}))];
    let record = json!({
        "severityNumber": 9, "body": {"stringValue": "no time"}, "traceId": ID, "spanId": format!("{:016x}", 1)
    });
    let kept = Kept::new(&(document(vec![of_service("web", spans)]) + &logs(vec![record])));
    let table = kept.text("trace 4bf9 --format table --attributes --logs");
    let under: Vec<&str> = table.lines().skip(6).map(str::trim).collect();
    assert_eq!(under, ["some time", "INFO no time", "+1 ms then"]);
    let trace: Value = serde_json::from_str(&kept.text("trace 4bf9 --format json --logs")).unwrap();
    let root = &trace["tree"][0];
    assert_eq!(root["events"], json!([{"name": "some time"}, {"name": "then", "time_offset_ns": MS}]));
    assert_eq!(root["logs"], json!([{"level": "info", "message": "no time"}]));
}

#[test]
fn deep_traces_are_compared_within_the_columns_of_the_terminal() {
    let deep = |id: &str| {
        let spans = (1..=2_000).map(|id| span(id, id - 1, "deeper", id, 30_000 - id));
        document(vec![of_service("web", spans.collect())]).replace(ID, id)
    };
    let kept = Kept::new(&(deep(ID) + &deep("5bf92f3577b34da6a3ce929d0e0e4736")));
    let table = kept.text("compare 4b 5b --format table");
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("web deeper")).collect();
    assert_eq!(rows.len(), 2_000);
    assert!(rows.iter().all(|row| row.chars().count() <= 100), "{}", rows[1_999]);
    assert!(rows[1_999].starts_with("… ") && rows[1_999].contains("└ web deeper"), "{}", rows[1_999]);
}

#[test]
fn many_services_are_named_once() {
    let of = |number: u64| {
        of_service(
            &format!("service-{}", number % 5),
            vec![span(number, number.min(1), "op", number, number)],
        )
    };
    let kept = Kept::new(&document((0..50).map(of).collect()));
    let table = kept.text("trace 4bf9 --format table");
    let line = table.lines().find(|line| line.contains("services:"));
    assert_eq!(line, Some("5 services: service-0, service-1, service-2, service-3, service-4"));
}

/// A page that asks the cache ten times and the database twice or, in the other trace, 42 times.
fn pages() -> Kept {
    let page = |queries: u64, slow_get: u64, took: u64| {
        let gets = (10..20).map(|id| {
            span(id, 1, "cache get", id * 100, id * 100 + if id == 15 { slow_get } else { 50 + queries })
        });
        let queries = (100..100 + queries)
            .map(|id| span(id, 1, "SELECT", 4_000 + (id - 100) * 1_000, 5_000 + (id - 100) * 1_000));
        let spans = [span(1, 0, "GET /page", 0, took)].into_iter().chain(gets).chain(queries).collect();
        document(vec![of_service("shop", spans)])
    };
    let after = page(42, 1_900, 47_000).replace(ID, "5bf92f3577b34da6a3ce929d0e0e4736");
    Kept::new(&(page(2, 50, 7_000) + &after))
}

#[test]
fn a_comparison_says_first_where_the_difference_is() {
    let kept = pages();
    let table = kept.text("compare 4b 5b --format table");
    assert!(table.contains("\ndelta  +40 ms, most of it in shop SELECT\nown time on the critical path:\n      +40 ms  shop SELECT × 40\n"), "{table}");
    let back = kept.text("compare 5b 4b --format table");
    assert!(back.contains("\ndelta  -40 ms, most of it in shop SELECT\n"), "{back}");
    let same = kept.text("compare 4b 4b --format table");
    assert!(same.contains("\ndelta  0 ns\n\nSPAN"), "{same}");
}

#[test]
fn spans_that_became_slower_or_faster_are_marked() {
    let kept = pages();
    let row = |table: &str, begin: &str| {
        let rows: Vec<String> =
            table.lines().filter(|line| line.starts_with(begin)).map(str::to_owned).collect();
        rows
    };
    let table = kept.text("compare 4b 5b --format table");
    assert!(row(&table, "shop GET /page")[0].ends_with("7 ms   47 ms    +40 ms   6.71  slower"), "{table}");
    let gets = row(&table, "├ shop cache get");
    // 50 and 92 µs are no difference in a page of 47 ms.
    assert_eq!(gets.iter().filter(|row| row.ends_with("slower")).count(), 1, "{table}");
    assert!(gets[5].ends_with("50 µs  1.9 ms  +1.85 ms  38.00  slower"), "{table}");
    let back = kept.text("compare 5b 4b --format table");
    assert!(row(&back, "shop GET /page")[0].ends_with("faster"), "{back}");
    let json: Value = serde_json::from_str(&kept.text("compare 5b 4b --format json")).unwrap();
    let speeds: Vec<&Value> = json["nodes"].as_array().unwrap().iter().map(|node| &node["speed"]).collect();
    assert_eq!((speeds[0], speeds[1]), (&json!("faster"), &Value::Null));
    assert_eq!(json["nodes"][0]["change"], "same");
}

#[test]
fn siblings_that_are_alike_in_both_are_folded() {
    let kept = pages();
    let end = kept.query("compare 4b 5b --format table --collapse").run();
    let table = end.text();
    let rows: Vec<&str> = table.lines().skip_while(|line| !line.starts_with("SPAN")).skip(1).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.split("  ").next().unwrap()).collect();
    // The one that is slower stands for itself, and so do the two that are in both.
    assert_eq!(
        names,
        [
            "shop GET /page",
            "├ shop cache get × 5",
            "├ shop cache get",
            "├ shop cache get × 4",
            "├ shop SELECT",
            "├ shop SELECT",
            "└ shop SELECT × 40"
        ]
    );
    assert!(rows[1].ends_with("260 µs  460 µs   +200 µs   1.77"), "{table}");
    assert!(rows[6].trim_end().ends_with("40 ms                   new"), "{table}");
    assert!(end.stderr.contains("7 of 53 rows, as runs are folded; --expand shows all"), "{}", end.stderr);
    let whole = kept.text("compare 4b 5b --format table");
    assert_eq!(whole.lines().skip_while(|line| !line.starts_with("SPAN")).count(), 1 + 53, "{whole}");
}
