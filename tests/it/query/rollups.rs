//! `query services`, `query operations` and `query deps`.

use std::fs;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::counts::{Counts, Weighted};
use crate::store_figures::spans::{Names, RawSpan, random_traces};
use crate::store_figures::wire;
use crate::support::telemetry::{TIME, spans_in};
use crate::support::{End, Obs, Signal, TempDir, eventually};

const MINUTE: u64 = 60_000_000_000;
const HOUR: u64 = 60 * MINUTE;

/// `Span.kind`, by its number.
const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/// A range of time in nanoseconds since the epoch.
type Range = (Option<u64>, Option<u64>);

const ALWAYS: Range = (None, None);

fn keep(dir: &TempDir, stream: impl Into<Vec<u8>>) {
    Obs::new(dir, "store").stdin(stream).run().expect(0, "obs store: ");
}

fn whole(spans: &[RawSpan]) -> Weighted {
    spans.iter().map(|span| (*span, 1.0)).collect()
}

fn time(ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).unwrap().to_string()
}

/// A report about everything in a range of time.
fn query(dir: &TempDir, line: &str, service: Option<&str>, range: Range) -> End {
    let mut obs = Obs::new(dir, "query").args(line);
    if let Some(service) = service {
        obs = obs.arg(service);
    }
    for (flag, end) in [("--from", range.0), ("--to", range.1)] {
        if let Some(end) = end {
            obs = obs.arg(flag).arg(time(end));
        }
    }
    obs.run()
}

#[track_caller]
fn report(dir: &TempDir, line: &str, service: Option<&str>, range: Range) -> Value {
    let end = query(dir, &format!("{line} --limit 0 --format json"), service, range);
    end.expect(0, "");
    serde_json::from_slice(&end.stdout).unwrap()
}

fn rows<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    let rows = report[key].as_array().unwrap();
    assert_eq!(report["total"].as_u64().unwrap_or(rows.len() as u64), rows.len() as u64);
    rows
}

/// The row about something.
#[track_caller]
fn row<'a>(rows: &'a [Value], keys: &[(&str, &str)]) -> &'a Value {
    let mut found = rows.iter().filter(|row| keys.iter().all(|(key, value)| row[*key] == *value));
    let row = found.next().unwrap_or_else(|| panic!("no {keys:?} in {rows:#?}"));
    assert!(found.next().is_none(), "{keys:?} is there twice");
    row
}

/// Expects that all three reports say of a range what a loop over the spans finds.
#[track_caller]
fn expect(dir: &TempDir, spans: &Weighted, names: &Names, range: Range) {
    let counts = Counts::of(spans, names, range);
    let services = report(dir, "services", None, range);
    let found = rows(&services, "services");
    assert_eq!(found.len(), counts.services.len(), "{range:?}: {services:#}");
    for (name, expected) in &counts.services {
        let what = format!("{name:?} in {range:?}");
        let found = row(found, &[("service", name)]);
        assert_eq!(found["spans"], json!(expected.all.count as u64), "{what}");
        assert_eq!(found["requests"], json!(expected.requests.count as u64), "{what}");
        assert_eq!(found["last_seen"], time(expected.last_minute * MINUTE), "{what}");
        let (measured, count) = match expected.requests.count {
            0.0 => ("spans", &expected.all),
            _ => ("requests", &expected.requests),
        };
        assert_eq!(found["measured"], measured, "{what}");
        count.expect(found, "count", &what);
    }

    let mut operations = 0;
    for service in &names.services {
        let report = report(dir, "operations", Some(service), range);
        let found = rows(&report, "operations");
        operations += found.len();
        for ((of, name, kind), expected) in &counts.operations {
            if of == service {
                let found = row(found, &[("operation", name), ("kind", KINDS[usize::from(*kind)])]);
                expected.expect(found, "count", &format!("{service:?} {name:?} {kind} in {range:?}"));
            }
        }
    }
    assert_eq!(operations, counts.operations.len(), "{range:?}");

    let deps = report(dir, "deps", None, range);
    let found = rows(&deps, "edges");
    assert_eq!(found.len(), counts.edges.len(), "{range:?}: {deps:#}");
    for ((caller, callee), expected) in &counts.edges {
        let what = format!("{caller:?} -> {callee:?} in {range:?}");
        expected.expect(row(found, &[("caller", caller), ("callee", callee)]), "calls", &what);
    }
    let mut named: Vec<&String> = counts.edges.keys().flat_map(|(caller, callee)| [caller, callee]).collect();
    named.extend(counts.services.keys());
    named.sort();
    named.dedup();
    let nodes: Vec<&str> =
        deps["services"].as_array().unwrap().iter().map(|node| node["service"].as_str().unwrap()).collect();
    assert_eq!(nodes, named, "{range:?}");
}

