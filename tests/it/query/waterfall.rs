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
