//! What reports about the rollups should say: a plain loop over the spans.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::store_figures::spans::{CLIENT, Names, PRODUCER, RawSpan};

const SERVER: u8 = 2;
const CONSUMER: u8 = 5;
const MINUTE: u64 = 60_000_000_000;
/// The last minute that is told apart, in the year 2480.
const LAST_MINUTE: u64 = (1 << 28) - 1;

/// Spans, each with how many it stands for.
pub type Weighted = Vec<(RawSpan, f64)>;

/// Rate, errors, durations.
#[derive(Debug, Clone, Default)]
pub struct Count {
    pub count: f64,
    pub errors: f64,
    pub stored: f64,
    durations: Vec<(u64, f64)>,
}

#[derive(Debug, Default)]
pub struct ServiceCount {
    pub all: Count,
    pub requests: Count,
    pub last_minute: u64,
}

/// Everything in a range of minutes since the epoch.
#[derive(Debug, Default)]
pub struct Counts {
    pub services: BTreeMap<String, ServiceCount>,
    /// By service, name and kind.
    pub operations: BTreeMap<(String, String, u8), Count>,
    /// By caller and callee.
    pub edges: BTreeMap<(String, String), Count>,
}

pub fn minute(span: &RawSpan) -> u64 {
    (span.start / MINUTE).min(LAST_MINUTE)
}

impl Counts {
    /// Counts spans whose minutes are in a range that is given in nanoseconds and widened to whole minutes.
    pub fn of(spans: &Weighted, names: &Names, (from, to): (Option<u64>, Option<u64>)) -> Counts {
        let is_in_range = |span: &RawSpan| {
            from.is_none_or(|from| minute(span) >= from / MINUTE)
                && to.is_none_or(|to| minute(span) * MINUTE < to)
        };
        let mut counts = Counts::default();
        let callers: HashMap<(u128, u64), &(RawSpan, f64)> = spans
            .iter()
            .filter(|(span, _)| matches!(span.kind, CLIENT | PRODUCER) && span.trace != 0 && span.id != 0)
            .map(|caller| ((caller.0.trace, caller.0.id), caller))
            .collect();
        let service = |span: &RawSpan| names.services[span.service].clone();
        for (span, weight) in spans {
            if let Some((caller, caller_weight)) = callers.get(&(span.trace, span.parent))
                && is_in_range(caller)
            {
                let edge = counts.edges.entry((service(caller), service(span))).or_default();
                edge.add(caller, caller_weight.max(*weight));
            }
            if !is_in_range(span) {
                continue;
            }
            let name = names.spans[span.name].clone();
            counts.operations.entry((service(span), name, span.kind)).or_default().add(span, *weight);
            let service = counts.services.entry(service(span)).or_default();
            service.all.add(span, *weight);
            service.last_minute = service.last_minute.max(minute(span));
            if matches!(span.kind, SERVER | CONSUMER) {
                service.requests.add(span, *weight);
            }
        }
        counts
    }
}

impl Count {
    fn add(&mut self, span: &RawSpan, weight: f64) {
        self.count += weight;
        self.errors += if span.failed { weight } else { 0.0 };
        self.stored += 1.0;
        self.durations.push((span.end.saturating_sub(span.start), weight));
    }

    /// The quantile by nearest rank, which a rounded product may miss by one in both directions.
    fn quantiles(&self, q: f64) -> [u64; 2] {
        let mut durations = self.durations.clone();
        durations.sort_by_key(|(ns, _)| *ns);
        [-1e-9, 1e-9].map(|nudge| {
            let rank = self.count * (q + nudge);
            let mut below = 0.0;
            let reached = durations.iter().find(|(_, weight)| {
                below += weight;
                below >= rank
            });
            reached.or(durations.last()).unwrap().0
        })
    }

    /// Expects these figures in a report, quantiles within the width of a bucket.
    #[track_caller]
    pub fn expect(&self, found: &Value, count: &str, what: &str) {
        let number = |key: &str| found[key].as_f64().unwrap_or_else(|| panic!("{what}: no {key} in {found}"));
        assert_eq!(number(count), self.count, "{count} of {what}");
        assert_eq!(number("errors"), self.errors, "errors of {what}");
        assert_eq!(number("stored"), self.stored, "stored of {what}");
        let rate = if self.count > 0.0 { self.errors / self.count } else { 0.0 };
        assert!((number("error_rate") - rate).abs() < 1e-12, "error rate of {what}");
        assert_eq!(number("margin") > 0.0, self.stored < self.count, "margin of {what}");
        for (key, q) in [("p50_ns", 0.5), ("p95_ns", 0.95), ("p99_ns", 0.99)] {
            let quantile = found[key].as_u64().unwrap_or_else(|| panic!("{what}: {key} is {}", found[key]));
            let width = (1.0_f64 / 16.0).exp2();
            let is_near = |exact: u64| match (quantile, exact) {
                (0, 0) => true,
                (0, _) | (_, 0) => false,
                // To whole nanoseconds.
                _ => {
                    let (found, exact) = (quantile as f64, exact as f64);
                    found <= exact * width + 1.0 && exact <= found * width + 1.0
                }
            };
            let exact = self.quantiles(q);
            assert!(exact.into_iter().any(is_near), "{key} of {what}: {quantile}, exactly {exact:?}");
        }
    }
}
