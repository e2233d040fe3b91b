//! Counting log records by their fields, and over time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::ControlFlow;

use super::tally::{Key, Tally};
use super::{LogSearch, Plan};
use crate::error::CommandError;
use crate::expr::{Field, Values, log_time};
use crate::otlp::Signal;
use crate::query::Reader;
use crate::store::Stored;

/// How often values are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// A value for each field; `None` where a record does not have it.
    pub values: Vec<Option<String>>,
    /// Records.
    pub count: u64,
    /// The same by equal parts of time.
    pub over_time: Vec<u64>,
}

/// Counts, the largest first, then in the order of their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// By the values of the fields; as many as were asked for.
    pub counts: Vec<Count>,
    /// Values that there are.
    pub values: usize,
    /// Records.
    pub total: u64,
    /// Records among them whose values are not told apart, because they are too many.
    pub others: u64,
    /// Of each field, whether no record has it.
    pub is_nowhere: Vec<bool>,
    /// When the first part of time begins and the last one ends, in nanoseconds since the epoch.
    pub range_ns: (u64, u64),
}

/// Values that are told apart; further ones take no memory.
pub const MOST_VALUES: usize = 1_000_000;

/// Equal parts of a range of time.
#[derive(Clone, Copy)]
struct Parts {
    range_ns: (u64, u64),
    count: usize,
}

impl Parts {
    fn of(self, time_ns: u64) -> usize {
        let (from, to) = self.range_ns;
        let at = u128::from(time_ns.clamp(from, to) - from) * self.count as u128;
        (at / u128::from((to - from).max(1))).min((self.count as u128).saturating_sub(1)) as usize
    }
}

impl LogSearch {
    /// Counts what is found by some fields, each of the first rows, `limit` at the most, over so many equal parts of
    /// time. The order and the limit of the search do not matter.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn count(
        &self,
        reader: &Reader,
        fields: &[Field],
        parts: usize,
        limit: Option<usize>,
    ) -> Result<Counts, CommandError> {
        let segments = self.segments(reader)?;
        let parts = Parts { range_ns: self.range_of(&segments), count: parts };
        let counting =
            Counting { search: self, plan: Plan::of(&self.matcher), reader, segments, fields, parts };
        let tally = counting.tally();
        let (others, has_over_time) = (tally.others(), tally.has_over_time());
        let mut counts: Vec<Count> = tally
            .into_counts()
            .map(|(values, count, over_time)| Count { values, count, over_time: over_time.into_vec() })
            .collect();
        let (values, total) = (counts.len(), others + counts.iter().map(|count| count.count).sum::<u64>());
        let has_none =
            |at: usize| counts.iter().all(|count| count.values.get(at).is_some_and(Option::is_none));
        let is_nowhere = (0..fields.len()).map(|at| others == 0 && has_none(at)).collect();
        counts.sort_unstable_by(|one, other| {
            (Reverse(one.count), &one.values).cmp(&(Reverse(other.count), &other.values))
        });
        counts.truncate(limit.unwrap_or(usize::MAX));
        counts.shrink_to_fit();
        if parts.count > 0 && !has_over_time {
            counting.count_over_time(&mut counts);
        }
        Ok(Counts { counts, values, total, others, is_nowhere, range_ns: parts.range_ns })
    }

    /// The time that is asked for or, where it has no end, that of the segments.
    fn range_of(&self, segments: &[Stored]) -> (u64, u64) {
        let ranges = || segments.iter().filter_map(|segment| segment.range);
        let first = self.range_ns.0.or_else(|| ranges().map(|(first, _)| first).min()).unwrap_or(0);
        let last =
            self.range_ns.1.or_else(|| ranges().map(|(_, last)| last.saturating_add(1)).max()).unwrap_or(0);
        let first = first.max(0) as u64;
        (first, (last.max(0) as u64).max(first))
    }
}

/// What is counted.
struct Counting<'a> {
    search: &'a LogSearch,
    plan: Plan,
    reader: &'a Reader,
    segments: Vec<Stored>,
    fields: &'a [Field],
    parts: Parts,
}

impl Counting<'_> {
    fn tally(&self) -> Tally {
        let mut tally = Tally::new(MOST_VALUES, self.parts.count);
        if self.fields.is_empty() {
            // Nothing at all is a count too.
            tally.touch(Key::new());
        }
        let of_segment = |segment: &Stored| {
            let mut tally = Tally::new(MOST_VALUES, self.parts.count);
            self.each_key(segment, |key, time_ns| tally.add(key, self.parts.of(time_ns)));
            tally
        };
        self.reader.in_order(&self.segments, of_segment, |_, more| {
            tally.merge(more);
            ControlFlow::Continue(())
        });
        tally
    }

    /// Counts rows over time, in a second look at everything: of all values it would take too much memory.
    fn count_over_time(&self, counts: &mut [Count]) {
        let rows: HashMap<&Key, usize> = counts.iter().map(|count| &count.values).zip(0..).collect();
        let mut over_time = vec![vec![0; self.parts.count]; counts.len()];
        let of_segment = |segment: &Stored| {
            let mut found = Vec::new();
            self.each_key(segment, |key, time_ns| {
                found.extend(rows.get(key).map(|row| (*row, self.parts.of(time_ns))));
            });
            found
        };
        self.reader.in_order(&self.segments, of_segment, |_, found| {
            found.into_iter().for_each(|(row, part)| over_time[row][part] += 1);
            ControlFlow::Continue(())
        });
        counts.iter_mut().zip(over_time).for_each(|(count, over_time)| count.over_time = over_time);
    }

    /// Calls `each` with the values of the records of a segment that are found, and their times.
    fn each_key(&self, segment: &Stored, mut each: impl FnMut(&Key, u64)) {
        let matcher = &self.search.matcher;
        let Some(opened) = self.plan.open(self.reader, segment, matcher) else { return };
        let mut values = Values::new(self.fields, Signal::Logs);
        let mut key = Key::new();
        opened.each(matcher, |_, found| {
            key.clear();
            key.extend(values.of(&found));
            each(&key, log_time(found.record));
        });
    }
}
