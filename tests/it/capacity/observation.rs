//! A load is recovered from what a database holds of it.

use std::collections::BTreeMap;
use std::path::Path;

use obs::capacity::observation::of_database;
use obs::capacity::{Observation, ServiceLoad};
use obs::query::Reader;
use obs::store::{Database, Minutes};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status};
use prost::Message;

use crate::support::telemetry::{TIME, frame, span, spans_in, spans_of, text};
use crate::support::{Obs, TempDir};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// What a loop over all spans finds.
#[derive(Debug, Default)]
struct Truth {
    spans: f64,
    bytes: f64,
    errors: f64,
    error_bytes: f64,
}

fn has_failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == 2)
}

impl Truth {
    /// Each span has its share of what its resource has once for all.
    fn add(&mut self, resource: &ResourceSpans) {
        let spans: Vec<&Span> = resource.scope_spans.iter().flat_map(|scope| &scope.spans).collect();
        let own = |span: &Span| length_delimited(span.encoded_len());
        let shared =
            length_delimited(resource.encoded_len()) - spans.iter().map(|span| own(span)).sum::<f64>();
        for span in &spans {
            let bytes = own(span) + shared / spans.len() as f64;
            self.spans += 1.0;
            self.bytes += bytes;
            if has_failed(span) {
                self.errors += 1.0;
                self.error_bytes += bytes;
            }
        }
    }

    fn of(requests: &[ExportTraceServiceRequest]) -> (Truth, BTreeMap<String, Truth>) {
        let (mut all, mut services) = (Truth::default(), BTreeMap::<String, Truth>::new());
        for resource in requests.iter().flat_map(|request| &request.resource_spans) {
            all.add(resource);
            services.entry(name_of(resource)).or_default().add(resource);
        }
        (all, services)
    }
}

/// Bytes of a field with so many in it.
fn length_delimited(length: usize) -> f64 {
    (1 + prost::length_delimiter_len(length) + length) as f64
}

fn name_of(resource: &ResourceSpans) -> String {
    let attributes = &resource.resource.as_ref().unwrap().attributes;
    let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
    match name.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(name)) => name.clone(),
        other => panic!("{other:?}"),
    }
}

fn frames(requests: &[ExportTraceServiceRequest]) -> Vec<u8> {
    requests.iter().flat_map(|request| frame(1, request)).collect()
}

fn store(dir: &TempDir, stream: Vec<u8>) {
    Obs::new(dir, "store").stdin(stream).run().expect(0, "obs store: ");
}

fn observe_in(dir: &TempDir, range: Minutes) -> Option<Observation> {
    let database = Database::read(Path::new(&dir.file("obs.db")), &mut |_, _| {}).unwrap();
    let text = |ns: u64| jiff::Timestamp::from_nanosecond(ns.into()).unwrap().to_string();
    of_database(&Reader::new(database).unwrap(), range, text).unwrap()
}

fn observe(dir: &TempDir) -> Observation {
    observe_in(dir, Minutes::around(None, None)).unwrap()
}

#[track_caller]
fn expect_near(what: &str, found: f64, expected: f64, share: f64) {
    let off = (found / expected - 1.0).abs();
    assert!(off <= share, "{what}: {found}, expected {expected} within {share}, is off by {off}");
}

/// Expects the sizes and errors of a stream that was kept whole.
#[track_caller]
fn expect_like(seen: &Observation, requests: &[ExportTraceServiceRequest], rate: f64, share: f64) {
    let (all, services) = Truth::of(requests);
    expect_near("spans", seen.spans, rate, share);
    expect_near("size", seen.size.unwrap(), all.bytes / all.spans, share);
    expect_near("errors", seen.errors.unwrap(), all.errors / all.spans, share);
    let larger = all.error_bytes / all.errors / (all.bytes / all.spans);
    expect_near("error size", seen.error_size.unwrap(), larger, share);
    let names: Vec<&String> = seen.services.iter().map(|service| &service.name).collect();
    assert_eq!(names.len(), services.len(), "{names:?}");
    assert!(seen.services.is_sorted_by(|one, other| one.spans >= other.spans), "{:?}", seen.services);
    for ServiceLoad { name, spans, size, errors, error_size } in &seen.services {
        let truth = &services[name];
        expect_near(name, *spans, truth.spans / all.spans * rate, share);
        expect_near(name, size.unwrap(), truth.bytes / truth.spans, share);
        assert!((errors - truth.errors / truth.spans).abs() < 1e-9, "{name}: {errors}");
        if truth.errors > 0.0 {
            let larger = truth.error_bytes / truth.errors / (truth.bytes / truth.spans);
            expect_near(name, error_size.unwrap(), larger, share);
        } else {
            assert_eq!(*error_size, None, "{name}");
        }
    }
}

