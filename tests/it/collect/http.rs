//! OTLP/HTTP, request by request.

use std::io::Write;

use flate2::write::GzEncoder;
use prost::Message;

use super::start;
use crate::support::telemetry::{ids, ids_of, line, logs, metrics, spans_in, traces, traces_of_lines};
use crate::support::{Account, HttpClient, HttpResponse, Signal, TempDir};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Sends one request to a collector of its own, which then ends.
fn once(path: &str, content_type: &str, body: impl AsRef<[u8]>) -> HttpResponse {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let response = HttpClient::connect(collect.port("HTTP")).post(path, content_type, body);
    collect.signal(Signal::TERM);
    collect.wait().expect(0, "");
    response
}

/// The message of an error, in the encoding that its content type says.
fn error(response: &HttpResponse) -> String {
    match response.header("content-type") {
        Some(PROTOBUF) => tonic_types::pb::Status::decode(&response.body[..]).unwrap().message,
        Some(JSON) => {
            let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            body["message"].as_str().unwrap().to_owned()
        }
        _ => response.text(),
    }
}

#[test]
fn both_encodings_of_all_signals_are_taken_on_one_connection() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    let bodies = [
        ("/v1/traces", traces(0..5).encode_to_vec(), line(&traces(5..10))),
        ("/v1/logs", logs(0..2).encode_to_vec(), line(&logs(2..4))),
        ("/v1/metrics", metrics(0..1).encode_to_vec(), line(&metrics(1..2))),
    ];
    for (path, protobuf, json) in bodies {
        let response = client.post(path, PROTOBUF, protobuf);
        assert_eq!((response.status, response.header("content-type")), (200, Some(PROTOBUF)));
        assert_eq!(response.body, b"", "an empty response says that all was accepted");
        let response = client.post(path, JSON, &json);
        assert_eq!((response.status, response.header("content-type")), (200, Some(JSON)));
        assert_eq!(response.body, b"{}");
        let response = client.post(path, "application/json; charset=utf-8", json.replace("}]}", "}] }"));
        assert_eq!(response.status, 200);
    }
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "");
    let requests = traces_of_lines(&end.text());
    assert_eq!(requests[..2], [traces(0..5), traces(5..10)]);
    let ledger = end.ledger();
    assert_eq!(ledger.account("traces"), Account::all(15));
    assert_eq!(ledger.account("logs"), Account::all(6));
    assert_eq!(ledger.account("metrics"), Account::all(3));
}

#[test]
fn compressed_bodies_are_taken() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let protobuf = |numbers| traces(numbers).encode_to_vec();
    let json = |numbers| line(&traces(numbers)).into_bytes();
    let bodies = [
        ("gzip", PROTOBUF, gzip(&protobuf(0..5))),
        ("gzip", JSON, gzip(&json(5..10))),
        ("zstd", PROTOBUF, zstd::encode_all(&protobuf(10..15)[..], 3).unwrap()),
        ("zstd", JSON, zstd::encode_all(&json(15..20)[..], 3).unwrap()),
        ("identity", JSON, json(20..25)),
    ];
    for (encoding, content_type, body) in bodies {
        let headers = [("content-type", content_type), ("content-encoding", encoding)];
        let response = client.request("POST", "/v1/traces", &headers, &body);
        assert_eq!(response.status, 200, "{encoding} {content_type}: {}", error(&response));
    }
    collect.signal(Signal::TERM);
    let end = collect.wait();
    assert_eq!(ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in)), ids(0..25));
}

#[test]
fn bodies_that_are_not_compressed_as_they_say_are_refused() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    let mut answer = |encoding: &str| {
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let response = client.request("POST", "/v1/traces", &headers, line(&traces(0..5)).as_bytes());
        (response.status, error(&response))
    };
    let (status, message) = answer("gzip");
    assert!(status == 400 && message.starts_with("the body is not gzip: "), "{status} {message}");
    let (status, message) = answer("zstd");
    assert!(status == 400 && message.starts_with("the body is not zstd: "), "{status} {message}");
    let (status, message) = answer("br");
    assert_eq!((status, &*message), (400, "expected no compression, gzip or zstd, found \"br\""));
}

#[test]
fn an_empty_request_is_a_success_and_writes_nothing() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    for (content_type, body) in [(PROTOBUF, ""), (JSON, "{}"), (JSON, "{\"resourceSpans\":[]}")] {
        let response = client.post("/v1/traces", content_type, body);
        assert_eq!(response.status, 200, "{body}: {}", error(&response));
    }
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "nothing came in");
    assert_eq!(end.text(), "");
}

