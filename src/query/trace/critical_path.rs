//! The critical path: the spans that a trace had to wait for, moment by moment.
//!
//! As Jaeger's UI computes it. The walk goes back from the end of a root. At any moment the child that finished last
//! before it is what the span had waited for: the time since then is the span's own, the walk goes on inside that
//! child, and then at its start with the next child that had finished by then. A child that overlaps a later one was
//! not waited for and is not on the path.
//!
//! What goes on after its parent has ended, or began before it, counts as far as it lies inside the parent. Every root
//! has a path of its own, which is as long as the root; the times of roots that overlap are on both paths. The trees
//! that are walked have corrected times and parents, see [`Timeline`](super::timeline::Timeline).

use super::tree::Tree;

/// Calls `each` with a node and an interval of its own on the path, from and to, in nanoseconds since the epoch;
/// the intervals of a node come from the last to the first.
pub fn walk(tree: &Tree, mut each: impl FnMut(usize, u64, u64)) {
    let mut children = Vec::new();
    // Nodes on the path with the part of their time that their ancestors leave them.
    let mut waiting: Vec<(usize, u64, u64)> = Vec::new();
    for root in tree.roots() {
        waiting.push((root, tree.nodes[root].start_ns, tree.nodes[root].end_ns));
        while let Some((node, from_ns, to_ns)) = waiting.pop() {
            children.clear();
            children.extend(tree.children(node).map(|child| {
                let (start_ns, end_ns) = (tree.nodes[child].start_ns, tree.nodes[child].end_ns);
                (start_ns.max(from_ns), end_ns.min(to_ns), child)
            }));
            children.retain(|(start_ns, end_ns, _)| start_ns < end_ns);
            // The last to finish first; of those that finished together, the longest.
            children
                .sort_unstable_by_key(|(start_ns, end_ns, child)| (u64::MAX - *end_ns, *start_ns, *child));
            let mut now_ns = to_ns;
            for (start_ns, end_ns, child) in &children {
                if *end_ns > now_ns {
                    continue;
                }
                if *end_ns < now_ns {
                    each(node, *end_ns, now_ns);
                }
                waiting.push((*child, *start_ns, *end_ns));
                now_ns = *start_ns;
            }
            if from_ns < now_ns {
                each(node, from_ns, now_ns);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::tests::{link, links};
    use super::*;

    /// The intervals of every node on the path, from and to, in ascending order.
    fn intervals(tree: &Tree) -> Vec<Vec<(u64, u64)>> {
        let mut intervals = vec![Vec::new(); tree.nodes.len()];
        walk(tree, |node, from_ns, to_ns| intervals[node].push((from_ns, to_ns)));
        intervals.iter_mut().for_each(|intervals| intervals.reverse());
        intervals
    }

    fn path(links: &[super::super::tree::Link]) -> Vec<(u64, Vec<(u64, u64)>)> {
        let tree = Tree::of(links);
        let ids = tree.nodes.iter().map(|node| links[node.span].span_id);
        ids.zip(intervals(&tree)).filter(|(_, intervals)| !intervals.is_empty()).collect()
    }

    #[test]
    fn it_goes_back_from_child_to_child() {
        let links = [link(1, 0, 0, 100), link(2, 1, 10, 40), link(3, 1, 50, 90), link(4, 3, 60, 70)];
        assert_eq!(
            path(&links),
            [
                (1, vec![(0, 10), (40, 50), (90, 100)]),
                (2, vec![(10, 40)]),
                (3, vec![(50, 60), (70, 90)]),
                (4, vec![(60, 70)]),
            ]
        );
    }

    #[test]
    fn what_overlaps_a_later_child_was_not_waited_for() {
        let links = [link(1, 0, 0, 100), link(2, 1, 10, 60), link(3, 1, 50, 90), link(4, 1, 5, 50)];
        assert_eq!(path(&links), [(1, vec![(0, 5), (90, 100)]), (4, vec![(5, 50)]), (3, vec![(50, 90)])]);
    }

    #[test]
    fn of_a_child_that_goes_on_what_is_inside_counts() {
        let links = [
            link(1, 0, 10, 100),
            link(2, 1, 80, 500),
            link(3, 2, 90, 400),
            link(4, 1, 0, 20),
            link(5, 1, 200, 300),
        ];
        assert_eq!(
            path(&links),
            [(1, vec![(20, 80)]), (4, vec![(10, 20)]), (2, vec![(80, 90)]), (3, vec![(90, 100)])]
        );
    }

    #[test]
    fn a_long_chain_does_not_overflow() {
        let links: Vec<_> = (1..=100_000).map(|id| link(id, id - 1, id, 300_000 - id)).collect();
        let tree = Tree::of(&links);
        let mut total_ns = 0;
        walk(&tree, |_, from_ns, to_ns| total_ns += to_ns - from_ns);
        assert_eq!(total_ns, tree.nodes[0].duration_ns());
    }

    proptest! {
        #[test]
        fn the_path_of_a_root_is_as_long_as_the_root(links in links()) {
            let tree = Tree::of(&links);
            let intervals = intervals(&tree);
            for root in tree.roots() {
                let mut parts: Vec<(u64, u64)> =
                    (root..tree.nodes[root].end).flat_map(|node| intervals[node].iter().copied()).collect();
                parts.sort_unstable();
                let sum: u64 = parts.iter().map(|(from_ns, to_ns)| to_ns - from_ns).sum();
                prop_assert_eq!(sum, tree.nodes[root].duration_ns());
                prop_assert!(parts.windows(2).all(|pair| pair[0].1 == pair[1].0), "{parts:?}");
            }
            for (node, intervals) in tree.nodes.iter().zip(&intervals) {
                let is_inside = |(from_ns, to_ns): &(u64, u64)| {
                    node.start_ns <= *from_ns && from_ns < to_ns && *to_ns <= node.end_ns
                };
                prop_assert!(intervals.iter().all(is_inside));
            }
        }
    }
}
