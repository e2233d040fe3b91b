//! The section `storage` of the configuration.

use std::time::{SystemTime, UNIX_EPOCH};

use super::database::{Db, numbers};
use crate::support::shared_data;
use crate::support::telemetry::{frame, line, span, spans_of, traces};

/// The warnings on stderr.
fn warnings(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.contains("warning")).collect()
}

#[test]
fn other_backends_are_one_warning() {
    let db = Db::new();
    for (storage, named) in [
        ("{type: mongodb, url: 'mongodb://localhost', database: metrics}", "mongodb"),
        ("{backend: influx}", "influx"),
        (
            "{hot: {backend: elasticsearch}, warm: {backend: s3}, cold: {backend: glacier}}",
            "elasticsearch (hot), s3 (warm), glacier (cold)",
        ),
        ("{type: postgres, hot: {type: sqlite}, cold: {type: s3}}", "postgres, s3 (cold)"),
    ] {
        db.dir.write("my.yaml", format!("storage: {storage}\n"));
        let end = db.store("--config my.yaml").stdin(line(&traces(0..1))).run();
        end.expect(0, "1 spans in = 1 out");
        let text = format!(
            "obs store: warning: storage: {named} cannot be used; everything is kept in the SQLite file obs.db"
        );
        assert_eq!(warnings(&end.stderr), [text]);
    }
    for storage in
        ["{type: sqlite}", "{backend: SQLite}", "{hot: {backend: sqlite, retention_days: 7}}", "{}"]
    {
        db.dir.write("my.yaml", format!("storage: {storage}\n"));
        let end = db.store("--config my.yaml").stdin("").run();
        end.expect(0, "nothing came in");
        assert_eq!(warnings(&end.stderr), [""; 0], "{storage}");
    }
}

#[test]
fn configurations_of_others_are_read() {
    for (name, named) in [
        ("metrics-monitor.yaml", "mongodb"),
        ("production.yaml", "elasticsearch (hot), s3 (warm), glacier (cold)"),
    ] {
        let Some(path) = shared_data(&format!("configs/{name}")) else { return };
        let db = Db::new();
        let end = db.store("--config").arg(path).stdin(line(&traces(0..3))).run();
        end.expect(0, "3 spans in = 3 out");
        let expected =
            format!("storage: {named} cannot be used; everything is kept in the SQLite file obs.db");
        let warnings = warnings(&end.stderr);
        let of_storage: Vec<_> = warnings.iter().filter(|warning| warning.contains("storage")).collect();
        assert!(of_storage.len() == 1 && of_storage[0].ends_with(&expected), "{name}: {}", end.stderr);
    }
}

#[test]
fn what_storage_does_not_know_is_told_with_its_place() {
    let db = Db::new();
    for (storage, message) in [
        ("storage:\n  path: a.db\n  retention_day: 3\n", "obs: my.yaml:3:3: unknown field `retention_day`"),
        ("storage:\n  hot:\n    tier: 1\n", "obs: my.yaml:3:5: unknown field `tier`"),
        ("storage: {retention_days: 0}\n", "obs: storage.retention_days: expected days above zero, found 0"),
        (
            "storage: {hot: {retention_days: -1}}\n",
            "obs: storage.hot.retention_days: expected days above zero, found -1",
        ),
        ("storage: {retention_days: soon}\n", "obs: my.yaml:1:27: "),
        ("storage:\n  redact:\n    - 'mangle:user.email'\n", "obs: my.yaml:3:7: "),
    ] {
        db.dir.write("my.yaml", storage);
        for command in ["", "stats", "export", "check", "compact", "prune --older-than 1d"] {
            let end = db.store(command).args("--config my.yaml").stdin(line(&traces(0..1))).run();
            end.expect(2, message);
        }
    }
    assert!(!std::fs::exists(db.path()).unwrap() && !std::fs::exists(db.dir.file("a.db")).unwrap());
}

#[test]
fn the_database_is_named_by_flag_then_environment_then_configuration() {
    let db = Db::new();
    db.dir.write("my.yaml", "storage: {path: configured.db}\n");
    let input = line(&traces(0..1));
    let store = || db.store("--config my.yaml").stdin(input.clone());
    let there = || {
        let mut names: Vec<_> = ["flag.db", "environment.db", "configured.db", "obs.db"].into();
        names.retain(|name| std::fs::exists(db.dir.file(name)).unwrap());
        names
    };
    store().run().expect(0, "");
    assert_eq!(there(), ["configured.db"]);
    store().env("OBS_DB", "environment.db").run().expect(0, "");
    assert_eq!(there(), ["environment.db", "configured.db"]);
    store().env("OBS_DB", "environment.db").args("--db flag.db").run().expect(0, "");
    assert_eq!(there(), ["flag.db", "environment.db", "configured.db"]);
    // Readers find it in the same way.
    let stats = db.store("stats --format json --config my.yaml").env("OBS_DB", "environment.db").run();
    assert!(stats.text().contains("\"database\": \"environment.db\""), "{}", stats.text());
    let stats = db.store("stats --format json --config my.yaml").run();
    assert!(stats.text().contains("\"database\": \"configured.db\""), "{}", stats.text());
}

/// Spans that started so many days ago.
fn days_ago(days: u64, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let start = now - days * 24 * 3600 * 1_000_000_000;
    let mut spans: Vec<_> = numbers.map(span).collect();
    for span in &mut spans {
        (span.start_time_unix_nano, span.end_time_unix_nano) = (start, start + 1_000_000);
    }
    frame(1, &spans_of("checkout", spans))
}

#[test]
fn a_writer_deletes_what_is_older_than_the_retention() {
    for storage in ["{retention_days: 30}", "{hot: {retention_days: 30}, cold: {retention_days: 90}}"] {
        let db = Db::new();
        db.keep(days_ago(40, 0..10));
        db.keep(days_ago(20, 10..20));
        assert_eq!(numbers(&db.export("")).len(), 20);
        db.dir.write("my.yaml", format!("storage: {storage}\n"));
        let end = db.store("--config my.yaml -v").stdin(days_ago(1, 20..30)).run();
        end.expect(0, "10 spans in = 10 out").expect(0, "1 segments with 10 items were too old");
        assert!(numbers(&db.export("")).into_iter().eq(10..30), "{storage}");
        // The counts stay.
        assert_eq!(db.number("SELECT sum(count) FROM operation_minutes"), 30);
        db.expect_whole(20);
    }
}
