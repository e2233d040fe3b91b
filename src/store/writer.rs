//! The store as the end of a pipeline: a delivery is accepted when it is committed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::assembler::{self, Builders, Queued};
use super::commits::{self, CommitLog};
use super::committer::Committer;
use super::database::{Database, Durability, Progress};
use super::segment::Contents;
use crate::error::CommandError;
use crate::pipeline::{AckOn, Boxed, Delivery, Intake, Receipt, Refusal, Room, Terminal};
use crate::redact::Redactor;
use crate::stream::{Ledger, Reason, Stop};
use crate::telemetry::{Histogram, Samples};

/// Bytes of batches that wait to become segments: the one that is being filled, and those that are being built.
const ROOM_BYTES: usize = 13 << 20;
/// Small items take more than they have on the wire.
const ROOM_ITEMS: usize = ROOM_BYTES / 32;

/// How the store works.
#[derive(Debug)]
pub struct Options {
    /// The database.
    pub path: PathBuf,
    /// Time after which items are committed that nobody waits for; others are committed at once.
    pub flush_interval: Duration,
    /// What a committed item survives.
    pub durability: Durability,
    /// What of segments is built.
    pub contents: Contents,
    /// Where every commit is recorded, as a line of JSON.
    pub commit_log: Option<PathBuf>,
    /// Segments whose latest item is older are deleted.
    pub retention: Option<Duration>,
    /// Takes out what must not be kept.
    pub redactor: Option<Arc<Redactor>>,
    /// When a delivery is accepted.
    pub ack: AckOn,
}

/// A terminal that keeps what it takes in a database.
#[derive(Debug)]
pub struct Store {
    /// Bounded by its room; `None` ends it.
    queue: mpsc::UnboundedSender<Option<Queued>>,
    room: Arc<Room>,
    shared: Arc<Shared>,
    assembler: Mutex<Option<JoinHandle<()>>>,
    commits: Mutex<Option<JoinHandle<Result<(), CommandError>>>>,
}

/// What all parts of a store need.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) ledger: Arc<Ledger>,
    pub(super) stop: Stop,
    pub(super) meters: Arc<Meters>,
    pub(super) builders: Builders,
    /// The process ends although not all is committed, and has closed the ledger.
    pub(super) abandoned: Mutex<bool>,
}

/// What the store counts beside the ledger.
#[derive(Debug, Default)]
pub struct Meters {
    pub(super) commits: Histogram,
    /// Items.
    pub(super) waiting: AtomicUsize,
}

impl Options {
    /// The room of the queue.
    pub fn room(&self) -> Room {
        Room::new(ROOM_ITEMS, ROOM_BYTES)
    }
}

impl Store {
    /// Opens the database and starts on the current tokio runtime; `room` is that of the options.
    ///
    /// # Errors
    /// The database or the commit log cannot be opened.
    pub fn start(
        options: Options,
        room: Arc<Room>,
        meters: Arc<Meters>,
        ledger: Arc<Ledger>,
        stop: Stop,
        progress: Progress<'_>,
    ) -> Result<Store, CommandError> {
        let committer = Committer::new(Database::open(&options.path, options.durability, progress)?);
        let log = options.commit_log.as_deref().map(CommitLog::open).transpose()?;
        let shared = Arc::new(Shared {
            builders: Builders::new(options.contents),
            options,
            ledger,
            stop,
            meters,
            abandoned: Mutex::new(false),
        });
        let (queue, queued) = mpsc::unbounded_channel();
        let (building, built) = mpsc::channel(assembler::BUILT_AHEAD);
        let assembler = tokio::spawn(assembler::run(queued, building, shared.clone()));
        let commits = tokio::task::spawn_blocking({
            let (shared, runtime) = (shared.clone(), tokio::runtime::Handle::current());
            move || commits::run(committer, built, log, &shared, &runtime)
        });
        Ok(Store {
            queue,
            room,
            shared,
            assembler: Mutex::new(Some(assembler)),
            commits: Mutex::new(Some(commits)),
        })
    }
}

