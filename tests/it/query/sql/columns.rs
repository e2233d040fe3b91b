//! Every column against what was put in.

use serde_json::{Value, json};

use super::{Db, kept};

/// The attributes of the span and of the log record as JSON.
fn attributes() -> Value {
    json!({
        "text": "it's \"quoted\"\n\u{1}é", "int": i64::MAX, "double": 2.0, "nan": "NaN", "infinite": "-Infinity",
        "yes": true, "no": false, "bytes": "AP8=", "list": [1, "two", null], "map": {"a": "b"}, "empty": "",
        "nothing": null, "twice": "second", "everywhere": "own",
    })
}

/// Columns that hold JSON, as what they hold.
fn parsed(mut row: Value) -> Value {
    for (name, value) in row.as_object_mut().unwrap() {
        if ["Attributes", "Events", "Links"].iter().any(|kind| name.ends_with(kind)) {
            *value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        }
    }
    row
}

#[test]
fn a_span_has_what_was_sent() {
    let rows = kept().rows("SELECT * FROM spans ORDER BY Timestamp DESC");
    assert_eq!(
        parsed(rows[0].clone()),
        json!({
            "Timestamp": "2026-01-01T00:00:00.000000007Z",
            "TraceId": "ab".repeat(16), "SpanId": "cd".repeat(8), "ParentSpanId": "ef".repeat(8), "TraceState": "a=b",
            "SpanName": "GET /", "SpanKind": "Client", "ServiceName": "checkout",
            "ResourceAttributes": {"service.name": "checkout", "everywhere": "resource", "both": "resource"},
            "ScopeName": "http", "ScopeVersion": "1.2",
            "SpanAttributes": attributes(),
            "Duration": 1500, "StatusCode": "Error", "StatusMessage": "broken",
            "Events": [{
                "Timestamp": "2026-01-01T00:00:00.000000008Z", "Name": "exception", "Attributes": {"n": 1},
            }],
            "Links": [{
                "TraceId": "11".repeat(16), "SpanId": "22".repeat(8), "TraceState": "c=d", "Attributes": {},
            }],
            "TimeUnixNano": 1_767_225_600_000_000_007_u64,
            "ScopeAttributes": {"everywhere": "scope", "both": "scope", "of scope": "s"},
        })
    );
    assert_eq!(
        parsed(rows[1].clone()),
        json!({
            "Timestamp": null, "TraceId": "", "SpanId": "", "ParentSpanId": "", "TraceState": "", "SpanName": "",
            "SpanKind": "Unspecified", "ServiceName": "", "ResourceAttributes": {}, "ScopeName": "", "ScopeVersion": "",
            "SpanAttributes": {}, "Duration": null, "StatusCode": "Unset", "StatusMessage": "", "Events": [],
            "Links": [], "TimeUnixNano": null, "ScopeAttributes": {},
        })
    );
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_log_record_has_what_was_sent() {
    let rows = kept().rows("SELECT * FROM logs ORDER BY Timestamp DESC");
    assert_eq!(
        parsed(rows[0].clone()),
        json!({
            "Timestamp": "2026-01-01T00:00:00.000000007Z",
            "TraceId": "ab".repeat(16), "SpanId": "cd".repeat(8), "TraceFlags": 1,
            "SeverityText": "ERROR", "SeverityNumber": 17, "ServiceName": "checkout", "Body": "it broke",
            "ResourceAttributes": {"service.name": "checkout", "everywhere": "resource", "both": "resource"},
            "ScopeName": "http", "ScopeVersion": "1.2",
            "ScopeAttributes": {"everywhere": "scope", "both": "scope", "of scope": "s"},
            "LogAttributes": attributes(), "EventName": "broken",
            "TimeUnixNano": 1_767_225_600_000_000_007_u64,
            "ObservedTimestamp": "2026-01-01T00:00:00.000000009Z",
        })
    );
    // Where it is not known when it happened, it is when it was observed.
    assert_eq!(rows[1]["Timestamp"], "2026-01-01T00:00:00.000000003Z");
    assert_eq!(rows[1]["Body"], "[1]");
    assert_eq!(
        parsed(rows[2].clone()),
        json!({
            "Timestamp": null, "TraceId": "", "SpanId": "", "TraceFlags": 0, "SeverityText": "", "SeverityNumber": 0,
            "ServiceName": "", "Body": null, "ResourceAttributes": {}, "ScopeName": "", "ScopeVersion": "",
            "ScopeAttributes": {}, "LogAttributes": {}, "EventName": "", "TimeUnixNano": null,
            "ObservedTimestamp": null,
        })
    );
    assert_eq!(rows.len(), 3);
}

#[test]
fn names_are_read_in_any_case_and_times_by_the_functions_of_sqlite() {
    let db = kept();
    let minute = "SELECT strftime('%Y-%m-%d %H:%M', timestamp) FROM SPANS WHERE spanid <> ''";
    assert_eq!(db.column(minute), ["2026-01-01 00:00"]);
    assert_eq!(db.column("SELECT SpanAttributes ->> '$.int' FROM spans WHERE Duration > 0"), [i64::MAX]);
    assert_eq!(db.column("SELECT e.value ->> 'Name' FROM spans, json_each(Events) e"), ["exception"]);
    assert_eq!(db.column("SELECT count(*) FROM spans WHERE Timestamp IS NULL AND Duration IS NULL"), [1]);
}

#[test]
fn tables_go_together() {
    let db = kept();
    let joined = "SELECT l.Body, s.SpanName, v.name FROM spans s JOIN logs l USING (TraceId, SpanId)
                  JOIN services v ON v.name = s.ServiceName WHERE l.SeverityNumber > 16";
    assert_eq!(db.rows(joined), [json!({"Body": "it broke", "SpanName": "GET /", "name": "checkout"})]);
    let rollup = "SELECT service, operation, kind, count, errors FROM rollups WHERE service IN (SELECT ServiceName FROM spans)
                  AND service <> ''";
    assert_eq!(
        db.rows(rollup),
        [json!({"service": "checkout", "operation": "GET /", "kind": "client", "count": 1, "errors": 1})]
    );
    let outer = "SELECT s.ServiceName, l.Body FROM spans s LEFT JOIN logs l ON l.TraceId = s.TraceId AND l.TraceId <> ''
                 ORDER BY s.ServiceName";
    assert_eq!(
        db.rows(outer),
        [json!({"ServiceName": "", "Body": null}), json!({"ServiceName": "checkout", "Body": "it broke"})]
    );
}

#[test]
fn an_empty_database_has_empty_tables() {
    let db = Db::new();
    db.keep("");
    assert_eq!(db.column("SELECT count(*) FROM spans"), [0]);
    assert_eq!(db.rows("SELECT * FROM logs ORDER BY Timestamp DESC LIMIT 3"), [] as [Value; 0]);
}

#[test]
fn numbers_that_no_column_holds_are_those_that_were_sent() {
    let log = |severity: i32| json!({"timeUnixNano": "1767225600000000000", "severityNumber": severity});
    let logs: Vec<Value> = [-1, 17, 254, 255, 300].map(log).into();
    let span = |kind: i32, code: i32| json!({"name": "a", "startTimeUnixNano": "1767225600000000000", "kind": kind, "status": {"code": code}});
    let spans = [span(-1, 0), span(255, 1), span(258, 2), span(300, 258), span(3, 300)];
    let db = Db::new();
    db.keep(
        [
            json!({"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]}).to_string(),
            json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string(),
        ]
        .concat(),
    );
    assert_eq!(db.column("SELECT SeverityNumber FROM logs"), [-1, 17, 254, 255, 300]);
    assert_eq!(db.column("SELECT SeverityNumber FROM logs WHERE SeverityNumber >= 21"), [254, 255, 300]);
    assert_eq!(db.column("SELECT SeverityNumber FROM logs WHERE SeverityNumber < 0"), [-1]);
    assert_eq!(db.column("SELECT SpanKind FROM spans"), ["-1", "255", "258", "300", "Client"]);
    assert_eq!(db.column("SELECT SpanKind FROM spans WHERE SpanKind = '258'"), ["258"]);
    assert_eq!(db.column("SELECT StatusCode FROM spans"), ["Unset", "Ok", "Error", "258", "300"]);
    assert_eq!(db.column("SELECT SpanKind FROM spans WHERE StatusCode IN ('258', 'Error')"), ["258", "300"]);
}
