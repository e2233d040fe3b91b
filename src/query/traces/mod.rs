//! Searches for traces: those of which a span passes a query.
//!
//! The newest are found best first (`newest`): segments are read from the latest on, and what is found in one is
//! completed with what other segments have of the same traces only as far as it may be among those that are wanted.
//! Whatever has to see all traces, because another order is asked for or few pass, reads everything once or twice
//! (`all`). Both give the same traces in the same order.

mod all;
mod gather;
mod newest;
mod segment;
mod summary;

use std::ops::ControlFlow;
use std::str::FromStr;

pub use gather::Operations;
pub use segment::TraceId;
pub use summary::{Root, ServiceCount, Summary};

use super::prune::{self, Keys, Needles, Texts};
use super::reader::{Reader, TraceIndex};
use super::times::Extent;
use crate::error::CommandError;
use crate::expr::Matcher;
use crate::otlp::Signal;
use crate::store::{Selection, Stored};

/// The order of traces; those of the same time or duration are in descending order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By start, the latest first.
    #[default]
    Newest,
    /// By start, the earliest first.
    Oldest,
    /// By duration, the longest first.
    Longest,
    /// By duration, the shortest first.
    Shortest,
}

/// Where a trace stands in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The start in nanoseconds since the epoch, or the duration in nanoseconds.
    key: u64,
    trace_id: TraceId,
}

/// What traces are searched for.
#[derive(Debug)]
pub struct TraceSearch {
    /// What a span of them must be.
    pub matcher: Matcher,
    /// Shortest and longest duration of the whole trace, in nanoseconds.
    pub duration_ns: (Option<u64>, Option<u64>),
    /// In which order they come.
    pub order: Order,
    /// Behind this one in the order.
    pub after: Option<Position>,
    /// So many at the most.
    pub limit: Option<usize>,
    /// Spans from this time on, and before this one, in nanoseconds since the epoch.
    pub range_ns: (Option<i64>, Option<i64>),
}

/// The parts of a search that all ways share.
struct Context<'a> {
    reader: &'a Reader,
    search: &'a TraceSearch,
    index: TraceIndex,
    keys: Keys,
    texts: Texts,
    needles: Needles,
    /// All segments of traces.
    all: Vec<Stored>,
}

/// More of the newest are found by reading everything: the way to the first keeps all that it has found.
const MOST_NEWEST: usize = 10_000;

impl TraceSearch {
    /// Hands over the traces that are found, in their order, until `each` has enough.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn run(
        &self,
        reader: &Reader,
        each: impl FnMut(Summary) -> ControlFlow<()>,
    ) -> Result<(), CommandError> {
        let context = Context::new(reader, self)?;
        let limit = self.limit.filter(|limit| self.order == Order::Newest && *limit <= MOST_NEWEST);
        if let Some(limit) = limit
            && let Some(found) = newest::find(&context, limit)?
        {
            let _ = found.into_iter().try_for_each(each);
            return Ok(());
        }
        all::find(&context, each)
    }

    /// The segments in which spans may pass.
    fn segments(&self, reader: &Reader) -> Result<Vec<Stored>, CommandError> {
        reader.segments(&Selection {
            signal: Some(Signal::Traces),
            services: prune::services(&self.matcher).unwrap_or_default(),
            from_ns: self.range_ns.0,
            to_ns: self.range_ns.1,
        })
    }

    /// Whether the duration of a whole trace is one that is wanted.
    fn has_duration(&self, duration_ns: u64) -> bool {
        self.duration_ns.0.is_none_or(|shortest| duration_ns >= shortest)
            && self.duration_ns.1.is_none_or(|longest| duration_ns <= longest)
    }

    /// Whether a trace comes behind the one that was named.
    fn is_after(&self, position: Position) -> bool {
        self.after.is_none_or(|after| self.order.comes_before(after, position))
    }
}

impl<'a> Context<'a> {
    fn new(reader: &'a Reader, search: &'a TraceSearch) -> Result<Context<'a>, CommandError> {
        Ok(Context {
            reader,
            search,
            index: TraceIndex::read(reader, Signal::Traces)?,
            keys: Keys::of(&search.matcher),
            texts: Texts::of(&search.matcher),
            needles: Needles::of(&search.matcher),
            all: reader.segments(&Selection { signal: Some(Signal::Traces), ..Selection::default() })?,
        })
    }
}

impl Order {
    /// All of them.
    const ALL: [Order; 4] = [Order::Newest, Order::Oldest, Order::Longest, Order::Shortest];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Order::Newest => "newest",
            Order::Oldest => "oldest",
            Order::Longest => "longest",
            Order::Shortest => "shortest",
        }
    }

    /// Where a trace stands.
    pub fn position(self, trace_id: TraceId, extent: Extent) -> Position {
        let key = match self {
            Order::Newest | Order::Oldest => extent.start_ns(),
            Order::Longest | Order::Shortest => extent.duration_ns(),
        };
        Position { key, trace_id }
    }

    /// How two traces follow each other.
    pub fn compare(self, one: Position, other: Position) -> std::cmp::Ordering {
        let by_key = match self {
            Order::Newest | Order::Longest => other.key.cmp(&one.key),
            Order::Oldest | Order::Shortest => one.key.cmp(&other.key),
        };
        by_key.then_with(|| other.trace_id.cmp(&one.trace_id))
    }

    fn comes_before(self, one: Position, other: Position) -> bool {
        self.compare(one, other).is_lt()
    }
}

/// Where a list of traces goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The order of the list.
    pub order: Order,
    /// The last trace that it had.
    pub position: Position,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Cursor { order, position: Position { key, trace_id } } = self;
        write!(f, "{order}-{key}-{}", const_hex::encode(trace_id))
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Cursor, String> {
        let cursor = || {
            let mut parts = text.splitn(3, '-');
            let order = parts.next()?;
            let order = Order::ALL.into_iter().find(|known| known.name() == order)?;
            let key = parts.next()?.parse().ok()?;
            let trace_id = const_hex::decode_to_array(parts.next()?).ok()?;
            Some(Cursor { order, position: Position { key, trace_id } })
        };
        cursor().ok_or_else(|| "expected the cursor of a trace, as a search before has given it".into())
    }
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
