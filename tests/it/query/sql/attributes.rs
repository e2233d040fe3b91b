//! `attr('key')`.

use serde_json::{Value, json};

use super::kept;

#[test]
fn attributes_keep_their_types() {
    let db = kept();
    for (key, kind, value) in [
        ("text", "text", json!("it's \"quoted\"\n\u{1}é")),
        ("int", "integer", json!(i64::MAX)),
        ("double", "real", json!(2.0)),
        // SQL has no such number.
        ("nan", "null", Value::Null),
        ("infinite", "real", json!("-Infinity")),
        ("yes", "integer", json!(1)),
        ("no", "integer", json!(0)),
        ("bytes", "blob", json!("00ff")),
        ("list", "text", json!("[1,\"two\",null]")),
        ("map", "text", json!("{\"a\":\"b\"}")),
        ("empty", "text", json!("")),
        ("nothing", "null", Value::Null),
        ("absent", "null", Value::Null),
        ("twice", "text", json!("first")),
    ] {
        for table in ["spans", "logs"] {
            let sql = format!(
                "SELECT attr('{key}') AS v, typeof(attr('{key}')) AS t FROM {table} WHERE ServiceName = 'checkout'"
            );
            assert_eq!(db.rows(&sql), [json!({"v": value, "t": kind})], "{key} of {table}");
        }
    }
}

#[test]
fn what_stands_nearest_counts() {
    let db = kept();
    let sql =
        "SELECT attr('everywhere') a, attr('both') b, attr('of scope') c, attr('service.name') d FROM spans
               WHERE attr('service.name') IS NOT NULL";
    assert_eq!(db.rows(sql), [json!({"a": "own", "b": "resource", "c": "s", "d": "checkout"})]);
}

#[test]
fn a_column_is_called_as_the_query_has_it() {
    let db = kept();
    assert_eq!(
        db.rows("SELECT attr('yes') , ATTR( 'no') FROM logs WHERE TraceId <> ''"),
        [json!({"attr('yes')": 1, "ATTR( 'no')": 0})]
    );
}

#[test]
fn the_row_is_found_wherever_the_query_takes_it() {
    let db = kept();
    // Of two tables.
    let two = "SELECT attr(s.row, 'int') a, attr(l.row, 'double') b, attr(x.row, 'int') c FROM spans s
               JOIN logs l ON l.SpanId = s.SpanId LEFT JOIN spans x ON x.SpanName = 'nobody' WHERE s.SpanId <> ''";
    assert_eq!(db.rows(two), [json!({"a": i64::MAX, "b": 2.0, "c": null})]);
    // Beside a plain table, in the inner query and of the outer one, behind a sort, and in an aggregate.
    assert_eq!(
        db.column("SELECT attr('yes') FROM spans JOIN services ON name = ServiceName WHERE name <> ''"),
        [1]
    );
    let inner = "SELECT (SELECT attr('yes') FROM logs WHERE TraceId = s.TraceId), attr('int') FROM spans s
                 WHERE TraceId <> ''";
    let db_rows = db.rows(inner);
    assert_eq!(db_rows[0].as_object().unwrap().values().collect::<Vec<_>>(), [&json!(1), &json!(i64::MAX)]);
    let late = "SELECT attr(q.row, 'yes') FROM (SELECT row FROM spans ORDER BY Duration DESC LIMIT 1) q";
    assert_eq!(db.column(late), [1]);
    let sum = "SELECT attr('text') AS k, sum(attr('yes')) AS n FROM spans GROUP BY k HAVING k IS NOT NULL";
    assert_eq!(db.rows(sum)[0]["n"], 1);
    assert_eq!(db.column("SELECT attr('yes') FROM spans ORDER BY attr('yes') DESC"), [json!(1), Value::Null]);
    assert_eq!(db.column("SELECT attr(rowid, 'yes') FROM spans WHERE attr('yes') = 1"), [1]);
}

#[test]
fn an_attr_without_a_row_is_told() {
    let db = kept();
    db.end("SELECT attr('a') FROM services").expect(2, "line 1, column 8: attr: neither spans nor logs");
    db.end("SELECT attr('a')\nFROM spans, logs").expect(2, "line 1, column 8: attr: of which table?");
    db.end("SELECT attr(7, 'a') FROM spans").expect(0, "");
    db.end("SELECT attr('x', 'a') FROM spans").expect(2, "the row is a column of spans or logs");
    db.end("SELECT attr(1.5) FROM spans").expect(2, "the key is a text");
    assert_eq!(db.column("SELECT attr(99, 'a')"), [Value::Null]);
    assert_eq!(db.column("SELECT attr(-1, 'a')"), [Value::Null]);
    assert_eq!(db.column("SELECT attr(NULL) FROM spans WHERE SpanId <> ''"), [Value::Null]);
}
