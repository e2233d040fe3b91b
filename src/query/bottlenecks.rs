//! Where the time of many traces goes: own time on the critical path, by service and operation.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde_json::{Value, json};

use super::trace::critical_path;
use super::trace::tree::{Link, Tree};
use crate::store::histogram;

/// What counts of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompactSpan {
    /// Its id, big-endian; 0 where it has none.
    pub span_id: u64,
    /// The id of its parent; 0 where it has none.
    pub parent_id: u64,
    /// When it started, in nanoseconds since the epoch; 0 where it does not say when it was.
    pub start_ns: u64,
    /// When it ended, not before it started.
    pub end_ns: u64,
    /// The number of its service and operation.
    pub operation: u32,
    /// Whether it failed.
    pub is_error: bool,
}

impl CompactSpan {
    /// Start and end, if it says when it was.
    pub fn times(&self) -> Option<(u64, u64)> {
        (self.start_ns > 0).then_some((self.start_ns, self.end_ns))
    }
}

/// The sums of the traces so far.
#[derive(Debug, Default)]
pub struct Bottlenecks {
    operations: Vec<Sums>,
    /// Traces that were added.
    traces: u64,
    total_ns: u64,
    /// Of a trace, by operation; kept for its memory.
    own_ns: HashMap<u32, u64, RandomState>,
}

/// The sums of an operation.
#[derive(Debug, Clone, Default)]
struct Sums {
    spans: u64,
    errors: u64,
    traces: u64,
    own_ns: u64,
    own: Histogram,
    durations: Histogram,
}

/// What an operation has to do with the time of the traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// Its own time on the critical paths of all traces, in nanoseconds.
    pub critical_path_ns: u64,
    /// That as a share of the time of all critical paths, 0 to 1.
    pub share: f64,
    /// Traces in which it appears.
    pub traces: u64,
    /// Half of the traces in which it appears spend so much time in it, on the critical path, within 2.2 %.
    pub p50_ns: u64,
    /// 19 of 20 do.
    pub p95_ns: u64,
    /// The duration that 19 of 20 of its spans have at the most, within 2.2 %.
    pub duration_p95_ns: u64,
    /// Its spans.
    pub spans: u64,
    /// Those that failed.
    pub errors: u64,
}

/// Everything, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Traces that were added.
    pub traces: u64,
    /// The length of all critical paths, which is that of all roots, in nanoseconds.
    pub critical_path_ns: u64,
    /// By operation, the largest share first.
    pub bottlenecks: Vec<Bottleneck>,
}

impl Bottlenecks {
    /// Adds a trace. Spans that are there twice count once.
    pub fn add(&mut self, spans: &mut Vec<CompactSpan>) {
        spans.sort_unstable();
        spans.dedup();
        if spans.is_empty() {
            return;
        }
        self.traces += 1;
        let links: Vec<Link> = spans.iter().map(link).collect();
        let tree = Tree::of(&links);
        let Bottlenecks { operations, total_ns, own_ns, .. } = self;
        for span in spans.iter() {
            let sums = sums_of(operations, span.operation);
            sums.spans += 1;
            sums.errors += u64::from(span.is_error);
            sums.durations.add(span.end_ns.saturating_sub(span.start_ns));
            // An operation that is never on the path appears nevertheless.
            own_ns.entry(span.operation).or_default();
        }
        critical_path::walk(&tree, |node, from_ns, to_ns| {
            let span = tree.nodes.get(node).and_then(|node| spans.get(node.span));
            if let Some(own_ns) = span.and_then(|span| own_ns.get_mut(&span.operation)) {
                *own_ns = own_ns.saturating_add(to_ns - from_ns);
            }
        });
        for (operation, own_ns) in own_ns.drain() {
            *total_ns = total_ns.saturating_add(own_ns);
            let sums = sums_of(operations, operation);
            sums.traces += 1;
            sums.own_ns = sums.own_ns.saturating_add(own_ns);
            sums.own.add(own_ns);
        }
    }

    /// What came of it; `name` gives the service and the operation of a number.
    pub fn report<'n>(&self, name: impl Fn(u32) -> (&'n str, &'n str)) -> Report {
        let bottleneck = |(index, sums): (usize, &Sums)| {
            let (service, operation) = name(index as u32);
            Bottleneck {
                service: service.to_owned(),
                operation: operation.to_owned(),
                critical_path_ns: sums.own_ns,
                share: if self.total_ns == 0 { 0.0 } else { sums.own_ns as f64 / self.total_ns as f64 },
                traces: sums.traces,
                p50_ns: sums.own.quantile_ns(0.5),
                p95_ns: sums.own.quantile_ns(0.95),
                duration_p95_ns: sums.durations.quantile_ns(0.95),
                spans: sums.spans,
                errors: sums.errors,
            }
        };
        let seen = self.operations.iter().enumerate().filter(|(_, sums)| sums.spans > 0);
        let mut bottlenecks: Vec<Bottleneck> = seen.map(bottleneck).collect();
        bottlenecks.sort_by(|one, other| {
            let names = |of: &Bottleneck| (of.service.clone(), of.operation.clone());
            other.critical_path_ns.cmp(&one.critical_path_ns).then_with(|| names(one).cmp(&names(other)))
        });
        Report { traces: self.traces, critical_path_ns: self.total_ns, bottlenecks }
    }
}

