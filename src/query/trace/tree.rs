//! Spans as a forest: who is whose child, in the order in which they are shown.

use super::parents::{NONE, Parent, cut_cycles, parents};
use crate::otlp::proto::{SPAN_KIND_CLIENT, SPAN_KIND_SERVER};

/// What a span says about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its id; 0 where it has none.
    pub span_id: u64,
    /// The id of its parent; 0 where it has none.
    pub parent_id: u64,
    /// When it started and, not before that, ended, in nanoseconds since the epoch; `None` where it does not say.
    pub times: Option<(u64, u64)>,
    /// Its kind, a number of [`SPAN_KIND`](crate::otlp::proto::SPAN_KIND).
    pub kind: i32,
    /// Its process; all spans of one have the same clock.
    pub process: u32,
}

/// How a span came to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descent {
    /// It has a parent, which is there.
    Child,
    /// It has no parent.
    Root,
    /// Its parent is not there.
    MissingParent,
    /// Its parent is itself or one of its descendants: the circle is cut here.
    Cycle,
}

/// A span in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Which of the spans that the tree was made of.
    pub span: usize,
    /// The node of its parent.
    pub parent: Option<usize>,
    /// Ancestors that it has.
    pub depth: usize,
    /// Children that it has.
    pub children: usize,
    /// The node behind its last descendant.
    pub end: usize,
    /// How it came to its place.
    pub descent: Descent,
    /// When it started, in nanoseconds since the epoch; where it does not say, when its parent did, or the trace.
    pub start_ns: u64,
    /// When it ended; not before it started.
    pub end_ns: u64,
    /// Whether it says when it was.
    pub has_time: bool,
    /// Whether it is where its parent, which is of another process, cannot have waited for it: their clocks differ.
    pub is_skewed: bool,
}

/// Spans in preorder: parents before their children, siblings by their start and then their id.
///
/// Every span has a place. Where several spans have the same id, their children belong to the earliest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
}

impl Node {
    /// Nanoseconds from its start to its end.
    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

impl Tree {
    /// Finds the place of every span.
    pub fn of(links: &[Link]) -> Tree {
        let mut order: Vec<usize> = (0..links.len()).collect();
        let says = |span: usize| links[span].times.map_or(u64::MAX, |(start_ns, _)| start_ns);
        order.sort_by_key(|span| (says(*span), links[*span].span_id, *span));
        let mut parents = parents(links, &order);
        cut_cycles(&mut parents, &order);
        let times = times(links, &parents);
        if links.iter().any(|link| link.times.is_none()) {
            let key = |span: usize| (times[span].0, links[span].times.is_none(), links[span].span_id, span);
            order.sort_by_key(|span| key(*span));
        }
        let mut nodes = preorder(links, &times, &parents, &order);
        mark_skewed(&mut nodes, links);
        Tree { nodes }
    }

    /// The nodes that have no parent.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        self.siblings(0, self.nodes.len())
    }

    /// The children of a node.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> {
        self.siblings(node + 1, self.nodes.get(node).map_or(0, |node| node.end))
    }

    fn siblings(&self, first: usize, end: usize) -> impl Iterator<Item = usize> {
        let next = |node: &usize| self.nodes.get(*node).map(|node| node.end);
        std::iter::successors(Some(first), next).take_while(move |node| *node < end)
    }

    /// Time of each node in which none of its children ran, in nanoseconds.
    pub fn self_times_ns(&self) -> Vec<u64> {
        let self_time = |(index, node): (usize, &Node)| {
            let mut covered_ns = 0;
            // Children come by their start.
            let mut until_ns = node.start_ns;
            for child in self.children(index).map(|child| &self.nodes[child]) {
                let from_ns = child.start_ns.max(until_ns);
                let to_ns = child.end_ns.min(node.end_ns);
                covered_ns += to_ns.saturating_sub(from_ns);
                until_ns = until_ns.max(to_ns);
            }
            node.duration_ns().saturating_sub(covered_ns)
        };
        self.nodes.iter().enumerate().map(self_time).collect()
    }
}

