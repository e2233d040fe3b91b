//! From when to when a database has seen spans.
//!
//! A clock that is wrong makes a span of 1970 or of next year, and with it a mean near zero. So a few spans that are far
//! from all others, before them or behind them, are left out. Gaps between many spans are real: nights, or weekends.

use crate::error::CommandError;
use crate::otlp::Signal;
use crate::query::Reader;
use crate::store::{Database, Minutes, Selection, SpanCount, Stored};

const MINUTE_NS: i64 = 60_000_000_000;

/// At each end, so large a share of the spans may be far from the others.
const STRAY_SHARE: f64 = 0.001;
/// Of so many spans, one may be in any case.
const STRAY_OF: f64 = 100.0;
/// A gap so long, as a share of the rest, makes them far.
const STRAY_GAP: f64 = 0.01;

/// Segments that are looked into for the exact time of an end; where more of them have a part of its minute, the minute
/// is as good.
const MOST_SEGMENTS: usize = 64;

/// When spans began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The minutes of the first and the last one.
    pub(super) minutes: Minutes,
    /// The first.
    pub(super) from_ns: i64,
    /// The last, or where it is not known, the end of its minute.
    pub(super) to_ns: i64,
}

impl Extent {
    /// Of all spans in a database; `None` where there are none that say when they began.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn of(reader: &Reader) -> Result<Option<Extent>, CommandError> {
        let Some(minutes) = minutes(&reader.database())? else { return Ok(None) };
        let [from, to] = [minutes.from, minutes.to].map(|minute| i64::from(minute) * MINUTE_NS);
        let first = end(reader, from, |segment| segment.range.map(|(first, _)| first), i64::min)?;
        let last = end(reader, to - MINUTE_NS, |segment| segment.range.map(|(_, last)| last), i64::max)?;
        Ok(Some(Extent { minutes, from_ns: first.unwrap_or(from), to_ns: last.unwrap_or(to) }))
    }

    /// The part of it in a range; `None` where there is none.
    pub(super) fn within(self, range: Minutes) -> Option<Extent> {
        let minutes = Minutes { from: self.minutes.from.max(range.from), to: self.minutes.to.min(range.to) };
        let ns = |minute: u32| i64::from(minute).saturating_mul(MINUTE_NS);
        (minutes.from < minutes.to).then(|| Extent {
            minutes,
            from_ns: self.from_ns.max(ns(range.from)),
            to_ns: self.to_ns.min(ns(range.to)),
        })
    }

    /// The minutes all of which are in it.
    pub(super) fn whole_minutes(self) -> Minutes {
        let minute = |ns: i64| u32::try_from(ns.max(0)).unwrap_or(u32::MAX);
        let from = minute((self.from_ns + MINUTE_NS - 1).div_euclid(MINUTE_NS));
        Minutes { from, to: minute(self.to_ns.div_euclid(MINUTE_NS)).max(from) }
    }
}

/// From the minute of the first span to that of the last.
fn minutes(database: &Database) -> Result<Option<Minutes>, CommandError> {
    let mut counts = database.spans_by_hour()?;
    // The first hour of all tells that there are spans without a time.
    counts.retain(|hour| hour.minutes.from > 0);
    loop {
        counts = regular(&counts).to_vec();
        let [Some(first), Some(last)] = [counts.first(), counts.last()] else { return Ok(None) };
        let mut hours = vec![first.minutes, last.minutes];
        hours.retain(|part| part.to - part.from > 1);
        hours.dedup();
        if hours.is_empty() {
            return Ok(Some(Minutes { from: first.minutes.from, to: last.minutes.to }));
        }
        counts.retain(|count| !hours.contains(&count.minutes));
        counts.extend(database.spans_by_minute(&hours)?);
        counts.sort_unstable_by_key(|count| count.minutes.from);
    }
}

