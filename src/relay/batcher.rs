use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::otlp::{Batch, Signal, split};
use crate::pipeline::{Delivery, Place, Receipt};

/// How batches are joined.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Most items in a request.
    pub items: NonZeroUsize,
    /// Most bytes in a request, uncompressed.
    pub bytes: NonZeroUsize,
    /// How long the first batch may wait for others; `None` sends as soon as no request is under way.
    pub timeout: Option<Duration>,
}

impl BatchLimits {
    /// Limits that let a batch become full before it holds all places of a queue, for which it would wait in vain.
    pub(super) fn within(self, capacity_items: usize, capacity_bytes: usize) -> BatchLimits {
        let at_most = |limit: NonZeroUsize, capacity: usize| {
            limit.min(NonZeroUsize::new(capacity / 2).unwrap_or(NonZeroUsize::MIN))
        };
        BatchLimits {
            items: at_most(self.items, capacity_items),
            bytes: at_most(self.bytes, capacity_bytes),
            ..self
        }
    }
}

/// Waits no longer than this for the requests that are under way.
const ADAPTIVE_TIMEOUT: Duration = Duration::from_millis(200);

/// A delivery with its place in the queue, which it gives back when its fate is known.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) delivery: Delivery,
    pub(super) place: Place,
}

/// Batches of one signal that make a request.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) signal: Signal,
    pub(super) batches: Vec<Batch>,
    pub(super) items: usize,
    /// Of the batches that wait for their fate.
    pub(super) receipts: Vec<Receipt>,
    bytes: usize,
    since: Instant,
    _places: Vec<Place>,
}

/// Joins what comes in to requests.
#[derive(Debug)]
pub(super) struct Batcher {
    limits: BatchLimits,
    open: [Option<Export>; 3],
    full: VecDeque<Export>,
}

impl Batcher {
    pub(super) fn new(limits: BatchLimits) -> Batcher {
        Batcher { limits, open: [None, None, None], full: VecDeque::new() }
    }

    /// Takes a batch; one over the limits is split.
    pub(super) fn push(&mut self, queued: Queued, now: Instant) {
        let Delivery { batch, receipt } = queued.delivery;
        let signal = batch.signal();
        let mut place = Some(queued.place);
        for batch in split(&batch, self.limits.items.get(), self.limits.bytes.get()) {
            let open = &mut self.open[signal.index()];
            if open.as_ref().is_some_and(|open| !open.has_room(&batch, &self.limits)) {
                self.full.extend(open.take());
            }
            let export = open.get_or_insert_with(|| Export::new(signal, now));
            export.items += batch.items();
            export.bytes += batch.bytes().len();
            export.batches.push(batch);
            export.receipts.push(receipt.clone());
            // The pieces of one batch mostly end together; the first holds its place.
            export._places.extend(place.take());
            if export.is_full(&self.limits) {
                self.full.extend(open.take());
            }
        }
        receipt.accept();
    }

    /// Whether a request waits that cannot grow.
    pub(super) fn is_full(&self) -> bool {
        !self.full.is_empty()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.open.iter().all(Option::is_none)
    }

    /// When the oldest open request must leave.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let timeout = self.limits.timeout.unwrap_or(ADAPTIVE_TIMEOUT);
        self.open.iter().flatten().map(|open| open.since + timeout).min()
    }

    /// Whether a request should leave now.
    pub(super) fn is_due(&self, now: Instant, under_way: usize) -> bool {
        let idle = self.limits.timeout.is_none() && under_way == 0 && !self.is_empty();
        self.is_full() || idle || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Takes the request that should leave first.
    pub(super) fn take(&mut self) -> Option<Export> {
        if let Some(full) = self.full.pop_front() {
            return Some(full);
        }
        let oldest = self.open.iter_mut().filter(|open| open.is_some());
        oldest.min_by_key(|open| open.as_ref().map(|open| open.since))?.take()
    }
}

impl Export {
    fn new(signal: Signal, since: Instant) -> Export {
        Export {
            signal,
            batches: Vec::new(),
            items: 0,
            receipts: Vec::new(),
            bytes: 0,
            since,
            _places: Vec::new(),
        }
    }

    fn has_room(&self, batch: &Batch, limits: &BatchLimits) -> bool {
        self.items + batch.items() <= limits.items.get()
            && self.bytes + batch.bytes().len() <= limits.bytes.get()
    }

    fn is_full(&self, limits: &BatchLimits) -> bool {
        self.items >= limits.items.get() || self.bytes >= limits.bytes.get()
    }
}
