//! Two traces side by side: which spans took longer, which are new and which are missing.
//!
//! Spans are the same where they stand at the same place: service, operation and kind on the way from the root, and of
//! siblings that are alike the first with the first, in the order of their start. Where one trace has more of these, it
//! is as many of them, in that order, as differ the least in their durations.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::alignment::align;
use super::model::Trace;
use crate::otlp::proto::STATUS_CODE_ERROR;

/// The comparison of two traces.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// The first.
    pub before: &'a Trace,
    /// The second.
    pub after: &'a Trace,
    /// All places of both, parents before their children.
    pub places: Vec<Place>,
}

/// A place in the tree of either trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Ancestors that it has.
    pub depth: usize,
    /// Whether a sibling follows.
    pub has_next: bool,
    /// The span of the first trace.
    pub before: Option<usize>,
    /// The span of the second trace.
    pub after: Option<usize>,
}

/// How the spans of a place differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is in both, and either both failed or none.
    Same,
    /// It is in the second trace alone.
    New,
    /// It is in the first trace alone.
    Missing,
    /// It failed in the second trace, not in the first.
    Failed,
    /// It failed in the first trace, not in the second.
    Recovered,
}

impl Change {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Change::Same => "same",
            Change::New => "new",
            Change::Missing => "missing",
            Change::Failed => "failed",
            Change::Recovered => "recovered",
        }
    }
}

/// Compares two traces.
pub fn compare<'a>(before: &'a Trace, after: &'a Trace) -> Comparison<'a> {
    let mut places = Vec::new();
    let mut waiting = pairs(before, after, None);
    while let Some(place) = waiting.pop() {
        places.push(place);
        waiting.extend(pairs(before, after, Some(place)));
    }
    Comparison { before, after, places }
}

/// The places under a place, the last first; under none, those of the roots.
fn pairs(before: &Trace, after: &Trace, parent: Option<Place>) -> Vec<Place> {
    let children = |trace: &Trace, span: fn(&Place) -> Option<usize>| -> Vec<usize> {
        match parent {
            None => trace.tree.roots().collect(),
            Some(parent) => span(&parent).map(|span| trace.tree.children(span).collect()).unwrap_or_default(),
        }
    };
    let (left, right) = (children(before, |place| place.before), children(after, |place| place.after));
    let mut alike: HashMap<_, [Vec<usize>; 2]> = HashMap::new();
    left.iter().for_each(|span| alike.entry(key(before, *span)).or_default()[0].push(*span));
    right.iter().for_each(|span| alike.entry(key(after, *span)).or_default()[1].push(*span));
    let durations_ns = |trace: &Trace, spans: &[usize]| -> Vec<u64> {
        spans.iter().map(|span| trace.spans[*span].duration_ns()).collect()
    };
    let mut partners: HashMap<usize, usize> = HashMap::new();
    let mut new: Vec<usize> = Vec::new();
    for [left, right] in alike.into_values() {
        let mut is_new = vec![true; right.len()];
        for (one, other) in align(&durations_ns(before, &left), &durations_ns(after, &right)) {
            partners.insert(left[one], right[other]);
            is_new[other] = false;
        }
        new.extend(right.into_iter().zip(is_new).filter(|(_, is_new)| *is_new).map(|(span, _)| span));
    }
    new.sort_unstable();
    let depth = parent.map_or(0, |parent| parent.depth + 1);
    let place = |before, after| Place { depth, has_next: true, before, after };
    let mut places: Vec<Place> = left.iter().map(|span| place(Some(*span), partners.remove(span))).collect();
    places.extend(new.into_iter().map(|span| place(None, Some(span))));
    // What is new stands where it began, from the beginning of its parent on.
    let begin =
        |trace: &Trace, span: Option<usize>| span.map(|span| trace.offset_ns(trace.spans[span].start_ns));
    let (parent_before, parent_after) = parent.map_or((None, None), |parent| (parent.before, parent.after));
    let offset = |place: &Place| match place.before {
        Some(_) => begin(before, place.before).unwrap_or(0) - begin(before, parent_before).unwrap_or(0),
        None => begin(after, place.after).unwrap_or(0) - begin(after, parent_after).unwrap_or(0),
    };
    places.sort_by_key(offset);
    if let Some(last) = places.last_mut() {
        last.has_next = false;
    }
    places.reverse();
    places
}

fn key(trace: &Trace, span: usize) -> (&str, &str, i32) {
    (trace.service(span), &trace.spans[span].operation, trace.spans[span].kind)
}