#[test]
fn reports_say_what_a_loop_over_the_spans_finds_in_any_range_of_time() {
    let (dir, names, mut random) = (TempDir::new(), Names::unusual(), fastrand::Rng::with_seed(5));
    let spans = random_traces(&mut random, &names, 4000);
    for part in spans.chunks(500) {
        keep(&dir, wire::frame(part, &names));
    }
    let spans = whole(&spans);
    expect(&dir, &spans, &names, ALWAYS);
    let moment = |random: &mut fastrand::Rng| TIME + random.u64(..5 * 24 * HOUR);
    for _ in 0..6 {
        let (one, other) = (moment(&mut random), moment(&mut random));
        expect(&dir, &spans, &names, (Some(one.min(other)), Some(one.max(other))));
    }
    let moment = spans[spans.len() / 2].0.start;
    let (minute, hour) = (moment - moment % MINUTE, moment - moment % HOUR);
    for range in [
        (Some(moment), Some(moment + 1)),
        (Some(minute), Some(minute + MINUTE)),
        (Some(minute - 1), Some(minute + MINUTE + 1)),
        (Some(hour), Some(hour + HOUR)),
        (Some(hour - MINUTE), Some(hour + 2 * HOUR + MINUTE)),
        (Some(moment), None),
        (None, Some(moment)),
    ] {
        expect(&dir, &spans, &names, range);
    }
}

#[test]
fn counts_of_a_sample_are_weighted() {
    let (dir, names, mut random) = (TempDir::new(), Names::unusual(), fastrand::Rng::with_seed(6));
    let (seen, unseen) = (random_traces(&mut random, &names, 6000), random_traces(&mut random, &names, 300));
    // A trace without an id is kept or not by chance, and then says nothing about others.
    let seen: Vec<RawSpan> = seen.into_iter().filter(|span| span.trace != 0 && span.id != 0).collect();
    let sampler = "sample --rate 0.25 --no-errors --slow off --format proto";
    let end = Obs::new(&dir, sampler).stdin(wire::frame(&seen, &names)).run();
    end.expect(0, "");
    keep(&dir, [end.stdout.clone(), wire::frame(&unseen, &names)].concat());
    let kept = end.traces_of_frames();
    let kept: std::collections::HashSet<&[u8]> =
        kept.iter().flat_map(spans_in).map(|span| &span.span_id[..]).collect();
    let left = seen.iter().filter(|span| kept.contains(&span.id.to_be_bytes()[..])).map(|span| (*span, 4.0));
    let spans: Weighted = left.chain(whole(&unseen)).collect();
    assert!(kept.len() > 500 && kept.len() + unseen.len() == spans.len());
    expect(&dir, &spans, &names, ALWAYS);
    expect(&dir, &spans, &names, (Some(TIME + 30 * HOUR + 1), Some(TIME + 80 * HOUR)));
}

