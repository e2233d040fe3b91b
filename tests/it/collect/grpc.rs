//! OTLP/gRPC, request by request.

use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;

use super::start;
use crate::support::telemetry::{ids, ids_of, logs, metrics, spans_in, traces, traces_of_lines};
use crate::support::{Account, Compression, GrpcClient, RawGrpc, Signal, TempDir};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[test]
fn all_signals_are_taken_compressed_or_not() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let client = GrpcClient::connect(collect.port("gRPC"));
    let response = client.traces(traces(0..5)).unwrap();
    assert_eq!(response.partial_success, None);
    client.clone().compressed(Compression::Gzip).traces(traces(5..10)).unwrap();
    client.clone().compressed(Compression::Zstd).traces(traces(10..15)).unwrap();
    client.logs(logs(0..3)).unwrap();
    client.metrics(metrics(0..2)).unwrap();
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "15 spans in = 15 out");
    assert_eq!(ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in)), ids(0..15));
    assert_eq!(end.ledger().account("logs"), Account::all(3));
    assert_eq!(end.ledger().account("metrics"), Account::all(2));
}

#[test]
fn both_listeners_speak_both_protocols() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    GrpcClient::connect(collect.port("HTTP")).traces(traces(0..5)).unwrap();
    let mut client = crate::support::HttpClient::connect(collect.port("gRPC"));
    let response = client.post("/v1/traces", "application/x-protobuf", traces(5..6).encode_to_vec());
    assert_eq!(response.status, 200);
}

#[test]
fn an_empty_request_is_a_success() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    GrpcClient::connect(collect.port("gRPC")).traces(traces(0..0)).unwrap();
    GrpcClient::connect(collect.port("gRPC")).traces(Default::default()).unwrap();
}

#[test]
fn an_unknown_method_is_unimplemented() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let client = RawGrpc::connect(collect.port("gRPC"));
    for method in ["/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/a.b.C/Export", "/"] {
        let status = client.call(method, &[], b"\0\0\0\0\0");
        assert_eq!(status.code(), Code::Unimplemented, "{method}: {status}");
    }
}

#[test]
fn an_unknown_compression_is_unimplemented() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let client = RawGrpc::connect(collect.port("gRPC"));
    let message = traces(0..1).encode_to_vec();
    let mut body = vec![1];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend(&message);
    let status = client.call(EXPORT, &[("grpc-encoding", "snappy")], &body);
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    assert!(status.message().contains("snappy"), "{status}");
}

#[test]
fn malformed_messages_are_invalid_arguments_with_the_path() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let client = GrpcClient::connect(collect.port("gRPC"));
    let mut request = traces(0..3);
    request.resource_spans[0].scope_spans[0].spans[2].span_id.push(0);
    let status = client.traces(request).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let place = "resourceSpans[0].scopeSpans[0].spans[2].spanId: expected an id of 8 bytes, found 9";
    assert!(status.message().contains(place), "{status}");
    assert!(status.get_details_retry_info().is_none());

    let raw = RawGrpc::connect(collect.port("gRPC"));
    // Two messages in a unary call, a length that does not fit, half a prefix, nothing.
    for body in [&b"\0\0\0\0\0\0\0\0\0\0"[..], b"\0\0\0\0\x09abc", b"\0\0", b""] {
        let status = raw.call(EXPORT, &[], body);
        assert_eq!(status.code(), Code::InvalidArgument, "{body:?}: {status}");
    }
    collect.signal(Signal::TERM);
    collect.wait().expect(0, "nothing came in");
}

#[test]
fn many_requests_on_one_connection_lose_nothing() {
    let dir = TempDir::new();
    let collect = start(&dir, "--format proto");
    let client = GrpcClient::connect(collect.port("gRPC"));
    let started: Vec<_> = (0..50).map(|n| client.start_traces(traces(n * 10..n * 10 + 10))).collect();
    for request in started {
        client.finish(request).unwrap();
    }
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "500 spans in = 500 out");
    let requests = end.traces_of_frames();
    let spans: Vec<_> = requests.iter().flat_map(spans_in).cloned().collect();
    assert_eq!(spans.len(), 500);
    assert_eq!(ids_of(&spans), ids(0..500));
}
