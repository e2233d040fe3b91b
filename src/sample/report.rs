use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::policy::Reason;
use crate::otlp::Signal;

/// Services that are told apart; a sender that makes names up must not fill the memory.
const MAX_SERVICES: usize = 1000;

/// Services that the closing lines name; the ledger names all.
const MAX_LINES: usize = 20;

/// What the sampler did with spans and log records, for the closing ledger and the metrics.
#[derive(Debug, Default)]
pub struct Report([Mutex<Totals>; 3]);

#[derive(Debug, Default)]
struct Totals {
    all: Tally,
    services: BTreeMap<String, Tally>,
}

/// Items kept, by [`Reason`], and dropped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Kept, in the order of [`Reason::ALL`].
    pub kept: [u64; Reason::ALL.len()],
    /// Dropped.
    pub dropped: u64,
}

impl Tally {
    /// All kept.
    pub fn kept_total(&self) -> u64 {
        self.kept.iter().sum()
    }

    /// Kept, by the name of the reason; only where there are any.
    pub fn kept_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reason::ALL.into_iter().map(Reason::name).zip(self.kept).filter(|(_, items)| *items > 0)
    }

    fn add(&mut self, other: &Tally) {
        self.kept.iter_mut().zip(other.kept).for_each(|(sum, kept)| *sum += kept);
        self.dropped += other.dropped;
    }
}

impl Report {
    /// Adds what was decided about the items of one resource.
    pub(super) fn add(&self, signal: Signal, service: &[u8], tally: &Tally) {
        let mut totals = self.lock(signal);
        totals.all.add(tally);
        let service = String::from_utf8_lossy(service);
        if let Some(known) = totals.services.get_mut(service.as_ref()) {
            return known.add(tally);
        }
        let name = if totals.services.len() < MAX_SERVICES { service.as_ref() } else { "(other)" };
        totals.services.entry(name.into()).or_default().add(tally);
    }

    /// What was done with a signal.
    pub fn total(&self, signal: Signal) -> Tally {
        self.lock(signal).all
    }

    /// Kept and dropped by service; all services behind the first thousand are `(other)`.
    pub fn services(&self, signal: Signal) -> BTreeMap<String, Tally> {
        self.lock(signal).services.clone()
    }

    /// For the ledger: `{signal: {"kept": {reason: items}, "services": {name: {"kept": …, "dropped": …}}}}`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!({});
        for signal in [Signal::Traces, Signal::Logs] {
            let kept: BTreeMap<_, _> = self.total(signal).kept_by_reason().collect();
            let services = self.services(signal).into_iter().map(|(name, tally)| {
                let json = serde_json::json!({"kept": tally.kept_total(), "dropped": tally.dropped});
                (name, json)
            });
            let services: serde_json::Map<_, _> = services.collect();
            json[signal.name()] = serde_json::json!({"kept": kept, "services": services});
        }
        json
    }

    /// For people: the largest services and the reasons, a line a signal and service.
    pub fn to_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for signal in [Signal::Traces, Signal::Logs] {
            let items = signal.items();
            let mut services: Vec<_> = self.services(signal).into_iter().collect();
            services.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.kept_total() + tally.dropped));
            for (service, tally) in services.iter().take(MAX_LINES) {
                let service = if service.is_empty() { "(no service.name)" } else { service };
                lines.push(format!(
                    "{service}: {} {items} kept, {} dropped",
                    tally.kept_total(),
                    tally.dropped
                ));
            }
            if services.len() > MAX_LINES {
                lines.push(format!(
                    "{} more services with {items}; --ledger names all",
                    services.len() - MAX_LINES
                ));
            }
            let reasons: Vec<_> = self
                .total(signal)
                .kept_by_reason()
                .map(|(reason, items)| format!("{reason} {items}"))
                .collect();
            if !reasons.is_empty() {
                lines.push(format!("{items} kept for: {}", reasons.join(", ")));
            }
        }
        lines
    }

    fn lock(&self, signal: Signal) -> MutexGuard<'_, Totals> {
        self.0[signal.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
