//! Errors, slow spans, services, logs and metrics.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::support::telemetry::{
    frame, ids_of, line, log, logs_of, metrics, span, spans_of, trace_id, traces,
};
use crate::support::{Account, Obs, TempDir};

use super::sampled;

fn failed(number: u64) -> Span {
    let status = Status { code: 2, message: "broken".into() };
    Span { status: Some(status), ..span(number) }
}

fn lasting(number: u64, milliseconds: u64) -> Span {
    let span = span(number);
    Span { end_time_unix_nano: span.start_time_unix_nano + milliseconds * 1_000_000, ..span }
}

/// How many of each kind are kept: of 50 errors, 50 spans of 2 s, 50 of 20 ms, 50 others.
fn kept(args: &str) -> [usize; 4] {
    let spans = (0..50).map(failed).chain((50..100).map(|n| lasting(n, 2000)));
    let spans = spans.chain((100..150).map(|n| lasting(n, 20))).chain((150..200).map(span));
    let input = frame(1, &spans_of("checkout", spans.collect()));
    let mut kept = [0; 4];
    for (_, span) in sampled(input, &format!("--rate 0 {args}")) {
        let number = u64::from_be_bytes(span.span_id.try_into().unwrap()) - 1;
        kept[number as usize / 50] += 1;
    }
    kept
}

#[test]
fn errors_and_slow_spans_are_always_kept() {
    assert_eq!(kept(""), [50, 50, 0, 0]);
    assert_eq!(kept("--slow 20ms"), [50, 50, 50, 0]);
    assert_eq!(kept("--slow 21ms"), [50, 50, 0, 0]);
    assert_eq!(kept("--slow off"), [50, 0, 0, 0]);
    assert_eq!(kept("--no-errors"), [0, 50, 0, 0]);
    assert_eq!(kept("--no-errors --slow off"), [0, 0, 0, 0]);
}

#[test]
fn services_have_rates_of_their_own() {
    let services = ["checkout", "search", "a=b", ""];
    let input: Vec<u8> = services
        .into_iter()
        .zip(0..)
        .flat_map(|(service, index)| {
            frame(1, &spans_of(service, (index * 2000..(index + 1) * 2000).map(span).collect()))
        })
        .collect();
    let kept = sampled(input, "--rate 0 --service checkout=1 --service search=50% --service a=b=1/4");
    let of = |name: &str| kept.iter().filter(|(service, _)| service == name).count();
    assert_eq!(of("checkout"), 2000);
    assert!((900..1100).contains(&of("search")), "{}", of("search"));
    assert!((400..600).contains(&of("a=b")), "{}", of("a=b"));
    assert_eq!(of(""), 0);
}

#[test]
fn logs_are_kept_with_their_traces() {
    let dir = TempDir::new();
    let records: Vec<LogRecord> = (0..1000).map(log).collect();
    let input = line(&logs_of("checkout", records)) + &line(&traces(0..1000));
    let end = Obs::new(&dir, "sample --rate 0.3").stdin(input).ledger(&dir.file("ledger.json")).run();
    end.expect(0, "");
    let mut traces_kept = std::collections::BTreeSet::new();
    let mut logs_kept = std::collections::BTreeSet::new();
    for line in end.lines() {
        for (resources, scopes, items, into) in [
            ("resourceSpans", "scopeSpans", "spans", &mut traces_kept),
            ("resourceLogs", "scopeLogs", "logRecords", &mut logs_kept),
        ] {
            let items = line[resources][0][scopes][0][items].as_array();
            into.extend(items.into_iter().flatten().map(|item| item["traceId"].as_str().unwrap().to_owned()));
        }
    }
    assert!((200..400).contains(&traces_kept.len()), "{}", traces_kept.len());
    assert_eq!(traces_kept, logs_kept);
    assert!(logs_kept.iter().all(|id| (0..1000).any(|n| const_hex::encode(trace_id(n)) == *id)));
}

#[test]
fn what_has_no_trace_id_and_metrics_pass() {
    let dir = TempDir::new();
    let records = (0..10).map(|n| LogRecord { trace_id: Vec::new(), ..log(n) }).collect();
    let input = line(&logs_of("checkout", records)) + &line(&metrics(0..7));
    let end = Obs::new(&dir, "sample --rate 0").stdin(input).ledger(&dir.file("ledger.json")).run();
    end.expect(0, "log records kept for: no_trace_id 10");
    assert_eq!(end.ledger().account("logs"), Account::all(10));
    assert_eq!(end.ledger().account("metrics"), Account::all(7));
}

#[test]
fn a_stage_after_another_does_not_lose_what_the_first_kept_for_a_reason() {
    let dir = TempDir::new();
    let input = frame(1, &spans_of("checkout", (0..100).map(failed).collect()));
    let first = Obs::new(&dir, "sample --rate 0.01 --format proto").stdin(input).run();
    let kept = sampled(first.stdout, "--rate 0.01");
    assert_eq!(ids_of(kept.iter().map(|(_, span)| span)).len(), 100);
}

#[test]
fn rates_that_are_none_are_refused() {
    let dir = TempDir::new();
    for rate in ["-0.1", "1.1", "101%", "NaN", "inf", "1/0", "2/1", "many", "", "5%%", "1/2/3", "0x1"] {
        for args in ["--rate=", "--rate 1 --service a="] {
            let end = Obs::new(&dir, "sample").args(args.rsplit_once(' ').map_or("", |(head, _)| head));
            let last = args.rsplit(' ').next().unwrap();
            let end = match last {
                "a=" => end.arg(format!("a={rate}")).stdin("").run(),
                flag => end.arg(format!("{flag}{rate}")).stdin("").run(),
            };
            end.expect(2, "expected a rate from 0 to 1 such as 0.05, 5% or 1/20, found ");
        }
    }
    Obs::new(&dir, "sample").stdin("").run().expect(2, "no rate");
    Obs::new(&dir, "sample --rate 1 --service checkout").stdin("").run().expect(2, "expected NAME=RATE");
    Obs::new(&dir, "sample --rate 1 --slow soon").stdin("").run().expect(2, "or off");
}
