use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::policy::Reason;

/// Services that are told apart; a sender that makes names up must not fill the memory.
const MAX_SERVICES: usize = 1000;

/// What the sampler did, for the closing ledger and the metrics.
#[derive(Debug, Default)]
pub struct Report(Mutex<Totals>);

#[derive(Debug, Default)]
struct Totals {
    kept: [u64; Reason::ALL.len()],
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

    fn add(&mut self, other: &Tally) {
        self.kept.iter_mut().zip(other.kept).for_each(|(sum, kept)| *sum += kept);
        self.dropped += other.dropped;
    }
}

impl Report {
    /// Adds what was decided about the items of one resource.
    pub(super) fn add(&self, service: &[u8], tally: &Tally) {
        let mut totals = self.lock();
        totals.kept.iter_mut().zip(tally.kept).for_each(|(sum, kept)| *sum += kept);
        let service = String::from_utf8_lossy(service);
        if let Some(known) = totals.services.get_mut(service.as_ref()) {
            known.add(tally);
            return;
        }
        let name = if totals.services.len() < MAX_SERVICES { service.as_ref() } else { "(other)" };
        totals.services.entry(name.into()).or_default().add(tally);
    }

    /// Items kept by reason.
    pub fn kept(&self) -> Vec<(Reason, u64)> {
        Reason::ALL.into_iter().zip(self.lock().kept).collect()
    }

    /// Kept and dropped by service; all services behind the first thousand are `(other)`.
    pub fn services(&self) -> BTreeMap<String, Tally> {
        self.lock().services.clone()
    }

    /// For the ledger: `{"kept": {reason: items}, "services": {name: {"kept": …, "dropped": …}}}`.
    pub fn to_json(&self) -> serde_json::Value {
        let kept: BTreeMap<_, _> =
            self.kept().into_iter().map(|(reason, items)| (reason.name(), items)).collect();
        let services = self.services().into_iter().map(|(name, tally)| {
            let json = serde_json::json!({"kept": tally.kept_total(), "dropped": tally.dropped});
            (name, json)
        });
        serde_json::json!({"kept": kept, "services": services.collect::<serde_json::Map<_, _>>()})
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
