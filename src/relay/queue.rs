use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use super::batcher::{BatchLimits, Batcher, Queued};
use super::dead_letter::DeadLetter;
use super::delivery::Deliverer;
use super::exporter::Exporter;
use super::response::Answer;
use crate::error::CommandError;
use crate::pipeline::{AckOn, Boxed, Delivery, Intake, Receipt, Room};
use crate::stream::{Ledger, Reason, Stop};
use crate::telemetry::{Histogram, Samples, Tracer};

/// How a relay works.
#[derive(Debug)]
pub struct Options {
    /// Items that may wait for delivery; of items over a kilobyte, as many as have the same bytes.
    pub capacity: NonZeroUsize,
    /// How batches are joined.
    pub limits: BatchLimits,
    /// Requests that may be under way.
    pub max_under_way: NonZeroUsize,
    /// How long a request is tried.
    pub give_up_after: Duration,
    /// When a delivery is accepted.
    pub ack: AckOn,
    /// Records our own traces.
    pub tracer: Option<Arc<Tracer>>,
}

/// Bytes that an item may have on average before the queue counts bytes instead of items.
const BYTES_PER_ITEM: usize = 1024;

/// A terminal that delivers to an OTLP endpoint.
#[derive(Debug)]
pub struct Relay {
    /// Bounded by its room; `None` ends it.
    queue: mpsc::UnboundedSender<Option<Queued>>,
    room: Arc<Room>,
    ack: AckOn,
    ledger: Arc<Ledger>,
    stop: Stop,
    meters: Arc<Meters>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// What the relay counts beside the ledger.
#[derive(Debug, Default)]
pub struct Meters {
    durations: Histogram,
    errors: Mutex<BTreeMap<String, u64>>,
    /// Items.
    waiting: AtomicUsize,
}

impl Options {
    /// The room of the queue.
    pub fn room(&self) -> Room {
        let capacity = self.capacity.get();
        Room::new(capacity, capacity.saturating_mul(BYTES_PER_ITEM))
    }
}

impl Relay {
    /// Starts on the current tokio runtime; `exporters` by signal, `room` that of the options.
    pub fn start(
        exporters: [Arc<Exporter>; 3],
        options: Options,
        dead_letter: Option<DeadLetter>,
        room: Arc<Room>,
        meters: Arc<Meters>,
        ledger: Arc<Ledger>,
        stop: Stop,
    ) -> Relay {
        let (queue, queued) = mpsc::unbounded_channel();
        let capacity = options.capacity.get();
        let batcher = Batcher::new(options.limits.within(capacity, capacity.saturating_mul(BYTES_PER_ITEM)));
        let deliverer = Deliverer {
            exporters,
            ledger: ledger.clone(),
            dead_letter,
            give_up_after: options.give_up_after,
            stop: stop.clone(),
            meters: meters.clone(),
            tracer: options.tracer,
        };
        let slots = Arc::new(Semaphore::new(options.max_under_way.get().min(Semaphore::MAX_PERMITS)));
        // Where senders wait for the peer, the source does not end before they have their answers.
        let hurry = (options.ack == AckOn::Delivery).then(|| stop.clone());
        let worker = Mutex::new(Some(tokio::spawn(work(queued, batcher, Arc::new(deliverer), slots, hurry))));
        Relay { queue, room, ack: options.ack, ledger, stop, meters, worker }
    }

    fn lost(&self, delivery: &Delivery, reason: Reason) {
        self.ledger.lost(delivery.batch.signal(), reason, delivery.batch.items() as u64);
    }
}

impl Intake for Relay {
    fn accept(&self, mut delivery: Delivery) -> Boxed<'_, ()> {
        Box::pin(async move {
            let place = tokio::select! {
                biased;
                place = self.room.place(&delivery.batch) => place,
                () = self.stop.drained_out() => return self.lost(&delivery, Reason::DrainTimeout),
            };
            let items = delivery.batch.items();
            self.meters.waiting.fetch_add(items, Relaxed);
            let at_once = match self.ack {
                AckOn::Accept => std::mem::replace(&mut delivery.receipt, Receipt::NOBODY),
                AckOn::Delivery => Receipt::NOBODY,
            };
            match self.queue.send(Some(Queued { delivery, place })) {
                Err(mpsc::error::SendError(Some(queued))) => self.lost(&queued.delivery, Reason::Failed),
                _ => at_once.accept(),
            }
        })
    }

    fn finish(&self) -> Boxed<'_, Result<(), CommandError>> {
        Box::pin(async move {
            // A worker that is gone needs no telling.
            let _ = self.queue.send(None);
            let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
            match worker {
                Some(worker) => {
                    worker.await.map_err(|error| CommandError::failure(anyhow::Error::new(error)))
                }
                None => Ok(()),
            }
        })
    }
}

/// Joins batches and sends them off: those that are full at once, others when they are due, and all of them once `hurry`
/// asks to end.
async fn work(
    mut queued: mpsc::UnboundedReceiver<Option<Queued>>,
    mut batcher: Batcher,
    deliverer: Arc<Deliverer>,
    slots: Arc<Semaphore>,
    mut hurry: Option<Stop>,
) {
    let _stops = deliverer.stop.on_panic();
    let mut under_way = JoinSet::new();
    let (mut open, mut hurried) = (true, false);
    while open || !batcher.is_empty() {
        let due = !open || hurried || batcher.is_due(Instant::now(), under_way.len());
        let deadline = batcher.deadline();
        tokio::select! {
            biased;
            Some(_) = under_way.join_next() => {}
            slot = slots.clone().acquire_owned(), if due && !batcher.is_empty() => {
                if let (Some(export), Ok(slot)) = (batcher.take(), slot) {
                    let deliverer = deliverer.clone();
                    under_way.spawn(async move {
                        let _stops = deliverer.stop.on_panic();
                        deliverer.deliver(export).await;
                        drop(slot);
                    });
                }
            }
            batch = queued.recv(), if open && !batcher.is_full() => match batch {
                Some(Some(queued)) => batcher.push(queued, Instant::now()),
                Some(None) | None => open = false,
            },
            () = asked_to_end(hurry.as_ref()), if hurry.is_some() => {
                hurried = true;
                hurry = None;
            }
            () = sleep_until(deadline), if deadline.is_some() && !due => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn asked_to_end(stop: Option<&Stop>) {
    if let Some(stop) = stop {
        stop.wait().await;
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline.into()).await;
    }
}

impl Meters {
    pub(super) fn observe(&self, duration: Duration, answer: &Answer) {
        self.durations.observe(duration);
        if let Answer::Retry { code, .. } | Answer::Refused { code, .. } = answer {
            *self.errors.lock().unwrap_or_else(PoisonError::into_inner).entry(code.clone()).or_default() += 1;
        }
    }

    /// Items that wait or are under way.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    pub(super) fn settle(&self, items: usize) {
        self.waiting.fetch_sub(items, Relaxed);
    }

    /// For the metrics.
    pub fn samples(&self, samples: &mut Samples) {
        samples.histogram(
            "otlp_export_duration_seconds",
            "Time that a request took, of every attempt.",
            &self.durations,
        );
        for (code, count) in self.errors.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            samples.counter(
                "otlp_export_errors_total",
                "Attempts that failed, by code.",
                &[("code", code)],
                *count,
            );
        }
        samples.gauge(
            "otlp_queue_length",
            "Items that wait or are under way.",
            self.waiting.load(Relaxed) as f64,
        );
    }
}