/// Counts without the few at both ends that are far from the others.
fn regular(counts: &[SpanCount]) -> &[SpanCount] {
    let total: f64 = counts.iter().map(|count| count.stored).sum();
    let few = if total < STRAY_OF { 0.0 } else { (total * STRAY_SHARE).max(1.0) };
    let is_far = |gap: [u32; 2], rest: [u32; 2]| {
        let length = |[from, to]: [u32; 2]| f64::from(to.saturating_sub(from));
        length(gap) > STRAY_GAP * length(rest)
    };
    let (mut first, mut last) = (0, counts.len());
    // What is left out at one end may make the other one's stand out.
    for _ in 0..2 {
        let mut before = 0.0;
        let end = counts[first..last].last().map_or(0, |count| count.minutes.to);
        for (index, pair) in counts[..last].windows(2).enumerate() {
            before += pair[0].stored;
            let gap = [pair[0].minutes.to, pair[1].minutes.from];
            if before <= few && is_far(gap, [pair[1].minutes.from, end]) {
                first = index + 1;
            }
        }
        let mut behind = 0.0;
        let start = counts[first..last].first().map_or(0, |count| count.minutes.from);
        for (index, pair) in counts.windows(2).enumerate().skip(first).rev() {
            behind += pair[1].stored;
            let gap = [pair[0].minutes.to, pair[1].minutes.from];
            if behind <= few && is_far(gap, [start, pair[0].minutes.to]) {
                last = index + 1;
            }
        }
    }
    &counts[first..last]
}

/// The first or the last time in the minute from `from` on, as far as segments know it; `of` is that end of a segment,
/// `better` the one of two times that is nearer to it.
fn end(
    reader: &Reader,
    from: i64,
    of: impl Fn(&Stored) -> Option<i64>,
    better: impl Fn(i64, i64) -> i64,
) -> Result<Option<i64>, CommandError> {
    let minute = from..from + MINUTE_NS;
    let selection = Selection {
        signal: Some(Signal::Traces),
        from_ns: Some(minute.start),
        to_ns: Some(minute.end),
        ..Selection::default()
    };
    let mut times = Vec::new();
    let mut across = Vec::new();
    for segment in reader.segments(&selection)? {
        match of(&segment).filter(|time| minute.contains(time)) {
            Some(time) => times.push(time),
            None => across.push(segment),
        }
    }
    if across.len() > MOST_SEGMENTS {
        return Ok(None);
    }
    for columns in across.iter().filter_map(|segment| reader.columns(segment)) {
        let inside = columns.times.iter().filter_map(|time| i64::try_from(*time).ok());
        times.extend(inside.filter(|time| minute.contains(time)).reduce(&better));
    }
    Ok(times.into_iter().reduce(better))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(u32, f64)]) -> Vec<SpanCount> {
        let count = |(minute, count): &(u32, f64)| SpanCount {
            minutes: Minutes { from: *minute, to: minute + 1 },
            count: *count,
            stored: *count,
        };
        counts.iter().map(count).collect()
    }

    #[track_caller]
    fn expect(all: &[(u32, f64)], kept: std::ops::Range<usize>) {
        assert_eq!(regular(&counts(all)), counts(&all[kept]));
    }

    #[test]
    fn a_few_far_from_all_others_are_left_out() {
        expect(&[(5, 1.0), (1000, 600.0), (1001, 500.0)], 1..3);
        expect(&[(1000, 600.0), (1001, 500.0), (9000, 1.0)], 0..2);
        expect(&[(5, 1.0), (1000, 600.0), (1001, 500.0), (9_000_000, 1.0)], 1..3);
        expect(&[(5, 2.0), (9, 3.0), (1000, 9000.0), (1001, 500.0), (1100, 9.0)], 2..4);
    }

    #[test]
    fn gaps_between_many_are_real() {
        expect(&[(5, 50.0), (1000, 600.0), (1001, 500.0)], 0..3);
        expect(&[(5, 1.0), (90, 1.0)], 0..2);
        expect(&[(5, 1.0), (6, 1.0), (7, 9000.0)], 0..3);
        let hourly: Vec<(u32, f64)> = (1..2000).map(|hour| (hour * 60, 10.0)).collect();
        expect(&hourly, 0..hourly.len());
        expect(&[], 0..0);
    }

    #[test]
    fn a_part_of_an_extent_ends_where_the_range_or_the_spans_do() {
        let minutes = |from, to| Minutes { from, to };
        let all = Extent { minutes: minutes(10, 20), from_ns: 10 * MINUTE_NS + 5, to_ns: 20 * MINUTE_NS - 5 };
        assert_eq!(all.within(minutes(0, u32::MAX)), Some(all));
        assert_eq!(all.whole_minutes(), minutes(11, 19));
        let part = all.within(minutes(12, 30)).unwrap();
        assert_eq!(part, Extent { minutes: minutes(12, 20), from_ns: 12 * MINUTE_NS, to_ns: all.to_ns });
        assert_eq!(part.whole_minutes(), minutes(12, 19));
        assert_eq!(all.within(minutes(20, 30)), None);
        assert_eq!(all.within(minutes(0, 10)), None);
    }
}
