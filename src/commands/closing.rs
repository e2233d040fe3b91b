//! What is left to say when a process ends: the ledgers, on stderr and in files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::error::{Class, CommandError, Outcome};
use crate::otlp::Signal;
use crate::stream::{Ledger, Reason, Stop};
use crate::ui;

/// The account of a stage and where it goes.
pub(super) struct Account {
    pub(super) ledger: Arc<Ledger>,
    /// `--ledger` of the stage.
    pub(super) path: Option<PathBuf>,
    pub(super) report: Option<Report>,
}

/// What a stage adds to its closing ledger.
pub(super) struct Report {
    /// Its key in the JSON.
    pub(super) key: &'static str,
    pub(super) json: Box<dyn Fn() -> Value + Send + Sync>,
    /// For people.
    pub(super) lines: Box<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// The accounts of all stages of a process, in the order of the pipeline.
pub(super) struct Closing {
    pub(super) accounts: Vec<Account>,
    /// Where all of them go together.
    pub(super) path: Option<PathBuf>,
}

impl Account {
    fn to_json(&self) -> Value {
        let mut json = self.ledger.to_json();
        if let Some(report) = &self.report {
            json[report.key] = (report.json)();
        }
        json
    }

    fn close(&self, name: Option<&str>) -> Result<Outcome, CommandError> {
        let report = self.report.iter().flat_map(|report| (report.lines)());
        for line in report.chain(self.ledger.to_lines()) {
            match name {
                Some(name) => tracing::info!("{name}: {line}"),
                None => tracing::info!("{line}"),
            }
        }
        if let Some(path) = &self.path {
            write_json(path, &self.to_json())?;
        }
        let mut counts = Signal::ALL.into_iter().map(|signal| self.ledger.counts(signal));
        let delivered = counts.all(|counts| counts.lost.is_empty() && counts.dead_lettered == 0);
        let mut counts = Signal::ALL.into_iter().map(|signal| self.ledger.counts(signal));
        let oversized = counts.any(|counts| counts.dropped.contains_key(&Reason::Oversized));
        Ok(if !delivered {
            Outcome::NotDelivered
        } else if oversized || self.ledger.rejected_objects() > 0 {
            Outcome::Rejected
        } else {
            Outcome::Ok
        })
    }
}

impl Closing {
    /// Closes the ledgers: prints them, writes them to their files, and says what they mean for the exit code.
    pub(super) fn close(&self) -> Result<Outcome, CommandError> {
        let mut worst = Ok(Outcome::Ok);
        for account in &self.accounts {
            let name = (self.accounts.len() > 1).then(|| account.ledger.stage());
            let closed = account.close(name);
            worst = worst.and_then(|worst| Ok(worst.max(closed?)));
        }
        if let Some(path) = &self.path {
            let stages: Vec<Value> = self.accounts.iter().map(Account::to_json).collect();
            write_json(path, &serde_json::json!({"schema": "obs.ledgers/1", "stages": stages}))?;
        }
        worst
    }

    /// What no stage can account for any more is lost.
    pub(super) fn abandon(&self, reason: Reason) {
        self.accounts.iter().for_each(|account| account.ledger.abandon(reason));
    }

    /// Ends a process that is stuck although draining has taken too long, with what its ledgers say by then.
    fn overdue(&self) {
        let error = CommandError::failure(anyhow!("not everything was handed on within the drain timeout"));
        ui::error(&error.hint("--drain-timeout gives it longer"));
        self.abandon(Reason::DrainTimeout);
        if let Err(error) = self.close() {
            ui::error(&error);
        }
        std::process::exit(Class::Failure as i32);
    }

    /// Listens for signals, on behalf of these accounts.
    pub(super) fn stop(self: &Arc<Self>, drain_timeout: std::time::Duration) -> Result<Stop, CommandError> {
        let closing = self.clone();
        Ok(Stop::on_signals(drain_timeout, move || closing.overdue())?)
    }
}

fn write_json(path: &Path, json: &Value) -> Result<(), CommandError> {
    let text = format!("{json:#}\n");
    write_whole(path, text.as_bytes())
        .with_context(|| format!("cannot write the ledger to {}", path.display()))?;
    Ok(())
}

/// Replaces a file by a new one, so that a reader never sees half of it; a device is written to.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, bytes);
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path)
}
