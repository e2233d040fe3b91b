//! Searches for log records.
//!
//! Segments are read in the order of their ends, the latest first; what is found waits until no segment that has not
//! been read can hold anything that comes before it. So the first are there after a few segments, and a search for all
//! of millions keeps only those that wait.

mod count;
mod follow;
mod hit;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub use count::{Count, Counts};
pub use follow::Follower;
pub use hit::{Hit, Place};

use super::prune::{self, Keys, Needles};
use super::reader::Reader;
use crate::error::CommandError;
use crate::expr::{Found, Matcher, log_time};
use crate::otlp::Signal;
use crate::otlp::view::Nested;
use crate::store::{Selection, Stored};

/// The order of log records; those of the same time are in the order in which they came, or the other way round. Those
/// without a time come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The latest first.
    #[default]
    Newest,
    /// The earliest first.
    Oldest,
}

/// What log records are searched for.
#[derive(Debug)]
pub struct LogSearch {
    /// What they must be.
    pub matcher: Matcher,
    /// In which order they come.
    pub order: Order,
    /// So many at the most.
    pub limit: Option<usize>,
    /// From this time on, and before this one, in nanoseconds since the epoch.
    pub range_ns: (Option<i64>, Option<i64>),
    /// Behind this place in the order.
    pub after: Option<Place>,
    /// Of the very resource whose message this is.
    pub resource: Option<Vec<u8>>,
}

impl LogSearch {
    /// Hands over what is found, in its order, until `each` has enough.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn run(
        &self,
        reader: &Reader,
        mut each: impl FnMut(Hit) -> ControlFlow<()>,
    ) -> Result<(), CommandError> {
        let mut left = self.limit.unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(());
        }
        let mut segments = self.segments(reader)?;
        segments.sort_by_key(|segment| self.nearest(segment));
        let plan = Plan::of(&self.matcher);
        let mut waiting: BTreeMap<Rank, Hit> = BTreeMap::new();
        let mut hand_over = |waiting: &mut BTreeMap<Rank, Hit>, bound: Option<i128>| {
            while let Some(first) = waiting.first_entry() {
                if bound.is_some_and(|bound| first.key().0 >= bound) {
                    break;
                }
                left -= 1;
                if each(first.remove()).is_break() || left == 0 {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        reader.in_order(
            &segments,
            |segment| self.hits(reader, &plan, segment),
            |index, hits| {
                waiting.extend(hits.into_iter().map(|hit| (self.rank(hit.place), hit)));
                let next = segments.get(index + 1).map(|segment| self.nearest(segment));
                hand_over(&mut waiting, next)
            },
        );
        Ok(())
    }

    /// The segments that may hold what is searched for.
    fn segments(&self, reader: &Reader) -> Result<Vec<Stored>, CommandError> {
        reader.segments(&Selection {
            signal: Some(Signal::Logs),
            services: prune::services(&self.matcher).unwrap_or_default(),
            from_ns: self.range_ns.0,
            to_ns: self.range_ns.1,
        })
    }

    /// Where the first of a segment may come in the order.
    fn nearest(&self, segment: &Stored) -> i128 {
        match (self.order, segment.range) {
            // SQLite's integers end there, times do not.
            (Order::Newest, Some((_, i64::MAX))) => -i128::from(u64::MAX),
            (Order::Newest, Some((_, last))) => -i128::from(last),
            (Order::Newest, None) => 0,
            (Order::Oldest, range) => range.map_or(NO_TIME, |(first, _)| i128::from(first)),
        }
    }

    fn rank(&self, place: Place) -> Rank {
        let Place { time_ns, segment, row } = place;
        match self.order {
            Order::Newest => (-i128::from(time_ns), -segment, -row),
            // The catalog does not say which segments have such.
            Order::Oldest if time_ns == 0 => (NO_TIME, segment, row),
            Order::Oldest => (i128::from(time_ns), segment, row),
        }
    }

    fn hits(&self, reader: &Reader, plan: &Plan, segment: &Stored) -> Vec<Hit> {
        let mut places = Vec::new();
        let Some(payload) = plan.each(reader, segment, &self.matcher, |row, found| {
            let place = Place { time_ns: log_time(found.record), segment: segment.id, row: row as i64 };
            let is_of_resource =
                self.resource.as_ref().is_none_or(|wanted| resource(found.container) == *wanted);
            if is_of_resource && self.after.is_none_or(|after| self.rank(after) < self.rank(place)) {
                places.push(place);
            }
        }) else {
            return Vec::new();
        };
        if let Some(limit) = self.limit.filter(|limit| *limit < places.len()) {
            places.sort_unstable_by_key(|place| self.rank(*place));
            places.truncate(limit);
        }
        hit::of_places(&payload, places)
    }
}

/// Ascending in the order of a search.
type Rank = (i128, i64, i64);

/// Behind all times.
const NO_TIME: i128 = i128::MAX;

/// The message of the resource in a container.
pub(super) fn resource(container: &[u8]) -> &[u8] {
    Nested::new(container, 1).next().unwrap_or_default()
}

/// What need not be read.
struct Plan {
    keys: Keys,
    needles: Needles,
}

impl Plan {
    fn of(matcher: &Matcher) -> Plan {
        Plan { keys: Keys::of(matcher), needles: Needles::of(matcher) }
    }

    /// Calls `each` with the records of a segment that pass, and their row; returns its batches if there are any.
    fn each(
        &self,
        reader: &Reader,
        segment: &Stored,
        matcher: &Matcher,
        mut each: impl FnMut(usize, Found<'_>),
    ) -> Option<crate::store::Payload> {
        if !self.keys.may_be_in(reader, segment) {
            return None;
        }
        let rows = match prune::is_in_columns(matcher) {
            true => reader.columns(segment).map(|columns| prune::rows(matcher, &columns)),
            false => None,
        };
        if rows.as_ref().is_some_and(|rows| rows.count == 0) {
            return None;
        }
        let payload = reader.payload(segment)?;
        if !self.needles.may_be_in(payload.bytes()) {
            return None;
        }
        let mut row = 0;
        for batch in payload.batches() {
            let current = std::cell::Cell::new(0);
            let wanted = |row| {
                current.set(row);
                rows.as_ref().is_none_or(|rows| rows.holds(row))
            };
            matcher.find(batch, &mut row, wanted, |found| each(current.get(), found));
        }
        Some(payload)
    }
}
