//! Every report has the same rows in every form.

use serde_json::{Value, json};

use crate::support::telemetry::{TIME, line, logs, trace_id, traces};
use crate::support::{Obs, TempDir};

/// A database with the telemetry of a shop.
fn shop() -> TempDir {
    let dir = TempDir::new();
    let shop = Obs::new(
        &dir,
        "collect --synthetic 1000000 --spans 2000 --over 1h --seed 7 --now 2026-01-31T00:00:00Z",
    );
    let stream = shop.run();
    stream.expect(0, "");
    Obs::new(&dir, "store").stdin(stream.stdout).run().expect(0, "");
    dir
}

fn report(dir: &TempDir, line: &str, format: &str) -> Vec<u8> {
    let end = Obs::new(dir, line).args("--limit 0 --now 2026-01-31T00:00:00Z --format").arg(format).run();
    end.expect(0, "");
    end.stdout
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// What a data point says: the metric, its attributes and its value.
fn points(stream: &Value) -> Vec<(String, Value, f64)> {
    let metrics = stream["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let of_metric = |metric: &Value| {
        let name = metric["name"].as_str().unwrap().to_owned();
        let points = metric["gauge"]["dataPoints"].as_array().unwrap().clone();
        points.into_iter().map(move |point| {
            assert_eq!(point["timeUnixNano"], "1769817600000000000");
            let attributes = point["attributes"].as_array().into_iter().flatten();
            let attributes = attributes
                .map(|of| (of["key"].as_str().unwrap().to_owned(), of["value"]["stringValue"].clone()));
            (
                name.clone(),
                Value::Object(attributes.collect()),
                point["asDouble"].as_f64().unwrap_or_default(),
            )
        })
    };
    metrics.iter().flat_map(of_metric).collect()
}

#[test]
fn rows_are_those_of_the_document_as_lines_and_as_metrics() {
    let dir = shop();
    for (line, list, member, metric) in [
        ("query services", "services", "p95_ns", "obs.services.p95"),
        ("query operations checkout", "operations", "count", "obs.operations.count"),
        ("query deps", "edges", "calls", "obs.edges.calls"),
        ("query bottlenecks", "bottlenecks", "share", "obs.bottlenecks.share"),
    ] {
        let document: Value = serde_json::from_slice(&report(&dir, line, "json")).unwrap();
        let rows = document[list].as_array().unwrap();
        assert!(rows.len() > 3, "{line}: {document:#}");
        assert_eq!(lines(&report(&dir, line, "ndjson")), *rows, "{line}");

        let stream = lines(&report(&dir, line, "otlp"));
        assert_eq!(stream.len(), 1, "{line}");
        let points = points(&stream[0]);
        let numbers =
            rows.iter().flat_map(|row| row.as_object().unwrap().values()).filter(|value| value.is_number());
        assert_eq!(points.len(), numbers.count(), "{line}");
        for row in rows.iter().filter(|row| row[member].is_number()) {
            let texts = row.as_object().unwrap().iter().filter(|(_, value)| value.is_string());
            let name = |key: &String| if key == "service" { "service.name".into() } else { key.clone() };
            let attributes: Value =
                Value::Object(texts.map(|(key, value)| (name(key), value.clone())).collect());
            let value = row[member].as_f64().unwrap();
            assert!(points.contains(&(metric.to_owned(), attributes, value)), "{line}: {row}");
        }
    }
}

#[test]
fn a_report_can_stand_anywhere_in_a_pipe() {
    let dir = shop();
    let services = report(&dir, "query services", "otlp");
    Obs::new(&dir, "store --db reports.db").stdin(services).run().expect(0, "");
    let end = Obs::new(&dir, "store stats --db reports.db --format ndjson").run();
    end.expect(0, "");
    let metrics = lines(&end.stdout).into_iter().find(|row| row["signal"] == "metrics").unwrap();
    assert!(metrics["items"].as_u64().unwrap() >= 50, "{metrics}");
}

#[test]
fn traces_are_the_same_in_every_form_whether_they_are_few_or_many() {
    let dir = TempDir::new();
    Obs::new(&dir, "store").stdin(line(&traces(0..3000))).run().expect(0, "");
    let document = |args: &str| -> Value {
        let end = Obs::new(&dir, "query traces --format json").args(args).run();
        end.expect(0, "");
        serde_json::from_slice(&end.stdout).unwrap()
    };
    let all = document("--limit 0");
    let rows = all["traces"].as_array().unwrap();
    assert_eq!(rows.len(), 3000);
    assert_eq!((&all["schema"], &all["next"]), (&json!("obs.query.traces/1"), &Value::Null));
    assert_eq!(lines(&report(&dir, "query traces", "ndjson")), *rows);
    let rows_of = |format: &str, separator: char| {
        let text = String::from_utf8(report(&dir, "query traces", format)).unwrap();
        text.lines().map(|line| line.split(separator).next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids: Vec<&str> = rows.iter().map(|row| row["trace_id"].as_str().unwrap()).collect();
    for (format, separator) in [("csv", ','), ("tsv", '\t'), ("table", ' ')] {
        let found = rows_of(format, separator);
        assert_eq!(found[0].to_lowercase(), "trace_id", "{format}");
        assert_eq!(found[1..], ids, "{format}");
    }
    assert_eq!(document("--limit 2 --from 2030-01-01T00:00:00Z")["traces"], json!([]));
    // Everything is read in another order, and in parts.
    assert_eq!(document("--limit 0 --sort shortest")["traces"].as_array().unwrap().len(), 3000);
    let spans = Obs::new(&dir, "query traces --limit 0 --format otlp").env("OBS_FORMAT", "proto").run();
    spans.expect(0, "");
    let spans: usize = spans
        .traces_of_frames()
        .iter()
        .flat_map(|request| &request.resource_spans)
        .flat_map(|of| &of.scope_spans)
        .map(|of| of.spans.len())
        .sum();
    assert_eq!(spans, 3000);
    assert!(
        rows[0]["start"]
            .as_str()
            .unwrap()
            .starts_with(&jiff::Timestamp::from_nanosecond(i128::from(TIME)).unwrap().to_string()[..10])
    );
}

#[test]
fn a_cursor_is_of_one_order() {
    let dir = TempDir::new();
    Obs::new(&dir, "store").stdin(line(&traces(0..10))).run().expect(0, "");
    let page = |args: &str| Obs::new(&dir, "query traces --limit 4 --format json").args(args).run();
    let first: Value = serde_json::from_slice(&page("--sort longest").stdout).unwrap();
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with("longest-"), "{next}");
    page(&format!("--sort newest --after {next}"))
        .expect(2, "the cursor of --after is of a list in the order longest")
        .expect(2, "hint: --sort longest, or leave --sort out");
    let second: Value = serde_json::from_slice(&page(&format!("--after {next}")).stdout).unwrap();
    let ids = |page: &Value| {
        page["traces"].as_array().unwrap().iter().map(|row| row["trace_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&second).len(), 4);
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
    page("--after longest-5").expect(2, "expected the cursor of a trace");
}

#[test]
fn a_trace_is_a_line_a_span_and_what_no_row_can_hold_is_for_people() {
    let dir = TempDir::new();
    let stream = line(&traces(0..2)) + &line(&logs(0..2));
    Obs::new(&dir, "store").stdin(stream).run().expect(0, "");
    let [id, other] = [0, 1].map(|number| const_hex::encode(trace_id(number)));
    let trace = |args: &str| {
        let end = Obs::new(&dir, "query trace").arg(&id).args(args).run();
        end.expect(0, "");
        end.stdout
    };
    let document: Value = serde_json::from_slice(&trace("--format json")).unwrap();
    assert_eq!(lines(&trace("--format ndjson")), *document["tree"].as_array().unwrap());
    assert!(String::from_utf8(trace("--logs")).unwrap().contains("line 0"));
    assert!(trace("").starts_with(b"span_id\t"));

    let compare = |format: &str| {
        Obs::new(&dir, "query compare").arg(&id).arg(&other).args(&format!("--format {format}")).run()
    };
    let document: Value = serde_json::from_slice(&compare("json").stdout).unwrap();
    assert_eq!(lines(&compare("ndjson").stdout), *document["nodes"].as_array().unwrap());
    compare("otlp").expect(2, "a comparison is no stream");
}