/// Spans that writers have committed, and those that one has not.
#[test]
fn what_the_rollups_do_not_have_yet_is_counted() {
    let names = Names::unusual();
    let mut was_unfolded = [false; 2];
    for seed in 0..20 {
        let (dir, mut random) = (TempDir::new(), fastrand::Rng::with_seed(seed));
        let spans = random_traces(&mut random, &names, 1500);
        // Calls between spans that wait and spans that the rollups do not have.
        let (old, new): (Vec<RawSpan>, Vec<RawSpan>) = spans.iter().partition(|_| random.bool());
        keep(&dir, wire::frame(&old, &names));
        let line = "store --flush-interval 3ms --commit-log commits";
        let mut writer = Obs::new(&dir, line).stdin_open().spawn();
        writer.write(&wire::frame(&new, &names));
        eventually("the commit", || {
            let log = fs::read_to_string(dir.file("commits")).unwrap_or_default();
            let items = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let items: u64 = items.filter_map(|line| line["items"].as_u64()).sum();
            (items == new.len() as u64).then_some(())
        });
        let unfolded = || {
            let connection = rusqlite::Connection::open(dir.file("obs.db")).unwrap();
            connection.query_row("SELECT count(*) FROM unfolded", [], |row| row.get::<_, u64>(0)).unwrap() > 0
        };
        let spans = whole(&spans);
        // While it runs, and after it was killed.
        was_unfolded[0] |= unfolded();
        let services = report(&dir, "services", None, ALWAYS);
        let total: f64 = rows(&services, "services").iter().map(|row| row["spans"].as_f64().unwrap()).sum();
        assert_eq!(total, spans.len() as f64);
        writer.signal(Signal::KILL);
        writer.wait();
        was_unfolded[1] |= unfolded();
        expect(&dir, &spans, &names, ALWAYS);
        expect(&dir, &spans, &names, (Some(TIME + 30 * HOUR + 1), Some(TIME + 80 * HOUR + MINUTE)));
        if was_unfolded == [true; 2] {
            return;
        }
    }
    panic!("writers were never behind: {was_unfolded:?}");
}

