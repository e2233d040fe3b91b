//! Documents that other projects published: read, written and read again, by the library and by the real `obs`.

mod process;
pub(super) mod shared;
mod strict;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use obs::otlp::{Batch, Problem, Signal, json};
use opentelemetry_proto::tonic::{logs::v1 as logs, metrics::v1 as metrics, trace::v1 as trace};
use prost::Message;
use serde_json::Value;

use shared::{BAD, Fault, documents, is_json};

/// What reading a document gave.
struct Reading {
    batches: Vec<(Batch, String)>,
    faults: Vec<Fault>,
}

/// Reads all objects of a text; behind a broken one it goes on with the next line.
fn read(text: &str) -> Reading {
    let mut reading = Reading { batches: Vec::new(), faults: Vec::new() };
    let mut start = 0;
    loop {
        start += text[start..].len() - text[start..].trim_start().len();
        let rest = &text[start..];
        if rest.is_empty() {
            return reading;
        }
        match json::read(rest.as_bytes()) {
            Ok(parsed) => {
                reading.batches.push((parsed.batch, rest[..parsed.consumed].to_string()));
                start += parsed.consumed;
            }
            Err(fault) => {
                let before = &text[..start + fault.offset];
                let line = before.matches('\n').count() + 1;
                let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
                reading.faults.push((line, column, fault.path()));
                start += next_object(rest);
            }
        }
    }
}

/// Where the next line begins that is no part of a pretty-printed object.
fn next_object(text: &str) -> usize {
    let mut starts = text.match_indices('\n').map(|(end, _)| end + 1);
    starts.find(|start| !text[*start..].starts_with([' ', '\t', '}', '\n'])).unwrap_or(text.len())
}

