//! The load as a database has seen it.

use std::collections::BTreeMap;

use super::super::digits;
use super::extent::Extent;
use super::sizes::Sizes;
use super::{Observation, ServiceLoad, mean_sizes, sort};
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::query::Reader;
use crate::store::{Database, Minutes, Precision, Selection, Total};

/// What began within a second has a rate that nobody could tell; it is taken for that of a second.
const LEAST_SECONDS: f64 = 1.0;

/// Fewer whole minutes do not show a peak.
const LEAST_MINUTES: u32 = 5;

/// The busiest minute is looked for in so many of the busiest hours.
const BUSY_HOURS: usize = 100;

/// In a smaller database, the empty tables are a large part of the file.
const LEAST_STORED: u64 = 32 << 20;

/// The load as a database has seen it in a range of time, which is widened to whole minutes; `None` where there are no
/// spans that say when they began. `text` writes a time in nanoseconds since the epoch for people.
///
/// # Errors
/// The database cannot be read.
pub fn of_database(
    reader: &Reader,
    range: Minutes,
    text: impl Fn(u64) -> String,
) -> Result<Option<Observation>, CommandError> {
    let Some(extent) = Extent::of(reader)?.and_then(|extent| extent.within(range)) else { return Ok(None) };
    let totals = by_service(&reader.database(), extent.minutes)?;
    let sum = |of: fn(&Total) -> f64| totals.values().map(of).sum::<f64>();
    let (count, stored) = (sum(|total| total.count), sum(|total| total.stored));
    if count <= 0.0 {
        return Ok(None);
    }
    let seconds = ((extent.to_ns - extent.from_ns) as f64 / 1e9).max(LEAST_SECONDS);
    let selection =
        Selection { from_ns: Some(extent.from_ns), to_ns: Some(extent.to_ns + 1), ..Selection::default() };
    let sizes = Sizes::of(reader, &selection)?;
    let mut services: Vec<ServiceLoad> =
        totals.iter().map(|(name, total)| load(name, total, seconds, &sizes)).collect();
    sort(&mut services);
    let (size, error_size) = mean_sizes(&services);
    let peak = peak(&reader.database(), extent, count / seconds)?;
    let stored_ratio = stored_ratio(&reader.database())?;
    let source = Source { name: reader.name(), extent, count, stored };
    Ok(Some(Observation {
        source: source.text(text),
        spans: count / seconds,
        peak,
        size,
        errors: Some(sum(|total| total.errors) / count),
        error_size,
        stored: stored_ratio,
        services,
    }))
}

fn by_service(database: &Database, minutes: Minutes) -> Result<BTreeMap<String, Total>, CommandError> {
    let totals = database.operation_totals(minutes, Precision::Day, |operation| Some(operation.service))?;
    Ok(totals.into_iter().filter(|(_, total)| total.count > 0.0).collect())
}

fn load(name: &str, total: &Total, seconds: f64, sizes: &Sizes) -> ServiceLoad {
    let size = sizes.get(name);
    ServiceLoad {
        name: name.to_owned(),
        spans: total.count / seconds,
        size: size.map(|size| size.mean),
        errors: total.errors / total.count,
        error_size: size.and_then(|size| Some(size.with_error? / size.mean)),
    }
}

/// The busiest of the whole minutes by the mean of spans a second.
fn peak(database: &Database, extent: Extent, mean: f64) -> Result<Option<f64>, CommandError> {
    let whole = extent.whole_minutes();
    if whole.to - whole.from < LEAST_MINUTES {
        return Ok(None);
    }
    let mut hours = database.spans_by_hour()?;
    hours.retain(|hour| hour.minutes.from < whole.to && hour.minutes.to > whole.from);
    hours.sort_by(|one, other| other.count.total_cmp(&one.count));
    hours.truncate(BUSY_HOURS);
    let within = |hour: Minutes| Minutes { from: hour.from.max(whole.from), to: hour.to.min(whole.to) };
    let ranges: Vec<Minutes> = hours.iter().map(|hour| within(hour.minutes)).collect();
    let busiest = database.spans_by_minute(&ranges)?.iter().map(|minute| minute.count).fold(0.0, f64::max);
    Ok(Some((busiest / 60.0 / mean).max(1.0)))
}

/// Bytes in the file for each byte of spans on the wire: segments of traces, and their share of all that is beside segments.
fn stored_ratio(database: &Database) -> Result<Option<f64>, CommandError> {
    let stats = database.stats()?;
    let of_segments: u64 = stats.signals.iter().map(|signal| signal.stored_bytes).sum();
    let used = stats.file_bytes.saturating_sub(stats.free_bytes).max(of_segments) as f64;
    let traces = stats.signals.iter().find(|signal| signal.signal == Signal::Traces);
    let traces = traces.filter(|traces| traces.raw_bytes >= LEAST_STORED);
    Ok(traces.map(|traces| {
        let share = traces.stored_bytes as f64 / of_segments as f64;
        used * share / traces.raw_bytes as f64
    }))
}

/// Where the observation is from.
struct Source {
    name: String,
    extent: Extent,
    count: f64,
    stored: f64,
}

impl Source {
    fn text(&self, text: impl Fn(u64) -> String) -> String {
        const SECOND_NS: i64 = 1_000_000_000;
        /// Weights are powers of two and their likes: what is less is rounding.
        const SAMPLED: f64 = 0.999_999;
        let second =
            |ns: i64| text(ns.div_euclid(SECOND_NS).max(0).unsigned_abs() * SECOND_NS.unsigned_abs());
        let (from, to) = (second(self.extent.from_ns), second(self.extent.to_ns));
        let sampled = match self.stored < self.count * SAMPLED {
            true => format!(", of which a sampler has kept {}", digits(self.stored.round())),
            false => String::new(),
        };
        format!("{}, {from} to {to} ({} spans{sampled})", self.name, digits(self.count.round()))
    }
}
