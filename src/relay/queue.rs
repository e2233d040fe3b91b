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
use crate::otlp::Batch;
use crate::stream::{Ledger, Refusal, Stop};
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
    /// Where undelivered batches go.
    pub dead_letter: Option<DeadLetter>,
    /// Records our own traces.
    pub tracer: Option<Arc<Tracer>>,
}

/// Bytes that an item may have on average before the queue counts bytes instead of items.
const BYTES_PER_ITEM: usize = 1024;

/// The permits of the queue: an item takes at least its share of the bytes.
const PERMITS: usize = 1 << 20;

/// A terminal that delivers to an OTLP endpoint. A batch is accepted when it has a place in the queue.
#[derive(Debug)]
pub struct Relay {
    /// Bounded by its places.
    queue: mpsc::UnboundedSender<Queued>,
    places: Arc<Semaphore>,
    capacity: usize,
    meters: Arc<Meters>,
    worker: JoinHandle<()>,
}

/// What the relay counts beside the ledger.
#[derive(Debug, Default)]
pub struct Meters {
    durations: Histogram,
    errors: Mutex<BTreeMap<String, u64>>,
    /// Items.
    waiting: AtomicUsize,
}

impl Relay {
    /// Starts on the current tokio runtime; `exporters` by signal.
    pub fn start(exporters: [Arc<Exporter>; 3], options: Options, ledger: Arc<Ledger>, stop: Stop) -> Relay {
        let meters = Arc::new(Meters::default());
        let (queue, queued) = mpsc::unbounded_channel();
        let capacity = options.capacity.get();
        let batcher = Batcher::new(options.limits.within(capacity, capacity.saturating_mul(BYTES_PER_ITEM)));
        let deliverer = Deliverer {
            exporters,
            ledger,
            dead_letter: options.dead_letter,
            give_up_after: options.give_up_after,
            stop,
            meters: meters.clone(),
            tracer: options.tracer,
        };
        let slots = Arc::new(Semaphore::new(options.max_under_way.get().min(Semaphore::MAX_PERMITS)));
        let worker = tokio::spawn(work(queued, batcher, Arc::new(deliverer), slots));
        let places = Arc::new(Semaphore::new(PERMITS));
        Relay { queue, places, capacity, meters, worker }
    }

    /// Waits for a place in the queue and takes the batch.
    ///
    /// # Errors
    /// The relay has ended.
    pub async fn accept(&self, batch: Batch) -> Result<(), Refusal> {
        let permits = self.permits(&batch);
        let place = self.places.clone().acquire_many_owned(permits).await.map_err(|_| Refusal::Closed)?;
        self.meters.waiting.fetch_add(batch.items(), Relaxed);
        self.queue.send(Queued { batch, place }).map_err(|_| Refusal::Closed)
    }

    /// The share of the queue that a batch takes, of items or of bytes, whichever is more.
    fn permits(&self, batch: &Batch) -> u32 {
        let share = |part: usize, whole: usize| part.saturating_mul(PERMITS).div_ceil(whole);
        let share = share(batch.items(), self.capacity)
            .max(share(batch.bytes().len(), self.capacity.saturating_mul(BYTES_PER_ITEM)));
        share.clamp(1, PERMITS) as u32
    }

    /// What the relay counts beside the ledger.
    pub fn meters(&self) -> Arc<Meters> {
        self.meters.clone()
    }

    /// Delivers what is left and ends.
    pub async fn finish(self) {
        drop(self.queue);
        if let Err(error) = self.worker.await {
            tracing::error!("the relay ended early: {error}");
        }
    }
}

/// Joins batches and sends them off: those that are full at once, others when they are due.
async fn work(
    mut queued: mpsc::UnboundedReceiver<Queued>,
    mut batcher: Batcher,
    deliverer: Arc<Deliverer>,
    slots: Arc<Semaphore>,
) {
    let mut under_way = JoinSet::new();
    let mut open = true;
    while open || !batcher.is_empty() {
        let due = !open || batcher.is_due(Instant::now(), under_way.len());
        let deadline = batcher.deadline();
        tokio::select! {
            biased;
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended {
                    tracing::error!("a delivery ended early: {error}");
                }
            }
            slot = slots.clone().acquire_owned(), if due && !batcher.is_empty() => {
                if let (Some(export), Ok(slot)) = (batcher.take(), slot) {
                    let deliverer = deliverer.clone();
                    under_way.spawn(async move {
                        deliverer.deliver(export).await;
                        drop(slot);
                    });
                }
            }
            batch = queued.recv(), if open && !batcher.is_full() => match batch {
                Some(queued) => batcher.push(queued, Instant::now()),
                None => open = false,
            },
            () = sleep_until(deadline), if deadline.is_some() && !due => {}
        }
    }
    while under_way.join_next().await.is_some() {}
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
