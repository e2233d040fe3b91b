//! `obs capacity cost`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use crate::support::telemetry::{TIME, frame, log, logs_of, span, spans_of};
use crate::support::{Obs, TempDir};

const DAY: u64 = 86_400_000_000_000;
const GIB: f64 = 1_073_741_824.0;

fn store(dir: &TempDir, stream: Vec<u8>) {
    Obs::new(dir, "store").stdin(stream).run().expect(0, "obs store: ");
}

#[track_caller]
fn report(dir: &TempDir, args: &str) -> Value {
    let end = Obs::new(dir, "capacity cost --format json").args(args).run();
    serde_json::from_slice(&end.expect(0, "").stdout).unwrap()
}

#[track_caller]
fn expect_near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= expected.abs() * 1e-9 + 1e-15, "{found}, expected {expected}");
}

fn sum(rows: &Value, key: &str) -> f64 {
    rows.as_array().unwrap().iter().map(|row| row[key].as_f64().unwrap()).sum()
}

/// The value of each row by what names it.
fn by(rows: &Value, name: &str, key: &str) -> BTreeMap<String, f64> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row[name].as_str().unwrap().to_owned(), row[key].as_f64().unwrap())).collect()
}

/// A segment of forty spans, three in four of them of one service.
fn forty_spans(dir: &TempDir) -> f64 {
    let of = |service, numbers: std::ops::Range<u64>| spans_of(service, numbers.map(span).collect());
    store(dir, [frame(1, &of("front", 0..30)), frame(1, &of("stock", 30..40))].concat());
    std::fs::metadata(dir.file("obs.db")).unwrap().len() as f64
}

#[test]
fn the_file_is_paid_for_and_shared_out() {
    let dir = TempDir::new();
    let file = forty_spans(&dir);
    let report = report(&dir, "--now 2026-01-02T00:00:00Z");
    assert_eq!(report["schema"], "obs.capacity.cost/1");
    assert_eq!(report["time"], "2026-01-02T00:00:00Z");
    expect_near(&report["file_bytes"], file);
    expect_near(&report["cost_usd"], file / GIB * 0.08);
    let overhead = report["overhead_bytes"].as_f64().unwrap();
    assert!(overhead > 0.0 && overhead < file, "{overhead}");
    let tiers = &report["tiers"];
    assert_eq!(
        by(tiers, "tier", "items"),
        BTreeMap::from([("hot".into(), 40.0), ("warm".into(), 0.0), ("cold".into(), 0.0)])
    );
    expect_near(&tiers[0]["bytes"], file);
    expect_near(&tiers[0]["gib"], file / GIB);
    let services = &report["services"];
    let names: Vec<&Value> = services.as_array().unwrap().iter().map(|row| &row["service"]).collect();
    assert_eq!(names, ["front", "stock"]);
    expect_near(&services[0]["cost_usd"], 0.75 * file / GIB * 0.08);
    expect_near(&services[1]["cost_usd"], 0.25 * file / GIB * 0.08);
    assert_eq!(report["prices"][0]["key"], "ebs_gp3");
}

#[test]
fn prices_are_replaced() {
    let dir = TempDir::new();
    let file = forty_spans(&dir);
    expect_near(&report(&dir, "--price ebs_gp3=0.5")["cost_usd"], file / GIB * 0.5);
    expect_near(&report(&dir, "--price hot=disk_nvme")["cost_usd"], file / GIB * 0.0045);
    dir.write(
        "our.yaml",
        "prices:\n  ours: {usd: 2, per: GiB-month}\nclasses:\n  ours: {kind: disk}\ntiers:\n  hot: ours\n",
    );
    let own = report(&dir, "--prices our.yaml");
    expect_near(&own["cost_usd"], file / GIB * 2.0);
    assert_eq!(own["tiers"][0]["class"], "ours");
    let end = Obs::new(&dir, "capacity cost --price ebs_gp4=1").run();
    end.expect(2, "obs: --price: there is no price \"ebs_gp4\"\nhint: a similar one exists: ebs_gp3");
    assert!(end.stdout.is_empty());
}

/// Spans and log records of an hour, ten, fifty and two hundred days ago.
fn of_all_ages(dir: &TempDir) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    for (age, service, count) in [
        (DAY / 24, "front", 400),
        (10 * DAY, "front", 200),
        (50 * DAY, "stock", 100),
        (200 * DAY, "mail", 50),
    ] {
        let start = now - age;
        let spans = (0..count).map(|number| Span {
            start_time_unix_nano: start + number,
            end_time_unix_nano: start + number + 5,
            ..span(number)
        });
        let mut record = log(start - TIME);
        record.trace_id.clear();
        store(
            dir,
            [frame(1, &spans_of(service, spans.collect())), frame(3, &logs_of("stock", vec![record]))]
                .concat(),
        );
    }
}

const TIERS: &str = "storage:\n  hot: {backend: sqlite, retention_days: 7}\n  warm: {backend: s3, retention_days: 30}\n  \
                     cold: {backend: glacier, retention_days: 90}\n";

