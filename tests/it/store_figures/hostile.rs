//! Figures of spans that nobody should send.

use opentelemetry_proto::tonic::trace::v1::Span;

use super::tables::{Rollups, open};
use crate::support::telemetry::{TIME, frame, span, spans_of};
use crate::support::{Obs, TempDir};

/// Stores spans; returns the rollups.
fn stored(spans: Vec<Span>) -> Rollups {
    let dir = TempDir::new();
    Obs::new(&dir, "store --db figures.db").stdin(frame(1, &spans_of("a", spans))).run().expect(0, "");
    Rollups::read(&open(&dir.file("figures.db")))
}

#[test]
fn a_span_stands_for_others_only_where_its_tracestate_may_be_true() {
    /// Randomness, the low 56 bits of a trace id.
    const LOW: u128 = 0x1;
    const HIGH: u128 = 0xff_ffff_ffff_ffff;
    let thresholds = [
        ("", LOW, 1.0),
        ("ot=th:", HIGH, 1.0),
        ("ot=th:NaN", HIGH, 1.0),
        ("ot=th:-1", HIGH, 1.0),
        ("ot=th:inf,ot=th:8", HIGH, 1.0),
        ("ot=th:fffffffffffffff", HIGH, 1.0),
        ("ot=th:0", LOW, 1.0),
        ("ot=th:8", HIGH, 2.0),
        ("ot=th:8", LOW, 1.0),
        ("ot=th:8;rv:ffffffffffffff", LOW, 2.0),
        ("ot=th:8;rv:00000000000000", HIGH, 1.0),
        ("ot=th:ffffffffffffff", HIGH - 1, 1.0),
        ("ot=th:ffffffffffffff", HIGH, (1_u64 << 56) as f64),
    ];
    let spans = thresholds.iter().enumerate().map(|(number, (state, randomness, _))| Span {
        trace_id: (1 << 64 | randomness).to_be_bytes().to_vec(),
        trace_state: (*state).to_owned(),
        name: format!("{number:02}"),
        ..span(number as u64)
    });
    // Without an id there is nothing that could have been compared with a threshold.
    let nameless =
        Span { trace_id: Vec::new(), trace_state: "ot=th:8".into(), name: "none".into(), ..span(99) };
    let spans = spans.chain([nameless]);
    let found: Vec<f64> =
        stored(spans.collect()).operation_minutes.into_values().map(|cell| cell.count).collect();
    let expected: Vec<f64> = thresholds.iter().map(|(_, _, weight)| *weight).chain([1.0]).collect();
    assert_eq!(found, expected);
}

#[test]
fn times_at_the_ends_of_the_range_are_counted() {
    // A start of 0 is none.
    let times = [
        (0, 0),
        (0, u64::MAX),
        (1, u64::MAX),
        (u64::MAX, 0),
        (u64::MAX, u64::MAX),
        (u64::MAX - 1, u64::MAX),
        (TIME, 0),
    ];
    let spans = times.into_iter().enumerate().map(|(number, (start, end))| Span {
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        // What no version of the protocol has.
        kind: -1,
        name: "x".into(),
        ..span(number as u64)
    });
    let rollups = stored(spans.collect());
    let minutes: Vec<_> = rollups
        .operation_minutes
        .iter()
        .map(|((minute, _), cell)| (*minute, cell.count, &cell.durations))
        .collect();
    let longest = obs::store::histogram::LIMIT - 1;
    assert_eq!(
        minutes,
        [
            (0, 3.0, &[(0, 2.0), (longest, 1.0)].into()),
            (TIME / 60_000_000_000, 1.0, &[(0, 1.0)].into()),
            ((1 << 28) - 1, 3.0, &[(0, 2.0), (1, 1.0)].into()),
        ]
    );
    assert_eq!(rollups.operation_hours.len(), 3);
}
