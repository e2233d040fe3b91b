//! What the figures should be.

use std::collections::{BTreeMap, HashMap};

use super::spans::{CLIENT, Names, PRODUCER, RawSpan};
use super::tables::{Cell, Rollups, edge_name, operation_name};

/// The last minute that is told apart, in the year 2480; what a broken clock puts later is counted in it.
const LAST_MINUTE: u64 = (1 << 28) - 1;

/// Counts the spans of every operation, and of every edge the CLIENT and PRODUCER spans with each of their children,
/// of any kind and any service: at the minute of the caller, with its outcome and its duration.
pub fn rollups(spans: &[RawSpan], names: &Names) -> Rollups {
    let mut operations: HashMap<(u64, usize, u8, usize), Cell> = HashMap::new();
    let mut edges: HashMap<(u64, usize, usize), Cell> = HashMap::new();
    let callers: HashMap<(u128, u64), &RawSpan> =
        spans.iter().filter(|span| is_caller(span)).map(|span| ((span.trace, span.id), span)).collect();
    for span in spans {
        operations.entry((minute(span), span.service, span.kind, span.name)).or_default().add(span);
        if let Some(caller) = callers.get(&(span.trace, span.parent)) {
            edges.entry((minute(caller), caller.service, span.service)).or_default().add(caller);
        }
    }
    let service = |number: usize| names.services[number].as_str();
    let mut rollups = Rollups {
        operation_minutes: operations
            .into_iter()
            .map(|((minute, of, kind, name), cell)| {
                ((minute, operation_name(service(of), kind, &names.spans[name])), cell)
            })
            .collect(),
        edge_minutes: edges
            .into_iter()
            .map(|((minute, caller, callee), cell)| {
                ((minute, edge_name(service(caller), service(callee))), cell)
            })
            .collect(),
        ..Rollups::default()
    };
    rollups.operation_hours = longer(&rollups.operation_minutes, 60);
    rollups.operation_days = longer(&rollups.operation_hours, 24);
    rollups.edge_hours = longer(&rollups.edge_minutes, 60);
    rollups.edge_days = longer(&rollups.edge_hours, 24);
    rollups
}

/// Whether a span can be the parent of an edge.
fn is_caller(span: &RawSpan) -> bool {
    matches!(span.kind, CLIENT | PRODUCER) && span.trace != 0 && span.id != 0
}

fn minute(span: &RawSpan) -> u64 {
    (span.start / 60_000_000_000).min(LAST_MINUTE)
}

/// The same of a time that is so many times longer.
fn longer(cells: &BTreeMap<(u64, String), Cell>, times: u64) -> BTreeMap<(u64, String), Cell> {
    let mut sums: BTreeMap<(u64, String), Cell> = BTreeMap::new();
    for ((time, series), cell) in cells {
        let sum = sums.entry((time / times, series.clone())).or_default();
        sum.count += cell.count;
        sum.errors += cell.errors;
        cell.durations.iter().for_each(|(bucket, count)| *sum.durations.entry(*bucket).or_default() += count);
    }
    sums
}

impl Cell {
    fn add(&mut self, span: &RawSpan) {
        self.count += 1.0;
        self.errors += f64::from(u8::from(span.failed));
        let duration = if span.start == 0 { 0 } else { span.end.saturating_sub(span.start) };
        *self.durations.entry(bucket(duration)).or_default() += 1.0;
    }
}

/// The bucket of a duration: 0 for none, else i + 2 where 2^(i/16) < ns ≤ 2^((i+1)/16); that is, 2^i < ns^16 ≤ 2^(i+1).
fn bucket(ns: u64) -> u16 {
    if ns == 0 {
        return 0;
    }
    let mut power = vec![ns];
    for _ in 0..4 {
        power = squared(&power);
    }
    // The least k with ns^16 ≤ 2^k has as many bits as ns^16 - 1.
    let mut limbs = power.iter_mut();
    while limbs.next().is_some_and(|limb| {
        let borrow = *limb == 0;
        *limb = limb.wrapping_sub(1);
        borrow
    }) {}
    let bits = power.iter().enumerate().rev().find(|(_, limb)| **limb > 0);
    bits.map_or(0, |(number, limb)| 64 * number as u16 + 64 - limb.leading_zeros() as u16) + 1
}

/// The square of a number of many limbs, the lowest first.
fn squared(number: &[u64]) -> Vec<u64> {
    let mut square = vec![0_u64; 2 * number.len()];
    for (at, one) in number.iter().enumerate() {
        let mut carry = 0_u128;
        for (other_at, other) in number.iter().enumerate() {
            let limb = &mut square[at + other_at];
            carry += u128::from(*one) * u128::from(*other) + u128::from(*limb);
            *limb = carry as u64;
            carry >>= 64;
        }
        square[at + number.len()] = carry as u64;
    }
    square
}

#[test]
fn buckets_are_those_of_the_specification() {
    // Source: OpenTelemetry metrics data model, "ExponentialHistogram": the base of scale 4 is 2^(1/16).
    for (ns, bound) in [(1_u64, -1_i32), (2, 15), (4, 31), (1 << 40, 639), (1 << 63, 1007)] {
        assert_eq!(i32::from(bucket(ns)) - 2, bound, "a bound belongs to the bucket below it: {ns}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..10_000 {
        let bits = random.u32(1..64);
        let ns = random.u64(1..1 << bits);
        let exact = (ns as f64).log2() * 16.0;
        let near = (exact - exact.round()).abs() < 1e-9;
        assert!(near || f64::from(bucket(ns)) - 1.0 == exact.ceil(), "{ns}");
        assert_eq!(obs::store::histogram::bucket(ns), bucket(ns), "{ns}");
    }
}
