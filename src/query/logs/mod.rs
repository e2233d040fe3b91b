//! Searches for log records.
//!
//! Segments are read in the order of their ends, the latest first; what is found waits until no segment that has not
//! been read can hold anything that comes before it. So the first are there after a few segments, a search for all of
//! millions keeps only those that wait, and one with a limit no more of these than that.

mod count;
mod follow;
mod hit;
mod position;
mod tally;
mod waiting;

use std::ops::ControlFlow;

pub use count::{Count, Counts, MOST_VALUES};
pub use follow::{Follower, hits_of};
pub use hit::{Hit, Place, batch};
pub use position::{Pager, Position};

use self::waiting::Waiting;
use super::prune::{self, Keys, Needles};
use super::reader::Reader;
use crate::error::CommandError;
use crate::expr::{Found, Matcher, Once, log_time};
use crate::otlp::Signal;
use crate::otlp::view::Nested;
use crate::store::{Payload, Selection, Stored};

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
    /// Behind this place in the order, which may be that of no record.
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
        let mut waiting = Waiting::new(self.limit.unwrap_or(usize::MAX));
        if waiting.is_done() {
            return Ok(());
        }
        let mut segments = self.segments(reader)?;
        segments.sort_by_key(|segment| self.nearest(segment));
        let plan = Plan::of(&self.matcher);
        reader.in_order(
            &segments,
            |segment| self.hits(reader, &plan, segment),
            |index, hits| {
                waiting.add(hits.into_iter().map(|hit| (self.order.rank(hit.place), hit)));
                let bound = segments.get(index + 1).map(|segment| self.nearest(segment));
                let is_before = |rank: &Rank| bound.is_none_or(|bound| rank.0 < bound);
                while let Some(hit) = waiting.next(is_before) {
                    if each(hit).is_break() {
                        return ControlFlow::Break(());
                    }
                }
                if waiting.is_done() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
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

    /// Whether all records of a segment come before those that are searched for.
    fn has_passed(&self, reader: &Reader, segment: &Stored) -> bool {
        let Some((after, (first, last))) = self.after.zip(segment.range) else { return false };
        let has_passed = match self.order {
            Order::Newest => i128::from(first) > i128::from(after.time_ns),
            // SQLite's integers end there, times do not.
            Order::Oldest => last < i64::MAX && i128::from(last) < i128::from(after.time_ns),
        };
        // Those without a time come last, and only the columns say whether there are any.
        has_passed && reader.columns(segment).is_some_and(|columns| !columns.times.contains(&0))
    }

    fn hits(&self, reader: &Reader, plan: &Plan, segment: &Stored) -> Vec<Hit> {
        if self.has_passed(reader, segment) {
            return Vec::new();
        }
        let Some(opened) = plan.open(reader, segment, &self.matcher) else { return Vec::new() };
        let mut places = Vec::new();
        let mut is_wanted = Once::default();
        opened.each(&self.matcher, |row, found| {
            let place = Place { time_ns: log_time(found.record), segment: segment.id, row: row as i64 };
            let is_after = self.after.is_none_or(|after| self.order.rank(after) < self.order.rank(place));
            let is_of_resource =
                || self.resource.as_ref().is_none_or(|wanted| resource(found.container) == *wanted);
            if is_after && *is_wanted.of(found.container, is_of_resource) {
                places.push(place);
            }
        });
        if let Some(limit) = self.limit.filter(|limit| *limit < places.len()) {
            places.sort_unstable_by_key(|place| self.order.rank(*place));
            places.truncate(limit);
        }
        hit::of_places(&opened.payload, places)
    }
}

impl Order {
    /// Ascends in this order.
    pub(crate) fn rank(self, place: Place) -> Rank {
        let Place { time_ns, segment, row } = place;
        match self {
            Order::Newest => (-i128::from(time_ns), -segment, -row),
            // The catalog does not say which segments have such.
            Order::Oldest if time_ns == 0 => (NO_TIME, segment, row),
            Order::Oldest => (i128::from(time_ns), segment, row),
        }
    }
}

/// Ascending in the order of a search.
pub(crate) type Rank = (i128, i64, i64);

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

    /// Opens a segment in which something may pass.
    fn open(&self, reader: &Reader, segment: &Stored, matcher: &Matcher) -> Option<Opened> {
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
        self.needles.may_be_in(payload.bytes()).then_some(Opened { payload, rows })
    }
}

/// A segment in which something may pass.
struct Opened {
    payload: Payload,
    /// The rows that need to be looked at.
    rows: Option<prune::Rows>,
}

impl Opened {
    /// Calls `each` with the records that pass, and their row.
    fn each<'a>(&'a self, matcher: &Matcher, mut each: impl FnMut(usize, Found<'a>)) {
        let mut row = 0;
        for batch in self.payload.batches() {
            let current = std::cell::Cell::new(0);
            let wanted = |row| {
                current.set(row);
                self.rows.as_ref().is_none_or(|rows| rows.holds(row))
            };
            matcher.find(batch, &mut row, wanted, |found| each(current.get(), found));
        }
    }
}
