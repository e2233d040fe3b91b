//! Who is whose child.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::tree::{Descent, Link};
use crate::otlp::proto::{SPAN_KIND_CLIENT, SPAN_KIND_SERVER};

/// No span.
pub(super) const NONE: usize = usize::MAX;

/// A span's parent, as far as it is known yet.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) span: usize,
    pub(super) descent: Descent,
}

/// Spans by their ids.
#[derive(Clone, Copy)]
struct Known {
    span: usize,
    /// The server's span of the same request, where it has the same id.
    server: Option<usize>,
}

/// The parents of all spans; of an id that is there twice, the earliest span is the parent.
///
/// As instrumentation for Zipkin has it, a client and its server may share an id: then the server is the child of the
/// client, and the parent of what its own process calls.
pub(super) fn parents(links: &[Link], order: &[usize]) -> Vec<Parent> {
    let mut by_id: HashMap<u64, Known, RandomState> =
        HashMap::with_capacity_and_hasher(links.len(), RandomState::default());
    for span in order.iter().copied().filter(|span| links[*span].span_id != 0) {
        by_id
            .entry(links[span].span_id)
            .and_modify(|known| known.share(links, span))
            .or_insert(Known { span, server: None });
    }
    let parent = |(span, link): (usize, &Link)| {
        let shared = by_id.get(&link.span_id).filter(|known| known.server == Some(span));
        let parent = match (shared, by_id.get(&link.parent_id)) {
            (Some(client), _) => client.span,
            (None, _) if link.parent_id == 0 => return Parent { span: NONE, descent: Descent::Root },
            (None, None) => return Parent { span: NONE, descent: Descent::MissingParent },
            (None, Some(parent)) => match parent.server {
                Some(server) if links[server].process == link.process => server,
                _ => parent.span,
            },
        };
        Parent { span: parent, descent: Descent::Child }
    };
    links.iter().enumerate().map(parent).collect()
}

impl Known {
    /// Takes another span of the same id as the other side of one request, if it is that.
    fn share(&mut self, links: &[Link], other: usize) {
        let (one, two) = (&links[self.span], &links[other]);
        if self.server.is_some() || one.parent_id != two.parent_id || one.process == two.process {
            return;
        }
        match (one.kind, two.kind) {
            (SPAN_KIND_CLIENT, SPAN_KIND_SERVER) => self.server = Some(other),
            (SPAN_KIND_SERVER, SPAN_KIND_CLIENT) => {
                *self = Known { span: other, server: Some(self.span) };
            }
            _ => {}
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::super::tree::tests::link;
    use super::*;

    #[test]
    fn a_client_and_its_server_may_share_an_id() {
        let of = |link: Link, kind: i32, process: u32| Link { kind, process, ..link };
        // The server's clock is late or early, which changes who is found first.
        for start_ns in [20, 5] {
            let links = [
                of(link(1, 0, 0, 100), SPAN_KIND_SERVER, 0),
                of(link(2, 1, 10, 90), SPAN_KIND_CLIENT, 0),
                of(link(2, 1, start_ns, start_ns + 60), SPAN_KIND_SERVER, 1),
                of(link(3, 2, start_ns + 10, start_ns + 50), 1, 1),
                of(link(4, 2, 11, 12), 1, 0),
            ];
            let tree = Tree::of(&links);
            let mut parents: Vec<_> = tree
                .nodes
                .iter()
                .map(|node| (node.span, node.parent.map(|parent| tree.nodes[parent].span)))
                .collect();
            parents.sort_unstable();
            assert_eq!(parents, [(0, None), (1, Some(0)), (2, Some(1)), (3, Some(2)), (4, Some(1))]);
            // Of the same process, or of other parents, they are two requests.
            for (process, parent_id) in [(0, 1), (1, 0)] {
                let mut others = links;
                (others[2].process, others[2].parent_id) = (process, parent_id);
                let tree = Tree::of(&others);
                let server = tree.nodes.iter().find(|node| node.span == 2).unwrap();
                assert_ne!(server.parent.map(|parent| tree.nodes[parent].span), Some(1));
            }
        }
    }
}