fn sums_of(operations: &mut Vec<Sums>, operation: u32) -> &mut Sums {
    let index = operation as usize;
    if index >= operations.len() {
        operations.resize_with(index + 1, Sums::default);
    }
    &mut operations[index]
}

fn link(span: &CompactSpan) -> Link {
    Link { span_id: span.span_id, parent_id: span.parent_id, times: span.times(), kind: 0, process: 0 }
}

impl Report {
    /// The report as a JSON document, `obs.query.bottlenecks/1`.
    pub fn json(&self) -> Value {
        let json = |of: &Bottleneck| {
            json!({
                "service": of.service,
                "operation": of.operation,
                "critical_path_ns": of.critical_path_ns,
                "share": of.share,
                "traces": of.traces,
                "p50_ns": of.p50_ns,
                "p95_ns": of.p95_ns,
                "duration_p95_ns": of.duration_p95_ns,
                "spans": of.spans,
                "errors": of.errors,
            })
        };
        json!({
            "schema": "obs.query.bottlenecks/1",
            "traces": self.traces,
            "critical_path_ns": self.critical_path_ns,
            "bottlenecks": self.bottlenecks.iter().map(json).collect::<Value>(),
        })
    }
}

/// Durations in the buckets of [`histogram`].
#[derive(Debug, Clone, Default)]
struct Histogram {
    counts: std::collections::BTreeMap<u16, u64>,
    longest_ns: u64,
}

impl Histogram {
    fn add(&mut self, ns: u64) {
        *self.counts.entry(histogram::bucket(ns)).or_default() += 1;
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// The middle of the bucket, by its logarithm, in which the quantile falls (nearest rank); never more than the
    /// longest.
    fn quantile_ns(&self, quantile: f64) -> u64 {
        let total: u64 = self.counts.values().sum();
        let rank = ((total as f64 * quantile).ceil() as u64).max(1);
        let mut below = 0;
        let bucket = self.counts.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        let Some((bucket, _)) = bucket else { return 0 };
        let (above, up_to) = histogram::bounds_ns(*bucket);
        ((above * up_to).sqrt().round() as u64).min(self.longest_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(span_id: u64, parent_id: u64, start_ns: u64, end_ns: u64, operation: u32) -> CompactSpan {
        CompactSpan { span_id, parent_id, start_ns, end_ns, operation, is_error: operation == 2 }
    }

    const NAMES: [(&str, &str); 3] = [("web", "GET /"), ("db", "SELECT"), ("cache", "GET")];

    fn report(bottlenecks: &Bottlenecks) -> Report {
        bottlenecks.report(|operation| NAMES[operation as usize])
    }

    #[test]
    fn the_largest_share_of_the_path_comes_first() {
        let mut bottlenecks = Bottlenecks::default();
        for took_ns in [1_000, 3_000] {
            let mut spans = vec![
                span(1, 0, 1_000_000, 1_000_000 + took_ns, 0),
                span(2, 1, 1_000_100, 1_000_000 + took_ns - 100, 1),
                // Beside the other, so that nobody waited for it.
                span(3, 1, 1_000_150, 1_000_200, 2),
            ];
            // A sender that sent it again.
            spans.push(spans[1]);
            bottlenecks.add(&mut spans);
        }
        let report = report(&bottlenecks);
        assert_eq!((report.traces, report.critical_path_ns), (2, 4_000));
        let found: Vec<_> = report
            .bottlenecks
            .iter()
            .map(|of| (of.service.as_str(), of.critical_path_ns, of.share, of.traces, of.spans, of.errors))
            .collect();
        assert_eq!(
            found,
            [("db", 3_600, 0.9, 2, 2, 0), ("web", 400, 0.1, 2, 2, 0), ("cache", 0, 0.0, 2, 2, 2)]
        );
        let db = &report.bottlenecks[0];
        for (found_ns, exact_ns) in [(db.p50_ns, 800.0), (db.p95_ns, 2_800.0), (db.duration_p95_ns, 2_800.0)]
        {
            assert!((found_ns as f64 / exact_ns - 1.0).abs() < 0.022, "{found_ns} {exact_ns}");
        }
    }

    #[test]
    fn nothing_is_no_bottleneck() {
        let mut bottlenecks = Bottlenecks::default();
        bottlenecks.add(&mut Vec::new());
        assert_eq!(report(&bottlenecks), Report { traces: 0, critical_path_ns: 0, bottlenecks: Vec::new() });
        bottlenecks.add(&mut vec![span(1, 0, 5, 5, 0)]);
        assert_eq!(report(&bottlenecks).bottlenecks[0].share, 0.0);
    }
}
