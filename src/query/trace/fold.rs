//! Which rows of a trace are shown, where runs of similar spans are folded.

use std::collections::HashMap;

use super::model::Trace;

/// Which spans share a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// None.
    Nothing,
    /// Runs of siblings that do the same.
    Runs,
    /// These and, where more than [`MANY`] rows are left, what is a small part of the trace.
    Long,
}

/// Rows beyond which people look for what matters.
pub const MANY: usize = 200;

/// A span that is shown, alone or for a run of its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// The span; of a run, the first.
    pub(super) span: usize,
    /// The span behind all that the row stands for.
    pub(super) end: usize,
    /// What it stands for, if that is a run.
    pub(super) run: Option<Run>,
}

/// Siblings in a row with all that they called, of which none failed; or one, with what it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Whether they do the same.
    pub(super) is_alike: bool,
    /// How many siblings.
    pub(super) siblings: usize,
    /// Spans with their descendants.
    pub(super) spans: usize,
    /// The sum of the siblings' durations, in nanoseconds.
    pub(super) total_ns: u64,
    /// The longest of them.
    pub(super) longest_ns: u64,
}

/// Fewer siblings are shown one by one.
const SHORTEST: usize = 3;

/// The runs by their first span, with the span behind them.
type Runs = HashMap<usize, (usize, Run)>;

/// The rows of a trace.
pub(super) fn rows(trace: &Trace, fold: Fold) -> Vec<Row> {
    let rows = match fold {
        Fold::Nothing => rows_with(trace, &Runs::new()),
        Fold::Runs | Fold::Long => rows_with(trace, &runs(trace)),
    };
    if fold != Fold::Long || rows.len() <= MANY {
        return rows;
    }
    let without_small_parts = rows_with(trace, &small_parts(trace));
    if without_small_parts.len() < rows.len() { without_small_parts } else { rows }
}

fn rows_with(trace: &Trace, runs: &Runs) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut span = 0;
    while let Some(node) = trace.tree.nodes.get(span) {
        match runs.get(&span) {
            Some((end, run)) => {
                rows.push(Row { span, end: *end, run: Some(*run) });
                span = *end;
            }
            None => {
                rows.push(Row { span, end: node.end, run: None });
                span += 1;
            }
        }
    }
    rows
}

/// Siblings that do the same.
fn runs(trace: &Trace) -> Runs {
    let has_error = subtrees_with_errors(trace);
    let mut runs = Runs::new();
    let mut note = |run: &[usize]| {
        if let ([first, ..], Some(last)) = (run, run.last())
            && run.len() >= SHORTEST
        {
            let end = trace.tree.nodes[*last].end;
            runs.insert(*first, (end, summary(trace, run, end, true)));
        }
    };
    for siblings in siblings(trace, SHORTEST) {
        let alike = |one: &usize, other: &usize| {
            !has_error[*one] && !has_error[*other] && is_alike(trace, *one, *other)
        };
        siblings.chunk_by(alike).for_each(&mut note);
    }
    runs
}

/// A part of the trace's time below which a span is small.
const SMALL: f64 = 0.01;

/// So deep it is worth a row that others below matter together.
const DEEP: usize = 20;

/// So many kinds of siblings are told apart.
const FEW_KINDS: usize = 3;

/// What is neither on the critical path for more than a small part of the time nor failed, nor stands above such spans:
/// siblings of these share a row, which shows what they are of the critical path.
fn small_parts(trace: &Trace) -> Runs {
    let is_large = large_parts(trace);
    let mut parts = Runs::new();
    for siblings in siblings(trace, 1) {
        for small in siblings.chunk_by(|one, other| !is_large[*one] && !is_large[*other]) {
            let (Some(first), Some(last)) = (small.first(), small.last()) else { continue };
            if is_large[*first] {
                continue;
            }
            let kinds: Vec<&[usize]> = small.chunk_by(|one, other| is_alike(trace, *one, *other)).collect();
            if kinds.len() > FEW_KINDS {
                let end = trace.tree.nodes[*last].end;
                parts.insert(*first, (end, summary(trace, small, end, false)));
                continue;
            }
            for kind in kinds {
                let rows: Vec<&[usize]> =
                    if kind.len() < SHORTEST { kind.chunks(1).collect() } else { vec![kind] };
                for row in rows {
                    let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
                    let end = trace.tree.nodes[*last].end;
                    // A span that called nothing stands for itself.
                    if end > first + 1 {
                        parts.insert(*first, (end, summary(trace, row, end, true)));
                    }
                }
            }
        }
    }
    parts.extend(chains(trace, &is_large));
    parts
}