fn synthetic(dir: &TempDir, args: &str) -> Vec<ExportTraceServiceRequest> {
    let end = Obs::new(dir, "collect --format proto --synthetic").args(args).run();
    traces(&end.expect(0, "").stdout)
}

/// The traces of a stream, which has log records too.
fn traces(mut stream: &[u8]) -> Vec<ExportTraceServiceRequest> {
    let mut requests = Vec::new();
    while let Some((header, rest)) = stream.split_first_chunk::<4>() {
        let length = u32::from_be_bytes([0, header[1], header[2], header[3]]);
        let (message, rest) = rest.split_at(length as usize);
        if header[0] == 1 {
            requests.push(ExportTraceServiceRequest::decode(message).unwrap());
        }
        stream = rest;
    }
    requests
}

#[test]
fn an_hour_of_traffic_is_recovered() {
    let dir = TempDir::new();
    let requests = synthetic(&dir, "1000000 --spans 60000 --over 1h --now 2026-01-31T00:00:30Z");
    store(&dir, frames(&requests));
    let seen = observe(&dir);
    let spans = Truth::of(&requests).0.spans;
    expect_like(&seen, &requests, spans / 3600.0, 0.02);
    assert!((1.0..1.5).contains(&seen.peak.unwrap()), "{seen:?}");
    assert_eq!(seen.stored, None, "of so few bytes the file says nothing");
    let source = &seen.source;
    assert!(
        source.starts_with("obs.db, 2026-01-30T23:00:3") || source.contains("/obs.db, 2026-01-30T23:00:3"),
        "{source}"
    );
    assert!(source.contains("Z to 2026-01-31T00:00:") && source.ends_with(" spans)"), "{source}");
}

#[test]
fn a_few_seconds_of_live_traffic_are_recovered() {
    let dir = TempDir::new();
    let requests = synthetic(&dir, "2000 --spans 10000");
    store(&dir, frames(&requests));
    let seen = observe(&dir);
    expect_like(&seen, &requests, 2000.0, 0.02);
    assert_eq!(seen.peak, None);
}

#[test]
fn a_sampled_load_is_that_before_the_sampler() {
    let dir = TempDir::new();
    let requests = synthetic(&dir, "1000000 --spans 60000 --over 1h --now 2026-01-31T00:00:00Z");
    let end = Obs::new(&dir, "sample --rate 10% --format proto").stdin(frames(&requests)).run();
    let kept = traces(&end.expect(0, "").stdout);
    store(&dir, frames(&kept));
    let seen = observe(&dir);
    let truth = Truth::of(&requests).0;
    let traces = requests.iter().flat_map(spans_in).filter(|span| span.parent_span_id.is_empty()).count();
    // Traces are kept together: four standard deviations of their count, which are somewhat unlike in size.
    let deviation = 4.0 * (9.0 / traces as f64).sqrt() * 1.3;
    assert!(deviation < 0.2, "{deviation}");
    expect_near("spans", seen.spans, truth.spans / 3600.0, deviation);
    let stored = Truth::of(&kept).0.spans;
    assert!(stored < truth.spans / 5.0);
    assert!(seen.source.contains(", of which a sampler has kept "), "{}", seen.source);
    // The sampler writes into each, and leaves fewer of them to share a resource.
    expect_near("size", seen.size.unwrap(), truth.bytes / truth.spans, 0.1);
}

/// So many spans of a service a second, each as large as `padding` makes it; each `failing`th has failed and is larger.
struct Traffic {
    service: &'static str,
    per_second: u64,
    padding: usize,
    failing: Option<u64>,
}

const TRAFFIC: [Traffic; 3] = [
    Traffic { service: "front", per_second: 40, padding: 10, failing: None },
    Traffic { service: "stock", per_second: 10, padding: 900, failing: Some(4) },
    Traffic { service: "mail", per_second: 2, padding: 3000, failing: Some(100) },
];

impl Traffic {
    /// In the second that begins at `start`.
    fn second(&self, start: u64, times: u64) -> ExportTraceServiceRequest {
        let count = self.per_second * times;
        let spans = (0..count).map(|number| {
            let failed =
                self.failing.is_some_and(|failing| (start / SECOND * count + number).is_multiple_of(failing));
            let start = start + number * SECOND / count;
            let mut span = span(start - TIME);
            span.attributes.push(text("padding", &"x".repeat(self.padding * if failed { 3 } else { 1 })));
            span.status = failed.then(|| Status { code: 2, ..Status::default() });
            span
        });
        spans_of(self.service, spans.collect())
    }
}

