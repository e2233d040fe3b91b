//! Peers that speak OTLP/gRPC and refuse.

use std::time::Duration;

use tonic::Code;

use super::{SPANS, relay, relay_at_once};
use crate::support::telemetry::{frame, ids, line, logs, metrics, traces};
use crate::support::{Account, Answer, Obs, Sink, TempDir};

/// An address of this machine at which nobody listens.
const NOBODY: &str = "http://127.77.77.77:9";

#[test]
fn an_unreachable_peer_is_given_up_on_and_all_is_lost() {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "relay --give-up-after 1s --to")
        .arg(NOBODY)
        .stdin(frame(1, &traces(0..25)))
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(4, "25 spans lost (gave_up): ").expect(4, "Connection refused");
    assert_eq!(end.ledger().traces(), Account::all_lost(25));
    assert_eq!(end.ledger().lost("traces", "gave_up"), 25);
}

#[test]
fn dead_letters_can_be_relayed_later() {
    let dir = TempDir::new();
    let lines = [line(&traces(0..25)), line(&logs(0..7)), line(&metrics(0..3))].concat();
    let end = Obs::new(&dir, "relay --give-up-after 1s --dead-letter failed.jsonl --to")
        .arg(NOBODY)
        .stdin(lines)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(4, "25 spans dead-lettered (gave_up): ");
    for (signal, items) in [("traces", 25), ("logs", 7), ("metrics", 3)] {
        let expected = Account { received: items, dead_lettered: items, ..Default::default() };
        assert_eq!(end.ledger().account(signal), expected, "{signal}");
    }

    let sink = Sink::accepting();
    let end = Obs::new(&dir, "relay failed.jsonl --to").arg(sink.url()).run();
    end.expect(0, "25 spans in = 25 out");
    assert_eq!(sink.span_ids(), ids(0..25));
    let mut logged = sink.logs();
    logged.sort_by_key(|record| record.time_unix_nano);
    assert_eq!(logged, (0..7).map(crate::support::telemetry::log).collect::<Vec<_>>());
}

#[test]
fn a_peer_that_is_unavailable_now_and_then_gets_everything_once() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number % 10 {
        2 | 5 | 9 => Answer::grpc(Code::Unavailable, "restarting"),
        _ => Answer::Accept,
    });
    let end = relay_at_once(&dir, &sink, 40, 8, "");
    end.expect(0, "Unavailable: restarting; trying again");
    assert_eq!(end.ledger().traces(), Account::all(40 * SPANS));
    assert_eq!(sink.span_ids(), ids(0..40 * SPANS));
    let refused = sink.attempts().iter().filter(|attempt| !attempt.accepted).count();
    assert!(refused >= 12, "{refused} requests were refused");
    assert_eq!(sink.attempts().len(), 40 + refused, "each refused request is sent once more, and no other");
}

#[test]
fn resource_exhausted_with_retry_info_is_retried_when_the_peer_says() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        0 => Answer::exhausted_for(Duration::from_millis(1800)),
        _ => Answer::Accept,
    });
    let end = relay(&dir, &sink, 3, "");
    end.expect(0, "ResourceExhausted: slow down; trying again");
    assert_eq!(sink.span_ids(), ids(0..3 * SPANS));
    let attempts = sink.attempts();
    assert_eq!(attempts.len(), 4);
    let waited = attempts[1].at - attempts[0].at;
    assert!(waited >= Duration::from_millis(1800) && waited < Duration::from_secs(10), "waited {waited:?}");
}

#[test]
fn resource_exhausted_without_retry_info_is_never_retried() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::ResourceExhausted, "quota"));
    let end = relay(&dir, &sink, 2, "");
    end.expect(4, "10 spans lost (refused_by_peer): ").expect(4, "ResourceExhausted: quota");
    assert_eq!(sink.attempts().len(), 2);
    assert_eq!(end.ledger().traces(), Account::all_lost(2 * SPANS));
    assert_eq!(end.ledger().lost("traces", "refused_by_peer"), 2 * SPANS);
}

#[test]
fn codes_that_mean_never_are_not_retried() {
    const CODES: [Code; 9] = [
        Code::InvalidArgument,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::Unauthenticated,
        Code::FailedPrecondition,
        Code::Internal,
        Code::Unimplemented,
        Code::Unknown,
    ];
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| {
        CODES.get(number).map_or(Answer::Accept, |code| Answer::grpc(*code, "never"))
    });
    let requests = CODES.len() as u64 + 1;
    let end = relay(&dir, &sink, requests, "");
    end.expect(4, "InvalidArgument: never");
    assert_eq!(sink.attempts().len(), CODES.len() + 1);
    assert_eq!(end.ledger().lost("traces", "refused_by_peer"), CODES.len() as u64 * SPANS);
    assert_eq!(end.ledger().traces().sent, SPANS);
}

#[test]
fn codes_that_mean_later_are_retried() {
    const CODES: [Code; 6] = [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ];
    let dir = TempDir::new();
    // The first requests under way at once are refused, each with its code.
    let sink = Sink::scripted(|number, _| {
        CODES.get(number).map_or(Answer::Accept, |code| Answer::grpc(*code, "later"))
    });
    let end = relay_at_once(&dir, &sink, 6, 6, "");
    end.expect(0, "later; trying again");
    assert_eq!(sink.attempts().len(), 12);
    assert_eq!(sink.span_ids(), ids(0..6 * SPANS));
}

#[test]
fn partial_success_counts_what_was_rejected_as_lost() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        0 => Answer::Partial(3, "three are too old"),
        _ => Answer::Accept,
    });
    let end = relay(&dir, &sink, 2, "");
    end.expect(4, "rejected 3 spans: three are too old");
    assert_eq!(sink.attempts().len(), 2, "never sent again");
    let expected = Account { received: 20, sent: 17, lost: 3, ..Default::default() };
    assert_eq!(end.ledger().traces(), expected);
    assert_eq!(end.ledger().lost("traces", "partial_success"), 3);
}

#[test]
fn a_warning_with_a_success_is_shown_and_loses_nothing() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::Partial(0, "deprecated endpoint"));
    let end = relay(&dir, &sink, 1, "");
    end.expect(0, "accepts with a warning: deprecated endpoint");
    assert_eq!(end.ledger().traces(), Account::all(SPANS));
}

#[test]
fn a_peer_that_does_not_answer_is_given_up_on() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let end = relay(&dir, &sink, 1, "--timeout 300ms --give-up-after 2s");
    end.expect(4, "Timeout: ").expect(4, "10 spans lost (gave_up)");
    assert!(sink.attempts().len() > 1, "a request that was not answered is sent again");
    assert_eq!(end.ledger().traces(), Account::all_lost(SPANS));
}
