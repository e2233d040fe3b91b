//! Synthetic traffic: reproducible, finite where that is asked for, and spread over past time.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::telemetry::{spans_in, traces_of_lines};
use crate::support::{End, Obs, TempDir};

/// 2026-01-01T00:00:00Z, in nanoseconds.
const NOW: u64 = 1_767_225_600_000_000_000;
const DAY: u64 = 86_400_000_000_000;

fn generate(args: &str) -> End {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "collect --now 2026-01-01T00:00:00Z")
        .args(args)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(0, "spans in = ");
    end.ledger();
    end
}

fn spans(end: &End) -> Vec<Span> {
    let requests = traces_of_lines(&end.text());
    requests.iter().flat_map(spans_in).cloned().collect()
}

#[test]
fn the_same_seed_and_time_make_the_same_traffic() {
    let one = generate("--synthetic 20000 --spans 3000 --seed 7");
    let again = generate("--synthetic 20000 --spans 3000 --seed 7");
    let other = generate("--synthetic 20000 --spans 3000 --seed 8");
    assert!(one.stdout == again.stdout, "the same in every byte");
    assert!(one.stdout != other.stdout);
    for key in ["resourceSpans", "resourceLogs", "resourceMetrics"] {
        assert!(one.text().contains(key), "no {key}");
    }
}

#[test]
fn the_environment_sets_seed_and_time() {
    let dir = TempDir::new();
    let flags = generate("--synthetic 20000 --spans 500 --seed 7");
    let variables = Obs::new(&dir, "collect --synthetic 20000 --spans 500")
        .env("OBS_SEED", "7")
        .env("OBS_NOW", "2026-01-01T00:00:00Z")
        .run();
    assert!(flags.stdout == variables.stdout);
}

#[test]
fn it_ends_with_the_trace_that_reaches_the_number_of_spans() {
    let spans = spans(&generate("--synthetic 20000 --spans 2000"));
    assert!((2000..2100).contains(&spans.len()), "{} spans", spans.len());
    let ids: BTreeSet<_> = spans.iter().map(|span| &span.span_id).collect();
    assert_eq!(ids.len(), spans.len(), "span ids are not used twice");
    // Traces are whole: every parent is there, and each trace has one root.
    let traces: BTreeSet<_> = spans.iter().map(|span| &span.trace_id).collect();
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty()).count();
    assert_eq!(roots, traces.len());
    let parents = spans.iter().filter(|span| !span.parent_span_id.is_empty());
    assert!(parents.into_iter().all(|span| ids.contains(&span.parent_span_id)));
    assert!(spans.iter().all(|span| span.end_time_unix_nano >= span.start_time_unix_nano));
}

#[test]
fn it_begins_now_and_keeps_its_rate_in_its_own_time() {
    let spans = spans(&generate("--synthetic 4000 --spans 2000"));
    let first = spans.iter().map(|span| span.start_time_unix_nano).min().unwrap();
    assert_eq!(first, NOW);
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
    let last = roots.map(|span| span.start_time_unix_nano).max().unwrap();
    let seconds = (last - NOW) as f64 / 1e9;
    assert!((0.4..=0.5).contains(&seconds), "2000 spans at 4000 a second begin within {seconds} s");
}

#[test]
fn it_is_spread_evenly_over_past_time() {
    let spans = spans(&generate("--synthetic 20000 --spans 4800 --over 1d"));
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
    let mut hours = [0; 24];
    for root in roots {
        assert!((NOW - DAY..NOW).contains(&root.start_time_unix_nano));
        hours[((root.start_time_unix_nano - (NOW - DAY)) * 24 / DAY) as usize] += 1;
    }
    assert!(hours.iter().all(|traces| *traces >= 5), "{hours:?}");
}

#[test]
fn numbers_that_make_no_traffic_are_refused() {
    let dir = TempDir::new();
    for args in [
        "--synthetic 0",
        "--synthetic -1",
        "--synthetic NaN",
        "--synthetic inf",
        "--synthetic many",
        "--spans 10",
        "--synthetic 1 --over 1d",
        "--synthetic 1 --spans x",
        "--synthetic 1 --spans 1 --over soon",
        "--synthetic 1 --now yesterday",
        "--synthetic 1 --seed -1",
    ] {
        let end = Obs::new(&dir, "collect").args(args).run();
        end.expect(2, "error: ");
    }
}
