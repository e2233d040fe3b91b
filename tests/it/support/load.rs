use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::telemetry::{ids, traces};
use super::{GrpcClient, eventually};

/// Senders that go on until they are refused, each with requests of its own numbers one after the other.
#[derive(Debug)]
pub struct Load {
    acknowledged: Arc<Mutex<Vec<Range<u64>>>>,
    senders: Vec<JoinHandle<tonic::Status>>,
}

/// Spans in a request.
const SPANS: u64 = 20;

impl Load {
    /// Starts so many senders to a gRPC port.
    pub fn start(port: u16, senders: usize) -> Load {
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::new(AtomicU64::new(0));
        let sender = |_| {
            let (acknowledged, next) = (acknowledged.clone(), next.clone());
            std::thread::spawn(move || {
                let client = GrpcClient::connect(port);
                loop {
                    let start = next.fetch_add(SPANS, Relaxed);
                    let numbers = start..start + SPANS;
                    match client.traces(traces(numbers.clone())) {
                        Ok(_) => acknowledged.lock().unwrap().push(numbers),
                        Err(status) => return status,
                    }
                }
            })
        };
        let senders = (0..senders).map(sender).collect();
        Load { acknowledged, senders }
    }

    /// Waits until so many requests were acknowledged.
    pub fn wait_for(&self, requests: usize) {
        eventually("acknowledged requests", || {
            (self.acknowledged.lock().unwrap().len() >= requests).then_some(())
        });
    }

    /// Waits until every sender was refused; returns the ids of the acknowledged spans and the refusals.
    pub fn finish(self) -> (BTreeSet<Vec<u8>>, Vec<tonic::Status>) {
        let refusals = self.senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        let acknowledged = self.acknowledged.lock().unwrap();
        (acknowledged.iter().cloned().flat_map(ids).collect(), refusals)
    }
}