/// Start and end of all spans: those that do not say it are where the nearest ancestor begins that does, or the trace.
fn times(links: &[Link], parents: &[Parent]) -> Vec<(u64, u64)> {
    let start_ns = links.iter().filter_map(|link| link.times).map(|(start_ns, _)| start_ns).min();
    let mut times: Vec<Option<(u64, u64)>> = links.iter().map(|link| link.times).collect();
    let mut waiting = Vec::new();
    for first in 0..links.len() {
        let mut span = first;
        while span != NONE && times[span].is_none() {
            waiting.push(span);
            span = parents[span].span;
        }
        let ancestor = times.get(span).copied().flatten().map(|(start_ns, _)| start_ns);
        let at_ns = ancestor.or(start_ns).unwrap_or_default();
        waiting.drain(..).for_each(|span| times[span] = Some((at_ns, at_ns)));
    }
    times.into_iter().flatten().collect()
}

/// Within a process there is one clock: there, a span that starts before its parent was made so. A server may go on
/// after its client has given up, but not begin then.
fn mark_skewed(nodes: &mut [Node], links: &[Link]) {
    for index in 0..nodes.len() {
        let Some(above) = nodes[index].parent.map(|parent| nodes[parent]) else { continue };
        let node = &mut nodes[index];
        let (link, parent) = (&links[node.span], &links[above.span]);
        let is_request = (parent.kind, link.kind) == (SPAN_KIND_CLIENT, SPAN_KIND_SERVER);
        node.is_skewed = link.process != parent.process
            && node.has_time
            && above.has_time
            && (node.start_ns < above.start_ns || is_request && node.start_ns > above.end_ns);
    }
}