impl Comparison<'_> {
    /// Service, operation and kind of a place.
    pub fn names(&self, place: &Place) -> (&str, &str, String) {
        let (trace, span) = match (place.before, place.after) {
            (Some(span), _) => (self.before, span),
            (None, span) => (self.after, span.unwrap_or_default()),
        };
        let span_of = trace.spans.get(span);
        (
            trace.service(span),
            span_of.map_or("", |span| &span.operation),
            span_of.map_or_else(String::new, |span| span.kind_name()),
        )
    }

    /// How long it took in each, in nanoseconds.
    pub fn durations_ns(&self, place: &Place) -> (Option<u64>, Option<u64>) {
        let duration = |trace: &Trace, span: Option<usize>| span.map(|span| trace.spans[span].duration_ns());
        (duration(self.before, place.before), duration(self.after, place.after))
    }

    /// By how much longer the second took; `None` where either has none.
    pub fn delta_ns(&self, place: &Place) -> Option<i64> {
        delta_ns(self.durations_ns(place))
    }

    /// How many times as long the second took; `None` where either has none or the first took no time.
    pub fn ratio(&self, place: &Place) -> Option<f64> {
        ratio(self.durations_ns(place))
    }

    /// How its spans differ.
    pub fn change(&self, place: &Place) -> Change {
        let failed = |trace: &Trace, span: usize| trace.spans[span].status == STATUS_CODE_ERROR;
        match (place.before, place.after) {
            (None, _) => Change::New,
            (_, None) => Change::Missing,
            (Some(before), Some(after)) => match (failed(self.before, before), failed(self.after, after)) {
                (false, true) => Change::Failed,
                (true, false) => Change::Recovered,
                _ => Change::Same,
            },
        }
    }

    /// By how much longer the second trace took, in nanoseconds.
    pub fn total_delta_ns(&self) -> i64 {
        difference_ns(self.before.duration_ns(), self.after.duration_ns())
    }

    /// The places whose own time on the critical path has changed, and by how much, the most first.
    ///
    /// The critical path of a root is as long as the root: where both traces have one root, the changes add up to the
    /// change of the whole.
    pub fn causes(&self) -> Vec<(usize, i64)> {
        let own_ns = |trace: &Trace, span: Option<usize>| span.map_or(0, |span| trace.critical_path_ns(span));
        let delta = |(index, place): (usize, &Place)| {
            let (before, after) = (own_ns(self.before, place.before), own_ns(self.after, place.after));
            (index, difference_ns(before, after))
        };
        let mut causes: Vec<(usize, i64)> =
            self.places.iter().enumerate().map(delta).filter(|(_, delta_ns)| *delta_ns != 0).collect();
        causes.sort_by_key(|(index, delta_ns)| (Reverse(delta_ns.unsigned_abs()), *index));
        causes
    }

    /// The comparison as a JSON document, `obs.query.compare/1`.
    pub fn json(&self) -> Value {
        let side = |trace: &Trace| {
            json!({
                "trace_id": const_hex::encode(trace.id),
                "start": super::json::time(trace.start_ns()),
                "duration_ns": trace.duration_ns(),
                "spans": trace.spans.len(),
                "errors": trace.spans.iter().filter(|span| span.is_error()).count(),
            })
        };
        let cause = |(place, delta_ns): (usize, i64)| {
            let (service, operation, _) = self.names(&self.places[place]);
            json!({"node": place, "service": service, "operation": operation, "delta_ns": delta_ns})
        };
        let of = |change: Change| self.places.iter().filter(|place| self.change(place) == change).count();
        json!({
            "schema": "obs.query.compare/1",
            "before": side(self.before),
            "after": side(self.after),
            "delta_ns": self.total_delta_ns(),
            "new": of(Change::New),
            "missing": of(Change::Missing),
            "failed": of(Change::Failed),
            "recovered": of(Change::Recovered),
            "causes": self.causes().into_iter().map(cause).collect::<Value>(),
            "nodes": self.places.iter().map(|place| self.node(place)).collect::<Value>(),
        })
    }

    fn node(&self, place: &Place) -> Value {
        let (service, operation, kind) = self.names(place);
        let side = |trace: &Trace, span: usize| {
            json!({
                "span_id": const_hex::encode(trace.spans[span].span_id),
                "status": trace.spans[span].status_name(),
                "duration_ns": trace.spans[span].duration_ns(),
                "self_time_ns": trace.self_times_ns[span],
                "critical_path_ns": trace.critical_path_ns(span),
            })
        };
        json!({
            "depth": place.depth,
            "service": service,
            "operation": operation,
            "kind": kind,
            "change": self.change(place).name(),
            "speed": self.speed(place).map(super::changes::Speed::name),
            "delta_ns": self.delta_ns(place),
            "ratio": self.ratio(place),
            "before": place.before.map(|span| side(self.before, span)),
            "after": place.after.map(|span| side(self.after, span)),
        })
    }
}