fn write(batch: &Batch) -> String {
    let mut text = Vec::new();
    assert_eq!(json::write(batch, &mut text), 0, "unknown fields");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Spans, data points or log records of a document, counted in its JSON.
fn count_items(value: &Value) -> usize {
    let of = |key: &str, inner: &Value| match key {
        "spans" | "logRecords" | "dataPoints" => inner.as_array().map_or(0, Vec::len),
        _ => count_items(inner),
    };
    match value {
        Value::Object(object) => object.iter().map(|(key, inner)| of(key, inner)).sum(),
        Value::Array(list) => list.iter().map(count_items).sum(),
        _ => 0,
    }
}

#[test]
fn documents_come_through_json_and_wire_unchanged() {
    let Some(root) = shared::root() else { return };
    let mut table = String::from(
        "| document | signal | objects ok | rejected | items | JSON -> wire -> JSON |\n|---|---|--:|--:|--:|---|\n",
    );
    let mut unknown = BTreeMap::new();
    for name in documents(&root).iter().filter(|name| is_json(name)) {
        let text = shared::text(&root, name);
        let reading = read(&text);
        let mut items = 0;
        let mut signals = Vec::new();
        for (batch, object) in &reading.batches {
            let first = write(batch);
            let again = json::read(first.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}")).batch;
            assert_eq!(again.bytes(), batch.bytes(), "{name}: wire");
            assert_eq!(write(&again), first, "{name}: JSON");

            let given: Value = serde_json::from_str(object).unwrap_or_else(|error| panic!("{name}: {error}"));
            let found: Value = serde_json::from_str(&first).expect("JSON");
            let (strict, left_out) = strict::document(batch.signal(), &given);
            assert_eq!(found, strict, "{name}");
            left_out.into_iter().for_each(|key| *unknown.entry(key).or_insert(0) += 1);

            assert_eq!(batch.items(), count_items(&given), "{name}: items");
            items += batch.items();
            if !signals.contains(&batch.signal().name()) {
                signals.push(batch.signal().name());
            }
        }
        let expected = BAD.iter().find(|(bad, _)| bad == name).map_or(&[][..], |(_, faults)| *faults);
        let found: Vec<_> =
            reading.faults.iter().map(|(line, column, path)| (*line, *column, path.as_str())).collect();
        assert_eq!(found, expected, "{name}");
        writeln!(
            table,
            "| {name} | {} | {} | {} | {items} | {} |",
            signals.join(", "),
            reading.batches.len(),
            reading.faults.len(),
            if reading.batches.is_empty() { "–" } else { "same" },
        )
        .expect("a string takes all");
    }
    // Nothing that a document says is unknown to the protocol.
    assert_eq!(unknown, BTreeMap::new());
    println!("{table}");
}

/// The batches in a file of bare messages: one, or several one after the other, which is the same.
fn wire(signal: Signal, path: &Path) -> Batch {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Batch::parse(signal, Bytes::from(bytes)).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// As many resources as `prost` finds, each encoded alone.
fn resources(signal: Signal, bytes: &[u8]) -> Vec<Vec<u8>> {
    fn each<T: Message>(list: Vec<T>) -> Vec<Vec<u8>> {
        list.iter().map(T::encode_to_vec).collect()
    }
    match signal {
        Signal::Traces => each(trace::TracesData::decode(bytes).expect("traces").resource_spans),
        Signal::Metrics => each(metrics::MetricsData::decode(bytes).expect("metrics").resource_metrics),
        Signal::Logs => each(logs::LogsData::decode(bytes).expect("logs").resource_logs),
    }
}

#[test]
fn the_json_and_the_protobuf_of_a_document_agree() {
    let Some(root) = shared::root() else { return };
    let mut compared = Vec::new();
    for name in documents(&root) {
        let Some(stem) = name.strip_suffix(".pb") else { continue };
        let signal = shared::signal(&name);
        let from_wire = wire(signal, &root.join(&name));
        let want = resources(signal, from_wire.bytes());
        assert!(!want.is_empty(), "{name}");
        for extension in ["json", "jsonl"] {
            let other = format!("{stem}.{extension}");
            if !root.join(&other).exists() {
                continue;
            }
            let batches = read(&shared::text(&root, &other)).batches;
            // A file of several objects corresponds to their messages one after the other.
            let found: Vec<_> =
                batches.iter().flat_map(|(batch, _)| resources(signal, batch.bytes())).collect();
            assert_eq!(found.len(), want.len(), "{other}");
            assert!(found == want, "{other} says something else than {name}");
            let items: usize = batches.iter().map(|(batch, _)| batch.items()).sum();
            assert_eq!(items, from_wire.items(), "{other}");
            compared.push(other);
        }
    }
    assert_eq!(compared.len(), 15, "{compared:?}");
}

#[test]
fn protobuf_documents_give_the_json_that_reads_back() {
    let Some(root) = shared::root() else { return };
    for name in documents(&root).iter().filter(|name| name.ends_with(".pb")) {
        let batch = wire(shared::signal(name), &root.join(name));
        assert!(batch.items() > 0, "{name}");
        let text = write(&batch);
        let back = json::read(text.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}")).batch;
        assert_eq!(back.items(), batch.items(), "{name}");
        assert_eq!(
            resources(batch.signal(), back.bytes()),
            resources(batch.signal(), batch.bytes()),
            "{name}"
        );
        assert_eq!(write(&back), text, "{name}");
    }
}

#[test]
fn a_document_of_another_signal_or_a_part_of_one_is_no_valid_batch() {
    let Some(root) = shared::root() else { return };
    let name = "otlp2parquet/traces.pb";
    let bytes = std::fs::read(root.join(name)).expect("the document");
    let as_logs = Batch::parse(Signal::Logs, Bytes::from(bytes.clone()));
    assert!(as_logs.is_err(), "spans are no log records");
    let whole = wire(Signal::Traces, &root.join(name));
    // Cut between two messages nothing is missing, anywhere else it is.
    let mut good = 0;
    for cut in 1..bytes.len() {
        match Batch::parse(Signal::Traces, Bytes::copy_from_slice(&bytes[..cut])) {
            Ok(_) => good += 1,
            Err(fault) => assert_eq!(fault.problem, Problem::Truncated, "{cut}"),
        }
    }
    assert_eq!(good + 1, resources(Signal::Traces, whole.bytes()).len());
}
