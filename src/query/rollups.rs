//! Services and their operations: how much they do, how often they fail and how long they take.

use std::collections::BTreeMap;

use crate::error::CommandError;
use crate::otlp::names::KINDS;
use crate::store::histogram::quantile;
use crate::store::{Database, Minutes, Precision, Total};

/// Rate, errors and durations of something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// How many there were, weighted by 1/p where a sampler ran.
    pub count: f64,
    /// Those that have failed.
    pub errors: f64,
    /// How many were stored, which are fewer where a sampler ran.
    pub stored: f64,
    /// The count is known within so much, 19 times in 20: 1.96 standard deviations.
    pub margin: f64,
    /// The median of the durations in nanoseconds; `None` where there were none.
    pub p50_ns: Option<u64>,
    /// The duration that 95 % are not longer than.
    pub p95_ns: Option<u64>,
    /// The duration that 99 % are not longer than.
    pub p99_ns: Option<u64>,
}

/// What the figures of a service are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Its requests: SERVER and CONSUMER spans.
    Requests,
    /// All its spans, because there are no requests.
    Spans,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Empty where a resource had no name.
    pub name: String,
    /// Its spans of any kind.
    pub spans: f64,
    /// What the figures are about.
    pub measured: Measured,
    /// Of what is measured.
    pub figures: Figures,
    /// The last minute in which a span began, in minutes since the epoch.
    pub last_minute: u32,
}

/// An operation of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `Span.kind`.
    pub kind: u8,
    /// The name of its spans.
    pub name: String,
    /// Of its spans.
    pub figures: Figures,
}

/// What a list is sorted by: numbers from the highest on, then names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// How many there were.
    Count,
    /// How many have failed.
    Errors,
    /// Which share has failed.
    ErrorRate,
    /// The median.
    P50,
    /// What 95 % are not longer than.
    P95,
    /// What 99 % are not longer than.
    P99,
    /// The name alone.
    Name,
}

/// Values of `Span.kind`.
const SERVER: u8 = 2;
const CONSUMER: u8 = 5;

/// The name of a `Span.kind`; as in the view of the database, those that the protocol does not have are unspecified.
pub fn kind_name(kind: u8) -> &'static str {
    KINDS.get(usize::from(kind)).copied().unwrap_or(KINDS[0])
}

impl Figures {
    pub(super) fn of(total: &Total) -> Figures {
        const STANDARD_DEVIATIONS: f64 = 1.96;
        let counts = total.durations.counts();
        Figures {
            count: total.count,
            errors: total.errors,
            stored: total.stored,
            margin: STANDARD_DEVIATIONS * total.variance.max(0.0).sqrt(),
            p50_ns: quantile(&counts, 0.5),
            p95_ns: quantile(&counts, 0.95),
            p99_ns: quantile(&counts, 0.99),
        }
    }

    /// The share that has failed; 0 where there is nothing.
    pub fn error_rate(&self) -> f64 {
        if self.count > 0.0 { self.errors / self.count } else { 0.0 }
    }
}

/// The services that had spans in a range of time, by name.
///
/// # Errors
/// The database cannot be read.
pub fn services(database: &Database, range: Minutes) -> Result<Vec<Service>, CommandError> {
    let totals = database.operation_totals(range, Precision::Minute, |operation| {
        Some((operation.service, matches!(operation.kind, SERVER | CONSUMER)))
    })?;
    let mut by_name: BTreeMap<String, [Option<Total>; 2]> = BTreeMap::new();
    for ((name, are_requests), total) in totals {
        by_name.entry(name).or_default()[usize::from(are_requests)] = Some(total);
    }
    let service = |(name, totals): (String, [Option<Total>; 2])| {
        let spans = totals.iter().flatten().map(|total| total.count).sum();
        let last_minute = totals.iter().flatten().map(|total| total.last_minute).max().unwrap_or_default();
        let [others, requests] = totals;
        let (measured, total) = match requests {
            Some(requests) => (Measured::Requests, requests),
            None => (Measured::Spans, others.unwrap_or_default()),
        };
        Service { name, spans, measured, figures: Figures::of(&total), last_minute }
    };
    Ok(by_name.into_iter().map(service).collect())
}

/// The operations of a service in a range of time, by name and kind.
///
/// # Errors
/// The database cannot be read.
pub fn operations(
    database: &Database,
    service: &str,
    range: Minutes,
) -> Result<Vec<Operation>, CommandError> {
    let totals = database.operation_totals(range, Precision::Day, |operation| {
        (operation.service == service).then_some((operation.name, operation.kind))
    })?;
    let totals: BTreeMap<(String, u8), Total> = totals.into_iter().collect();
    let operation =
        |((name, kind), total): ((String, u8), Total)| Operation { kind, name, figures: Figures::of(&total) };
    Ok(totals.into_iter().map(operation).collect())
}

/// Sorts what is sorted by name, by something else.
pub fn sort<T>(list: &mut [T], order: Order, figures: impl Fn(&T) -> &Figures) {
    let rank = |item: &T| {
        let figures = figures(item);
        // What has no durations comes behind what took none.
        let duration = |ns: Option<u64>| ns.map_or(-1.0, |ns| ns as f64);
        match order {
            Order::Count => figures.count,
            Order::Errors => figures.errors,
            Order::ErrorRate => figures.error_rate(),
            Order::P50 => duration(figures.p50_ns),
            Order::P95 => duration(figures.p95_ns),
            Order::P99 => duration(figures.p99_ns),
            Order::Name => 0.0,
        }
    };
    list.sort_by(|one, other| rank(other).total_cmp(&rank(one)));
}