/// By how much longer the second is, in nanoseconds; `None` where either is missing.
pub fn delta_ns((before, after): (Option<u64>, Option<u64>)) -> Option<i64> {
    Some(difference_ns(before?, after?))
}

/// How many times as long the second is; `None` where either is missing or the first is 0.
pub fn ratio((before, after): (Option<u64>, Option<u64>)) -> Option<f64> {
    before.filter(|before| *before > 0).zip(after).map(|(before, after)| after as f64 / before as f64)
}

fn difference_ns(before: u64, after: u64) -> i64 {
    let difference = i128::from(after) - i128::from(before);
    difference.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::tests::trace;
    use super::super::tree::tests::{link, links};
    use super::*;

    #[test]
    fn siblings_that_are_alike_go_in_pairs() {
        // The ids 4 and 8 have the same name.
        let before = trace(&[link(1, 0, 0, 100), link(2, 9, 0, 1), link(4, 1, 10, 20), link(3, 4, 0, 1)]);
        let after = trace(&[
            link(1, 0, 0, 100),
            link(2, 9, 0, 1),
            link(4, 1, 10, 40),
            link(3, 4, 0, 1),
            link(8, 1, 50, 60),
        ]);
        let comparison = compare(&before, &after);
        let changed: Vec<_> = comparison
            .places
            .iter()
            .map(|place| (place.depth, comparison.change(place), comparison.delta_ns(place)))
            .collect();
        assert_eq!(changed.iter().filter(|(_, change, _)| *change == Change::New).count(), 1);
        assert!(changed.contains(&(1, Change::Same, Some(20))));
    }

    #[test]
    fn of_siblings_that_are_alike_the_one_that_is_like_no_other_is_missing() {
        let alike = |took_ns: [u64; 3]| {
            let children = took_ns.into_iter().zip([4, 8, 12]).filter(|(took_ns, _)| *took_ns > 0);
            // Each of the same process as all others.
            let children =
                children.flat_map(|(took_ns, id)| [link(id, 1, id * 5, id * 5 + took_ns), link(99, 0, 0, 1)]);
            let links: Vec<_> = [link(1, 0, 0, 100), link(99, 0, 0, 1)].into_iter().chain(children).collect();
            trace(&links)
        };
        let (before, after) = (alike([1, 8, 2]), alike([0, 8, 2]));
        let comparison = compare(&before, &after);
        let changes: Vec<_> = comparison
            .places
            .iter()
            .filter(|place| place.depth == 1)
            .map(|place| (comparison.change(place), comparison.delta_ns(place)))
            .collect();
        assert_eq!(changes, [(Change::Missing, None), (Change::Same, Some(0)), (Change::Same, Some(0))]);
    }

    #[test]
    fn long_chains_do_not_overflow() {
        let links: Vec<_> = (1..=10_000).map(|id| link(id, id - 1, id, 30_000 - id)).collect();
        let trace = trace(&links);
        assert_eq!(compare(&trace, &trace).places.len(), 10_000);
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(links in links()) {
            let trace = trace(&links);
            let comparison = compare(&trace, &trace);
            prop_assert_eq!(comparison.places.len(), trace.spans.len());
            prop_assert!(comparison.causes().is_empty());
            for place in &comparison.places {
                prop_assert_eq!(comparison.change(place), Change::Same);
                prop_assert_eq!(place.before, place.after);
            }
        }

        #[test]
        fn every_span_of_both_has_a_place(one in links(), other in links()) {
            let (before, after) = (trace(&one), trace(&other));
            let comparison = compare(&before, &after);
            let mut found: [Vec<usize>; 2] = [
                comparison.places.iter().filter_map(|place| place.before).collect(),
                comparison.places.iter().filter_map(|place| place.after).collect(),
            ];
            found.iter_mut().for_each(|spans| spans.sort_unstable());
            prop_assert!(found[0].iter().copied().eq(0..before.spans.len()));
            prop_assert!(found[1].iter().copied().eq(0..after.spans.len()));
        }

        #[test]
        fn causes_add_up_where_there_is_one_root(one in links(), other in links()) {
            // All that has no parent becomes a child of a root around all.
            let rooted = |links: &[super::super::tree::Link]| {
                let mut links: Vec<_> = links.iter().filter(|link| link.span_id > 1).copied().collect();
                links.iter_mut().for_each(|link| link.parent_id = 1);
                links.push(link(1, 0, 0, 200 + links.len() as u64));
                trace(&links)
            };
            let (before, after) = (rooted(&one), rooted(&other));
            let comparison = compare(&before, &after);
            let sum: i64 = comparison.causes().iter().map(|(_, delta_ns)| delta_ns).sum();
            prop_assert_eq!(sum, comparison.total_delta_ns());
        }
    }
}
