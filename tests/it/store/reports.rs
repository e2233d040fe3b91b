//! `store stats` and `store services`.

use serde_json::{Value, json};

use super::database::Db;
use crate::support::telemetry::{frame, line, logs, logs_of, metrics, span, spans_of, traces};

/// Two services with spans, one of them with log records and data points.
fn kept() -> Db {
    let db = Db::new();
    db.keep(
        [
            frame(1, &traces(0..30)),
            frame(1, &spans_of("payment", (30..40).map(span).collect())),
            frame(2, &metrics(0..5)),
            frame(3, &logs(0..7)),
        ]
        .concat(),
    );
    db
}

fn report(db: &Db, line: &str) -> String {
    let end = db.store(line).run();
    end.expect(0, "");
    end.text()
}

#[test]
fn stats_are_one_json_document() {
    let db = kept();
    let stats = db.stats();
    for (key, value) in [
        ("schema", json!("obs.store.stats/1")),
        ("database", json!("obs.db")),
        ("schema_version", json!(obs::store::VERSION)),
        ("services", json!(2)),
        ("operations", json!(40)),
        ("edges", json!(0)),
        ("rollups", json!(40)),
        ("file_bytes", json!(db.bytes().len())),
    ] {
        assert_eq!(stats[key], value, "{key}");
    }
    let signals = stats["signals"].as_array().unwrap();
    let [traces, metrics, logs] = &signals[..] else { panic!("{signals:?}") };
    for (stats, signal, items, batches, services, last) in [
        (traces, "traces", 40, 2, 2, "2026-01-01T00:00:00.000000039Z"),
        (metrics, "metrics", 5, 1, 1, "2026-01-01T00:00:00.000000004Z"),
        (logs, "logs", 7, 1, 1, "2026-01-01T00:00:00.000000006Z"),
    ] {
        assert_eq!(stats["signal"], signal);
        let numbers = ["items", "segments", "batches", "services"].map(|key| stats[key].as_u64().unwrap());
        assert_eq!(numbers, [items, 1, batches, services], "{signal}");
        assert_eq!((&stats["first"], &stats["last"]), (&json!("2026-01-01T00:00:00Z"), &json!(last)));
        let raw = db.number(&format!("SELECT raw_bytes FROM segments WHERE signal = '{signal}'"));
        assert_eq!(stats["raw_bytes"], raw);
        assert!(
            stats["stored_bytes"].as_i64().unwrap() > 0 && stats["bytes_per_item"].as_f64().unwrap() > 0.0
        );
    }
}

#[test]
fn stats_are_the_same_in_every_form() {
    let db = kept();
    let tsv = report(&db, "stats");
    assert_eq!(report(&db, "stats --format tsv"), tsv);
    let rows: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    let names = ["signal", "items", "segments", "raw", "stored", "bytes/item", "services", "first", "last"];
    assert_eq!(rows[0], names);
    let begins: Vec<_> = rows[1..].iter().map(|row| row[..3].join(" ")).collect();
    assert_eq!(begins, ["traces 40 1", "metrics 5 1", "logs 7 1"]);
    assert!(rows.iter().all(|row| row.len() == names.len()), "{tsv}");
    assert_eq!(report(&db, "stats --format csv"), tsv.replace('\t', ","));
    let table = report(&db, "stats --format table");
    let words = |text: &str| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&table), words(&tsv));
    let ends: Vec<usize> = table.lines().map(|line| line.find(" 1 ").unwrap_or(0)).collect();
    assert!(ends[1] > 0 && ends[1..].iter().all(|end| *end == ends[1]), "not aligned:\n{table}");
}

#[test]
fn services_are_listed_by_name_with_what_they_have() {
    let db = kept();
    // A service that has nothing but log records, and a resource without a name.
    db.keep(
        [
            frame(3, &logs_of("audit", vec![crate::support::telemetry::log(50)])),
            frame(1, &spans_of("", vec![span(60)])),
        ]
        .concat(),
    );
    let found: Value = serde_json::from_str(&report(&db, "services --format json")).unwrap();
    assert_eq!(found["schema"], "obs.store.services/1");
    let row = |name: &str, [spans, points, records, operations]: [u64; 4]| json!({"service": name, "spans": spans, "data_points": points, "log_records": records, "operations": operations});
    let mut services = found["services"].as_array().unwrap().clone();
    let last: Vec<Value> =
        services.iter_mut().map(|service| service.as_object_mut().unwrap().remove("last").unwrap()).collect();
    assert_eq!(
        services,
        [
            row("", [1, 0, 0, 1]),
            row("audit", [0, 0, 1, 0]),
            row("checkout", [30, 5, 7, 30]),
            row("payment", [10, 0, 0, 10]),
        ]
    );
    assert_eq!(last[1], "2026-01-01T00:00:00.00000005Z");
    let tsv = report(&db, "services");
    assert!(tsv.starts_with("service\tspans\tdata points\tlog records\toperations\tlast\n"), "{tsv}");
    assert!(tsv.contains("\ncheckout\t30\t5\t7\t30\t2026-01-01T00:00:00"), "{tsv}");
}

#[test]
fn an_empty_database_has_no_rows() {
    let db = Db::new();
    db.keep("");
    assert_eq!(report(&db, "stats").lines().count(), 1);
    assert_eq!(report(&db, "services").lines().count(), 1);
    assert_eq!(db.stats()["bytes_per_item"], 0.0);
    assert!(db.stats()["signals"].as_array().unwrap().iter().all(|stats| stats["last"].is_null()));
    db.expect_whole(0);
}

#[test]
fn any_client_reads_the_counts() {
    let db = Db::new();
    let mut failed = span(1);
    failed.name = "span 0".into();
    failed.status = Some(opentelemetry_proto::tonic::trace::v1::Status { code: 2, ..Default::default() });
    db.keep(line(&spans_of("checkout", vec![span(0), failed])));
    let row = db.sql().query_row(
        "SELECT minute, service, operation, kind, count, errors FROM rollups",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
    );
    let row: (String, String, String, String, i64, i64) = row.unwrap();
    let [minute, service, operation, kind] =
        ["2026-01-01 00:00:00", "checkout", "span 0", "server"].map(String::from);
    assert_eq!(row, (minute, service, operation, kind, 2, 1));
}