#[test]
fn what_is_older_than_the_configured_days_is_in_other_tiers() {
    let dir = TempDir::new();
    of_all_ages(&dir);
    let config = dir.write("tiers.yaml", TIERS);
    let of = |args: &str| report(&dir, args);
    let all_hot = of("");
    assert_eq!(by(&all_hot["tiers"], "tier", "items")["hot"], 754.0);
    let tiered = of(&format!("--config {config}"));
    let (tiers, services) = (&tiered["tiers"], &tiered["services"]);
    let expected = [("hot", 401.0), ("warm", 201.0), ("cold", 152.0)];
    assert_eq!(by(tiers, "tier", "items"), expected.map(|(tier, items)| (tier.to_owned(), items)).into());
    expect_near(&json!(sum(tiers, "bytes")), all_hot["file_bytes"].as_f64().unwrap());
    expect_near(&tiers[1]["cost_usd"], tiers[1]["gib"].as_f64().unwrap() * 0.023);
    expect_near(&tiers[2]["cost_usd"], tiers[2]["gib"].as_f64().unwrap() * 0.004);
    // Shares add up to the whole, to the rounding.
    for report in [&all_hot, &tiered] {
        expect_near(&report["cost_usd"], sum(&report["tiers"], "cost_usd"));
        expect_near(&report["cost_usd"], sum(&report["services"], "cost_usd"));
    }
    assert!(tiered["cost_usd"].as_f64() < all_hot["cost_usd"].as_f64());
    let items = by(services, "service", "items");
    assert_eq!(
        items,
        [("front", 600.0), ("stock", 104.0), ("mail", 50.0)]
            .map(|(name, items)| (name.to_owned(), items))
            .into()
    );
    dir.write("bad.yaml", "storage:\n  warm: {retention_days: -1}\n");
    Obs::new(&dir, "capacity cost --config bad.yaml")
        .run()
        .expect(2, "storage.warm.retention_days: expected days of zero or more, found -1");
}

#[test]
fn the_dashboard_finds_its_metrics() {
    let dir = TempDir::new();
    of_all_ages(&dir);
    let config = dir.write("tiers.yaml", TIERS);
    let report = report(&dir, &format!("--config {config}"));
    let end =
        Obs::new(&dir, "capacity cost --format otlp --now 2026-12-01T00:00:00Z --config").arg(&config).run();
    let lines = end.expect(0, "").lines();
    let metrics = lines[0]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let points = |name: &str, key: &str| -> BTreeMap<String, f64> {
        let metric = metrics.iter().find(|metric| metric["name"] == name).unwrap();
        let points = metric["gauge"]["dataPoints"].as_array().unwrap().iter();
        let point = |point: &Value| {
            let attribute = &point["attributes"][0];
            assert_eq!((&attribute["key"], point["attributes"].as_array().unwrap().len()), (&json!(key), 1));
            assert_eq!(point["timeUnixNano"], "1796083200000000000");
            (
                attribute["value"]["stringValue"].as_str().unwrap().to_owned(),
                point["asDouble"].as_f64().unwrap(),
            )
        };
        points.map(point).collect()
    };
    assert_eq!(metrics.len(), 3);
    let size = points("otlp_storage_size_gb", "tier");
    assert_eq!(size, by(&report["tiers"], "tier", "gib"));
    assert_eq!(points("otlp_storage_cost_usd", "tier"), by(&report["tiers"], "tier", "cost_usd"));
    assert_eq!(
        points("otlp_service_cost_usd", "service_name"),
        by(&report["services"], "service", "cost_usd")
    );
    // The stream can be handed on.
    Obs::new(&dir, "sample --rate 1").stdin(end.stdout).run().expect(0, "9 data points in = 9 out");
}

#[test]
fn all_forms_have_the_same_rows() {
    let dir = TempDir::new();
    forty_spans(&dir);
    let text = |format: &str| {
        Obs::new(&dir, "capacity cost --format").arg(format).run().expect(0, "beside segments").text()
    };
    let report = report(&dir, "");
    let lines: Vec<Value> = text("ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let both = [&report["tiers"], &report["services"]].map(|rows| rows.as_array().unwrap().clone()).concat();
    assert_eq!(lines, both);
    let tsv = text("tsv");
    let mut rows = tsv.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), ["tier", "service", "storage", "items", "bytes", "cost a month"]);
    let hot = rows.next().unwrap();
    assert_eq!(hot[..4], ["hot", "", "ebs_gp3", "40"]);
    assert_eq!(hot[4].parse::<f64>().ok(), report["file_bytes"].as_f64());
    assert_eq!(rows.nth(2).unwrap()[..4], ["", "front", "", "30"]);
    assert!(text("csv").starts_with("tier,service,storage,items,bytes,cost a month\nhot,,ebs_gp3,40,"));
    let table = text("table");
    assert!(table.starts_with("TIER") && table.contains("front") && table.contains('$'), "{table}");
}

#[test]
fn a_stream_is_stored_to_know_what_it_would_cost() {
    let dir = TempDir::new();
    let stream = [frame(1, &spans_of("front", (0..20).map(span).collect()))].concat();
    let end = Obs::new(&dir, "capacity cost --format json -").stdin(stream).run();
    let report: Value = serde_json::from_slice(&end.expect(0, "").stdout).unwrap();
    assert_eq!((&report["database"], &report["services"][0]["items"]), (&json!("stdin"), &json!(20)));
}

#[test]
fn nothing_costs_nothing_and_is_an_error() {
    let dir = TempDir::new();
    store(&dir, Vec::new());
    let end = Obs::new(&dir, "capacity cost").run();
    end.expect(4, "obs: obs.db holds nothing\nhint: obs store fills it");
    assert!(end.stdout.is_empty());
    Obs::new(&dir, "capacity cost --db nope.db").run().expect(4, "obs: cannot open nope.db");
}
