//! Where the time of many traces goes: own time on the critical path, by service and operation.
//!
//! A span that a sampler has kept with the probability p stands for 1/p. A trace, or an operation in it, is seen where any
//! of its spans is kept, so that it stands for as many as the one that is kept most often.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use serde_json::{Value, json};

use super::trace::timeline::Timeline;
use super::trace::tree::{Link, Tree};
use super::units::number;
use crate::probability::Threshold;
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
    /// The sampler's threshold that it was kept by.
    pub threshold: Threshold,
    /// The number of its service and operation.
    pub operation: u32,
    /// What tells its process from others.
    pub process: u32,
    /// Its kind.
    pub kind: u8,
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
    traces: f64,
    total_ns: f64,
    /// Of a trace, by operation; kept for its memory.
    shares: HashMap<u32, Share, RandomState>,
}

/// The sums of an operation.
#[derive(Debug, Clone, Default)]
struct Sums {
    spans: f64,
    errors: f64,
    traces: f64,
    own_ns: f64,
    own: Durations,
    durations: Durations,
}

/// What an operation has of one trace.
#[derive(Debug, Clone, Copy)]
struct Share {
    /// Its own time on the path, and the same weighted.
    own_ns: u64,
    weighted_ns: f64,
    /// What its spans were kept by, the lowest.
    threshold: Threshold,
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
    pub traces: f64,
    /// Half of the traces in which it appears spend no more time in it, on the critical path, within 4.4 %.
    pub p50_ns: u64,
    /// 19 of 20 do.
    pub p95_ns: u64,
    /// The duration that 19 of 20 of its spans have at the most, within 4.4 %.
    pub duration_p95_ns: u64,
    /// Its spans.
    pub spans: f64,
    /// Those that failed.
    pub errors: f64,
}

/// Everything, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Traces that were added.
    pub traces: f64,
    /// The length of all critical paths, in nanoseconds.
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
        let lowest = spans.iter().map(|span| span.threshold).min();
        self.traces += lowest.map_or(0.0, Threshold::weight);
        let links: Vec<Link> = spans.iter().map(link).collect();
        let tree = Tree::of(&links);
        let Bottlenecks { operations, total_ns, shares, .. } = self;
        for span in spans.iter() {
            let weight = span.threshold.weight();
            let sums = sums_of(operations, span.operation);
            sums.spans += weight;
            sums.errors += if span.is_error { weight } else { 0.0 };
            sums.durations.add(span.end_ns.saturating_sub(span.start_ns), weight);
            // An operation that is never on the path appears nevertheless.
            let none = Share { own_ns: 0, weighted_ns: 0.0, threshold: span.threshold };
            let share = shares.entry(span.operation).or_insert(none);
            share.threshold = share.threshold.min(span.threshold);
        }
        Timeline::of(&tree).walk(|node, from_ns, to_ns| {
            let span = tree.nodes.get(node).and_then(|node| spans.get(node.span));
            let Some(span) = span else { return };
            if let Some(share) = shares.get_mut(&span.operation) {
                share.own_ns = share.own_ns.saturating_add(to_ns - from_ns);
                let weighted_ns = (to_ns - from_ns) as f64 * span.threshold.weight();
                share.weighted_ns += weighted_ns;
                *total_ns += weighted_ns;
            }
        });
        for (operation, Share { own_ns, weighted_ns, threshold }) in shares.drain() {
            let sums = sums_of(operations, operation);
            sums.traces += threshold.weight();
            sums.own_ns += weighted_ns;
            sums.own.add(own_ns, threshold.weight());
        }
    }

    /// What came of it; `name` gives the service and the operation of a number.
    pub fn report<'n>(&self, name: impl Fn(u32) -> (&'n str, &'n str)) -> Report {
        let bottleneck = |(index, sums): (usize, &Sums)| {
            let (service, operation) = name(index as u32);
            let [p50_ns, p95_ns] = sums.own.quantiles_ns([0.5, 0.95]);
            let [duration_p95_ns] = sums.durations.quantiles_ns([0.95]);
            Bottleneck {
                service: service.to_owned(),
                operation: operation.to_owned(),
                critical_path_ns: sums.own_ns.round() as u64,
                share: if self.total_ns > 0.0 { sums.own_ns / self.total_ns } else { 0.0 },
                traces: sums.traces,
                p50_ns,
                p95_ns,
                duration_p95_ns,
                spans: sums.spans,
                errors: sums.errors,
            }
        };
        let seen = self.operations.iter().enumerate().filter(|(_, sums)| sums.spans > 0.0);
        let mut bottlenecks: Vec<Bottleneck> = seen.map(bottleneck).collect();
        bottlenecks.sort_by(|one, other| {
            let names = |of: &Bottleneck| (of.service.clone(), of.operation.clone());
            other.critical_path_ns.cmp(&one.critical_path_ns).then_with(|| names(one).cmp(&names(other)))
        });
        let critical_path_ns = self.total_ns.round() as u64;
        Report { traces: self.traces, critical_path_ns, bottlenecks }
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
    Link {
        span_id: span.span_id,
        parent_id: span.parent_id,
        times: span.times(),
        kind: i32::from(span.kind),
        process: span.process,
    }
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
                "traces": number(of.traces),
                "p50_ns": of.p50_ns,
                "p95_ns": of.p95_ns,
                "duration_p95_ns": of.duration_p95_ns,
                "spans": number(of.spans),
                "errors": number(of.errors),
            })
        };
        json!({
            "schema": "obs.query.bottlenecks/1",
            "traces": number(self.traces),
            "critical_path_ns": self.critical_path_ns,
            "bottlenecks": self.bottlenecks.iter().map(json).collect::<Value>(),
        })
    }
}

