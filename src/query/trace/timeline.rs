//! The times that critical paths and times of their own are computed from, where those that were sent are not right.
//!
//! A span that is marked as skewed is moved into its parent with all its descendants, as Jaeger's clock skew adjuster
//! does: to the middle, as if the way there had taken as long as the way back, or to its beginning where it is longer.
//! A span whose parent is not stored belongs to the last span that began before it and ended after it, or else to the
//! one that goes on the longest of those that ran when it began, so that no time counts twice.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::critical_path;
use super::tree::{Descent, Link, Node, Tree};

/// A tree with corrected times and, for that alone, other parents of some nodes.
#[derive(Debug)]
pub struct Timeline<'a> {
    tree: Cow<'a, Tree>,
    /// By node of the tree as it was sent, by how much it was moved; empty where none was.
    moved_ns: Vec<i64>,
}

impl Timeline<'_> {
    /// The corrected times of a tree.
    pub fn of(tree: &Tree) -> Timeline<'_> {
        let is_skewed = tree.nodes.iter().any(|node| node.is_skewed);
        let has_orphans = tree.roots().any(|root| tree.nodes[root].descent == Descent::MissingParent);
        let has_adopters = tree.roots().nth(1).is_some();
        if !(is_skewed || has_orphans && has_adopters) {
            return Timeline { tree: Cow::Borrowed(tree), moved_ns: Vec::new() };
        }
        let moved_ns = moves(tree);
        let mut links: Vec<Link> = tree
            .nodes
            .iter()
            .zip(&moved_ns)
            .zip(1..)
            .map(|((node, moved_ns), span_id)| {
                let time = |ns: u64| ns.saturating_add_signed(*moved_ns);
                let parent_id = node.parent.map_or(0, |parent| parent as u64 + 1);
                let times = Some((time(node.start_ns), time(node.end_ns)));
                Link { span_id, parent_id, times, kind: 0, process: 0 }
            })
            .collect();
        adopt(tree, &mut links);
        Timeline { tree: Cow::Owned(Tree::of(&links)), moved_ns }
    }

    /// Calls `each` with a node and an interval of its own on the critical path, as [`critical_path::walk`] does; both
    /// are those of the tree as it was sent.
    pub fn walk(&self, mut each: impl FnMut(usize, u64, u64)) {
        critical_path::walk(&self.tree, |node, from_ns, to_ns| {
            let node = self.sent(node);
            let moved_ns = self.moved_ns.get(node).copied().unwrap_or_default().saturating_neg();
            each(node, from_ns.saturating_add_signed(moved_ns), to_ns.saturating_add_signed(moved_ns));
        });
    }

    /// The intervals of every node on the path, from and to, in ascending order.
    pub fn intervals(&self) -> Vec<Vec<(u64, u64)>> {
        let mut intervals = vec![Vec::new(); self.tree.nodes.len()];
        self.walk(|node, from_ns, to_ns| intervals[node].push((from_ns, to_ns)));
        intervals.iter_mut().for_each(|intervals| intervals.reverse());
        intervals
    }

    /// Time of each node in which none of its children ran, in nanoseconds.
    pub fn self_times_ns(&self) -> Vec<u64> {
        let mut sent = vec![0; self.tree.nodes.len()];
        let times_ns = self.tree.self_times_ns();
        times_ns.into_iter().enumerate().for_each(|(node, ns)| sent[self.sent(node)] = ns);
        sent
    }

    /// A node as one of the tree that was sent.
    fn sent(&self, node: usize) -> usize {
        match &self.tree {
            Cow::Borrowed(_) => node,
            Cow::Owned(tree) => tree.nodes[node].span,
        }
    }
}

/// By how much each node is moved.
fn moves(tree: &Tree) -> Vec<i64> {
    let mut moved_ns: Vec<i64> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        // Parents stand before their children.
        let own = node.parent.filter(|_| node.is_skewed).map_or(0, |parent| into(node, &tree.nodes[parent]));
        let of_parent = node.parent.map_or(0, |parent| moved_ns[parent]);
        moved_ns.push(of_parent.saturating_add(own));
    }
    moved_ns
}

/// By how much a node is moved into its parent.
fn into(node: &Node, parent: &Node) -> i64 {
    let latency_ns = parent.duration_ns().saturating_sub(node.duration_ns()) / 2;
    let moved_ns = i128::from(parent.start_ns) + i128::from(latency_ns) - i128::from(node.start_ns);
    moved_ns.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Gives every span whose parent is not stored another one, as far as there is one.
fn adopt(tree: &Tree, links: &mut [Link]) {
    let times: Vec<(u64, u64)> = links.iter().map(|link| link.times.unwrap_or_default()).collect();
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|node| (times[*node].0, Reverse(times[*node].1), *node));
    let mut roots = Roots::of(tree);
    // Those that go on the longest, by their ends: of two that do the one that began later is closer.
    let mut running: Vec<usize> = Vec::new();
    for node in order {
        let (start_ns, end_ns) = times[node];
        if tree.nodes[node].descent == Descent::MissingParent {
            let around = running.partition_point(|other| times[*other].1 >= end_ns);
            let closest = around.checked_sub(1).and_then(|last| running.get(last));
            let longest = running.first().filter(|other| times[**other].1 > start_ns);
            let candidates = closest.into_iter().chain(longest);
            // One of its own descendants is none.
            if let Some(parent) = candidates.copied().find(|parent| roots.find(*parent) != node) {
                links[node].parent_id = parent as u64 + 1;
                roots.0[node] = parent;
            }
        }
        while running.pop_if(|other| times[*other].1 <= end_ns).is_some() {}
        running.push(node);
    }
}

