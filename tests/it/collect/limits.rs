//! Requests that are too large, also only when they are decompressed.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::write::GzEncoder;
use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;

use super::start;
use crate::support::telemetry::traces;
use crate::support::{GrpcClient, HttpClient, RawGrpc, TempDir};

const MIB: usize = 1 << 20;
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Bodies may take 32 MiB together, and one alone 64 MiB in two forms, beside the allocator's reserve; several bombs must not add up beyond that.
const MEMORY: f64 = 200.0;

/// 4 GiB of zeros, compressed.
fn bomb(encoding: &str) -> Vec<u8> {
    let zeros = vec![0; 16 * MIB];
    let member = match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&zeros).unwrap();
            encoder.finish().unwrap()
        }
        _ => zstd::encode_all(&zeros[..], 1).unwrap(),
    };
    // Members, or frames, in a row are one body.
    member.repeat(256)
}

#[test]
fn a_body_over_64_mib_is_refused() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let body = vec![0; 64 * MIB + 6];
    for content_type in ["application/x-protobuf", "application/json"] {
        let response = HttpClient::connect(collect.port("HTTP")).post("/v1/traces", content_type, &body);
        assert_eq!(response.status, 413);
        assert_eq!(response.header("retry-after"), None);
        assert_eq!(response.header("content-type"), Some(content_type));
        assert!(response.text().contains("the request is larger than 64 MiB; send smaller batches"));
    }
    let memory = collect.peak_memory_mib();
    assert!(memory < MEMORY, "{memory} MiB");
}

#[test]
fn a_message_over_64_mib_is_resource_exhausted_for_good() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let mut request = traces(0..1);
    request.resource_spans[0].scope_spans[0].spans[0].name = "x".repeat(65 * MIB);
    let status = GrpcClient::connect(collect.port("gRPC")).traces(request).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(status.get_details_retry_info().is_none(), "it would be too large the next time too");
    assert_eq!(status.message(), "the request is larger than 64 MiB; send smaller batches");
}

#[test]
fn a_large_request_within_the_limit_is_taken() {
    let dir = TempDir::new();
    let collect = start(&dir, "--format proto");
    let request = traces(0..60_000);
    let length = request.encoded_len();
    assert!(length > 10 * MIB);
    let response = HttpClient::connect(collect.port("HTTP")).post(
        "/v1/traces",
        "application/x-protobuf",
        request.encode_to_vec(),
    );
    assert_eq!(response.status, 200);
    let stdout = collect.stdout.as_ref().unwrap();
    stdout.wait_for("all of it", |bytes| (bytes.len() >= length).then_some(()));
}

fn bombs_are_defused(encoding: &str) {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let bomb = bomb(encoding);
    let began = Instant::now();
    let mut client = HttpClient::connect(collect.port("HTTP"));
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", encoding)];
    let response = client.request("POST", "/v1/traces", &headers, &bomb);
    assert_eq!(response.status, 413, "{}", response.text());

    let mut body = vec![1];
    body.extend((bomb.len() as u32).to_be_bytes());
    body.extend(&bomb);
    let status = RawGrpc::connect(collect.port("gRPC")).call(EXPORT, &[("grpc-encoding", encoding)], &body);
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(status.get_details_retry_info().is_none());

    let port = collect.port("HTTP");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let response = HttpClient::connect(port).request("POST", "/v1/traces", &headers, &bomb);
                // Too large, or too much at once.
                assert!(matches!(response.status, 413 | 429), "{}", response.status);
            });
        }
    });
    let (took, memory) = (began.elapsed(), collect.peak_memory_mib());
    println!("{encoding}: {took:?}, {memory:.0} MiB");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(memory < MEMORY, "{memory} MiB");
    // It is none the worse for it.
    assert_eq!(client.post("/v1/traces", "application/x-protobuf", traces(0..1).encode_to_vec()).status, 200);
}

#[test]
fn gzip_bombs_are_refused_quickly_and_within_memory() {
    bombs_are_defused("gzip");
}

#[test]
fn zstd_bombs_are_refused_quickly_and_within_memory() {
    bombs_are_defused("zstd");
}