/// Durations in the buckets of [`histogram`], of which most are of few.
#[derive(Debug, Clone, Default)]
struct Durations(BTreeMap<u16, f64>);

impl Durations {
    fn add(&mut self, ns: u64, weight: f64) {
        *self.0.entry(histogram::bucket(ns)).or_default() += weight;
    }

    fn quantiles_ns<const N: usize>(&self, shares: [f64; N]) -> [u64; N] {
        let counts: histogram::Counts = self.0.iter().map(|(bucket, count)| (*bucket, *count)).collect();
        shares.map(|share| histogram::quantile(&counts, share).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(span_id: u64, parent_id: u64, start_ns: u64, end_ns: u64, operation: u32) -> CompactSpan {
        CompactSpan {
            span_id,
            parent_id,
            start_ns,
            end_ns,
            threshold: Threshold::ALWAYS,
            operation,
            process: 0,
            kind: 1,
            is_error: operation == 2,
        }
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
        assert_eq!((report.traces, report.critical_path_ns), (2.0, 4_000));
        let found: Vec<_> = report
            .bottlenecks
            .iter()
            .map(|of| (of.service.as_str(), of.critical_path_ns, of.share, of.traces, of.spans, of.errors))
            .collect();
        assert_eq!(
            found,
            [
                ("db", 3_600, 0.9, 2.0, 2.0, 0.0),
                ("web", 400, 0.1, 2.0, 2.0, 0.0),
                ("cache", 0, 0.0, 2.0, 2.0, 2.0)
            ]
        );
        let db = &report.bottlenecks[0];
        for (found_ns, exact_ns) in [(db.p50_ns, 800.0), (db.p95_ns, 2_800.0), (db.duration_p95_ns, 2_800.0)]
        {
            assert!((found_ns as f64 / exact_ns - 1.0).abs() < 0.044, "{found_ns} {exact_ns}");
        }
    }

    #[test]
    fn nothing_is_no_bottleneck() {
        let mut bottlenecks = Bottlenecks::default();
        bottlenecks.add(&mut Vec::new());
        assert_eq!(
            report(&bottlenecks),
            Report { traces: 0.0, critical_path_ns: 0, bottlenecks: Vec::new() }
        );
        bottlenecks.add(&mut vec![span(1, 0, 5, 5, 0)]);
        assert_eq!(report(&bottlenecks).bottlenecks[0].share, 0.0);
    }
    #[test]
    fn what_a_sampler_has_kept_counts_for_what_it_has_not() {
        let [all, quarter] = ["0", "c"].map(|text| Threshold::parse(text).unwrap());
        let mut bottlenecks = Bottlenecks::default();
        let of = |span: CompactSpan, threshold| CompactSpan { threshold, ..span };
        bottlenecks.add(&mut vec![of(span(1, 0, 1_000, 1_100, 0), all)]);
        bottlenecks.add(&mut vec![of(span(1, 0, 1_000, 1_100, 1), quarter)]);
        // The second service keeps a quarter of what the first does.
        bottlenecks.add(&mut vec![
            of(span(1, 0, 1_000, 1_100, 0), all),
            of(span(2, 1, 1_010, 1_060, 1), quarter),
            of(span(3, 1, 1_060, 1_090, 2), quarter),
        ]);
        let report = report(&bottlenecks);
        assert_eq!((report.traces, report.critical_path_ns), (6.0, 100 + 400 + 20 + 200 + 120));
        let found: Vec<_> = report
            .bottlenecks
            .iter()
            .map(|of| (of.service.as_str(), of.critical_path_ns, of.traces, of.spans, of.errors))
            .collect();
        assert_eq!(
            found,
            [("db", 600, 8.0, 8.0, 0.0), ("cache", 120, 4.0, 4.0, 4.0), ("web", 120, 2.0, 2.0, 0.0)]
        );
        assert!((0.999..1.001).contains(&report.bottlenecks.iter().map(|of| of.share).sum()));
    }
}
