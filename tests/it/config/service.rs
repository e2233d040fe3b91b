//! The service configuration of the shared data: our own log lines and telemetry.

use crate::support::telemetry::{line, traces};
use crate::support::{Obs, Sink, TempDir, shared_data};

#[test]
fn log_lines_are_json_objects_of_the_configured_level() {
    let Some(configuration) = shared_data("configs/im-service.yaml") else { return };
    let dir = TempDir::new();
    let text = std::fs::read_to_string(configuration).unwrap();
    // Its endpoint is a fixed port of this machine, where another process may listen.
    let text = text.replace("http://localhost:4317", "http://127.77.77.77:9");
    let configuration = dir.write("service.yaml", text);
    let end = Obs::new(&dir, "sample --rate 1 --config")
        .arg(&configuration)
        .stdin(line(&traces(0..3)) + "garbage\n")
        .run();
    end.expect(3, "3 spans in = 3 out");
    let lines: Vec<serde_json::Value> = end
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let levels: Vec<&str> = lines.iter().map(|line| line["level"].as_str().unwrap()).collect();
    assert!(levels.contains(&"INFO") && levels.contains(&"WARN"), "{levels:?}");
    assert!(!levels.contains(&"DEBUG"), "{levels:?}");
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["message"].is_string()));

    // Flags outrank the section.
    let quiet = Obs::new(&dir, "sample --rate 1 -q --log-format text --config").arg(&configuration);
    let end = quiet.stdin(line(&traces(0..3)) + "garbage\n").run();
    end.expect(3, "obs sample: warning: stdin:2:1: ");
    assert!(!end.stderr.contains("spans in"), "{}", end.stderr);
}

#[test]
fn own_telemetry_goes_to_the_configured_endpoint() {
    let Some(configuration) = shared_data("configs/im-service.yaml") else { return };
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let text = std::fs::read_to_string(configuration).unwrap();
    let text = text.replace("http://localhost:4317", &sink.url());
    let configuration = dir.write("service.yaml", text);
    let relayed = Sink::accepting();
    let end = Obs::new(&dir, "relay --config")
        .arg(configuration)
        .arg("--to")
        .arg(relayed.url())
        .stdin(line(&traces(0..3)))
        .run();
    end.expect(0, "3 spans in = 3 out");
    assert_eq!(relayed.spans().len(), 3, "what is relayed is not mixed with our own");
    let accepted = sink.accepted();
    assert!(
        accepted.iter().any(|message| matches!(message, crate::support::sink::Message::Metrics(_))),
        "{accepted:?}"
    );
    let spans = sink.spans();
    assert!(!spans.is_empty() && spans.iter().all(|span| span.trace_id.len() == 16), "{spans:?}");
}
