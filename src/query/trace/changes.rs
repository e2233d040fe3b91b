//! What people look for in a comparison: what became slower or faster, where most of the difference is, and the rest in few
//! rows.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::compare::{Change, Comparison, Place};

/// How much longer the spans of a place take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// Longer.
    Slower,
    /// Shorter.
    Faster,
}

impl Speed {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Speed::Slower => "slower",
            Speed::Faster => "faster",
        }
    }
}

/// Below this factor between them two durations are the same: spans of the same code always differ a little.
const LEAST_FACTOR: f64 = 1.2;

/// A difference of less than this part of the longer trace makes no difference.
const LEAST_PART: f64 = 0.01;

/// A place that is shown, alone or for a run of siblings that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The place; of a run, the first.
    pub place: usize,
    /// The last sibling that it stands for.
    pub last: usize,
    /// How many siblings it stands for.
    pub siblings: usize,
    /// Their durations in each trace, in nanoseconds.
    pub durations_ns: (Option<u64>, Option<u64>),
}

/// Operations of a service, and by how much longer they are on the critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The service.
    pub service: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// Places at which it differs.
    pub places: usize,
    /// By how much, in nanoseconds.
    pub delta_ns: i64,
}

/// Fewer siblings are shown one by one.
const SHORTEST: usize = 3;

impl<'a> Comparison<'a> {
    /// Whether its spans became slower or faster, by more than they would by chance.
    pub fn speed(&self, place: &Place) -> Option<Speed> {
        let (Some(before), Some(after)) = self.durations_ns(place) else { return None };
        let (shorter, longer) = (before.min(after) as f64, before.max(after) as f64);
        let whole = self.before.duration_ns().max(self.after.duration_ns()) as f64;
        let is_notable = longer >= shorter * LEAST_FACTOR && longer - shorter >= whole * LEAST_PART;
        let speed = if after > before { Speed::Slower } else { Speed::Faster };
        (is_notable && longer > shorter).then_some(speed)
    }

    /// The causes by operation, those with the largest part in the difference first.
    pub fn causes_by_operation(&'a self) -> Vec<Cause<'a>> {
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        let mut causes: Vec<Cause<'a>> = Vec::new();
        for (place, delta_ns) in self.causes() {
            let Some(place) = self.places.get(place) else { continue };
            let (service, operation, _) = self.names(place);
            let at = *known.entry((service, operation)).or_insert(causes.len());
            match causes.get_mut(at) {
                Some(cause) => {
                    cause.places += 1;
                    cause.delta_ns = cause.delta_ns.saturating_add(delta_ns);
                }
                None => causes.push(Cause { service, operation, places: 1, delta_ns }),
            }
        }
        causes.retain(|cause| cause.delta_ns != 0);
        // A stable sort: of those that are as large, that with the largest place comes first.
        causes.sort_by_key(|cause| Reverse(cause.delta_ns.unsigned_abs()));
        causes
    }

    /// The rows of the comparison; where they are folded, siblings in a row that are alike in both traces, are all new or
    /// are all missing, are one row with what they called. None of these failed.
    pub fn rows(&self, fold: bool) -> Vec<Row> {
        let folding = fold.then(|| Folding::of(self));
        let mut rows = Vec::new();
        let mut place = 0;
        while let Some(first) = self.places.get(place) {
            let run = folding.as_ref().map(|folding| folding.run(self, place)).unwrap_or_default();
            if run.len() >= SHORTEST {
                let durations_ns = || {
                    run.iter()
                        .filter_map(|place| self.places.get(*place))
                        .map(|place| self.durations_ns(place))
                };
                let sum =
                    |ns: &mut dyn Iterator<Item = Option<u64>>| ns.flatten().reduce(u64::saturating_add);
                let durations_ns = (
                    sum(&mut durations_ns().map(|(before, _)| before)),
                    sum(&mut durations_ns().map(|(_, after)| after)),
                );
                let last = run.last().copied().unwrap_or(place);
                rows.push(Row { place, last, siblings: run.len(), durations_ns });
                place =
                    folding.as_ref().and_then(|folding| folding.ends.get(last)).copied().unwrap_or(last + 1);
            } else {
                rows.push(Row { place, last: place, siblings: 1, durations_ns: self.durations_ns(first) });
                place += 1;
            }
        }
        rows
    }
}

/// What is known of the subtrees of places.
struct Folding {
    /// The place behind each subtree.
    ends: Vec<usize>,
    /// Whether something in it is to be seen: it failed, or became slower or faster.
    is_notable: Vec<bool>,
    /// Whether something in it is not in both.
    is_changed: Vec<bool>,
}

impl Folding {
    fn of(comparison: &Comparison<'_>) -> Folding {
        let places = &comparison.places;
        let mut ends = vec![places.len(); places.len()];
        let mut parents = vec![None; places.len()];
        let mut open: Vec<usize> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            for closed in open.drain(place.depth.min(open.len())..) {
                ends[closed] = index;
            }
            parents[index] = open.last().copied();
            open.push(index);
        }
        let has_error = |place: &Place| {
            place.before.is_some_and(|span| comparison.before.spans[span].is_error())
                || place.after.is_some_and(|span| comparison.after.spans[span].is_error())
        };
        let mut is_notable: Vec<bool> =
            places.iter().map(|place| has_error(place) || comparison.speed(place).is_some()).collect();
        let mut is_changed: Vec<bool> =
            places.iter().map(|place| comparison.change(place) != Change::Same).collect();
        for (index, parent) in parents.iter().enumerate().rev() {
            let Some(parent) = *parent else { continue };
            is_notable[parent] |= is_notable[index];
            is_changed[parent] |= is_changed[index];
        }
        Folding { ends, is_notable, is_changed }
    }

