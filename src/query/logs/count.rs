//! Counting log records by their fields, and over time.

use std::collections::HashMap;
use std::ops::ControlFlow;

use foldhash::fast::RandomState;

use super::{LogSearch, Plan};
use crate::error::CommandError;
use crate::expr::{Field, log_time, value_of};
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

/// All counts, the largest first, then in the order of their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// By the values of the fields.
    pub counts: Vec<Count>,
    /// Records.
    pub total: u64,
    /// When the first part of time begins and the last one ends, in nanoseconds since the epoch.
    pub range_ns: (u64, u64),
}

/// Records by values, and by parts of time.
type Table = HashMap<Vec<Option<String>>, Vec<u64>, RandomState>;

impl LogSearch {
    /// Counts what is found by some fields, each over `parts` equal parts of time. Order and limit do not matter.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn count(&self, reader: &Reader, fields: &[Field], parts: usize) -> Result<Counts, CommandError> {
        let segments = self.segments(reader)?;
        let plan = Plan::of(&self.matcher);
        let range_ns = self.range_of(&segments);
        let part_of = |time_ns: u64| {
            let (from, to) = range_ns;
            let at = u128::from(time_ns.clamp(from, to) - from) * parts as u128;
            (at / u128::from((to - from).max(1))).min(parts as u128 - 1) as usize
        };
        let of_segment = |segment: &Stored| {
            let mut table = Table::default();
            let mut values = Vec::new();
            plan.each(reader, segment, &self.matcher, |_, found| {
                values.clear();
                values.extend(fields.iter().map(|field| value_of(field, Signal::Logs, &found)));
                let part = part_of(log_time(found.record));
                match table.get_mut(&values) {
                    Some(over_time) => over_time[part] += 1,
                    None => {
                        let mut over_time = vec![0; parts];
                        over_time[part] = 1;
                        table.insert(values.clone(), over_time);
                    }
                }
            });
            table
        };
        let mut table = Table::default();
        if fields.is_empty() {
            // Nothing at all is a count too.
            table.insert(Vec::new(), vec![0; parts]);
        }
        reader.in_order(&segments, of_segment, |_, more| {
            for (values, over_time) in more {
                let sums = table.entry(values).or_insert_with(|| vec![0; parts]);
                sums.iter_mut().zip(over_time).for_each(|(sum, count)| *sum += count);
            }
            ControlFlow::Continue(())
        });
        let count = |(values, over_time): (Vec<_>, Vec<u64>)| Count {
            values,
            count: over_time.iter().sum(),
            over_time,
        };
        let mut counts: Vec<Count> = table.into_iter().map(count).collect();
        counts.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.values.cmp(&other.values)));
        Ok(Counts { total: counts.iter().map(|count| count.count).sum(), counts, range_ns })
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
