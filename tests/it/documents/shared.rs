//! Where the documents are, and which of them are broken, where.

use std::path::{Path, PathBuf};

use obs::otlp::Signal;

/// Line, column and path of a fault.
pub type Fault<P = String> = (usize, usize, P);

/// The documents with objects that cannot be read, and the faults in them.
pub const BAD: &[(&str, &[Fault<&str>])] = &[
    (
        "duckdb-otlp/malformed.jsonl",
        &[(1, 1, ""), (2, 1, ""), (3, 146, "resourceSpans[0].scopeSpans[0].spans[0].traceId"), (4, 2, "")],
    ),
    (
        "duckdb-otlp/multifile_malformed_traces.jsonl",
        &[(1, 89, "resourceSpans[0].resource.attributes[0].value")],
    ),
    (
        "otlp2parquet/invalid/log_invalid_severity.json",
        &[(20, 33, "resourceLogs[0].scopeLogs[0].logRecords[0].severityNumber")],
    ),
    ("otlp2parquet/invalid/malformed.json", &[(21, 15, "resourceLogs[0].scopeLogs[0].logRecords[0]")]),
    (
        "otlp2parquet/invalid/metrics_invalid_temporality.json",
        &[(32, 43, "resourceMetrics[0].scopeMetrics[0].metrics[0].sum.aggregationTemporality")],
    ),
    (
        "otlp2parquet/invalid/trace_invalid_base64.json",
        &[(21, 26, "resourceSpans[0].scopeSpans[0].spans[0].traceId")],
    ),
    (
        "otlp2parquet/invalid/trace_invalid_kind.json",
        &[(24, 23, "resourceSpans[0].scopeSpans[0].spans[0].kind")],
    ),
    (
        "otlp2parquet/invalid/trace_mixed_encoding.json",
        &[(21, 26, "resourceSpans[0].scopeSpans[0].spans[0].traceId")],
    ),
];

/// The folder with the OTLP documents; says so where there is none.
pub fn root() -> Option<PathBuf> {
    let data = std::env::var_os("OBS_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let root = data.join("otlp");
    if !root.is_dir() {
        println!("skipped: no shared data");
        return None;
    }
    Some(root.canonicalize().expect("the folder is there"))
}

/// Names of all documents, relative to the root, sorted.
pub fn documents(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["examples", "duckdb-otlp", "otlp2parquet", "otlp2parquet/invalid"] {
        for entry in root.join(folder).read_dir().expect("a folder of documents") {
            let name = entry.expect("an entry").file_name().into_string().expect("names are ASCII");
            if is_json(&name) || name.ends_with(".pb") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    // Less than this is not the collection that the tests are about.
    assert!(names.len() > 50, "{} documents", names.len());
    names
}

pub fn is_json(name: &str) -> bool {
    name.ends_with(".json") || name.ends_with(".jsonl")
}

pub fn is_bad(name: &str) -> bool {
    BAD.iter().any(|(bad, _)| *bad == name)
}

pub fn text(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The signal that a protobuf document's name tells.
pub fn signal(name: &str) -> Signal {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.trim_start_matches("otlp_") {
        file if file.starts_with("metrics") => Signal::Metrics,
        file if file.starts_with("log") => Signal::Logs,
        _ => Signal::Traces,
    }
}