/// A store that has not started yet.
pub struct Start {
    /// Where and how it keeps what it takes.
    pub options: Options,
    /// The room of its options.
    pub room: Arc<Room>,
    /// What it counts beside the ledger.
    pub meters: Arc<Meters>,
    /// Its account.
    pub ledger: Arc<Ledger>,
    /// Told how far a migration has come.
    pub progress: Box<dyn FnMut(u64, u64) + Send>,
}

impl Terminal for Start {
    fn start(self: Box<Self>, stop: &Stop) -> Result<Arc<dyn Intake>, CommandError> {
        let Start { options, room, meters, ledger, mut progress } = *self;
        Ok(Arc::new(Store::start(options, room, meters, ledger, stop.clone(), &mut progress)?))
    }
}

impl Shared {
    /// Enters something into the ledger, unless it is closed.
    pub(super) fn settle(&self, enter: impl FnOnce(&Ledger)) {
        if !*self.abandoned.lock().unwrap_or_else(PoisonError::into_inner) {
            enter(&self.ledger);
        }
    }

    /// Items were not committed, and will not be.
    pub(super) fn lose(&self, delivery: Delivery, reason: Reason) {
        self.ledger.lost(delivery.batch.signal(), reason, delivery.batch.items() as u64);
        delivery.receipt.refuse(not_stored());
    }
}

/// What a sender is told whose items were not committed.
pub(super) fn not_stored() -> Refusal {
    Refusal::Undelivered("the store behind this collector cannot write".into())
}

impl Intake for Store {
    fn accept(&self, mut delivery: Delivery) -> Boxed<'_, ()> {
        Box::pin(async move {
            let place = tokio::select! {
                biased;
                place = self.room.place(&delivery.batch) => place,
                () = self.shared.stop.drained_out() => {
                    return self.shared.lose(delivery, Reason::DrainTimeout);
                }
            };
            self.shared.meters.waiting.fetch_add(delivery.batch.items(), Relaxed);
            let at_once = match self.shared.options.ack {
                AckOn::Accept => std::mem::replace(&mut delivery.receipt, Receipt::NOBODY),
                AckOn::Delivery => Receipt::NOBODY,
            };
            match self.queue.send(Some(Queued { delivery, place })) {
                Err(mpsc::error::SendError(Some(queued))) => {
                    self.shared.lose(queued.delivery, Reason::Failed)
                }
                _ => at_once.accept(),
            }
        })
    }

    fn finish(&self) -> Boxed<'_, Result<(), CommandError>> {
        Box::pin(async move {
            // An assembler that is gone needs no telling.
            let _ = self.queue.send(None);
            let assembler = self.assembler.lock().unwrap_or_else(PoisonError::into_inner).take();
            let commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (Some(assembler), Some(commits)) = (assembler, commits) else { return Ok(()) };
            let ended = async {
                assembler.await.map_err(|error| CommandError::failure(anyhow!(error)))?;
                commits.await.map_err(|error| CommandError::failure(anyhow!(error)))?
            };
            tokio::select! {
                biased;
                ended = ended => ended,
                () = self.shared.stop.drained_out() => {
                    if self.shared.meters.waiting() == 0 {
                        // What is left to do the next writer does too.
                        return Ok(());
                    }
                    *self.shared.abandoned.lock().unwrap_or_else(PoisonError::into_inner) = true;
                    let message = "not everything was committed within the drain timeout";
                    Err(CommandError::failure(anyhow!(message)).hint("--drain-timeout gives it longer"))
                }
            }
        })
    }
}

impl Meters {
    /// Items that are not committed yet.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// For the metrics.
    pub fn samples(&self, samples: &mut Samples) {
        samples.histogram("obs_store_commit_duration_seconds", "Time that a commit took.", &self.commits);
        samples.gauge("otlp_queue_length", "Items that are not committed yet.", self.waiting() as f64);
    }
}
