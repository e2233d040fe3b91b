use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tonic::Status;
use tonic_types::StatusExt;

use super::telemetry::{ids, traces};
use super::{GrpcClient, eventually};

/// Many senders that go on when they are refused for want of room, with other spans.
#[derive(Debug)]
pub struct Generator {
    senders: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    refusals: Arc<Mutex<Vec<Status>>>,
}

impl Generator {
    /// Starts so many senders to a gRPC port, with so many spans in a request.
    pub fn start(port: u16, senders: usize, spans: u64) -> Generator {
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
                    let start = next.fetch_add(spans, Relaxed);
                    match client.traces(traces(start..start + spans)) {
                        Ok(_) => acknowledged.lock().unwrap().extend(ids(start..start + spans)),
                        Err(status) => {
                            let delay = status.get_details_retry_info().and_then(|info| info.retry_delay);
                            refusals.lock().unwrap().push(status);
                            std::thread::sleep(delay.unwrap_or_default() / 10);
                        }
                    }
                }
            })
        };
        let senders = (0..senders).map(sender).collect();
        Generator { senders, stop, acknowledged, refusals }
    }

    /// Spans that were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until so many requests were refused, and returns the refusals.
    pub fn wait_for_refusals(&self, count: usize) -> Vec<Status> {
        eventually("refusals", || {
            let refusals = self.refusals.lock().unwrap();
            (refusals.len() >= count).then(|| refusals.clone())
        })
    }

    /// Lets every sender end with the answer that it waits for; returns the ids of the acknowledged spans.
    pub fn finish(self) -> BTreeSet<Vec<u8>> {
        self.stop.store(true, Relaxed);
        self.senders.into_iter().for_each(|sender| sender.join().unwrap());
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}