fn preorder(links: &[Link], times: &[(u64, u64)], parents: &[Parent], order: &[usize]) -> Vec<Node> {
    // Of every span the first child and the next sibling.
    let mut first_child = vec![NONE; links.len()];
    let mut next_sibling = vec![NONE; links.len()];
    let mut first_root = NONE;
    for span in order.iter().rev() {
        let first = match parents[*span].span {
            NONE => &mut first_root,
            parent => &mut first_child[parent],
        };
        next_sibling[*span] = std::mem::replace(first, *span);
    }
    let mut nodes: Vec<Node> = Vec::with_capacity(links.len());
    let mut waiting = vec![(first_root, None, 0)];
    while let Some((span, parent, depth)) = waiting.pop() {
        if span == NONE {
            continue;
        }
        let (index, (start_ns, end_ns)) = (nodes.len(), times[span]);
        nodes.push(Node {
            span,
            parent,
            depth,
            children: 0,
            end: index + 1,
            descent: parents[span].descent,
            start_ns,
            end_ns: end_ns.max(start_ns),
            has_time: links[span].times.is_some(),
            is_skewed: false,
        });
        waiting.push((next_sibling[span], parent, depth));
        waiting.push((first_child[span], Some(index), depth + 1));
    }
    for index in (0..nodes.len()).rev() {
        let Node { end, parent, .. } = nodes[index];
        if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
            parent.end = parent.end.max(end);
            parent.children += 1;
        }
    }
    nodes
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn link(span_id: u64, parent_id: u64, start_ns: u64, end_ns: u64) -> Link {
        Link { span_id, parent_id, times: Some((start_ns, end_ns)), kind: 0, process: 0 }
    }

    /// Spans with any parents: missing, themselves, in circles; and some that share an id.
    pub(crate) fn links() -> impl Strategy<Value = Vec<Link>> {
        let link = (0..30_u64, 0..40_u64, 0..100_u64, 0..100_u64).prop_map(
            |(span_id, parent_id, start_ns, took_ns)| link(span_id, parent_id, start_ns, start_ns + took_ns),
        );
        prop::collection::vec(link, 0..40)
    }

    /// Depth and id of every span.
    fn shape(links: &[Link]) -> Vec<(usize, u64)> {
        Tree::of(links).nodes.iter().map(|node| (node.depth, links[node.span].span_id)).collect()
    }

    #[test]
    fn siblings_stand_by_start_and_then_by_id() {
        let links = [
            link(1, 0, 0, 100),
            link(5, 1, 20, 30),
            link(4, 1, 10, 20),
            link(3, 1, 20, 25),
            link(2, 4, 11, 12),
        ];
        assert_eq!(shape(&links), [(0, 1), (1, 4), (2, 2), (1, 3), (1, 5)]);
        let tree = Tree::of(&links);
        assert_eq!(tree.children(0).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(tree.roots().collect::<Vec<_>>(), [0]);
        assert_eq!(tree.nodes[0].children, 3);
    }

    #[test]
    fn a_circle_is_cut_at_its_earliest_span() {
        // 2 -> 3 -> 4 -> 2, with 5 hanging on it; 6 is its own parent.
        let links =
            [link(2, 4, 10, 20), link(3, 2, 5, 20), link(4, 3, 7, 20), link(5, 4, 1, 2), link(6, 6, 50, 60)];
        assert_eq!(shape(&links), [(0, 3), (1, 4), (2, 5), (2, 2), (0, 6)]);
        let descents: Vec<_> = Tree::of(&links).nodes.iter().map(|node| node.descent).collect();
        let (cycle, child) = (Descent::Cycle, Descent::Child);
        assert_eq!(descents, [cycle, child, child, child, cycle]);
    }

    #[test]
    fn children_of_an_id_that_is_there_twice_belong_to_the_earliest() {
        let links = [link(1, 0, 50, 60), link(1, 0, 0, 10), link(2, 1, 55, 56)];
        let tree = Tree::of(&links);
        let found: Vec<_> = tree.nodes.iter().map(|node| (node.depth, node.span)).collect();
        assert_eq!(found, [(0, 1), (1, 2), (0, 0)]);
    }

    #[test]
    fn self_time_is_what_no_child_covers() {
        // The children overlap; one goes on after its parent, one was before it.
        let links = [
            link(1, 0, 100, 200),
            link(2, 1, 110, 130),
            link(3, 1, 120, 140),
            link(4, 1, 190, 300),
            link(5, 1, 50, 105),
        ];
        let tree = Tree::of(&links);
        assert_eq!(tree.self_times_ns()[0], 100 - 5 - 30 - 10);
    }

    #[test]
    fn what_does_not_say_when_it_was_is_where_its_parent_begins() {
        let unknown = |span_id, parent_id| Link { times: None, ..link(span_id, parent_id, 0, 0) };
        let links = [
            unknown(9, 0),
            link(1, 0, 20, 100),
            link(2, 1, 30, 50),
            unknown(3, 2),
            unknown(4, 3),
            link(6, 4, 40, 45),
            link(7, 2, 30, 35),
            link(8, 77, 10, 15),
        ];
        let tree = Tree::of(&links);
        let found: Vec<_> = tree
            .nodes
            .iter()
            .map(|node| (links[node.span].span_id, node.depth, node.start_ns, node.end_ns, node.has_time))
            .collect();
        assert_eq!(
            found,
            [
                (8, 0, 10, 15, true),
                (9, 0, 10, 10, false),
                (1, 0, 20, 100, true),
                (2, 1, 30, 50, true),
                (7, 2, 30, 35, true),
                (3, 2, 30, 30, false),
                (4, 3, 30, 30, false),
                (6, 4, 40, 45, true),
            ]
        );
        let none = Tree::of(&[unknown(2, 1), unknown(1, 2)]);
        assert_eq!(
            none.nodes.iter().map(|node| (node.span, node.start_ns)).collect::<Vec<_>>(),
            [(1, 0), (0, 0)]
        );
    }

    #[test]
    fn a_long_chain_does_not_overflow() {
        let links: Vec<Link> = (1..=100_000).map(|id| link(id, id - 1, id, 300_000 - id)).collect();
        let tree = Tree::of(&links);
        assert_eq!(tree.nodes.last().map(|node| node.depth), Some(99_999));
    }

    proptest! {
        #[test]
        fn every_span_has_one_place(links in links()) {
            let tree = Tree::of(&links);
            let mut spans: Vec<usize> = tree.nodes.iter().map(|node| node.span).collect();
            spans.sort_unstable();
            prop_assert!(spans.into_iter().eq(0..links.len()));
            for (index, node) in tree.nodes.iter().enumerate() {
                let link = links[node.span];
                match node.parent {
                    Some(parent) => {
                        prop_assert_eq!(links[tree.nodes[parent].span].span_id, link.parent_id);
                        prop_assert_eq!(node.depth, tree.nodes[parent].depth + 1);
                        prop_assert!(parent < index && node.end <= tree.nodes[parent].end);
                    }
                    None => prop_assert_eq!(node.depth, 0),
                }
                let is_there = link.parent_id != 0 && links.iter().any(|other| other.span_id == link.parent_id);
                prop_assert_eq!(node.descent == Descent::MissingParent, link.parent_id != 0 && !is_there);
                prop_assert_eq!(node.children, tree.children(index).count());
            }
        }
    }
}