/// Ten minutes, one of which has five times as many spans, and begins and ends in the middle of a minute.
fn ten_minutes() -> Vec<ExportTraceServiceRequest> {
    let from = TIME + 10 * HOUR + 20 * SECOND;
    let rush = (TIME + 10 * HOUR + 4 * MINUTE)..(TIME + 10 * HOUR + 5 * MINUTE);
    let seconds = (0..600).map(|second| from + second * SECOND);
    let in_second = |start: u64| {
        let times = if rush.contains(&start) { 5 } else { 1 };
        TRAFFIC.map(|traffic| traffic.second(start, times))
    };
    seconds.flat_map(in_second).collect()
}

#[test]
fn sizes_errors_and_the_peak_are_recovered() {
    let dir = TempDir::new();
    let requests = ten_minutes();
    store(&dir, frames(&requests));
    let seen = observe(&dir);
    let mean = 52.0 * 840.0 / 600.0;
    expect_like(&seen, &requests, mean, 0.005);
    expect_near("peak", seen.peak.unwrap(), 5.0 * 52.0 / mean, 0.005);
    assert!(
        seen.source.ends_with("obs.db, 2026-01-01T10:00:20Z to 2026-01-01T10:10:19Z (43,680 spans)"),
        "{}",
        seen.source
    );
}

#[test]
fn a_range_is_a_part_of_what_was_seen() {
    let dir = TempDir::new();
    store(&dir, frames(&ten_minutes()));
    let minute = |number: u64| ((TIME + 10 * HOUR) / MINUTE + number) as u32;
    let part = |from, to| observe_in(&dir, Minutes { from: minute(from), to: minute(to) });
    expect_near("quiet minutes", part(6, 9).unwrap().spans, 52.0, 1e-9);
    expect_near("the rush", part(4, 5).unwrap().spans, 260.0, 1e-9);
    expect_near("to the end", part(6, 100).unwrap().spans, 52.0, 0.01);
    assert_eq!(part(11, 100), None);
    assert_eq!(observe_in(&dir, Minutes { from: 0, to: minute(0) }), None);
}

#[test]
fn wrong_clocks_do_not_change_the_rate() {
    let dir = TempDir::new();
    let wrong = [
        0,
        1,
        5 * MINUTE,
        TIME - 400 * 24 * HOUR,
        TIME + 3 * HOUR,
        TIME + 300 * 24 * HOUR,
        1 << 63,
        u64::MAX - 5,
    ];
    let strays =
        wrong.map(|start| Span { start_time_unix_nano: start, end_time_unix_nano: start, ..span(7) });
    let requests = ten_minutes();
    store(&dir, frames(&[&requests[..], &[spans_of("front", strays.to_vec())]].concat()));
    let seen = observe(&dir);
    expect_near("spans", seen.spans, 52.0 * 840.0 / 600.0, 0.005);
    expect_near("peak", seen.peak.unwrap(), 5.0 * 600.0 / 840.0, 0.005);
}

#[test]
fn a_night_without_spans_is_a_part_of_the_mean() {
    let dir = TempDir::new();
    let of_day = |day: u64| {
        let from = TIME + day * 24 * HOUR + 8 * HOUR;
        (0..12 * 60).map(move |minute| TRAFFIC[0].second(from + minute * MINUTE, 1))
    };
    store(&dir, frames(&(0..3).flat_map(of_day).collect::<Vec<_>>()));
    let seen = observe(&dir);
    let seconds = 2.0 * 86_400.0 + 12.0 * 3600.0 - 59.0;
    expect_near("spans", seen.spans, 3.0 * 720.0 * 40.0 / seconds, 0.0005);
    expect_near("peak", seen.peak.unwrap(), 40.0 / 60.0 / seen.spans, 1e-6);
}

#[test]
fn a_large_file_says_what_a_byte_takes_in_it() {
    let dir = TempDir::new();
    let noise = |start: u64| {
        let mut random = fastrand::Rng::with_seed(start);
        let spans = (0..100).map(|number| {
            let mut span = span(start - TIME + number);
            let noise: String = (0..28).map(|_| format!("{:032x}", random.u128(..))).collect();
            span.attributes.push(text("noise", &noise));
            span
        });
        spans_of("front", spans.collect())
    };
    let requests: Vec<_> = (0..400).map(|second| noise(TIME + second * SECOND)).collect();
    store(&dir, frames(&requests));
    let seen = observe(&dir);
    let raw = Truth::of(&requests).0.bytes;
    let file = std::fs::metadata(dir.file("obs.db")).unwrap().len() as f64;
    assert!(raw > f64::from(32 << 20));
    expect_near("stored", seen.stored.unwrap(), file / raw, 0.02);
}

