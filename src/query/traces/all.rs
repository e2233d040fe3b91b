//! All traces that are found, in any order: their ids, then when they were, then those that are wanted in full.
//!
//! Traces of one time lie together, but those of one duration anywhere: each share of them that is completed costs a walk
//! over all segments, so that shares are as large as memory lets them be.

use std::ops::ControlFlow;

use super::segment::{Extents, Ids, TraceId};
use super::{Context, Position, Summary};
use crate::error::CommandError;
use crate::store::Stored;

/// Traces that are completed at once, about a kilobyte each.
const AT_ONCE: usize = 50_000;

pub(super) fn find(
    context: &Context<'_>,
    mut each: impl FnMut(Summary) -> ControlFlow<()>,
) -> Result<(), CommandError> {
    let search = context.search;
    let mut positions: Vec<Position> = extents(context)?
        .into_iter()
        .filter(|(_, extent)| search.has_duration(extent.duration_ns()))
        .map(|(id, extent)| search.order.position(id, extent))
        .filter(|position| search.is_after(*position))
        .collect();
    positions.sort_by(|one, other| search.order.compare(*one, *other));
    positions.truncate(search.limit.unwrap_or(usize::MAX));
    for positions in positions.chunks(AT_ONCE) {
        let mut complete = context.complete(&positions.iter().map(|position| position.trace_id).collect());
        for summary in positions.iter().filter_map(|position| complete.remove(&position.trace_id)) {
            if each(summary).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// When all traces were of which a span passes.
fn extents(context: &Context<'_>) -> Result<Extents, CommandError> {
    let ids = match context.passes_all() {
        true => None,
        false => Some(ids(context)?),
    };
    let is_wanted = |id: &TraceId| ids.as_ref().is_none_or(|ids| ids.contains(id));
    let segments = holding(context, ids.as_ref());
    let mut extents = Extents::default();
    context.reader.in_order(
        &segments,
        |segment| context.extents(segment, is_wanted),
        |_, found| {
            found.into_iter().for_each(|(id, extent)| extents.entry(id).or_default().add(extent.0));
            ControlFlow::Continue(())
        },
    );
    Ok(extents)
}

/// The traces of which a span passes.
pub(super) fn ids(context: &Context<'_>) -> Result<Ids, CommandError> {
    let segments = context.search.segments(context.reader)?;
    let mut ids = Ids::default();
    context.reader.in_order(
        &segments,
        |segment| context.matched_ids(segment),
        |_, found| {
            ids.extend(found);
            ControlFlow::Continue(())
        },
    );
    Ok(ids)
}

/// The segments that may hold any of some traces; all where they are not given.
pub(super) fn holding(context: &Context<'_>, ids: Option<&Ids>) -> Vec<Stored> {
    match ids {
        Some(ids) => context.index.holding(ids, &context.all),
        None => context.all.clone(),
    }
}
