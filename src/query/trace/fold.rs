//! Which rows of a trace are shown, where runs of similar spans are folded.

use std::collections::HashMap;

use super::model::Trace;

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

/// Siblings in a row that do the same, with all that they called, and of which none failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
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

/// The rows of a trace.
pub(super) fn rows(trace: &Trace, fold: bool) -> Vec<Row> {
    let runs = if fold { runs(trace) } else { HashMap::new() };
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

/// The runs by their first span, with the span behind them.
fn runs(trace: &Trace) -> HashMap<usize, (usize, Run)> {
    let has_error = subtrees_with_errors(trace);
    let mut runs = HashMap::new();
    let mut note = |run: &[usize]| {
        if let ([first, ..], Some(last)) = (run, run.last())
            && run.len() >= SHORTEST
        {
            let end = trace.tree.nodes[*last].end;
            runs.insert(*first, (end, summary(trace, run, end)));
        }
    };
    let parents = (0..trace.spans.len()).filter(|span| trace.tree.nodes[*span].children >= SHORTEST);
    for parent in parents.map(Some).chain([None]) {
        let siblings: Vec<usize> = match parent {
            Some(parent) => trace.tree.children(parent).collect(),
            None => trace.tree.roots().collect(),
        };
        let alike = |one: &usize, other: &usize| {
            !has_error[*one] && !has_error[*other] && is_alike(trace, *one, *other)
        };
        siblings.chunk_by(alike).for_each(&mut note);
    }
    runs
}

fn is_alike(trace: &Trace, one: usize, other: usize) -> bool {
    let (first, second) = (&trace.spans[one], &trace.spans[other]);
    let descents = (trace.tree.nodes[one].descent, trace.tree.nodes[other].descent);
    trace.service(one) == trace.service(other)
        && (&first.operation, first.kind) == (&second.operation, second.kind)
        && descents.0 == descents.1
}

fn summary(trace: &Trace, run: &[usize], end: usize) -> Run {
    let durations = || run.iter().map(|span| trace.spans[*span].duration_ns());
    Run {
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
