//! How many spans began in which hour or minute, whatever their operation.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::committer::unfolded;
use super::database::Database;
use super::measures::Measures;
use super::rollups::{Period, Rollup, Table};
use super::totals::Minutes;
use crate::error::CommandError;

/// Spans that began in a period of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanCount {
    /// The period.
    pub minutes: Minutes,
    /// Spans, weighted by 1/p where a sampler ran.
    pub count: f64,
    /// Those that were stored, which are fewer where a sampler ran.
    pub stored: f64,
}

/// Counts and stored ones by hour or minute.
type Counts = BTreeMap<u32, [f64; 2]>;

impl Database {
    /// The spans of each hour in which any began, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn spans_by_hour(&self) -> Result<Vec<SpanCount>, CommandError> {
        self.span_counts(Period::Hour, &[Minutes::around(None, None)])
    }

    /// The spans of each minute of some ranges in which any began, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn spans_by_minute(&self, ranges: &[Minutes]) -> Result<Vec<SpanCount>, CommandError> {
        self.span_counts(Period::Minute, ranges)
    }

    fn span_counts(&self, period: Period, ranges: &[Minutes]) -> Result<Vec<SpanCount>, CommandError> {
        let length = period.minutes();
        let counts = self.at_one_moment(|connection| {
            let mut counts = Counts::new();
            for range in ranges {
                add_rows(connection, period, range.from / length..range.to.div_ceil(length), &mut counts)?;
            }
            let is_wanted = |minute| ranges.iter().any(|range| (range.from..range.to).contains(&minute));
            let new = unfolded(connection, Rollup::Operations, |_| 0)?;
            add_measures(&new, length, is_wanted, &mut counts);
            Ok(counts)
        })?;
        let count = |(time, [count, stored]): (u32, [f64; 2])| {
            let from = time.saturating_mul(length);
            SpanCount { minutes: Minutes { from, to: from.saturating_add(length) }, count, stored }
        };
        Ok(counts.into_iter().map(count).collect())
    }
}

fn add_rows(
    connection: &Connection,
    period: Period,
    times: std::ops::Range<u32>,
    counts: &mut Counts,
) -> rusqlite::Result<()> {
    let Table { name, time, .. } = Rollup::Operations.table(period);
    let mut statement = connection.prepare(&format!(
        "SELECT {time}, total(count), total(coalesce(stored, count)) FROM {name}
         WHERE {time} >= ?1 AND {time} < ?2 GROUP BY {time}"
    ))?;
    let mut rows = statement.query([times.start, times.end])?;
    while let Some(row) = rows.next()? {
        add(counts, row.get(0)?, [row.get(1)?, row.get(2)?]);
    }
    Ok(())
}

fn add_measures(measures: &Measures, length: u32, is_wanted: impl Fn(u32) -> bool, counts: &mut Counts) {
    for (place, count) in measures.counts.iter().filter(|(place, _)| is_wanted(place.minute())) {
        add(counts, place.minute() / length, [*count, *count]);
    }
    for (cell, sampled) in measures.sampled.iter().filter(|(cell, _)| is_wanted(cell.minute())) {
        add(counts, cell.minute() / length, [0.0, sampled.spans as f64 - sampled.weight]);
    }
}

fn add(counts: &mut Counts, time: u32, [count, stored]: [f64; 2]) {
    let sums = counts.entry(time).or_default();
    sums[0] += count;
    sums[1] += stored;
}
