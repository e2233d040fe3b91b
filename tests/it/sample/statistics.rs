//! Shares and weights over many random traces.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::support::{Account, Obs, TempDir};

use super::{probability, sampled};

const MILLION: u64 = 1_000_000;

/// What random spans are like.
#[derive(Clone, Copy)]
struct Mixture {
    spans: u64,
    errors: f64,
    slow: f64,
}

/// Frames of random spans, each of a trace of its own, encoded by hand because there are many.
fn random_spans(mixture: Mixture, seed: u64) -> Vec<u8> {
    const BATCH: u64 = 10_000;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut frames = Vec::new();
    for first in (0..mixture.spans).step_by(BATCH as usize) {
        let mut spans = Vec::new();
        for number in first..(first + BATCH).min(mixture.spans) {
            let mut span = Vec::with_capacity(64);
            span.extend([0x0a, 16]);
            span.extend(random.u128(1..).to_be_bytes());
            span.extend([0x12, 8]);
            span.extend((number + 1).to_be_bytes());
            span.push(0x39);
            span.extend(1_000_000_000_u64.to_le_bytes());
            span.push(0x41);
            let slow = random.f64() < mixture.slow;
            let end: u64 = if slow { 2_000_000_000 } else { 1_000_500_000 };
            span.extend(end.to_le_bytes());
            if random.f64() < mixture.errors {
                // status { code: ERROR }
                span.extend([0x7a, 2, 0x18, 2]);
            }
            spans.extend([0x12, span.len() as u8]);
            spans.extend(span);
        }
        let scope = nested(0x12, &spans);
        let message = nested(0x0a, &scope);
        let [_, high, middle, low] = (message.len() as u32).to_be_bytes();
        frames.extend([1, high, middle, low]);
        frames.extend(message);
    }
    frames
}

/// A message as a field of another.
fn nested(tag: u8, message: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let mut length = message.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(message);
    out
}

/// A file of a million random traces; all tests of this run read the same.
fn million() -> &'static (TempDir, String) {
    static FILE: OnceLock<(TempDir, String)> = OnceLock::new();
    FILE.get_or_init(|| {
        let dir = TempDir::new();
        let path =
            dir.write("million.frames", random_spans(Mixture { spans: MILLION, errors: 0.0, slow: 0.0 }, 42));
        (dir, path)
    })
}

/// Expects `found` of `trials` within three standard deviations of a share.
#[track_caller]
fn expect_share(found: u64, trials: u64, share: f64) {
    let expected = trials as f64 * share;
    let deviation = (expected * (1.0 - share)).sqrt();
    assert!(
        (found as f64 - expected).abs() <= 3.0 * deviation,
        "{found} of {trials} are kept, expected {expected:.0} ± {deviation:.0}"
    );
}

fn keeps(rate: &str, share: f64) {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "sample --format proto --rate")
        .arg(rate)
        .arg(&million().1)
        .ledger(&dir.file("ledger.json"))
        .stdout_to(std::process::Stdio::null())
        .run();
    end.expect(0, "1000000 spans in = ");
    let Account { received, sent, dropped, .. } = end.ledger().traces();
    assert_eq!((received, sent + dropped), (MILLION, MILLION));
    expect_share(sent, MILLION, share);
}

#[test]
fn half_of_a_million_traces() {
    keeps("0.5", 0.5);
}

#[test]
fn a_third_of_a_million_traces() {
    keeps("1/3", 1.0 / 3.0);
}

#[test]
fn five_percent_of_a_million_traces() {
    keeps("5%", 0.05);
}

#[test]
fn one_in_a_thousand_of_a_million_traces() {
    keeps("0.001", 0.001);
}

#[test]
fn rates_0_and_1_keep_none_and_all() {
    let input = random_spans(Mixture { spans: 20_000, errors: 0.0, slow: 0.0 }, 1);
    assert_eq!(sampled(input.clone(), "--rate 0").len(), 0);
    let dir = TempDir::new();
    let end = Obs::new(&dir, "sample --format proto --rate 1").stdin(input.clone()).run();
    assert!(end.stdout == input, "nothing is decided and nothing is changed");
}

#[test]
fn two_samplers_in_a_row_keep_what_the_stricter_one_keeps() {
    let input = random_spans(Mixture { spans: 100_000, errors: 0.01, slow: 0.01 }, 2);
    let once = sampled(input.clone(), "--rate 0.1");
    let dir = TempDir::new();
    for (first, second) in [("0.5", "0.1"), ("0.1", "0.5"), ("0.1", "0.1")] {
        let half = Obs::new(&dir, "sample --format proto --rate").arg(first).stdin(input.clone()).run();
        let twice = sampled(half.stdout, &format!("--rate {second}"));
        // The same spans with the same tracestates in the same order.
        assert!(once == twice, "{first} then {second}: {} and {} spans", once.len(), twice.len());
    }
}

#[test]
fn the_weights_of_kept_spans_estimate_all_spans() {
    const SPANS: u64 = 200_000;
    let input = random_spans(Mixture { spans: SPANS, errors: 0.05, slow: 0.03 }, 3);
    let all = sampled(input.clone(), "--rate 1");
    let kept = sampled(input, "--rate 0.1");
    // By whether it is an error, and whether it is slow: how many there are, and the sum of the weights.
    let mut classes: BTreeMap<(bool, bool), (u64, f64)> = BTreeMap::new();
    let class = |span: &opentelemetry_proto::tonic::trace::v1::Span| {
        let error = span.status.as_ref().is_some_and(|status| status.code == 2);
        (error, span.end_time_unix_nano - span.start_time_unix_nano >= 1_000_000_000)
    };
    for (_, span) in &all {
        classes.entry(class(span)).or_default().0 += 1;
    }
    for (_, span) in &kept {
        let share = probability(span).expect("every kept span says how probable that was");
        classes.entry(class(span)).or_default().1 += 1.0 / share;
    }
    assert_eq!(classes.len(), 4);
    let mut total = 0.0;
    for ((error, slow), (count, weight)) in classes {
        total += weight;
        if error || slow {
            assert_eq!(weight, count as f64, "all of them are kept, and stand for themselves alone");
        } else {
            let deviation = (count as f64 * (1.0 - 0.1) / 0.1).sqrt();
            assert!(
                (weight - count as f64).abs() <= 3.0 * deviation,
                "estimated {weight:.0} of {count} ± {deviation:.0}"
            );
        }
    }
    let deviation = (SPANS as f64 * (1.0 - 0.1) / 0.1).sqrt();
    assert!(
        (total - SPANS as f64).abs() <= 3.0 * deviation,
        "estimated {total:.0} of {SPANS} ± {deviation:.0}"
    );
}
