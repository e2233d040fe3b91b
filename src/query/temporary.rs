//! A stream as a database, so that both are searched alike.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::error::CommandError;
use crate::pipeline::{self, AckOn, End, Line, Plan, Role, Stage};
use crate::store::{Contents, Durability, Meters, Options, Start};
use crate::stream::{Input, Ledger, Stop};
use crate::telemetry::StageFigures;

/// A database that goes with the process.
#[derive(Debug)]
pub struct Temporary {
    directory: TempDir,
    ledger: Arc<Ledger>,
}

/// Nobody waits for a commit: only full segments are written.
const FLUSH_INTERVAL: Duration = Duration::from_secs(3600);

impl Temporary {
    /// Reads all inputs to their end, or until `stop` is requested; keeps as much as `contents` says.
    ///
    /// # Errors
    /// An input cannot be read, or the temporary directory not be written.
    pub fn fill(
        inputs: Vec<Input>,
        stop: &Stop,
        workers: usize,
        contents: Contents,
    ) -> Result<Temporary, CommandError> {
        let ledger = Arc::new(Ledger::new("query"));
        let temporary = Temporary {
            directory: tempfile::Builder::new().prefix("obs-query-").tempdir()?,
            ledger: ledger.clone(),
        };
        let options = Options {
            path: temporary.path(),
            flush_interval: FLUSH_INTERVAL,
            durability: Durability::Nothing,
            contents,
            commit_log: None,
            retention: None,
            redactor: None,
            ack: AckOn::Accept,
        };
        let (room, meters) = (Arc::new(options.room()), Arc::new(Meters::default()));
        let figures = Arc::new(StageFigures::new(ledger.clone(), |_| {}, || true));
        let start = Start { options, room, meters, ledger, progress: Box::new(|_, _| {}) };
        let stage = Stage { role: Role::Terminal(Box::new(start)), figures, self_metrics: None };
        let line = Line { stages: vec![stage], end: End::Nothing };
        pipeline::run(Plan { inputs, line }, stop, workers)?;
        Ok(temporary)
    }

    /// Takes its name away: it is there for as long as it is open, and nothing is left of it however the process ends.
    /// Returns the objects that could not be read.
    ///
    /// # Errors
    /// The temporary directory cannot be deleted.
    pub fn unlink(self) -> Result<u64, CommandError> {
        self.directory.close()?;
        Ok(self.ledger.rejected_objects())
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("stream.db")
    }
}
