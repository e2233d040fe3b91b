//! What a sampler has left says how many spans there were.
//!
//! A hundred universes, each with services and traces of its own, go through one sampler and one store: that is the same
//! as a hundred runs, as a decision depends on nothing but the trace id.

use std::collections::{BTreeMap, HashSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::naive;
use super::spans::{CLIENT, Names, PRODUCER, RawSpan};
use super::tables::{Cell, Rollups, edge_name, number, open, operation_name};
use super::wire;
use crate::support::telemetry::{TIME, frame, spans_in};
use crate::support::{Obs, TempDir};

const UNIVERSES: usize = 100;
const TRACES: usize = 600;
/// Traces that no sampler sees.
const PLAIN_TRACES: usize = 20;
const SERVER: u8 = 2;
const CONSUMER: u8 = 5;

/// Services of a universe.
const SERVICES: [&str; 3] = ["shop", "stock", "mail"];
const FRONT: usize = 0;
const STOCK: usize = 1;
const MAIL: usize = 2;

/// Names of spans.
const ORDER: usize = 0;
const QUERY: usize = 1;
const SEND: usize = 2;

fn names() -> Names {
    let services =
        (0..UNIVERSES).flat_map(|universe| SERVICES.map(|service| format!("{universe} {service}")));
    Names { services: services.collect(), spans: ["order", "query", "send"].map(String::from).to_vec() }
}

/// So many traces of a universe: an order, three queries of the stock in each of which some fail, and sometimes a mail.
fn universe(number: usize, traces: usize) -> Vec<RawSpan> {
    let mut random = fastrand::Rng::with_seed((number * 1000 + traces) as u64);
    let mut spans = Vec::new();
    for _ in 0..traces {
        let start = TIME + random.u64(..3) * 60_000_000_000;
        let trace = random.u128(1..);
        let mut add = |parent: u64, service: usize, name: usize, kind: u8, failed: bool| {
            let id = spans.len() as u64 + 1;
            let service = number * SERVICES.len() + service;
            spans.push(RawSpan {
                trace,
                id,
                parent,
                service,
                name,
                kind,
                start,
                end: start + 1_000_000,
                failed,
            });
            id
        };
        let order = add(0, FRONT, ORDER, SERVER, random.u8(..10) < 3);
        for _ in 0..3 {
            let failed = random.u8(..10) < 3;
            let query = add(order, FRONT, QUERY, CLIENT, failed);
            add(query, STOCK, QUERY, SERVER, failed && random.bool());
        }
        if random.bool() {
            let send = add(order, FRONT, SEND, PRODUCER, false);
            add(send, MAIL, SEND, CONSUMER, random.u8(..10) < 4);
        }
    }
    spans
}

/// What is counted in a universe.
fn series(universe: usize) -> Vec<String> {
    let service = |service: usize| format!("{universe} {}", SERVICES[service]);
    vec![
        operation_name(&service(FRONT), SERVER, "order"),
        operation_name(&service(FRONT), CLIENT, "query"),
        operation_name(&service(STOCK), SERVER, "query"),
        operation_name(&service(FRONT), PRODUCER, "send"),
        operation_name(&service(MAIL), CONSUMER, "send"),
        edge_name(&service(FRONT), &service(STOCK)),
        edge_name(&service(FRONT), &service(MAIL)),
    ]
}

/// Everything that was counted, over the whole time.
fn totals(rollups: Rollups) -> BTreeMap<String, Cell> {
    let mut totals: BTreeMap<String, Cell> = BTreeMap::new();
    for ((_, series), cell) in rollups.operation_minutes.into_iter().chain(rollups.edge_minutes) {
        let total = totals.entry(series).or_default();
        let add = |sum: &mut Option<f64>, more: Option<f64>| {
            *sum = [*sum, more].into_iter().flatten().reduce(|one, other| one + other);
        };
        total.count += cell.count;
        total.errors += cell.errors;
        // Where it is NULL, all were stored.
        *total.stored.get_or_insert(0) += cell.stored.unwrap_or(cell.count as u64);
        add(&mut total.variance, cell.variance);
        add(&mut total.error_variance, cell.error_variance);
    }
    totals
}

/// Spans that a sampler has kept, and a few of the same services that it has not seen.
struct Sampled {
    dir: TempDir,
    kept: Vec<ExportTraceServiceRequest>,
    plain: Vec<u8>,
    /// Totals of all spans there were.
    truth: BTreeMap<String, Cell>,
    /// Totals of those that are left.
    left: BTreeMap<String, Cell>,
    spans_left: u64,
}

impl Sampled {
    fn new(args: &str) -> Sampled {
        let dir = TempDir::new();
        let names = names();
        let universes = |traces| (0..UNIVERSES).map(move |number| universe(number, traces));
        let stream: Vec<u8> = universes(TRACES).flat_map(|spans| wire::frame(&spans, &names)).collect();
        let end = Obs::new(&dir, "sample --format proto").args(args).stdin(stream).run();
        end.expect(0, "");
        let kept = end.traces_of_frames();
        let spans = kept.iter().flat_map(spans_in);
        let ids: HashSet<[&[u8]; 2]> = spans.map(|span| [&span.trace_id[..], &span.span_id]).collect();
        let is_kept =
            |span: &&RawSpan| ids.contains(&[&span.trace.to_be_bytes()[..], &span.id.to_be_bytes()]);
        let (plain, all): (Vec<RawSpan>, Vec<RawSpan>) =
            (universes(PLAIN_TRACES).flatten().collect(), universes(TRACES).flatten().collect());
        let left: Vec<RawSpan> = all.iter().filter(is_kept).chain(&plain).copied().collect();
        assert_eq!(left.len(), ids.len() + plain.len());
        let totals = |spans: &[RawSpan]| totals(naive::rollups(spans, &names));
        Sampled {
            dir,
            plain: wire::frame(&plain, &names),
            truth: totals(&[all, plain].concat()),
            left: totals(&left),
            spans_left: left.len() as u64,
            kept,
        }
    }

    /// The totals that a database has of what is left, stored by several runs of the writer: each has some services of
    /// what was sampled, `None` what was not.
    fn stored(&self, name: &str, runs: &[Option<Services>]) -> BTreeMap<String, Cell> {
        for run in runs {
            let mut stream = Vec::new();
            match run {
                None => stream.extend(&self.plain),
                Some(is_stored) => {
                    for mut request in self.kept.clone() {
                        request.resource_spans.retain(is_stored);
                        stream.extend(frame(1, &request));
                    }
                }
            }
            Obs::new(&self.dir, "store --db").arg(name).stdin(stream).run().expect(0, "");
        }
        let database = open(&self.dir.file(name));
        assert_eq!(number(&database, "SELECT sum(items) FROM segments"), self.spans_left);
        totals(Rollups::read(&database))
    }

    /// Expects that `figure` of every kind of series is as near the truth as its variance says in at least 90 universes
    /// of 100, and that as many are counted as stored as are left.
    #[track_caller]
    fn expect(&self, found: &BTreeMap<String, Cell>, figure: impl Fn(&Cell) -> (f64, Option<f64>)) {
        let mut near = vec![0; series(0).len()];
        for universe in 0..UNIVERSES {
            for (name, near) in series(universe).iter().zip(&mut near) {
                let cell = &found[name];
                let ((estimate, variance), (exact, _)) = (figure(cell), figure(&self.truth[name]));
                let margin = 1.96 * variance.unwrap_or(0.0).sqrt();
                *near += usize::from((estimate - exact).abs() <= margin);
                assert_eq!(cell.stored, self.left[name].stored, "stored of {name}");
            }
        }
        assert!(
            near.iter().all(|near| *near >= UNIVERSES * 9 / 10),
            "{near:?} of {UNIVERSES}: {:?}",
            series(0)
        );
    }
}

/// Which containers of spans are meant.
type Services = fn(&ResourceSpans) -> bool;

fn is_any(_: &ResourceSpans) -> bool {
    true
}

fn is_front(container: &ResourceSpans) -> bool {
    let name = container.resource.as_ref().unwrap().attributes[0].value.clone().unwrap().value;
    matches!(name, Some(Value::StringValue(name)) if name.ends_with(SERVICES[FRONT]))
}

fn is_behind(container: &ResourceSpans) -> bool {
    !is_front(container)
}

fn count(cell: &Cell) -> (f64, Option<f64>) {
    (cell.count, cell.variance)
}

fn errors(cell: &Cell) -> (f64, Option<f64>) {
    (cell.errors, cell.error_variance)
}

#[test]
fn counts_and_errors_of_a_sample_are_near_the_truth() {
    let sampled = Sampled::new("--rate 0.1 --no-errors --slow off");
    for (name, runs) in [
        ("whole.db", &[None, Some(is_any as Services)][..]),
        // All calls are matched when the second half comes, with what the first has left.
        ("halves.db", &[Some(is_front), None, Some(is_behind)]),
        ("reverse.db", &[Some(is_behind), Some(is_front), None]),
    ] {
        let found = sampled.stored(name, runs);
        sampled.expect(&found, count);
        sampled.expect(&found, errors);
    }
}

#[test]
fn errors_that_are_all_kept_are_counted_exactly_and_the_rest_near_the_truth() {
    let sampled = Sampled::new("--rate 0.1 --slow off");
    let found = sampled.stored("whole.db", &[Some(is_any), None]);
    sampled.expect(&found, count);
    sampled.expect(&found, errors);
    for name in (0..UNIVERSES).flat_map(series).filter(|name| !name.contains("->")) {
        let (found, truth) = (&found[&name], &sampled.truth[&name]);
        assert_eq!((found.errors, found.error_variance), (truth.errors, None), "{name}");
    }
}