#[test]
fn what_is_no_otlp_request_is_answered_in_plain_text() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    let response = client.post("/v1/trace", JSON, "{}");
    assert_eq!(response.status, 404);
    assert_eq!(response.text(), "OTLP/HTTP is at /v1/traces, /v1/metrics and /v1/logs\n");
    let response = client.get("/v1/traces");
    assert_eq!((response.status, response.header("allow")), (405, Some("POST")));
    let response = client.request("PUT", "/v1/logs", &[("content-type", JSON)], b"{}");
    assert_eq!(response.status, 405);
    let response = client.post("/v1/traces", "text/plain", "{}");
    assert_eq!(response.status, 415);
    assert_eq!(
        response.text(),
        "expected the content type application/x-protobuf or application/json, found \"text/plain\"\n"
    );
    let response = client.request("POST", "/v1/traces", &[], b"{}");
    assert_eq!(response.status, 415);
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn malformed_bodies_are_refused_with_the_path_in_their_own_encoding() {
    let response = once("/v1/traces", PROTOBUF, b"\x0a\x7fnot a message");
    assert_eq!((response.status, response.header("content-type")), (400, Some(PROTOBUF)));
    let status = tonic_types::pb::Status::decode(&response.body[..]).unwrap();
    assert_eq!(status.code, tonic::Code::InvalidArgument as i32);
    assert!(status.message.contains("resourceSpans"), "{}", status.message);

    let body =
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"startTimeUnixNano":"soon"}]}]}]}"#;
    let response = once("/v1/traces", JSON, body);
    assert_eq!((response.status, response.header("content-type")), (400, Some(JSON)));
    let message = error(&response);
    assert!(
        message.contains("resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano: expected "),
        "{message}"
    );
    let response = once("/v1/metrics", JSON, "{\"resourceMetrics\": [");
    assert_eq!(response.status, 400);
    assert!(error(&response).contains("the text ends inside a JSON value"), "{}", error(&response));
    let response = once("/v1/logs", JSON, "[]");
    assert_eq!(response.status, 400);
}

#[test]
fn trailing_text_behind_a_json_body_is_refused() {
    let body = line(&traces(0..1)) + &line(&traces(1..2));
    let response = once("/v1/traces", JSON, body);
    assert_eq!(response.status, 400, "{}", response.text());
}

#[test]
fn a_body_of_another_signal_is_refused() {
    let response = once("/v1/traces", JSON, line(&logs(0..1)));
    assert_eq!(response.status, 400, "{}", response.text());
    assert!(error(&response).contains("resourceSpans"), "{}", error(&response));
    let response = once("/v1/logs", PROTOBUF, metrics(0..1).encode_to_vec());
    assert_eq!(response.status, 400, "{}", error(&response));
}

#[test]
fn ids_of_a_wrong_length_are_refused() {
    let mut request = traces(0..2);
    request.resource_spans[0].scope_spans[0].spans[1].trace_id.pop();
    let response = once("/v1/traces", PROTOBUF, request.encode_to_vec());
    assert_eq!(response.status, 400);
    let message = error(&response);
    let place = "resourceSpans[0].scopeSpans[0].spans[1].traceId: expected an id of 16 bytes, found 15";
    assert!(message.contains(place), "{message}");
    let response = once("/v1/traces", JSON, line(&request));
    assert_eq!(response.status, 400);
    assert!(
        error(&response).contains("resourceSpans[0].scopeSpans[0].spans[1].traceId"),
        "{}",
        error(&response)
    );
}

#[test]
fn several_senders_at_once_lose_and_mix_up_nothing() {
    const SENDERS: u64 = 8;
    const REQUESTS: u64 = 20;
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let port = collect.port("HTTP");
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            scope.spawn(move || {
                let mut client = HttpClient::connect(port);
                for request in 0..REQUESTS {
                    let first = (sender * REQUESTS + request) * 10;
                    let body = traces(first..first + 10).encode_to_vec();
                    assert_eq!(client.post("/v1/traces", PROTOBUF, body).status, 200);
                }
            });
        }
    });
    collect.signal(Signal::TERM);
    let end = collect.wait();
    let requests = traces_of_lines(&end.text());
    let spans: Vec<_> = requests.iter().flat_map(spans_in).cloned().collect();
    assert_eq!(spans.len() as u64, SENDERS * REQUESTS * 10);
    assert_eq!(ids_of(&spans), ids(0..SENDERS * REQUESTS * 10));
    assert_eq!(end.ledger().traces(), Account::all(SENDERS * REQUESTS * 10));
}

#[test]
fn a_person_watching_sees_a_span_at_once() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut client = HttpClient::connect(collect.port("HTTP"));
    // The first request pays for what is prepared once.
    client.post("/v1/traces", JSON, line(&traces(0..1)));
    let stdout = collect.stdout.as_ref().unwrap();
    stdout.line("span 0");
    let sent = std::time::Instant::now();
    client.post("/v1/traces", JSON, line(&traces(7..8)));
    stdout.line("span 7");
    let seen = sent.elapsed();
    println!("seen after {seen:?}");
    assert!(seen < std::time::Duration::from_secs(1), "seen after {seen:?}");
}
