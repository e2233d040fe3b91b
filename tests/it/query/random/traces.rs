//! Searches for traces.

use std::collections::BTreeMap;

use fastrand::Rng;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use super::choose::{self, Of};
use super::query::Query;
use super::records::{Record, hex};
use super::telemetry::{OPERATIONS, SERVICES, one};
use super::values::{Limit, Test, Wanted, holds};
use super::{World, each_search, expect_same, rfc3339, shell};

/// A search, as flags and as what these mean.
#[derive(Debug, Default)]
struct Search {
    args: Vec<String>,
    /// All of which a span must pass.
    of_span: Vec<Query>,
    errors: bool,
    from_ns: Option<i64>,
    to_ns: Option<i64>,
    /// Of the whole trace.
    shortest_ns: Option<u64>,
    longest_ns: Option<u64>,
    sort: &'static str,
}

/// A trace that is found.
struct Found {
    /// The start or the duration.
    key: u64,
    id: Vec<u8>,
    json: Value,
}

impl Search {
    fn flag(&mut self, name: &str, value: &str) {
        // With the sign a value may begin with a hyphen.
        self.args.push(format!("{name}={value}"));
    }

    fn random(random: &mut Rng) -> Search {
        let mut search = Search { sort: "newest", ..Search::default() };
        let is = |name: &str, test| Query::Is(Some(name.to_owned()), test);
        if random.u32(..4) == 0 {
            let service = one(random, &SERVICES);
            search.flag("--service", service);
            search.of_span.push(is("service", Test::Equals(Wanted::of_flag(service))));
        }
        if random.u32(..4) == 0 {
            let operation = one(random, &OPERATIONS);
            search.flag("--operation", operation);
            search.of_span.push(is("operation", Test::Equals(Wanted::of_flag(operation))));
        }
        while random.u32(..3) == 0 {
            search.tag(random);
        }
        if random.u32(..8) == 0 {
            search.errors = true;
            search.args.push("--errors".into());
        }
        if random.u32(..2) == 0 {
            let query = choose::query(random, Of::Spans, 2);
            search.flag("--where", &query.typed());
            search.of_span.push(query);
        }
        search.durations(random);
        search.times(random);
        if random.bool() {
            search.sort = one(random, &["newest", "oldest", "longest", "shortest"]);
            search.flag("--sort", search.sort);
        }
        search
    }

    fn tag(&mut self, random: &mut Rng) {
        let key = choose::key(random, Of::Spans);
        let (sign, value, test) = match random.u32(..8) {
            _ if key == "status" => ("=", "ok".into(), Test::Equals(Wanted::of_flag("ok"))),
            0..4 => {
                let value = choose::text(random);
                ("=", value.clone(), Test::Equals(Wanted::of_flag(&value)))
            }
            4 => {
                let value = choose::text(random);
                ("!=", value.clone(), Test::Differs(Wanted::of_flag(&value)))
            }
            5 => {
                let expression = choose::expression(random);
                ("=~", expression.typed(), Test::Finds(expression))
            }
            _ => {
                let (sign, number) = (one(random, &["<", "<=", ">", ">="]), one(random, &[5.0, 72.5, 0.0]));
                (sign, number.to_string(), Test::Compares(sign, Limit::Number(number)))
            }
        };
        self.flag("--tag", &format!("{key}{sign}{value}"));
        self.of_span.push(Query::Is(Some(key), test));
    }

    fn durations(&mut self, random: &mut Rng) {
        let of_span = random.bool();
        let mut any = false;
        for (flag, sign) in [("--min-duration", ">="), ("--max-duration", "<=")] {
            if random.u32(..5) > 0 {
                continue;
            }
            any = true;
            let ns = if of_span { choose::duration(random) } else { choose::duration(random) * 10 };
            self.flag(flag, &format!("{ns}ns"));
            if of_span {
                let test = Test::Compares(sign, Limit::Duration(ns));
                self.of_span.push(Query::Is(Some("duration".into()), test));
            } else {
                let limit = if sign == ">=" { &mut self.shortest_ns } else { &mut self.longest_ns };
                *limit = Some(ns as u64);
            }
        }
        if any && of_span {
            self.args.push("--span-duration".into());
        }
    }

    fn times(&mut self, random: &mut Rng) {
        (self.from_ns, self.to_ns) = choose::range(random);
        self.from_ns.into_iter().for_each(|from| self.flag("--from", &rfc3339(from)));
        self.to_ns.into_iter().for_each(|to| self.flag("--to", &rfc3339(to)));
    }

    /// Whether a span passes the whole filter.
    fn passes(&self, record: &Record<Span>) -> bool {
        let start = record.item.start_time_unix_nano as i64;
        let is = |name: Option<&str>, test: &Test| record.passes(name, test);
        (!self.errors || has_failed(&record.item))
            && self.from_ns.is_none_or(|from| start > 0 && start >= from)
            && self.to_ns.is_none_or(|to| start > 0 && start < to)
            && self.of_span.iter().all(|query| query.passes(&is))
    }

