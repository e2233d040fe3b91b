//! The newest traces, best first.
//!
//! A trace starts no later than any part of it that has been seen, and what is found in a segment no later than that
//! ends. So the order is known as far as the earliest trace that is wanted starts later than all that has not been
//! completed or read.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use super::segment::{Extents, Ids};
use super::{Context, Order, Position, Summary};
use crate::error::CommandError;
use crate::query::times::Extent;
use crate::store::{Minutes, Precision, Stored, trace_ids};

/// After so many traces that were completed in vain, it is quicker to read everything.
const MOST_IN_VAIN: usize = 4096;

/// Traces that are completed at once, at the least.
const FEWEST: usize = 32;

/// Segments that are read at once for each thread, at the most.
const MOST_SEGMENTS: usize = 4;

struct Search<'a, 'c> {
    context: &'a Context<'c>,
    limit: usize,
    /// All traces that were seen.
    seen: Ids,
    /// Those that are not complete, by the latest time at which they may start; the newest is the last.
    candidates: BTreeSet<Position>,
    /// Those that are, and wanted.
    found: Vec<Summary>,
    /// Completed, and not wanted.
    in_vain: usize,
}

/// The newest traces; `None` where it takes too long to find them so.
pub(super) fn find(context: &Context<'_>, limit: usize) -> Result<Option<Vec<Summary>>, CommandError> {
    let mut segments = context.search.segments(context.reader)?;
    let unbounded = unbounded(context, &segments)?;
    let latest_in = |segment: &Stored| match segment.range {
        _ if unbounded.contains(&segment.id) => u64::MAX,
        // SQLite's integers end there, times do not.
        None | Some((_, i64::MAX)) => u64::MAX,
        Some((_, last)) => last.max(0) as u64,
    };
    segments.sort_by_key(|segment| std::cmp::Reverse(latest_in(segment)));
    // The latest time at which a trace may start of which a segment from one on has a span that passes.
    let latest = |index: usize| segments.get(index).map(latest_in);
    let mut search = Search {
        context,
        limit,
        seen: Ids::default(),
        candidates: BTreeSet::new(),
        found: Vec::new(),
        in_vain: 0,
    };
    let mut next = 0;
    let mut at_once = context.reader.threads();
    loop {
        let candidate = search.candidates.last().map(|position| position.key);
        if search.is_done(candidate.max(latest(next))) {
            break;
        }
        if search.in_vain > MOST_IN_VAIN {
            return Ok(None);
        }
        match latest(next) {
            Some(last) if candidate.is_none_or(|candidate| last >= candidate) => {
                let end = (next + at_once).min(segments.len());
                search.read(segments.get(next..end).unwrap_or_default());
                next = end;
                at_once = (at_once * 2).min(context.reader.threads() * MOST_SEGMENTS);
            }
            last => search.complete(last),
        }
    }
    search.found.truncate(limit);
    Ok(Some(search.found))
}

/// The segments with spans that do not say when they started: their traces may start later than all else in them.
///
/// They are counted in the first minute of all, of which there is nothing in most databases; of streams nothing is
/// counted.
fn unbounded(context: &Context<'_>, segments: &[Stored]) -> Result<HashSet<i64>, CommandError> {
    const FIRST_MINUTE: Minutes = Minutes { from: 0, to: 1 };
    let Context { reader, search, .. } = context;
    let mut unbounded = HashSet::new();
    // A search in a range of time passes over such spans.
    let has_range = search.range_ns.0.is_some() || search.range_ns.1.is_some();
    let is_counted = !reader.is_of_stream();
    if has_range
        || is_counted
            && reader.database().operation_totals(FIRST_MINUTE, Precision::Day, |_| Some(()))?.is_empty()
    {
        return Ok(unbounded);
    }
    reader.in_order(
        segments,
        |segment| reader.columns(segment).is_none_or(|columns| columns.times.contains(&0)),
        |index, is_unbounded| {
            unbounded.extend(segments.get(index).filter(|_| is_unbounded).map(|segment| segment.id));
            ControlFlow::Continue(())
        },
    );
    Ok(unbounded)
}

impl Search<'_, '_> {
    /// Puts what was found in order; returns whether nothing that starts at `latest` or before can be among those that
    /// are wanted.
    fn is_done(&mut self, latest: Option<u64>) -> bool {
        let order = Order::Newest;
        self.found.sort_by(|one, other| order.compare(one.position(order), other.position(order)));
        let Some(latest) = latest else { return true };
        match self.limit.checked_sub(1) {
            None => true,
            Some(last) => self.found.get(last).is_some_and(|last| last.extent.start_ns() > latest),
        }
    }

    fn read(&mut self, segments: &[Stored]) {
        let context = self.context;
        context.reader.in_order(
            segments,
            |segment| context.matched(segment),
            |_, found: Extents| {
                for (trace_id, extent) in found {
                    // All of it has been seen where no other segment has any of it.
                    let is_wanted = || {
                        context.search.has_duration(extent.duration_ns())
                            || !context.index.is_in_one(trace_ids::key(&trace_id))
                    };
                    if self.seen.insert(trace_id) && is_wanted() {
                        // Others of its spans may say when it was, where these do not.
                        let extent = Extent(extent.0.or(Some((u64::MAX, u64::MAX))));
                        self.candidates.insert(Order::Newest.position(trace_id, extent));
                    }
                }
                ControlFlow::Continue(())
            },
        );
    }

    /// Completes the candidates that may be the newest of all that has not been read, which ends at `latest`.
    fn complete(&mut self, latest: Option<u64>) {
        let most = self.limit.max(FEWEST).max(self.in_vain);
        let newest = self.candidates.iter().rev().copied();
        let newest: Vec<Position> = newest
            .take_while(|position| latest.is_none_or(|latest| position.key > latest))
            .take(most)
            .collect();
        for position in &newest {
            self.candidates.remove(position);
        }
        let ids: Ids = newest.iter().map(|position| position.trace_id).collect();
        let search = self.context.search;
        for (_, summary) in self.context.complete(&ids) {
            if search.has_duration(summary.duration_ns()) && search.is_after(summary.position(Order::Newest))
            {
                self.found.push(summary);
            } else {
                self.in_vain += 1;
            }
        }
    }
}
