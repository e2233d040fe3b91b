//! Peers that speak OTLP/HTTP and refuse.

use std::time::{Duration, SystemTime};

use super::{SPANS, relay, relay_at_once};
use crate::support::telemetry::ids;
use crate::support::{Account, Answer, Sink, TempDir};

const PROTOCOLS: [&str; 2] = ["http/protobuf", "http/json"];

#[test]
fn too_many_requests_are_retried_after_the_seconds_that_the_peer_says() {
    for protocol in PROTOCOLS {
        let dir = TempDir::new();
        let sink = Sink::scripted(|number, _| match number {
            0 => Answer::Http(429, Some("2".into())),
            _ => Answer::Accept,
        });
        let end = relay(&dir, &sink, 2, &format!("--protocol {protocol}"));
        end.expect(0, "429: no: 429; trying again");
        assert_eq!(sink.span_ids(), ids(0..2 * SPANS));
        let waited = sink.attempts()[1].at - sink.attempts()[0].at;
        assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(10), "waited {waited:?}");
    }
}

#[test]
fn retry_after_may_be_a_date() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        // Dates have whole seconds, so it is two to three.
        0 => Answer::Http(503, Some(http_date(SystemTime::now() + Duration::from_secs(3)))),
        _ => Answer::Accept,
    });
    let end = relay(&dir, &sink, 1, "--protocol http/protobuf");
    end.expect(0, "503");
    let waited = sink.attempts()[1].at - sink.attempts()[0].at;
    assert!(waited >= Duration::from_millis(1900) && waited < Duration::from_secs(10), "waited {waited:?}");
}

/// The form of dates in HTTP (RFC 9110, 5.6.7).
fn http_date(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn statuses_that_mean_later_are_retried() {
    const STATUSES: [u16; 4] = [429, 502, 503, 504];
    for protocol in PROTOCOLS {
        let dir = TempDir::new();
        let sink = Sink::scripted(|number, _| {
            STATUSES.get(number).map_or(Answer::Accept, |status| Answer::Http(*status, None))
        });
        let end = relay_at_once(&dir, &sink, 4, 4, &format!("--protocol {protocol}"));
        end.expect(0, "trying again");
        assert_eq!(sink.attempts().len(), 8);
        assert_eq!(sink.span_ids(), ids(0..4 * SPANS));
    }
}

#[test]
fn statuses_that_mean_never_are_not_retried() {
    const STATUSES: [u16; 9] = [301, 400, 401, 403, 404, 408, 413, 500, 501];
    for protocol in PROTOCOLS {
        let dir = TempDir::new();
        let sink = Sink::scripted(|number, _| {
            STATUSES.get(number).map_or(Answer::Accept, |status| Answer::Http(*status, None))
        });
        let end = relay(&dir, &sink, 10, &format!("--protocol {protocol}"));
        end.expect(4, "10 spans lost (refused_by_peer): ").expect(4, "400: no: 400");
        assert_eq!(sink.attempts().len(), 10);
        let expected = Account { received: 100, sent: 10, lost: 90, ..Default::default() };
        assert_eq!(end.ledger().traces(), expected);
    }
}

#[test]
fn partial_success_counts_what_was_rejected_as_lost() {
    for protocol in PROTOCOLS {
        let dir = TempDir::new();
        let sink = Sink::scripted(|_, _| Answer::Partial(4, "four are too old"));
        let end = relay(&dir, &sink, 1, &format!("--protocol {protocol}"));
        end.expect(4, "rejected 4 spans: four are too old");
        assert_eq!(sink.attempts().len(), 1);
        assert_eq!(end.ledger().lost("traces", "partial_success"), 4);
        assert_eq!(end.ledger().traces().sent, SPANS - 4);
    }
}

#[test]
fn undelivered_requests_are_dead_lettered_and_can_be_sent_again() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        1 => Answer::Http(400, None),
        _ => Answer::Accept,
    });
    let end = relay(&dir, &sink, 3, "--protocol http/json --dead-letter failed.jsonl");
    end.expect(4, "10 spans dead-lettered (refused_by_peer): ");
    let expected = Account { received: 30, sent: 20, dead_lettered: 10, ..Default::default() };
    assert_eq!(end.ledger().traces(), expected);
    let end = crate::support::Obs::new(&dir, "relay failed.jsonl --to").arg(sink.url()).run();
    end.expect(0, "10 spans in = 10 out");
    assert_eq!(sink.span_ids(), ids(0..30));
}
