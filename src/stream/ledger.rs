//! The ledger: nothing that came in is unaccounted for.
//!
//! For every signal, in items: in = out + dropped + dead-lettered + lost. Objects that could not be read never
//! became items and are counted beside it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::otlp::Signal;

/// Why items did not come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not chosen by a sampler.
    Probability,
    /// A single record larger than a frame can carry.
    Oversized,
    /// The reader of the output went away or the disk is full.
    NotWritten,
    /// The peer said that it will never take them.
    RefusedByPeer,
    /// The peer accepted the request but for these.
    PartialSuccess,
    /// The peer could not be reached, or asked to come later, for too long.
    GaveUp,
    /// Still undelivered when draining had to end.
    DrainTimeout,
    /// In the hands of a part of this program that has failed.
    Failed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reason {
    /// The name in the ledger and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Probability => "probability",
            Reason::Oversized => "oversized",
            Reason::NotWritten => "not_written",
            Reason::RefusedByPeer => "refused_by_peer",
            Reason::PartialSuccess => "partial_success",
            Reason::GaveUp => "gave_up",
            Reason::DrainTimeout => "drain_timeout",
            Reason::Failed => "failed",
        }
    }
}

/// The account of one signal, in items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Taken in.
    #[serde(rename = "in")]
    pub received: u64,
    /// Handed on.
    #[serde(rename = "out")]
    pub sent: u64,
    /// Left out on purpose, by reason.
    pub dropped: BTreeMap<Reason, u64>,
    /// Written to the dead-letter file.
    pub dead_lettered: u64,
    /// Neither handed on nor kept, by reason.
    pub lost: BTreeMap<Reason, u64>,
}

impl Counts {
    /// All that is accounted for.
    pub fn settled(&self) -> u64 {
        self.sent + self.dropped.values().sum::<u64>() + self.dead_lettered + self.lost.values().sum::<u64>()
    }
}

#[derive(Debug, Default)]
struct Account {
    received: AtomicU64,
    sent: AtomicU64,
    dead_lettered: AtomicU64,
    dropped: Mutex<BTreeMap<Reason, u64>>,
    lost: Mutex<BTreeMap<Reason, u64>>,
}

/// The ledger of one stage, shared by its threads.
#[derive(Debug)]
pub struct Ledger {
    command: &'static str,
    stage: String,
    accounts: [Account; 3],
    rejected: AtomicU64,
    unknown_fields: AtomicU64,
}

impl Ledger {
    /// An empty ledger of the subcommand `command`.
    pub fn new(command: &'static str) -> Self {
        Ledger::of_stage(command, command)
    }

    /// An empty ledger of the subcommand `command`, which is called `stage` in its pipeline.
    pub fn of_stage(command: &'static str, stage: impl Into<String>) -> Self {
        Ledger {
            command,
            stage: stage.into(),
            accounts: Default::default(),
            rejected: AtomicU64::new(0),
            unknown_fields: AtomicU64::new(0),
        }
    }

    /// The name of the stage whose ledger it is.
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// Items came in.
    pub fn received(&self, signal: Signal, items: u64) {
        self.account(signal).received.fetch_add(items, Relaxed);
    }

    /// Items went out.
    pub fn sent(&self, signal: Signal, items: u64) {
        self.account(signal).sent.fetch_add(items, Relaxed);
    }

    /// Items were left out on purpose.
    pub fn dropped(&self, signal: Signal, reason: Reason, items: u64) {
        add(&self.account(signal).dropped, reason, items);
    }

    /// Items were written to the dead-letter file.
    pub fn dead_lettered(&self, signal: Signal, items: u64) {
        self.account(signal).dead_lettered.fetch_add(items, Relaxed);
    }

    /// Items are gone.
    pub fn lost(&self, signal: Signal, reason: Reason, items: u64) {
        add(&self.account(signal).lost, reason, items);
    }

    /// All that is still unaccounted for is gone: the stage ends now.
    pub fn abandon(&self, reason: Reason) {
        for signal in Signal::ALL {
            let counts = self.counts(signal);
            self.lost(signal, reason, counts.received.saturating_sub(counts.settled()));
        }
    }

    /// An object could not be read; returns how many that makes.
    pub fn rejected(&self) -> u64 {
        self.rejected.fetch_add(1, Relaxed) + 1
    }

    /// Fields that the protocol does not know could not be written as JSON.
    pub fn unknown_fields(&self, fields: u64) {
        self.unknown_fields.fetch_add(fields, Relaxed);
    }

    /// Fields that JSON could not carry so far.
    pub fn unknown_fields_left_out(&self) -> u64 {
        self.unknown_fields.load(Relaxed)
    }

    /// Objects that could not be read so far.
    pub fn rejected_objects(&self) -> u64 {
        self.rejected.load(Relaxed)
    }

    /// The account of a signal as it stands.
    pub fn counts(&self, signal: Signal) -> Counts {
        let account = self.account(signal);
        Counts {
            sent: account.sent.load(Relaxed),
            dropped: copy(&account.dropped),
            dead_lettered: account.dead_lettered.load(Relaxed),
            lost: copy(&account.lost),
            received: account.received.load(Relaxed),
        }
    }

    /// The ledger as the JSON object that `--ledger` writes, `obs.ledger/1`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json =
            serde_json::json!({"schema": "obs.ledger/1", "command": self.command, "stage": self.stage});
        for signal in Signal::ALL {
            json[signal.name()] = serde_json::to_value(self.counts(signal)).unwrap_or_default();
        }
        json["rejected_objects"] = self.rejected.load(Relaxed).into();
        json["unknown_fields"] = self.unknown_fields.load(Relaxed).into();
        json
    }

    /// The ledger for people, a line a signal that anything came of.
    pub fn to_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for signal in Signal::ALL {
            let counts = self.counts(signal);
            if counts.received == 0 {
                continue;
            }
            let mut line = format!("{} {} in = {} out", counts.received, signal.items(), counts.sent);
            for (reason, items) in &counts.dropped {
                let _ = write!(line, " + {items} dropped ({reason})");
            }
            if counts.dead_lettered > 0 {
                let _ = write!(line, " + {} dead-lettered", counts.dead_lettered);
            }
            for (reason, items) in &counts.lost {
                let _ = write!(line, " + {items} lost ({reason})");
            }
            lines.push(line);
        }
        if lines.is_empty() {
            lines.push("nothing came in".into());
        }
        for (count, what) in [
            (self.rejected.load(Relaxed), "input objects rejected"),
            (
                self.unknown_fields.load(Relaxed),
                "fields that the protocol does not know left out of the JSON",
            ),
        ] {
            if count > 0 {
                lines.push(format!("{count} {what}"));
            }
        }
        lines
    }

    fn account(&self, signal: Signal) -> &Account {
        &self.accounts[signal.index()]
    }
}

fn add(map: &Mutex<BTreeMap<Reason, u64>>, reason: Reason, items: u64) {
    if items > 0 {
        *lock(map).entry(reason).or_default() += items;
    }
}

fn copy(map: &Mutex<BTreeMap<Reason, u64>>) -> BTreeMap<Reason, u64> {
    lock(map).clone()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Counters are whole after every step, also in a thread that panicked.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
