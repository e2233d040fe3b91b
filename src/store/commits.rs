//! Commits segments in the order in which their batches came, and keeps the database in shape meanwhile.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::assembler::{Built, Waiting};
use super::committer::Committer;
use super::segment::Segment;
use super::upkeep::Upkeep;
use super::writer::{Shared, not_stored};
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::stream::Reason;

/// Bytes of batches that are committed together where nobody waits for them.
const COMMIT_BYTES: usize = 16 << 20;

/// Segments after which the rollups are brought up to date; a moment of quiet will do too.
const FOLD_SEGMENTS: usize = 8;

/// Rollups are behind for so long at the most.
const FOLD_INTERVAL: Duration = Duration::from_secs(1);

/// Records commits.
#[derive(Debug)]
pub(super) struct CommitLog(File);

impl CommitLog {
    pub(super) fn open(path: &Path) -> Result<CommitLog, CommandError> {
        let file = File::options().append(true).create(true).open(path);
        let file = file.with_context(|| format!("cannot open the commit log {}", path.display()))?;
        Ok(CommitLog(file))
    }

    fn write(&mut self, ids: &[i64], segments: &[Segment]) -> std::io::Result<()> {
        let mut lines = String::new();
        for (id, segment) in ids.iter().zip(segments) {
            let Segment { signal, batches, items, .. } = segment;
            let line = serde_json::json!({
                "segment": id, "signal": signal.name(), "batches": batches, "items": items,
            });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        self.0.write_all(lines.as_bytes())
    }
}

/// What is to be committed next.
#[derive(Default)]
struct Ready {
    segments: Vec<Segment>,
    waiting: Vec<(Signal, Waiting)>,
    bytes: usize,
}

struct Commits<'a> {
    committer: Committer,
    log: Option<CommitLog>,
    shared: &'a Shared,
    ready: Ready,
    upkeep: Upkeep,
    /// Segments that the rollups do not have yet.
    unfolded: usize,
    folded: Instant,
}

/// Commits what comes until the end.
///
/// # Errors
/// The database or the commit log cannot be written; what came later was refused.
pub(super) fn run(
    committer: Committer,
    mut built: mpsc::Receiver<JoinHandle<Built>>,
    log: Option<CommitLog>,
    shared: &Shared,
    runtime: &Handle,
) -> Result<(), CommandError> {
    let _stops = shared.stop.on_panic();
    let mut commits = Commits {
        committer,
        log,
        shared,
        ready: Ready::default(),
        upkeep: Upkeep::new(shared.options.retention),
        unfolded: 0,
        folded: Instant::now(),
    };
    let result = commits.run(&mut built, runtime);
    if result.is_err() {
        shared.stop.fail();
        commits.ready.refuse(shared);
        while let Some(building) = built.blocking_recv() {
            if let Ok((signal, _, waiting)) = runtime.block_on(building) {
                refuse(signal, waiting, shared);
            }
        }
    }
    result
}

impl Commits<'_> {
    fn run(
        &mut self,
        built: &mut mpsc::Receiver<JoinHandle<Built>>,
        runtime: &Handle,
    ) -> Result<(), CommandError> {
        // What a writer that was killed has left.
        self.fold()?;
        loop {
            let next = match self.due() {
                None => Some(built.blocking_recv()),
                Some(due) => {
                    runtime.block_on(async { tokio::time::timeout_at(due.into(), built.recv()).await.ok() })
                }
            };
            match next {
                Some(Some(building)) => {
                    let ended = runtime.block_on(building);
                    let (signal, segments, waiting) =
                        ended.map_err(|error| CommandError::failure(anyhow!(error)))?;
                    self.ready.waiting.push((signal, waiting));
                    let segments = segments.context("cannot compress a segment")?;
                    self.ready.bytes += segments.iter().map(|segment| segment.raw_bytes).sum::<usize>();
                    self.ready.segments.extend(segments);
                    if self.ready.bytes >= COMMIT_BYTES || self.ready.is_awaited() && built.is_empty() {
                        self.commit()?;
                    }
                }
                Some(None) => {
                    self.commit()?;
                    self.fold()?;
                    let ended = self.upkeep.end(&mut self.committer.database);
                    return ended.map_err(|error| self.committer.database.explain("write", error));
                }
                None => {
                    self.commit()?;
                    if self.folded + FOLD_INTERVAL <= Instant::now() {
                        self.fold()?;
                    }
                }
            }
            if self.unfolded >= FOLD_SEGMENTS {
                self.fold()?;
            }
        }
    }

    /// When something is to be done although nothing comes.
    fn due(&self) -> Option<Instant> {
        let interval = self.shared.options.flush_interval;
        let commit = self.ready.waiting.first().map(|(_, waiting)| waiting.since + interval);
        let fold = (self.unfolded > 0).then(|| self.folded + FOLD_INTERVAL);
        [commit, fold].into_iter().flatten().min()
    }

    fn commit(&mut self) -> Result<(), CommandError> {
        if self.ready.waiting.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let ids = self.committer.commit(&self.ready.segments);
        let ids = ids.map_err(|error| self.committer.database.explain("write", error))?;
        self.shared.meters.commits.observe(began.elapsed());
        let Ready { segments, waiting, .. } = std::mem::take(&mut self.ready);
        // Before anybody is told, so that nobody knows of a commit that the log does not have.
        let logged = self.log.as_mut().map_or(Ok(()), |log| log.write(&ids, &segments));
        self.unfolded += ids.len();
        self.upkeep.written(&segments);
        for (signal, waiting) in waiting {
            self.shared.settle(|ledger| ledger.sent(signal, waiting.items as u64));
            self.shared.meters.waiting.fetch_sub(waiting.items, Relaxed);
            waiting.receipts.into_iter().for_each(|receipt| receipt.accept());
        }
        Ok(logged.context("cannot write the commit log")?)
    }

    fn fold(&mut self) -> Result<(), CommandError> {
        let folded = self.committer.fold().and_then(|()| self.upkeep.run(&mut self.committer.database));
        folded.map_err(|error| self.committer.database.explain("write", error))?;
        self.unfolded = 0;
        self.folded = Instant::now();
        Ok(())
    }
}

impl Ready {
    fn is_awaited(&self) -> bool {
        self.waiting.iter().any(|(_, waiting)| waiting.is_awaited)
    }

    fn refuse(&mut self, shared: &Shared) {
        for (signal, waiting) in std::mem::take(self).waiting {
            refuse(signal, waiting, shared);
        }
    }
}

fn refuse(signal: Signal, waiting: Waiting, shared: &Shared) {
    shared.settle(|ledger| ledger.lost(signal, Reason::NotWritten, waiting.items as u64));
    shared.meters.waiting.fetch_sub(waiting.items, Relaxed);
    waiting.receipts.into_iter().for_each(|receipt| receipt.refuse(not_stored()));
}
