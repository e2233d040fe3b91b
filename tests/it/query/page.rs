//! The page of a trace in headless Chromium, where there is one.

use std::path::Path;
use std::process::Command;

use obs::query::trace::page::write_page;
use serde_json::{Value, json};

use crate::support::TempDir;

/// What `tests/python/page.py` expects: a root with 299 children, one after the other, of which some failed.
fn trace() -> Value {
    let tree: Vec<Value> = (0..300_u64)
        .map(|index| {
            let operation =
                if index == 0 { "GET /cart".to_owned() } else { format!("</script>step {index}") };
            json!({
                "span_id": format!("{:016x}", index + 1),
                "parent_span_id": if index == 0 { Value::Null } else { json!("0000000000000001") },
                "depth": u64::from(index > 0),
                "service": "shop",
                "operation": operation,
                "kind": "internal",
                "status": if matches!(index, 100 | 200 | 299) { "error" } else { "unset" },
                "start_offset_ns": index * 1_000,
                "duration_ns": if index == 0 { 300_000 } else { 1_000 },
                "self_time_ns": 1_000,
                "critical_path": [[index * 1_000, (index + 1) * 1_000]],
                "attributes": {
                    "http.route": format!("/items/{index}"),
                    // As text, because a double holds no odd integer of this size.
                    "large": "9007199254740993",
                    "markup": "<img src=x onerror='stolen=1'>",
                },
                "events": [{"name": "an event", "time_offset_ns": index * 1_000 + 1}],
                "resource": 0,
            })
        })
        .collect();
    json!({
        "schema": "obs.query.trace/1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "start": "2026-01-01T00:00:00Z",
        "duration_ns": 300_000,
        "spans": 300,
        "errors": 3,
        "roots": 1,
        "root": {"service": "shop", "operation": "GET /cart"},
        "services": [{
            "service": "shop", "spans": 300, "errors": 3, "self_time_ns": 300_000, "critical_path_ns": 300_000,
        }],
        "resources": [{"attributes": {"service.name": "shop"}}],
        "tree": tree,
    })
}

/// The first Chromium that answers; `OBS_CHROMIUM` names one that is not on the path.
fn chromium() -> Option<String> {
    let named = std::env::var("OBS_CHROMIUM").ok();
    named
        .into_iter()
        .chain(["chromium", "chromium-browser", "google-chrome"].map(str::to_owned))
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[test]
fn the_page_of_a_trace_works_in_a_browser() {
    let Some(chromium) = chromium() else { return println!("skipped: no chromium") };
    let dir = TempDir::new();
    let mut page = Vec::new();
    write_page(&mut page, &trace()).unwrap();
    let path = dir.write("trace.html", page);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/page.py");
    let output = match Command::new("python3").arg("-B").arg(script).args([&chromium, &path]).output() {
        Ok(output) => output,
        Err(error) => return println!("skipped: no python3: {error}"),
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{stderr}", output.status);
}
