//! SIGKILL in the middle of load: what a sender was told is accepted is at the sink.

use std::time::Duration;

use super::whole::{COLLECT, run};
use crate::support::telemetry::{ids, traces};
use crate::support::{GrpcClient, Load, Signal, Sink, TempDir};

const SENDERS: usize = 4;

/// Kills a pipeline so often, each time after some acknowledged requests and a little later; what was acknowledged
/// must be at every one of so many sinks.
fn kill(times: u64, sinks: usize, pipeline: impl Fn(&[Sink]) -> String) {
    for seed in 0..times {
        let mut random = fastrand::Rng::with_seed(seed);
        let dir = TempDir::new();
        let sinks: Vec<Sink> = (0..sinks).map(|_| Sink::accepting()).collect();
        let process = run(&dir, "--ack on-delivery", &pipeline(&sinks)).spawn();
        let load = Load::start(process.port("gRPC"), SENDERS);
        load.wait_for(random.usize(1..40));
        std::thread::sleep(Duration::from_micros(random.u64(0..5000)));
        process.signal(Signal::KILL);
        let (acknowledged, _) = load.finish();
        assert_eq!(process.wait().code, 128 + 9);
        assert!(!acknowledged.is_empty());
        for (number, sink) in sinks.iter().enumerate() {
            let missing = acknowledged.difference(&sink.span_ids()).count();
            assert_eq!(missing, 0, "of {} spans at sink {number}, seed {seed}", acknowledged.len());
        }
    }
}

#[test]
fn a_killed_pipeline_has_delivered_what_it_acknowledged() {
    kill(20, 1, |sinks| format!("{COLLECT} | sample --rate 1 | relay --to {}", sinks[0].url()));
}

#[test]
fn a_killed_pipeline_with_branches_has_delivered_to_all_what_it_acknowledged() {
    kill(20, 2, |sinks| {
        let [one, other] = [&sinks[0], &sinks[1]].map(Sink::url);
        format!("{COLLECT} | tee {{ relay --to {one} }} {{ sample --rate 1 | relay --to {other} }}")
    });
}

#[test]
fn a_killed_pipeline_that_acknowledges_at_once_loses_what_its_peer_had_not_taken() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let pipeline = format!("{COLLECT} | sample --rate 1 | relay --to {}", sink.url());
    let process = run(&dir, "--ack on-accept", &pipeline).spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..20)).unwrap();
    process.signal(Signal::KILL);
    process.wait();
    sink.release();
    assert!(!ids(0..20).is_subset(&sink.span_ids()));
}