#[test]
fn an_empty_database_shows_no_load() {
    let dir = TempDir::new();
    store(&dir, Vec::new());
    assert_eq!(observe_in(&dir, Minutes::around(None, None)), None);
    // Those that do not say when they began have no rate.
    let spans = (0..10).map(|number| Span { start_time_unix_nano: 0, end_time_unix_nano: 0, ..span(number) });
    store(&dir, frames(&[spans_of("front", spans.collect())]));
    assert_eq!(observe_in(&dir, Minutes::around(None, None)), None);
}

#[test]
fn one_moment_is_taken_for_a_second() {
    let dir = TempDir::new();
    let spans = (0..30).map(span);
    store(&dir, frames(&[spans_of("front", spans.collect())]));
    let seen = observe(&dir);
    assert_eq!((seen.spans, seen.errors, seen.error_size), (30.0, Some(0.0), None));
}

/// The inputs of a plan by name.
fn inputs(dir: &TempDir, args: &str, stdin: Option<Vec<u8>>, code: i32) -> BTreeMap<String, f64> {
    let plan = Obs::new(dir, "capacity --format tsv").args(args);
    let end = match stdin {
        Some(stream) => plan.stdin(stream).run(),
        None => plan.run(),
    };
    let text = end.expect(code, "").text();
    let cells = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let inputs = cells.filter(|cells| cells[0] == "inputs");
    inputs.map(|cells| (cells[1].to_owned(), cells[2].parse().unwrap())).collect()
}

#[test]
fn a_plan_is_made_from_what_was_seen() {
    let dir = TempDir::new();
    let requests = ten_minutes();
    store(&dir, frames(&requests));
    let (truth, _) = Truth::of(&requests);
    let default = inputs(&dir, "", None, 0);
    for seen in [
        &default,
        &inputs(&dir, "--db obs.db", None, 0),
        &inputs(&dir, "obs.db", None, 0),
        &inputs(&dir, "-", Some(frames(&requests)), 0),
    ] {
        expect_near("spans", seen["spans"], 52.0 * 840.0 / 600.0, 0.02);
        expect_near("size", seen["size"], truth.bytes / truth.spans, 0.02);
        expect_near("errors", seen["errors"], truth.errors / truth.spans, 0.02);
        expect_near("peak", seen["peak"], 5.0 * 600.0 / 840.0, 0.02);
    }
    // What is given holds; only what is named is looked at then.
    let given = inputs(&dir, "--spans 7 --db obs.db", None, 0);
    assert_eq!((given["spans"], given["size"]), (7.0, default["size"]));
    assert_eq!(inputs(&dir, "--spans 7", None, 0)["size"], 1024.0);
    let part = inputs(&dir, "--from 2026-01-01T10:06:00Z --to 2026-01-01T10:09:00Z", None, 0);
    assert_eq!(part["spans"], 52.0);
    let mut damaged = frames(&requests[..30]);
    damaged.extend([1, 0, 0, 2, 0xff, 0xff]);
    assert!(inputs(&dir, "-", Some(damaged), 3)["spans"] > 0.0);
}

#[test]
fn where_nothing_is_seen_is_told() {
    let dir = TempDir::new();
    let capacity = |args: &str| Obs::new(&dir, "capacity").args(args).run();
    capacity("")
        .expect(2, "obs: cannot open obs.db: No such file")
        .expect(2, "--spans 100k says it; --db FILE, --prometheus URL or a stream show it");
    // A file that is there and is no database is a failure.
    dir.write("obs.db", "no database");
    capacity("").expect(4, "obs.db");
    std::fs::remove_file(dir.path().join("obs.db")).unwrap();
    store(&dir, Vec::new());
    capacity("--db obs.db").expect(4, "obs: obs.db holds no spans\nhint: --spans N plans without looking");
    store(&dir, frames(&[spans_of("front", vec![span(0)])]));
    let end = capacity("--db obs.db --from 2026-03-01T00:00:00Z --utc");
    end.expect(4, "obs: obs.db holds no spans from 2026-03-01T00:00:00Z\n");
    capacity("--db obs.db traces.jsonl").expect(2, "expected --db or FILE");
    capacity("--from 2026-03-01T00:00:00Z --to 2026-02-01T00:00:00Z").expect(2, "the time range ends at");
}