/// Far down, small spans of which each called the next, and the last something large: they share a row too.
fn chains(trace: &Trace, is_large: &[bool]) -> Runs {
    let is_link = |span: usize| {
        let node = trace.tree.nodes.get(span).filter(|node| node.depth >= DEEP && node.children == 1);
        node.is_some() && is_large[span] && !is_large_itself(trace, span)
    };
    let mut chains = Runs::new();
    let mut span = 0;
    while span < trace.spans.len() {
        let end = (span..).find(|span| !is_link(*span)).unwrap_or(span);
        if end >= span + SHORTEST {
            chains.insert(span, (end, summary(trace, &[span], end, true)));
        }
        span = end + 1;
    }
    chains
}

/// Whether a span failed, or is more than a small part of the critical path.
fn is_large_itself(trace: &Trace, span: usize) -> bool {
    trace.spans[span].is_error() || is_large_part(trace, trace.critical_path_ns(span))
}

fn is_large_part(trace: &Trace, ns: u64) -> bool {
    ns > 0 && ns as f64 >= trace.duration_ns() as f64 * SMALL
}

/// Of each span, whether it is no small part of the trace.
fn large_parts(trace: &Trace) -> Vec<bool> {
    let mut large: Vec<bool> = (0..trace.spans.len()).map(|span| is_large_itself(trace, span)).collect();
    let mut below_ns: Vec<u64> = (0..trace.spans.len()).map(|span| trace.critical_path_ns(span)).collect();
    for (index, node) in trace.tree.nodes.iter().enumerate().rev() {
        large[index] |= node.depth < DEEP && is_large_part(trace, below_ns[index]);
        if let Some(parent) = node.parent {
            below_ns[parent] = below_ns[parent].saturating_add(below_ns[index]);
            large[parent] |= large[index];
        }
    }
    large
}

/// The siblings of each parent that has so many, and the roots.
fn siblings(trace: &Trace, least: usize) -> impl Iterator<Item = Vec<usize>> {
    let parents = (0..trace.spans.len()).filter(move |span| trace.tree.nodes[*span].children >= least);
    let children = parents.map(|parent| trace.tree.children(parent).collect());
    children.chain(std::iter::once_with(|| trace.tree.roots().collect()))
}

fn is_alike(trace: &Trace, one: usize, other: usize) -> bool {
    let (first, second) = (&trace.spans[one], &trace.spans[other]);
    let descents = (trace.tree.nodes[one].descent, trace.tree.nodes[other].descent);
    trace.service(one) == trace.service(other)
        && (&first.operation, first.kind) == (&second.operation, second.kind)
        && descents.0 == descents.1
}

fn summary(trace: &Trace, run: &[usize], end: usize, is_alike: bool) -> Run {
    let durations = || run.iter().map(|span| trace.spans[*span].duration_ns());
    Run {
        is_alike,
        siblings: run.len(),
        spans: end - run.first().copied().unwrap_or(end),
        total_ns: durations().fold(0, u64::saturating_add),
        longest_ns: durations().max().unwrap_or_default(),
    }
}

/// Of each span, whether it or one of its descendants failed.
fn subtrees_with_errors(trace: &Trace) -> Vec<bool> {
    let mut has_error: Vec<bool> = trace.spans.iter().map(|span| span.is_error()).collect();
    for (index, node) in trace.tree.nodes.iter().enumerate().rev() {
        if let (true, Some(parent)) = (has_error[index], node.parent) {
            has_error[parent] = true;
        }
    }
    has_error
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::tests::trace;
    use super::super::tree::tests::links;
    use super::*;

    proptest! {
        #[test]
        fn every_span_is_in_a_row_and_a_large_one_is_its_own(links in links()) {
            let trace = trace(&links);
            let least_ns = trace.duration_ns() as f64 * SMALL;
            for runs in [Runs::new(), runs(&trace), small_parts(&trace)] {
                let is_small = runs == small_parts(&trace);
                let mut next = 0;
                for row in rows_with(&trace, &runs) {
                    prop_assert_eq!(row.span, next);
                    next = if row.run.is_some() { row.end } else { row.span + 1 };
                    let large = |span: usize| trace.critical_path_ns(span) as f64 >= least_ns.max(1.0);
                    prop_assert!(!is_small || row.run.is_none() || !(row.span..row.end).any(large));
                }
                prop_assert_eq!(next, trace.spans.len());
            }
        }
    }
}
