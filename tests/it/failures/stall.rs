//! A peer that stalls: senders are slowed down and told so, memory stays bounded, and nothing accepted is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::telemetry::{ids, traces};
use crate::support::{Account, GrpcClient, HttpClient, Pipeline, Signal, Sink, TempDir, eventually};

/// Spans in a request, of about 220 bytes each.
const SPANS: u64 = 500;
/// More than may wait.
const SENDERS: usize = 80;
/// Resident memory of a process, in MiB.
const MEMORY: f64 = 100.0;

/// Many senders that try again what is refused for want of room.
struct Generator {
    senders: Vec<std::thread::JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    refusals: Arc<Mutex<Vec<Status>>>,
}

impl Generator {
    fn start(port: u16) -> Generator {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
        let refusals = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::new(AtomicU64::new(0));
        let client = GrpcClient::connect(port);
        let sender = |_| {
            let (stop, acknowledged, refusals) = (stop.clone(), acknowledged.clone(), refusals.clone());
            let (next, client) = (next.clone(), client.clone());
            std::thread::spawn(move || {
                while !stop.load(Relaxed) {
                    let start = next.fetch_add(SPANS, Relaxed);
                    match client.traces(traces(start..start + SPANS)) {
                        Ok(_) => acknowledged.lock().unwrap().extend(ids(start..start + SPANS)),
                        Err(status) => {
                            let delay = status.get_details_retry_info().and_then(|info| info.retry_delay);
                            refusals.lock().unwrap().push(status);
                            std::thread::sleep(delay.unwrap_or_default() / 10);
                        }
                    }
                }
            })
        };
        let senders = (0..SENDERS).map(sender).collect();
        Generator { senders, stop, acknowledged, refusals }
    }

    fn finish(self) -> BTreeSet<Vec<u8>> {
        self.stop.store(true, Relaxed);
        self.senders.into_iter().for_each(|sender| sender.join().unwrap());
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}

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
    let generator = Generator::start(pipeline[0].port("gRPC"));

    eventually("everything to stand still", || {
        let progress = || generator.acknowledged.lock().unwrap().len();
        let before = progress();
        std::thread::sleep(Duration::from_millis(700));
        (before > 0 && before == progress()).then_some(())
    });
    // Refused over gRPC: RESOURCE_EXHAUSTED, with the time to try again.
    eventually("a refusal", || (!generator.refusals.lock().unwrap().is_empty()).then_some(()));
    let refusal = generator.refusals.lock().unwrap()[0].clone();
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