/// The order of a report's rows.
fn order(dir: &TempDir, line: &str, list: &str, key: &str) -> String {
    let report = report(dir, line, None, ALWAYS);
    let names = report[list].as_array().unwrap().iter().map(|row| row[key].as_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}

/// So many requests of `a`, `b` and `c`, of which some fail; `d` has spans of another kind; `a` calls `b` and itself.
fn small() -> TempDir {
    let dir = TempDir::new();
    let names = Names {
        services: ["a", "b", "c", "d"].map(String::from).into(),
        spans: ["one", "two"].map(String::from).into(),
    };
    let mut spans = Vec::new();
    let mut add = |service, name, kind, (count, failed): (u64, u64), ms: u64| {
        for number in 0..count {
            let id = spans.len() as u64 + 1;
            let (start, end) = (TIME, TIME + ms * 1_000_000);
            let (trace, failed) = (u128::from(id), number < failed);
            spans.push(RawSpan { trace, id, parent: 0, service, name, kind, start, end, failed });
        }
    };
    add(0, 0, 2, (5, 1), 30);
    add(0, 1, 5, (2, 1), 10);
    add(1, 0, 2, (30, 3), 20);
    add(2, 0, 5, (7, 0), 10);
    add(3, 0, 1, (90, 80), 40);
    add(0, 1, 3, (8, 2), 12);
    for caller in spans.clone().into_iter().rev().take(8) {
        let (service, id) = (usize::from(!caller.id.is_multiple_of(4)), caller.id + 1000);
        spans.push(RawSpan { id, parent: caller.id, service, kind: 1, failed: false, ..caller });
    }
    keep(&dir, wire::frame(&spans, &names));
    dir
}

#[test]
fn rows_are_sorted_and_limited() {
    let dir = small();
    for (sort, expected) in [
        ("requests", "b a c d"),
        ("errors", "d b a c"),
        ("error-rate", "d a b c"),
        ("p50", "d a b c"),
        ("p99", "d a b c"),
        ("name", "a b c d"),
    ] {
        assert_eq!(
            order(&dir, &format!("services --sort {sort}"), "services", "service"),
            expected,
            "{sort}"
        );
    }
    assert_eq!(order(&dir, "services", "services", "service"), "b a c d");
    assert_eq!(
        order(&dir, "operations a --sort name", "operations", "kind"),
        "server internal client consumer"
    );
    assert_eq!(order(&dir, "operations a", "operations", "kind"), "client server internal consumer");
    assert_eq!(order(&dir, "deps", "edges", "callee"), "b a");
    let end = query(&dir, "services --limit 1", None, ALWAYS);
    end.expect(0, "3 more services; --limit 0 shows all");
    assert_eq!(end.text().lines().count(), 2);
    let end = query(&dir, "services --limit 1 --format json", None, ALWAYS);
    let report: Value = serde_json::from_slice(&end.stdout).unwrap();
    assert_eq!((report["services"].as_array().unwrap().len(), &report["total"]), (1, &json!(4)));
}

#[test]
fn tables_say_the_same_as_json() {
    let dir = small();
    let text = |line: &str| query(&dir, line, None, ALWAYS).expect(0, "").text();
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines()
            .map(|line| {
                line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
            })
            .collect()
    };
    assert_eq!(
        words(&text("services --format table")),
        words(
            "SERVICE  SPANS  MEASURED  REQUESTS  ERRORS  ERROR RATE  P50  P95  P99  LAST SEEN
             b  36  requests  30  3  10%  20.4 ms  20.8 ms  20.8 ms  2026-01-01T00:00:00Z
             a  17  requests  7  2  28.6%  29.9 ms  30.7 ms  30.8 ms  2026-01-01T00:00:00Z
             c  7  requests  7  0  0%  10.2 ms  10.4 ms  10.4 ms  2026-01-01T00:00:00Z
             d  90  spans  0  80  88.9%  40.8 ms  41.6 ms  41.7 ms  2026-01-01T00:00:00Z"
        )
    );
    let deps = words(&text("deps --format table"));
    let deps: Vec<String> = deps.iter().map(|row| row[..5].join(" ")).collect();
    assert_eq!(deps, ["CALLER CALLEE CALLS ERRORS ERROR RATE", "a b 6 1 16.7%", "a a 2 1 50%"]);

    // For programs, durations are whole nanoseconds and rates are shares.
    let json = report(&dir, "operations a", None, ALWAYS);
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let keys = ["kind", "operation", "count", "errors", "error_rate", "p50_ns", "p95_ns", "p99_ns"];
    let rows = rows(&json, "operations").iter().map(|row| keys.map(|key| cell(&row[key])).join("\t"));
    let rows: String = rows.map(|row| row + "\n").collect();
    let expected = format!("kind\toperation\tcount\terrors\terror rate\tp50\tp95\tp99\n{rows}");
    assert_eq!(text("operations a").replace("\t0.0\t", "\t0\t"), expected.replace("\t0.0\t", "\t0\t"));
    assert_eq!(text("operations a --format csv"), text("operations a --format tsv").replace('\t', ","));
}

#[test]
fn the_keys_of_json_are_stable() {
    let dir = small();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let figures = "error_rate errors margin p50_ns p95_ns p99_ns stored";
    let sorted = |more: &str| {
        let mut keys: Vec<&str> = more.split(' ').chain(figures.split(' ')).collect();
        keys.sort_unstable();
        keys.join(" ")
    };
    let range = (Some(TIME + 1), None);
    for (line, list, row) in [
        ("services", "services", "service spans requests measured last_seen count"),
        ("operations a", "operations", "kind operation count"),
        ("deps", "edges", "caller callee calls"),
    ] {
        let report = report(&dir, line, None, range);
        let name = line.split(' ').next().unwrap();
        assert_eq!(report["schema"], format!("obs.query.{name}/1"));
        assert_eq!((&report["from"], &report["to"]), (&json!("2026-01-01T00:00:00Z"), &Value::Null));
        assert_eq!(keys(&report[list][0]), sorted(row), "{line}");
    }
    assert_eq!(keys(&report(&dir, "services", None, ALWAYS)), "from schema services to total");
    assert_eq!(keys(&report(&dir, "operations a", None, ALWAYS)), "from operations schema service to total");
    assert_eq!(keys(&report(&dir, "deps", None, ALWAYS)), "edges from schema services to total");
}

