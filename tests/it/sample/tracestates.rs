//! What samplers before and other vendors have written is carried on.

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::telemetry::{frame, span, spans_of};

use super::sampled;

/// Samples one span with this tracestate; returns its tracestate, or `None` where it is dropped.
fn sampled_state(state: &str, args: &str) -> Option<String> {
    let span = Span { trace_state: state.into(), ..span(1) };
    let kept = sampled(frame(1, &spans_of("a", vec![span])), args);
    kept.first().map(|(_, span)| span.trace_state.clone())
}

/// Randomness above all thresholds but the highest.
const HIGH: &str = "rv:fffffffffffff0";
const LOW: &str = "rv:00000000000010";

#[test]
fn members_of_other_vendors_and_randomness_are_kept() {
    let state = format!("rojo=00f067aa0ba902b7,ot={HIGH};x:y,congo=t61rcWkgMzE");
    let expected = format!("ot=th:c;{HIGH};x:y,rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    assert_eq!(sampled_state(&state, "--rate 0.25"), Some(expected));
}

#[test]
fn explicit_randomness_decides_instead_of_the_trace_id() {
    for rate in ["0.5", "0.01", "0.0001"] {
        assert!(sampled_state(&format!("ot={HIGH}"), &format!("--rate {rate}")).is_some());
        assert_eq!(sampled_state(&format!("ot={LOW}"), &format!("--rate {rate}")), None);
    }
}

#[test]
fn a_higher_threshold_of_a_sampler_before_is_not_lowered() {
    let state = format!("ot=th:f;{HIGH}");
    assert_eq!(sampled_state(&state, "--rate 0.5"), Some(state.clone()));
    assert_eq!(sampled_state(&state, "--rate 1"), Some(state.clone()));
    assert_eq!(sampled_state(&state, "--rate 0.01"), Some(format!("ot=th:fd70a;{HIGH}")));
    assert_eq!(sampled_state(&state, "--rate 0.05"), Some(format!("ot=th:f3333;{HIGH}")));
}

#[test]
fn a_span_kept_in_any_case_keeps_the_threshold_it_came_with() {
    let slow = "--rate 0.5 --slow 1ns";
    assert_eq!(sampled_state(&format!("ot=th:4;{HIGH}"), slow), Some(format!("ot=th:4;{HIGH}")));
    assert_eq!(sampled_state(&format!("ot={LOW}"), slow), Some(format!("ot=th:0;{LOW}")));
}

#[test]
fn a_threshold_that_contradicts_the_randomness_is_taken_out() {
    let state = format!("a=1,ot=th:8;{LOW}");
    assert_eq!(sampled_state(&state, "--rate 0.5 --slow 1ns"), Some(format!("ot={LOW},a=1")));
}

#[test]
fn the_probabilities_of_the_specification() {
    // Source: OpenTelemetry specification, "TraceState: Probability Sampling", thresholds with a precision of four.
    for (rate, threshold) in [
        ("1/3", "aaab"),
        ("1/5", "cccd"),
        ("1/10", "e666"),
        ("1/16", "f"),
        ("1/100", "fd70a"),
        ("1/1000", "ffbe77"),
        ("1/10000", "fff9724"),
        ("1/100000", "ffff583a"),
        ("1/1000000", "ffffef39"),
    ] {
        let state = sampled_state("ot=rv:fffffffffffff0", &format!("--rate {rate}"));
        assert_eq!(state, Some(format!("ot=th:{threshold};rv:fffffffffffff0")), "{rate}");
    }
}
