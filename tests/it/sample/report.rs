//! The closing ledger of a sampler.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::support::telemetry::{frame, span, spans_of};
use crate::support::{Obs, TempDir};

#[test]
fn it_names_what_was_kept_and_dropped_by_reason_and_service() {
    let dir = TempDir::new();
    let failed = |number| Span { status: Some(Status { code: 2, ..Default::default() }), ..span(number) };
    let slow = |number| {
        let span = span(number);
        Span { end_time_unix_nano: span.start_time_unix_nano + 1_000_000_000, ..span }
    };
    let nameless = |number| Span { trace_id: Vec::new(), ..span(number) };
    let one: Vec<Span> = (0..4).map(failed).chain((4..7).map(slow)).chain((7..20).map(span)).collect();
    let other: Vec<Span> = (20..30).map(span).chain((30..32).map(nameless)).collect();
    let input = [frame(1, &spans_of("checkout", one)), frame(1, &spans_of("search", other))].concat();
    let end = Obs::new(&dir, "sample --rate 0 --service search=1")
        .stdin(input)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(0, "checkout: 7 spans kept, 13 dropped")
        .expect(0, "search: 12 spans kept, 0 dropped")
        .expect(0, "spans kept for: error 4, slow 3, probability 10, no_trace_id 2")
        .expect(0, "32 spans in = 19 out + 13 dropped (probability)");
    let ledger = end.ledger();
    assert_eq!(ledger.dropped("traces", "probability"), 13);
    assert_eq!(
        ledger.0["sampling"]["traces"],
        serde_json::json!({
            "kept": {"error": 4, "slow": 3, "probability": 10, "no_trace_id": 2},
            "services": {
                "checkout": {"kept": 7, "dropped": 13},
                "search": {"kept": 12, "dropped": 0},
            },
        })
    );
    assert_eq!(ledger.0["sampling"]["logs"], serde_json::json!({"kept": {}, "services": {}}));
}

#[test]
fn names_that_a_sender_makes_up_are_counted_together_after_a_thousand() {
    let dir = TempDir::new();
    let input: Vec<u8> =
        (0..1200).flat_map(|n| frame(1, &spans_of(&format!("service {n}"), vec![span(n)]))).collect();
    let end = Obs::new(&dir, "sample --rate 1").stdin(input).ledger(&dir.file("ledger.json")).run();
    end.expect(0, "more services with spans; --ledger names all");
    let ledger = end.ledger();
    let services = ledger.0["sampling"]["traces"]["services"].as_object().unwrap();
    assert_eq!(services.len(), 1001);
    assert_eq!(services["(other)"]["kept"], 200);
}
