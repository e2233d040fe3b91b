//! Who may wait: so many requests and so many bytes, so that a slow reader slows senders down and fills no memory.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Bytes of all request bodies that may be in memory.
const MAX_BYTES: usize = 32 << 20;

/// Input counts as refused for so long after a refusal.
const REFUSING_FOR: Duration = Duration::from_secs(1);

/// Counts requests and bytes in memory.
#[derive(Debug)]
pub struct Admission {
    max_waiting: usize,
    waiting: AtomicUsize,
    bytes: AtomicUsize,
    last_refusal: Mutex<Option<Instant>>,
}

/// There is no room; the sender should try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Bytes that are accounted for until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    admission: Arc<Admission>,
    bytes: usize,
}

/// A request that waits, until this is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<Admission>);

impl Admission {
    /// Lets `max_waiting` requests wait for the stages behind.
    pub fn new(max_waiting: usize) -> Admission {
        Admission {
            max_waiting,
            waiting: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            last_refusal: Mutex::new(None),
        }
    }

    /// Begins to account for a body.
    pub fn reserve(self: &Arc<Self>) -> Reservation {
        Reservation { admission: self.clone(), bytes: 0 }
    }

    /// Lets a request wait.
    ///
    /// # Errors
    /// Enough do already.
    pub fn enter(self: &Arc<Self>) -> Result<Waiting, Full> {
        let waiting = Waiting(self.clone());
        if self.waiting.fetch_add(1, Relaxed) < self.max_waiting { Ok(waiting) } else { Err(self.refuse()) }
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Whether a request was refused in the last second.
    pub fn is_refusing(&self) -> bool {
        self.last_refusal().is_some_and(|last| last.elapsed() < REFUSING_FOR)
    }

    fn refuse(&self) -> Full {
        *self.last_refusal() = Some(Instant::now());
        Full
    }

    fn last_refusal(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.last_refusal.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Reservation {
    /// Accounts for `bytes` in all.
    ///
    /// # Errors
    /// As [`Reservation::grow`].
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), Full> {
        if bytes > self.bytes { self.grow(bytes - self.bytes) } else { Ok(()) }
    }

    /// Accounts for `more` bytes.
    ///
    /// # Errors
    /// All bodies together are too much. One alone always fits.
    pub fn grow(&mut self, more: usize) -> Result<(), Full> {
        self.bytes += more;
        let total = self.admission.bytes.fetch_add(more, Relaxed) + more;
        if total > MAX_BYTES && total > self.bytes { Err(self.admission.refuse()) } else { Ok(()) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.admission.bytes.fetch_sub(self.bytes, Relaxed);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}