#[test]
fn calls_near_a_service_are_chosen() {
    let dir = small();
    let deps = report(&dir, "deps --service b", None, ALWAYS);
    assert_eq!(rows(&deps, "edges").len(), 1);
    assert_eq!(deps["services"].as_array().unwrap().len(), 2);
    assert_eq!(rows(&report(&dir, "deps --service b --depth 2", None, ALWAYS), "edges").len(), 2);
    let alone = report(&dir, "deps --service c", None, ALWAYS);
    assert_eq!((rows(&alone, "edges").len(), alone["services"][0]["service"].as_str()), (0, Some("c")));
}

#[test]
fn an_unknown_service_is_an_error_that_names_the_known_ones() {
    let dir = small();
    for line in ["operations bb", "deps --service bb"] {
        let end = query(&dir, line, None, ALWAYS);
        end.expect(2, r#"there is no service "bb""#);
        end.expect(2, r#"do you mean "b"? there are "a", "b", "c", "d""#);
        assert_eq!(end.text(), "");
    }
}

#[test]
fn where_nothing_is_there_reports_are_empty() {
    let dir = TempDir::new();
    keep(&dir, "");
    for (line, what) in [("services", "no spans"), ("deps", "no calls")] {
        let end = query(&dir, line, None, ALWAYS);
        end.expect(0, what);
        assert_eq!(end.text().lines().count(), 1, "{}", end.text());
    }
    query(&dir, "operations a", None, ALWAYS).expect(2, "the database has no services");
    let dir = small();
    let range = (Some(TIME + HOUR), Some(TIME + 2 * HOUR));
    let empty = " from 2026-01-01T01:00:00Z to 2026-01-01T02:00:00Z";
    for (line, what) in
        [("services", "no spans"), ("operations a", r#"no spans of "a""#), ("deps", "no calls")]
    {
        let end = query(&dir, line, None, range);
        end.expect(0, &format!("{what}{empty}"));
        assert_eq!(end.text().lines().count(), 1, "{}", end.text());
    }
}

#[test]
fn a_time_before_the_present_is_reproducible() {
    let dir = small();
    let services = |line: &str| {
        let end = query(&dir, "services --format json --now 2026-01-01T00:59:30Z", None, ALWAYS);
        end.expect(0, "");
        let end = Obs::new(&dir, "query services --format json --now 2026-01-01T00:59:30Z").args(line).run();
        end.expect(0, "");
        serde_json::from_slice::<Value>(&end.stdout).unwrap()
    };
    let found = services("--since 59m");
    assert_eq!((&found["from"], &found["total"]), (&json!("2026-01-01T00:00:00Z"), &json!(4)));
    assert_eq!(services("--since 58m")["total"], 0);
    assert_eq!(services("--from now-2h --to now-1h")["total"], 0);
}

#[test]
fn a_stream_is_reported_like_a_database() {
    let (dir, names, mut random) = (TempDir::new(), Names::unusual(), fastrand::Rng::with_seed(7));
    let spans = random_traces(&mut random, &names, 300);
    keep(&dir, wire::frame(&spans, &names));
    let file = dir.write("spans.jsonl", wire::line(&spans, &names));
    for line in ["services", "operations checkout", "deps"] {
        let [database, stream] =
            ["", &file].map(|operand| query(&dir, &format!("{line} {operand}"), None, ALWAYS));
        stream.expect(0, "");
        assert_eq!(database.text(), stream.text(), "{line}");
    }
}
