//! Who is whose child.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::tree::{Descent, Link};

/// No span.
pub(super) const NONE: usize = usize::MAX;

/// A span's parent, as far as it is known yet.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) span: usize,
    pub(super) descent: Descent,
}

/// The parents of all spans; of an id that is there twice, the earliest span is the parent.
pub(super) fn parents(links: &[Link], order: &[usize]) -> Vec<Parent> {
    let mut by_id: HashMap<u64, usize, RandomState> =
        HashMap::with_capacity_and_hasher(links.len(), RandomState::default());
    for span in order.iter().filter(|span| links[**span].span_id != 0) {
        by_id.entry(links[*span].span_id).or_insert(*span);
    }
    let parent = |link: &Link| match (link.parent_id, by_id.get(&link.parent_id)) {
        (0, _) => Parent { span: NONE, descent: Descent::Root },
        (_, None) => Parent { span: NONE, descent: Descent::MissingParent },
        (_, Some(span)) => Parent { span: *span, descent: Descent::Child },
    };
    links.iter().map(parent).collect()
}

/// Takes the parent from the earliest span of every circle.
pub(super) fn cut_cycles(parents: &mut [Parent], order: &[usize]) {
    let mut rank = vec![0; order.len()];
    order.iter().enumerate().for_each(|(position, span)| rank[*span] = position);
    // In which walk a span was come by.
    let mut walks = vec![NONE; order.len()];
    for first in order {
        let mut span = *first;
        while span != NONE && walks[span] == NONE {
            walks[span] = *first;
            span = parents[span].span;
        }
        if span == NONE || walks[span] != *first {
            continue;
        }
        let mut earliest = span;
        let mut next = parents[span].span;
        while next != span {
            earliest = if rank[next] < rank[earliest] { next } else { earliest };
            next = parents[next].span;
        }
        parents[earliest] = Parent { span: NONE, descent: Descent::Cycle };
    }
}
