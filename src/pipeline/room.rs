use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::otlp::Batch;

/// The bound of a queue, in items and in bytes, whichever is reached first; one batch alone always fits.
#[derive(Debug)]
pub struct Room {
    places: Arc<Semaphore>,
    items: usize,
    bytes: usize,
    /// Since when somebody has been waiting for a place.
    full_since: Mutex<Option<Instant>>,
}

/// A batch's share of the room, until this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// A batch takes its share of so many permits.
const PERMITS: usize = 1 << 20;

/// A queue that has been full for so long does not keep up.
const PATIENCE: Duration = Duration::from_secs(1);

impl Room {
    /// Room for `items` and for `bytes`.
    pub fn new(items: usize, bytes: usize) -> Room {
        Room { places: Arc::new(Semaphore::new(PERMITS)), items, bytes, full_since: Mutex::new(None) }
    }

    /// Waits until there is room for `batch`; those that wait take turns.
    pub async fn place(&self, batch: &Batch) -> Place {
        let permits = self.permits(batch);
        if let Ok(permit) = self.places.clone().try_acquire_many_owned(permits) {
            *self.full_since() = None;
            return Place(permit);
        }
        self.full_since().get_or_insert_with(Instant::now);
        match self.places.clone().acquire_many_owned(permits).await {
            Ok(permit) => Place(permit),
            // Nobody closes the semaphore.
            Err(_) => std::future::pending().await,
        }
    }

    /// The share that is in use, from 0 to 1.
    pub fn used(&self) -> f64 {
        1.0 - self.places.available_permits() as f64 / PERMITS as f64
    }

    /// Whether batches have had to wait for a while, and still would.
    pub fn is_full(&self) -> bool {
        let nearly_full = self.places.available_permits() < PERMITS / 8;
        nearly_full && self.full_since().is_some_and(|since| since.elapsed() > PATIENCE)
    }

    fn full_since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.full_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of the room that a batch takes, of items or of bytes, whichever is more.
    fn permits(&self, batch: &Batch) -> u32 {
        let share = |part: usize, whole: usize| part.saturating_mul(PERMITS).div_ceil(whole.max(1));
        let share = share(batch.items(), self.items).max(share(batch.bytes().len(), self.bytes));
        share.clamp(1, PERMITS) as u32
    }
}
