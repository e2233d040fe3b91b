//! Forms of the rows, where they come from, and what becomes of damage.

use serde_json::{Value, json};

use super::{Db, kept, spans};
use crate::support::Obs;
use crate::support::telemetry::{frame, traces};

const MIXED: &str = "SELECT 1 AS i, 2.5 AS r, 'a\tb' AS t, x'00ff' AS b, NULL AS n, 3 AS i
                     UNION ALL SELECT -20, 1e300, '\"q\", ', x'', 'x', NULL";

#[test]
fn rows_come_in_every_form() {
    let db = kept();
    let form = |format: &str| {
        let end = Obs::new(&db.0, "query sql --format").arg(format).arg(MIXED).run();
        end.expect(0, "");
        end.text()
    };
    assert_eq!(form("csv"), "i,r,t,b,n,i\n1,2.5,a\tb,00ff,,3\n-20,1e300,\"\"\"q\"\", \",,x,\n");
    assert_eq!(form("tsv"), "i\tr\tt\tb\tn\ti\n1\t2.5\ta\\tb\t00ff\t\t3\n-20\t1e300\t\"q\", \t\tx\t\n");
    let rows = [
        json!({"i": 1, "r": 2.5, "t": "a\tb", "b": "00ff", "n": null, "i:1": 3}),
        json!({"i": -20, "r": 1e300, "t": "\"q\", ", "b": "", "n": "x", "i:1": null}),
    ];
    let lines: Vec<Value> = form("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, rows);
    let document: Value = serde_json::from_str(&form("json")).unwrap();
    let columns = ["i", "r", "t", "b", "n", "i:1"];
    assert_eq!(document, json!({"schema": "obs.query.sql/1", "columns": columns, "rows": rows}));
    assert_eq!(
        form("table"),
        "  i      r  t      b     n  i\n  1    2.5  a\\tb   00ff     3\n-20  1e300  \"q\",         x\n"
    );
}

#[test]
fn without_rows_there_is_what_frames_them() {
    let db = kept();
    let form = |format: &str| {
        Obs::new(&db.0, "query sql --format").arg(format).arg("SELECT 1 AS a WHERE 0").run().text()
    };
    assert_eq!((form("csv"), form("ndjson"), form("table")), ("a\n".into(), String::new(), "a\n".into()));
    let document: Value = serde_json::from_str(&form("json")).unwrap();
    assert_eq!(document, json!({"schema": "obs.query.sql/1", "columns": ["a"], "rows": []}));
}

#[test]
fn streams_are_asked_as_databases_are() {
    let db = Db::new();
    let sql = "SELECT count(*) AS n FROM spans";
    let stdin = Obs::new(&db.0, "query sql --format tsv").arg(sql).arg("-").stdin(spans()).run();
    stdin.expect(0, "");
    assert_eq!(stdin.text(), "n\n2\n");
    let file = db.0.write("traces.frames", spans());
    let end = Obs::new(&db.0, "query sql").arg(sql).arg(&file).arg(&file).run();
    end.expect(0, "");
    assert_eq!(end.text(), "n\n4\n");
    let broken =
        Obs::new(&db.0, "query sql").arg(sql).arg("-").stdin("{\"resourceSpans\":[]}\n{oops}\n").run();
    broken.expect(3, "");
    assert_eq!(broken.text(), "n\n0\n");
    // A database as an operand, too.
    let db = kept();
    let end = Obs::new(&db.0, "query sql").arg(sql).arg(db.0.file("obs.db")).run();
    end.expect(0, "");
    assert_eq!(end.text(), "n\n2\n");
}

#[test]
fn the_schema_names_tables_and_columns() {
    let db = kept();
    for line in ["query sql", "query sql --schema"] {
        let end = Obs::new(&db.0, line).run();
        end.expect(0, "");
        for part in [
            "spans\n  Timestamp ",
            "logs\n  Timestamp ",
            "\nservices\n  id ",
            "\nrollups\n  minute",
            "  row ",
        ] {
            assert!(end.text().contains(part), "{part:?} not in {}", end.text());
        }
    }
}

#[test]
fn a_damaged_segment_is_left_out_and_told_once() {
    let db = Db::new();
    for number in 0..3 {
        db.keep(frame(1, &traces(number * 100..(number + 1) * 100)));
    }
    let sql = rusqlite::Connection::open(db.0.file("obs.db")).unwrap();
    sql.execute("UPDATE payloads SET checksum = checksum + 1 WHERE segment = 2", []).unwrap();
    let end = db.end("SELECT count(DISTINCT SpanId) AS n, (SELECT count(SpanId) FROM spans) AS m FROM spans");
    end.expect(3, "segment 2: payloads differ from their checksum; its 100 spans are left out");
    assert_eq!(end.lines(), [json!({"n": 200, "m": 200})]);
    assert_eq!(end.stderr.matches("segment 2").count(), 1);
    // What the columns tell is there still.
    assert_eq!(db.column("SELECT count(*) FROM spans WHERE ServiceName = 'checkout'"), [300]);
    // And without columns, the batches tell.
    sql.execute("UPDATE columns SET checksum = checksum + 1 WHERE segment = 3", []).unwrap();
    assert_eq!(db.column("SELECT count(*) FROM spans WHERE ServiceName = 'checkout'"), [300]);
    sql.execute("UPDATE columns SET checksum = checksum + 1 WHERE segment = 2", []).unwrap();
    let end = db.end("SELECT count(*) AS n FROM spans WHERE ServiceName = 'checkout'");
    end.expect(3, "segment 2");
    assert_eq!(end.lines(), [json!({"n": 200})]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let db = Db::new();
    db.keep(frame(1, &traces(0..20_000)));
    for format in ["csv", "tsv", "ndjson", "json"] {
        let mut query = Obs::new(&db.0, "query sql --format")
            .arg(format)
            .arg("SELECT * FROM spans")
            .stdout_piped()
            .spawn();
        drop(query.take_stdout());
        query.wait().expect(0, "");
    }
}
