//! A peer that stalls: senders are slowed down and told so, memory stays bounded, and nothing accepted is lost.

use std::time::Duration;

use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::telemetry::traces;
use crate::support::{Account, Generator, HttpClient, Pipeline, Signal, Sink, TempDir, eventually};

/// Spans in a request, of about 220 bytes each.
const SPANS: u64 = 500;
/// More than may wait.
const SENDERS: usize = 80;
/// Resident memory of a process, in MiB.
const MEMORY: f64 = 100.0;

#[test]
fn a_stalled_peer_slows_senders_within_bounded_memory_and_nothing_accepted_is_lost() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let relay = format!("relay --timeout 5m --to {}", sink.url());
    let collect = "collect --grpc 127.0.0.1:0 --http 127.0.0.1:0 --health 127.0.0.1:0";
    let pipeline =
        Pipeline::start_with(&dir, &[("OBS_FORMAT", "proto")], &[collect, "sample --rate 1", &relay]);
    let health = pipeline[0].health();
    assert_eq!(HttpClient::connect(health).get("/readyz").status, 200);
    let generator = Generator::start(pipeline[0].port("gRPC"), SENDERS, SPANS);

    eventually("everything to stand still", || {
        let progress = || generator.acknowledged();
        let before = progress();
        std::thread::sleep(Duration::from_millis(700));
        (before > 0 && before == progress()).then_some(())
    });
    // Refused over gRPC: RESOURCE_EXHAUSTED, with the time to try again.
    let refusal = generator.wait_for_refusals(1).remove(0);
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
    let retry = refusal.get_details_retry_info().and_then(|info| info.retry_delay);
    assert_eq!(retry, Some(Duration::from_secs(1)));
    // Refused over HTTP: 429, likewise.
    let body = traces(0..1).encode_to_vec();
    let answer =
        HttpClient::connect(pipeline[0].port("HTTP")).post("/v1/traces", "application/x-protobuf", body);
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    // And told to whoever asks.
    assert_eq!(HttpClient::connect(health).get("/readyz").status, 503);
    let metrics = HttpClient::connect(health).get("/metrics").text();
    let queue = metrics.lines().find_map(|line| line.strip_prefix("otlp_queue_length ")).unwrap();
    // Those that are just being refused count for a moment.
    assert!((64..=64 + SENDERS).contains(&queue.parse().unwrap()), "{queue} requests wait");
    assert_eq!(HttpClient::connect(health).get("/healthz").status, 200);

    for (stage, name) in ["collect", "sample", "relay"].into_iter().enumerate() {
        let memory = pipeline[stage].peak_memory_mib();
        println!("{name}: {memory:.0} MiB");
        assert!(memory < MEMORY, "{name} took {memory:.0} MiB");
    }
    sink.release();
    let acknowledged = generator.finish();
    eventually("it to be ready again", || {
        (HttpClient::connect(health).get("/readyz").status == 200).then_some(())
    });
    pipeline[0].signal(Signal::TERM);
    let ledgers = pipeline.wait().expect(&[0, 0, 0]);
    let arrived = sink.span_ids();
    assert_eq!(arrived, acknowledged);
    for ledger in ledgers {
        assert_eq!(ledger.traces(), Account::all(arrived.len() as u64));
    }
}