/// Of every node one that is nearer to its root; a root is its own.
struct Roots(Vec<usize>);

impl Roots {
    fn of(tree: &Tree) -> Roots {
        let mut roots: Vec<usize> = Vec::with_capacity(tree.nodes.len());
        for (index, node) in tree.nodes.iter().enumerate() {
            roots.push(node.parent.map_or(index, |parent| roots[parent]));
        }
        Roots(roots)
    }

    fn find(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::tests::{link, links};
    use super::*;
    use crate::otlp::proto::{SPAN_KIND_CLIENT, SPAN_KIND_SERVER};

    /// The id of a span, its intervals on the path and its own time.
    type OnPath = (u64, Vec<(u64, u64)>, u64);

    fn path(links: &[Link]) -> Vec<OnPath> {
        let tree = Tree::of(links);
        let timeline = Timeline::of(&tree);
        let ids = tree.nodes.iter().map(|node| links[node.span].span_id);
        let mut path: Vec<OnPath> = ids
            .zip(timeline.intervals().into_iter().zip(timeline.self_times_ns()))
            .map(|(id, (intervals, self_ns))| (id, intervals, self_ns))
            .collect();
        path.sort();
        path
    }

    fn elsewhere(span_id: u64, parent_id: u64, start_ns: u64, end_ns: u64) -> Link {
        Link { kind: SPAN_KIND_SERVER, process: 1, ..link(span_id, parent_id, start_ns, end_ns) }
    }

    #[test]
    fn what_another_clock_has_moved_is_moved_back() {
        let client = Link { kind: SPAN_KIND_CLIENT, ..link(1, 0, 1000, 1100) };
        // The server is 5000 late, its child with it; both keep their distance.
        let links = [client, elsewhere(2, 1, 6000, 6080), Link { kind: 1, ..elsewhere(3, 2, 6020, 6040) }];
        let expected = [
            (1, vec![(1000, 1010), (1090, 1100)], 20),
            (2, vec![(6000, 6020), (6040, 6080)], 60),
            (3, vec![(6020, 6040)], 20),
        ];
        assert_eq!(path(&links), expected);
        // It is 500 early, and longer than its parent.
        let links = [client, elsewhere(2, 1, 500, 700)];
        assert_eq!(path(&links), [(1, vec![], 0), (2, vec![(500, 600)], 200)]);
        // A server that goes on after its client has given up is on time.
        let links = [client, elsewhere(2, 1, 1050, 1300)];
        assert_eq!(path(&links), [(1, vec![(1000, 1050)], 50), (2, vec![(1050, 1100)], 250)]);
        // So is what was only started there.
        let links = [Link { kind: 4, ..client }, Link { kind: 5, ..elsewhere(2, 1, 6000, 6080) }];
        assert_eq!(path(&links), [(1, vec![(1000, 1100)], 100), (2, vec![], 80)]);
    }

    #[test]
    fn time_of_a_span_without_its_parent_counts_once() {
        let links = [
            link(1, 0, 0, 100),
            link(2, 1, 2, 98),
            link(3, 77, 5, 95),
            // Within the one before, though they are of one parent that is not there.
            link(4, 77, 10, 20),
            // Beyond the end of all.
            link(5, 77, 99, 200),
            // Beside all.
            link(6, 77, 300, 310),
        ];
        let found = path(&links);
        let total: u64 =
            found.iter().flat_map(|(_, intervals, _)| intervals).map(|(from, to)| to - from).sum();
        assert_eq!(total, 100 + 10);
        let intervals: Vec<_> = found.into_iter().map(|(id, intervals, _)| (id, intervals)).collect();
        assert_eq!(
            intervals,
            [
                (1, vec![(0, 2), (98, 99)]),
                (2, vec![(2, 5), (95, 98)]),
                (3, vec![(5, 10), (20, 95)]),
                (4, vec![(10, 20)]),
                (5, vec![(99, 100)]),
                (6, vec![(300, 310)]),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_time_after_the_first_root_began_counts_twice(links in links(), kinds in prop::collection::vec(0..6_i32, 40)) {
            let mut links = links;
            for (number, (link, kind)) in links.iter_mut().zip(kinds).enumerate() {
                (link.kind, link.process) = (kind, number as u32 % 3);
                // Everything but the first span misses its parent.
                link.parent_id = if link.parent_id == 0 { 99 } else { link.parent_id };
            }
            links.push(link(98, 0, 0, 1000));
            let tree = Tree::of(&links);
            let timeline = Timeline::of(&tree);
            let total: u64 = timeline.intervals().iter().flatten().map(|(from, to)| to - from).sum();
            let cycles: u64 = tree.roots().map(|root| tree.nodes[root])
                .filter(|node| node.descent == Descent::Cycle).map(|node| node.duration_ns()).sum();
            prop_assert!((1000..=1000 + cycles).contains(&total), "{} {}", total, cycles);
            for (node, (intervals, self_ns)) in
                tree.nodes.iter().zip(timeline.intervals().iter().zip(timeline.self_times_ns()))
            {
                prop_assert!(self_ns <= node.duration_ns());
                prop_assert!(intervals.iter().all(|(from, to)| node.start_ns <= *from && from < to && *to <= node.end_ns));
            }
        }
    }
}