    /// The siblings that are alike, from one on.
    fn run(&self, comparison: &Comparison<'_>, first: usize) -> Vec<usize> {
        let Some(place) = comparison.places.get(first) else { return Vec::new() };
        let change = comparison.change(place);
        let is_plain =
            |index: usize| !self.is_notable[index] && (change != Change::Same || !self.is_changed[index]);
        let is_alike = |index: &usize| {
            comparison.places.get(*index).is_some_and(|other| {
                other.depth == place.depth
                    && comparison.change(other) == change
                    && comparison.names(other) == comparison.names(place)
                    && is_plain(*index)
            })
        };
        let siblings = std::iter::successors(Some(first), |index| self.ends.get(*index).copied());
        siblings.take_while(is_alike).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compare::compare;
    use super::super::model::tests::trace;
    use super::super::tree::tests::links;
    use super::*;

    proptest! {
        #[test]
        fn nothing_to_be_seen_is_folded(one in links(), other in links()) {
            let (before, after) = (trace(&one), trace(&other));
            let comparison = compare(&before, &after);
            prop_assert!(comparison.rows(false).iter().map(|row| row.place).eq(0..comparison.places.len()));
            let rows = comparison.rows(true);
            prop_assert_eq!(rows.first().map(|row| row.place), (!comparison.places.is_empty()).then_some(0));
            let ends = rows.iter().skip(1).map(|row| row.place).chain([comparison.places.len()]);
            for (row, end) in rows.iter().zip(ends) {
                let first = comparison.places[row.place];
                prop_assert!(row.place < end && row.place <= row.last && row.last < end);
                prop_assert!(row.siblings > 1 || end == row.place + 1);
                for place in &comparison.places[row.place..end] {
                    prop_assert_eq!(comparison.change(place), comparison.change(&first));
                    prop_assert!(row.siblings == 1 || comparison.speed(place).is_none());
                }
                let siblings = comparison.places[row.place..end].iter().filter(|place| place.depth == first.depth);
                prop_assert_eq!(siblings.count(), row.siblings);
            }
        }

        #[test]
        fn operations_add_up_to_the_causes(one in links(), other in links()) {
            let (before, after) = (trace(&one), trace(&other));
            let comparison = compare(&before, &after);
            let sum = |deltas: &mut dyn Iterator<Item = i64>| deltas.sum::<i64>();
            let by_place = sum(&mut comparison.causes().iter().map(|(_, delta_ns)| *delta_ns));
            let by_operation = comparison.causes_by_operation();
            prop_assert_eq!(sum(&mut by_operation.iter().map(|cause| cause.delta_ns)), by_place);
        }
    }

    #[test]
    fn a_difference_that_makes_none_is_not_marked() {
        use super::super::tree::tests::link;
        let of = |root: u64, child: u64| trace(&[link(1, 0, 0, root), link(2, 1, 0, child)]);
        let speed = |one: (u64, u64), other: (u64, u64)| {
            let (before, after) = (of(one.0, one.1), of(other.0, other.1));
            let comparison = compare(&before, &after);
            comparison.places.iter().map(|place| comparison.speed(place)).collect::<Vec<_>>()
        };
        assert_eq!(speed((1000, 100), (1100, 119)), [None, None]);
        assert_eq!(speed((1000, 100), (1200, 120)), [Some(Speed::Slower), Some(Speed::Slower)]);
        assert_eq!(speed((1200, 120), (1000, 100)), [Some(Speed::Faster), Some(Speed::Faster)]);
        // Three times as long, of a thousandth.
        assert_eq!(speed((10_000, 10), (10_000, 30)), [None, None]);
        assert_eq!(speed((100, 0), (100, 5)), [None, Some(Speed::Slower)]);
        assert_eq!(speed((0, 0), (0, 0)), [None, None]);
    }
}
