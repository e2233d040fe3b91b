//! Collects batches until there are enough for a segment, and builds segments beside each other.

use std::fmt;
use std::future::pending;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::segment::{self, Builder, Contents, Segment};
use super::writer::Shared;
use crate::otlp::{Batch, Signal, split};
use crate::pipeline::{Accepted, Delivery, Place, Receipt};
use crate::stream::{MAX_FRAME, Reason};

/// Segments that are being built or wait to be committed.
pub(super) const BUILT_AHEAD: usize = 1;

/// Time that others get to join a delivery whose sender waits.
const LINGER: Duration = Duration::from_millis(1);

/// A delivery in the queue and its share of it.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) delivery: Delivery,
    pub(super) place: Place,
}

/// Batches of a segment to be.
#[derive(Debug)]
struct Group {
    signal: Signal,
    batches: Vec<Batch>,
    waiting: Waiting,
    places: Vec<Place>,
    weight: usize,
}

/// Who waits for a segment, and since when.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) receipts: Vec<Receipt>,
    pub(super) items: usize,
    /// When the first batch came.
    pub(super) since: Instant,
    pub(super) is_awaited: bool,
}

/// Segments, or why they could not be built, and who waits for them.
pub(super) type Built = (Signal, std::io::Result<Vec<Segment>>, Waiting);

/// Builds segments of what comes until the end, in order, each as a task that `building` is told of.
pub(super) async fn run(
    mut queued: mpsc::UnboundedReceiver<Option<Queued>>,
    building: mpsc::Sender<JoinHandle<Built>>,
    shared: Arc<Shared>,
) {
    let _stops = shared.stop.on_panic();
    let mut groups: [Option<Group>; 3] = [None, None, None];
    loop {
        let interval = shared.options.flush_interval;
        let due = groups.iter().flatten().map(|group| group.due(interval)).min();
        let next = tokio::select! {
            biased;
            next = queued.recv() => Some(next),
            () = sleep_until(due) => None,
        };
        let look = match next {
            Some(Some(Some(Queued { delivery, place }))) => {
                let group = &mut groups[delivery.batch.signal().index()];
                add(group, delivery, place, &shared);
                group.as_ref().is_some_and(|group| group.weight >= segment::FULL)
            }
            Some(Some(None) | None) => break,
            None => true,
        };
        // As long as there is more to be had what is due can wait for it, but not for longer than a segment.
        if look {
            for group in &mut groups {
                if group.as_ref().is_some_and(|group| group.is_ready(interval)) {
                    build(group.take(), &building, &shared).await;
                }
            }
        }
    }
    for group in groups {
        build(group, &building, &shared).await;
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => pending().await,
    }
}

fn add(group: &mut Option<Group>, delivery: Delivery, place: Place, shared: &Shared) {
    let Delivery { batch, receipt } = delivery;
    let signal = batch.signal();
    let (fitting, oversized) = fitting(&batch, shared);
    if oversized > 0 || fitting.is_empty() {
        let message = "larger than the store can keep".to_owned();
        let accepted = Accepted { rejected: oversized, message };
        if fitting.is_empty() {
            return receipt.accept_partly(accepted);
        }
        receipt.clone().accept_partly(accepted);
    }
    let group = group.get_or_insert_with(|| Group {
        signal,
        batches: Vec::new(),
        waiting: Waiting { receipts: Vec::new(), items: 0, since: Instant::now(), is_awaited: false },
        places: Vec::new(),
        weight: 0,
    });
    group.weight += fitting.iter().map(weight).sum::<usize>();
    group.waiting.items += fitting.iter().map(Batch::items).sum::<usize>();
    group.batches.extend(fitting);
    group.waiting.is_awaited |= receipt.is_awaited();
    group.waiting.receipts.push(receipt);
    group.places.push(place);
}

/// Bytes that a batch and what is found in it take.
fn weight(batch: &Batch) -> usize {
    /// In the columns and beside them.
    const ITEM: usize = 48;
    const BATCH: usize = 64;
    batch.bytes().len().max(batch.items() * ITEM) + BATCH
}

/// Cuts batches into rows that make a segment each.
fn rows(batches: &[Batch]) -> Vec<&[Batch]> {
    let mut rows = Vec::new();
    let (mut start, mut row) = (0, 0);
    for (number, batch) in batches.iter().enumerate() {
        row += weight(batch);
        if row >= segment::FULL {
            rows.push(&batches[start..=number]);
            (start, row) = (number + 1, 0);
        }
    }
    rows.push(&batches[start..]);
    rows.retain(|row| !row.is_empty());
    rows
}

/// Cuts a batch into pieces that a segment can hold; a record that is too large for a frame is dropped and counted.
/// Returns how many items that is, too. A batch of nothing is none.
fn fitting(batch: &Batch, shared: &Shared) -> (Vec<Batch>, u64) {
    // Small items are more in the columns than on the wire.
    let mut pieces = split(batch, MAX_FRAME / 32, MAX_FRAME);
    let mut oversized = 0;
    pieces.retain(|piece| {
        if piece.bytes().len() > MAX_FRAME {
            tracing::warn!(
                "a single record of {} bytes is larger than a frame can carry",
                piece.bytes().len()
            );
            oversized += piece.items() as u64;
        }
        piece.bytes().len() <= MAX_FRAME && !piece.bytes().is_empty()
    });
    shared.ledger.dropped(batch.signal(), Reason::Oversized, oversized);
    shared.meters.waiting.fetch_sub(usize::try_from(oversized).unwrap_or_default(), Relaxed);
    (pieces, oversized)
}

async fn build(group: Option<Group>, building: &mpsc::Sender<JoinHandle<Built>>, shared: &Arc<Shared>) {
    let Some(Group { signal, mut batches, mut waiting, places, .. }) = group else { return };
    let shared = shared.clone();
    // Told before it is begun, so that there are only so many.
    let Ok(permit) = building.reserve().await else { return };
    permit.send(tokio::task::spawn_blocking(move || {
        let _stops = shared.stop.on_panic();
        if let Some(redactor) = &shared.options.redactor {
            // It may have grown.
            batches = batches.iter().flat_map(|batch| fitting(&redactor.redact(batch), &shared).0).collect();
            waiting.items = batches.iter().map(Batch::items).sum();
        }
        let segments = rows(&batches).into_iter().map(|row| shared.builders.build(signal, row)).collect();
        drop(batches);
        drop(places);
        (signal, segments, waiting)
    }));
}

impl Group {
    fn is_ready(&self, flush_interval: Duration) -> bool {
        self.weight >= segment::FULL || self.due(flush_interval) <= Instant::now()
    }

    fn due(&self, flush_interval: Duration) -> Instant {
        let wait = if self.waiting.is_awaited { LINGER.min(flush_interval) } else { flush_interval };
        self.waiting.since + wait
    }
}

/// Builders that are not at work.
pub(super) struct Builders {
    contents: Contents,
    idle: Mutex<Vec<Builder>>,
}

impl Builders {
    /// None yet.
    pub(super) fn new(contents: Contents) -> Builders {
        Builders { contents, idle: Mutex::default() }
    }

    fn build(&self, signal: Signal, batches: &[Batch]) -> std::io::Result<Segment> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut builder = idle.map_or_else(|| Builder::new(self.contents), Ok)?;
        let segment = builder.build(signal, batches);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(builder);
        segment
    }
}

impl fmt::Debug for Builders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Builders")
    }
}
