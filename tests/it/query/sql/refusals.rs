//! What is no query, or more than one.

use std::fs;

use super::kept;
use crate::support::{Obs, TempDir};

#[test]
fn nothing_is_written() {
    let db = kept();
    let file = db.0.file("obs.db");
    let before = fs::read(&file).unwrap();
    for (sql, told) in [
        ("INSERT INTO services VALUES (99, 'x')", "refused: writing to services"),
        ("UPDATE services SET name = 'x'", "refused: writing to services"),
        ("DELETE FROM segments", "refused: deleting from segments"),
        ("WITH x AS (SELECT 1) DELETE FROM segments", "refused: deleting from segments"),
        ("INSERT INTO spans (SpanName) VALUES ('x')", ""),
        ("DELETE FROM logs", ""),
        ("DROP TABLE segments", "refused"),
        ("CREATE TABLE x (y)", "refused"),
        ("CREATE TEMP TABLE x AS SELECT 1", "refused"),
        ("CREATE VIEW x AS SELECT 1", "refused"),
        ("ALTER TABLE services RENAME TO x", "refused"),
        ("ATTACH 'other.db' AS other", "refused: ATTACH"),
        ("DETACH main", "refused"),
        ("VACUUM", "refused"),
        ("VACUUM INTO 'copy.db'", "refused"),
        ("REINDEX", "refused"),
        ("ANALYZE", "refused"),
        ("BEGIN", "refused: a transaction"),
        ("COMMIT", "refused: a transaction"),
        ("SAVEPOINT x", "refused: a transaction"),
        ("PRAGMA journal_mode = DELETE", "refused: PRAGMA journal_mode = DELETE"),
        ("PRAGMA user_version = 7", "refused: PRAGMA user_version = 7"),
        ("PRAGMA writable_schema = 1", "refused: PRAGMA writable_schema"),
        ("PRAGMA wal_checkpoint", "refused: PRAGMA wal_checkpoint"),
        ("PRAGMA incremental_vacuum", "refused: PRAGMA incremental_vacuum"),
        ("PRAGMA temp_store_directory = '/'", "refused: PRAGMA temp_store_directory"),
        ("SELECT * FROM pragma_wal_checkpoint", ""),
        ("SELECT load_extension('x')", ""),
        ("SELECT writefile('x', 'y')", "no such function: writefile"),
        ("EXPLAIN DELETE FROM segments", "refused"),
    ] {
        let end = db.end(sql);
        assert_eq!((end.code, end.text()), (2, String::new()), "{sql}: {}", end.stderr);
        assert!(end.stderr.contains(told) && end.stderr.starts_with("obs: "), "{sql}: {}", end.stderr);
    }
    assert!(fs::read(&file).unwrap() == before);
    let mut files: Vec<_> =
        fs::read_dir(db.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.retain(|name| !name.to_str().unwrap().starts_with("obs.db"));
    assert!(files.is_empty(), "{files:?}");
}

#[test]
fn what_only_reads_is_run() {
    let db = kept();
    for sql in [
        "PRAGMA user_version",
        "PRAGMA table_info(services)",
        "SELECT name FROM pragma_table_info('segments')",
        "EXPLAIN QUERY PLAN SELECT * FROM spans WHERE ServiceName = 'a' ORDER BY Timestamp DESC",
        "VALUES (1), (2)",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "SELECT name FROM sqlite_schema ;",
    ] {
        assert!(!db.rows(sql).is_empty(), "{sql}");
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let db = kept();
    for (sql, told) in [
        (
            "SELECT SpanNam FROM spans",
            "obs: line 1, column 8: no such column: SpanNam\n  SELECT SpanNam FROM spans\n         ^\n\
             hint: did you mean SpanName?\n",
        ),
        (
            "SELECT attr('a'), s.servicename\n  , s.Durations FROM spans s",
            "obs: line 2, column 5: no such column: s.Durations\n    , s.Durations FROM spans s\n      ^\n\
             hint: did you mean Duration?\n",
        ),
        (
            "SELECT 1 FROM\n  span",
            "obs: line 2, column 3: no such table: span\n    span\n    ^\nhint: did you mean spans?\n",
        ),
        (
            "SELECT 1 FROM zzzzzz",
            "obs: line 1, column 15: no such table: zzzzzz\n  SELECT 1 FROM zzzzzz\n                ^\n\
             hint: obs query sql --schema shows the tables and their columns\n",
        ),
        (
            "SELECT attr('a') FORM spans GROUP",
            "obs: line 1, column 23: near \"spans\": syntax error\n  SELECT attr('a') FORM spans GROUP\n",
        ),
        ("SELECT 'a", "obs: line 1, column 8: unrecognized token: \"'a\"\n"),
        ("SELECT (1", "obs: incomplete input\n"),
        ("SELECT 1; SELECT 2", "obs: line 1, column 11: a second statement begins here\n"),
        ("", "obs: the SQL text is empty\n"),
        ("/* nothing */ ;", "obs: the SQL text is empty\n"),
        ("SELECT * FROM spans WHERE SpanId = ?", "a parameter has no value here"),
        ("SELECT SpanAttributes -> 'x' FROM spans WHERE json(SpanName) = 1", "malformed JSON"),
        ("SELECT abs(-9223372036854775808)", "obs: integer overflow\n"),
    ] {
        let end = db.end(sql);
        assert_eq!(end.code, 2, "{sql}: {}", end.stderr);
        assert!(end.stderr.contains(told), "{sql}: expected\n{told}found\n{}", end.stderr);
    }
}

#[test]
fn without_a_database_there_is_nothing_to_ask() {
    let dir = TempDir::new();
    Obs::new(&dir, "query sql").arg("SELECT 1").run().expect(4, "cannot open obs.db");
}