    /// The traces that are found, in their order.
    fn naive(&self, spans: &[Record<Span>]) -> Vec<Found> {
        let mut traces: BTreeMap<&[u8], (bool, Vec<&Record<Span>>)> = BTreeMap::new();
        for record in spans.iter().filter(|record| record.item.trace_id.iter().any(|byte| *byte > 0)) {
            let (is_found, spans) = traces.entry(&record.item.trace_id).or_default();
            *is_found = *is_found || self.passes(record);
            spans.push(record);
        }
        let found = traces.into_iter().filter(|(_, (is_found, _))| *is_found);
        let mut found: Vec<Found> = found.filter_map(|(id, (_, spans))| self.summary(id, &spans)).collect();
        let is_ascending = matches!(self.sort, "oldest" | "shortest");
        found.sort_by(|one, other| {
            let by_key = one.key.cmp(&other.key);
            let by_key = if is_ascending { by_key } else { by_key.reverse() };
            by_key.then_with(|| other.id.cmp(&one.id))
        });
        found
    }

    /// A whole trace, unless its duration is none that is wanted.
    fn summary(&self, id: &[u8], spans: &[&Record<Span>]) -> Option<Found> {
        let known: Vec<(u64, u64)> = spans.iter().filter_map(|span| times(&span.item)).collect();
        let start = known.iter().map(|(start, _)| *start).min().unwrap_or_default();
        let duration = known.iter().map(|(_, end)| *end).max().unwrap_or_default() - start;
        let ns = Some(duration);
        if !self.shortest_ns.is_none_or(|limit| holds(">=", ns.map(|ns| ns.cmp(&limit))))
            || !self.longest_ns.is_none_or(|limit| holds("<=", ns.map(|ns| ns.cmp(&limit))))
        {
            return None;
        }
        let mut services: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for span in spans {
            let counts = services.entry(span.service()).or_default();
            *counts = (counts.0 + 1, counts.1 + u64::from(has_failed(&span.item)));
        }
        let has_parent = |span: &Span| span.parent_span_id.iter().any(|byte| *byte > 0);
        let root = spans.iter().min_by_key(|span| {
            let item = &span.item;
            let start = times(item).map_or(u64::MAX, |(start, _)| start);
            (has_parent(item), start, &item.span_id, span.service(), &item.name)
        });
        let root = root.unwrap();
        let key = if matches!(self.sort, "newest" | "oldest") { start } else { duration };
        let service = |(name, (spans, errors)): (&&str, &(u64, u64))| json!({"service": name, "spans": spans, "errors": errors});
        let json = json!({
            "trace_id": hex(id),
            "start": rfc3339(start as i64),
            "duration_ns": duration,
            "root": {
                "service": root.service(),
                "operation": root.item.name,
                "is_missing": has_parent(&root.item),
            },
            "spans": spans.len(),
            "errors": services.values().map(|(_, errors)| errors).sum::<u64>(),
            "services": services.iter().map(service).collect::<Value>(),
            "cursor": format!("{}-{key}-{}", self.sort, hex(id)),
        });
        Some(Found { key, id: id.to_vec(), json })
    }
}

/// Start and end of a span, of which either may be missing, or the end be too early.
fn times(span: &Span) -> Option<(u64, u64)> {
    match (span.start_time_unix_nano, span.end_time_unix_nano) {
        (0, 0) => None,
        (0, end) => Some((end, end)),
        (start, end) => Some((start, end.max(start))),
    }
}

fn has_failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == 2)
}

#[test]
fn searches_for_traces() {
    let world = World::shared();
    each_search(|seed, random| {
        let search = Search::random(random);
        let expected: Vec<Value> =
            search.naive(&world.telemetry.spans).into_iter().map(|found| found.json).collect();
        let limit = one(random, &[0, 0, 1, 3, 20]);
        let what = format!("obs query traces {} --limit {limit}, seed {seed}", shell(&search.args));
        let mut args = search.args.clone();
        args.extend(["--limit".into(), limit.to_string()]);
        let found = world.answer("query traces", &args, world.operands(random));
        let shown = if limit == 0 { expected.len() } else { limit.min(expected.len()) };
        expect_same(found["traces"].as_array().unwrap(), &expected[..shown], &what);
        assert_eq!(found["next"].is_string(), shown < expected.len(), "{what}: {}", found["next"]);
        if random.u32(..20) == 0 {
            pages(world, &search, &expected, random.usize(5..40), &what);
        }
    });
}

/// Goes through the list page by page.
#[track_caller]
fn pages(world: &World, search: &Search, expected: &[Value], limit: usize, what: &str) {
    let mut next = None;
    let mut rest = expected;
    loop {
        let mut args = search.args.clone();
        args.extend(["--limit".into(), limit.to_string()]);
        args.extend(next.iter().map(|next| format!("--after={next}")));
        let found = world.answer("query traces", &args, &[]);
        let (page, behind) = rest.split_at(limit.min(rest.len()));
        expect_same(found["traces"].as_array().unwrap(), page, &format!("{what}, after {next:?}"));
        rest = behind;
        next = found["next"].as_str().map(str::to_owned);
        assert_eq!(next.is_some(), !rest.is_empty(), "{what}");
        if next.is_none() {
            return;
        }
    }
}
