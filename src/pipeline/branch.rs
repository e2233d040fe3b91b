use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::delivery::Delivery;
use super::node::Next;
use super::room::{Place, Room};
use crate::stream::{Ledger, Reason, Stop};

/// The queue of one branch, so that a slow one does not stop the others at once.
///
/// A delivery that waits here is not accepted yet: its sender is told when the terminals of all branches have it.
pub(super) struct Branch {
    /// Bounded by its room; `None` ends it.
    queue: mpsc::UnboundedSender<Option<(Delivery, Place)>>,
    room: Arc<Room>,
    worker: Mutex<Option<JoinHandle<()>>>,
    ledger: Arc<Ledger>,
    stop: Stop,
}

impl Branch {
    /// Starts on the current tokio runtime.
    pub(super) fn start(room: Arc<Room>, next: Next, ledger: Arc<Ledger>, stop: Stop) -> Branch {
        let (queue, mut waiting) = mpsc::unbounded_channel::<Option<(Delivery, Place)>>();
        let from = ledger.clone();
        let stops = stop.on_panic();
        let worker = tokio::spawn(async move {
            let _stops = stops;
            while let Some(Some((delivery, place))) = waiting.recv().await {
                next.take(&from, delivery).await;
                drop(place);
            }
            next.end().await;
        });
        Branch { queue, room, worker: Mutex::new(Some(worker)), ledger, stop }
    }

    /// Waits for room in the queue.
    pub(super) async fn accept(&self, delivery: Delivery) {
        let (signal, items) = (delivery.batch.signal(), delivery.batch.items() as u64);
        self.ledger.received(signal, items);
        tokio::select! {
            biased;
            place = self.room.place(&delivery.batch) => {
                if self.queue.send(Some((delivery, place))).is_err() {
                    self.ledger.lost(signal, Reason::Failed, items);
                }
            }
            () = self.stop.drained_out() => self.ledger.lost(signal, Reason::DrainTimeout, items),
        }
    }

    /// Has what waits handed on, and then what follows ended.
    pub(super) fn close(&self) {
        // A worker that is gone needs no telling.
        let _ = self.queue.send(None);
    }

    /// Waits until that is done.
    pub(super) async fn closed(&self) {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker
            && let Err(error) = worker.await
        {
            tracing::error!("a branch ended early: {error}");
        }
    }
}
