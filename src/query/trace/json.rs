//! A trace as one JSON document, `obs.query.trace/1`.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::details::Logs;
use super::log::Log;
use super::model::{Process, Span, Trace};
use super::tree::{Descent, Node};
use crate::otlp::json::plain_map;

/// The document, which is made span by span as it is written: as a whole it takes many times the memory of the trace.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The trace.
    pub trace: &'a Trace,
    /// Its log records, as far as they are wanted.
    pub logs: &'a [Log],
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Document { trace, logs } = *self;
        let logs = Logs::of(trace, logs);
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &head(trace) {
            map.serialize_entry(key, value)?;
        }
        if !logs.others.is_empty() {
            map.serialize_entry("logs", &logs_json(trace, &logs.others))?;
        }
        map.serialize_entry("tree", &Spans { trace, logs: &logs })?;
        map.end()
    }
}

impl Document<'_> {
    /// Writes the spans alone, a line each.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        let logs = Logs::of(self.trace, self.logs);
        let spans = Spans { trace: self.trace, logs: &logs };
        self.trace.iter().try_for_each(|span| {
            serde_json::to_writer(&mut *out, &spans.json(span))?;
            writeln!(out)
        })
    }
}

struct Spans<'a> {
    trace: &'a Trace,
    logs: &'a Logs<'a>,
}

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.trace.iter().map(|span| self.json(span)))
    }
}

impl Spans<'_> {
    fn json(&self, (index, span, node): (usize, &Span, &Node)) -> Map<String, Value> {
        let mut json = span_json(self.trace, index, span, node);
        set(&mut json, "logs", logs_json(self.trace, self.logs.of_span(index)));
        json
    }
}

/// All but spans and log records.
fn head(trace: &Trace) -> Map<String, Value> {
    let mut json = json!({
        "schema": "obs.query.trace/1",
        "trace_id": const_hex::encode(trace.id),
        "start": time(trace.start_ns()),
        "duration_ns": trace.duration_ns(),
        "spans": trace.spans.len(),
        "errors": trace.spans.iter().filter(|span| span.is_error()).count(),
        "roots": trace.tree.roots().count(),
        "root": trace.root().map(|root| json!({
            "service": trace.service(root),
            "operation": trace.spans[root].operation,
        })),
        "missing_parents": trace.count(Descent::MissingParent),
        "cycles": trace.count(Descent::Cycle),
        "duplicates": trace.duplicates,
        "skewed": trace.spans.iter().filter(|span| span.is_skewed).count(),
        "invalid_times": trace.spans.iter().filter(|span| span.has_invalid_time).count(),
        "services": services(trace),
        "resources": trace.processes.iter().map(resource).collect::<Value>(),
    });
    match json.take() {
        Value::Object(json) => json,
        _ => Map::new(),
    }
}

/// A time in nanoseconds since the epoch, as RFC 3339.
pub fn time(ns: u64) -> String {
    Timestamp::from_nanosecond(ns.into()).map(|time| time.to_string()).unwrap_or_default()
}

/// What each service has done, in the order in which they come in the tree.
fn services(trace: &Trace) -> Value {
    #[derive(Default)]
    struct Sums {
        spans: u64,
        errors: u64,
        self_time_ns: u64,
        critical_path_ns: u64,
    }
    let mut names: Vec<&str> = Vec::new();
    let mut sums: HashMap<&str, Sums> = HashMap::new();
    for (index, span, _) in trace.iter() {
        let service = trace.service(index);
        let sums = sums.entry(service).or_insert_with(|| {
            names.push(service);
            Sums::default()
        });
        sums.spans += 1;
        sums.errors += u64::from(span.is_error());
        sums.self_time_ns = sums.self_time_ns.saturating_add(trace.self_times_ns[index]);
        sums.critical_path_ns = sums.critical_path_ns.saturating_add(trace.critical_path_ns(index));
    }
    let json = |(service, sums): (&str, &Sums)| {
        json!({
            "service": service,
            "spans": sums.spans,
            "errors": sums.errors,
            "self_time_ns": sums.self_time_ns,
            "critical_path_ns": sums.critical_path_ns,
        })
    };
    names.into_iter().filter_map(|name| Some((name, sums.get(name)?))).map(json).collect()
}

fn resource(process: &Process) -> Value {
    json!({"attributes": plain_map(process.resource().attributes())})
}

fn span_json(trace: &Trace, index: usize, span: &Span, node: &Node) -> Map<String, Value> {
    let view = span.view();
    let offset = |(from_ns, to_ns): &(u64, u64)| json!([trace.offset_ns(*from_ns), trace.offset_ns(*to_ns)]);
    let mut json = json!({
        "span_id": const_hex::encode(span.span_id),
        "parent_span_id": id(&span.parent_id),
        "depth": node.depth,
        "children": node.children,
        "service": trace.service(index),
        "operation": span.operation,
        "kind": span.kind_name(),
        "status": span.status_name(),
        "start_offset_ns": trace.offset_ns(span.start_ns),
        "duration_ns": span.duration_ns(),
        "self_time_ns": trace.self_times_ns[index],
        "missing_parent": node.descent == Descent::MissingParent,
        "skewed": span.is_skewed,
        "resource": span.process,
    });
    let Value::Object(mut json) = json.take() else { return Map::new() };
    set(&mut json, "status_message", span.status_message.clone().into());
    set(&mut json, "critical_path", trace.critical_path[index].iter().map(offset).collect());
    set(&mut json, "cycle", (node.descent == Descent::Cycle).into());
    set(&mut json, "invalid_time", span.has_invalid_time.into());
    set(&mut json, "attributes", plain_map(view.attributes()).into());
    set(&mut json, "scope", scope(trace, span).into());
    set(&mut json, "trace_state", view.trace_state().into());
    set(&mut json, "events", events(trace, span));
    set(&mut json, "links", links(span));
    for (key, count) in [
        ("dropped_attributes", view.dropped_attributes_count()),
        ("dropped_events", view.dropped_events_count()),
        ("dropped_links", view.dropped_links_count()),
    ] {
        set(&mut json, key, count.into());
    }
    json
}

/// Sets a member, unless it is empty.
fn set(json: &mut Map<String, Value>, key: &str, value: Value) {
    let is_empty = match &value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    };
    if !is_empty {
        json.insert(key.to_owned(), value);
    }
}

/// An id in hexadecimal; empty where there is none.
fn id(id: &[u8]) -> String {
    if id.iter().all(|byte| *byte == 0) { String::new() } else { const_hex::encode(id) }
}

fn scope(trace: &Trace, span: &Span) -> Map<String, Value> {
    let mut json = Map::new();
    if let Some(scope) = trace.scope(span) {
        set(&mut json, "name", scope.name().into());
        set(&mut json, "version", scope.version().into());
        set(&mut json, "attributes", plain_map(scope.attributes()).into());
    }
    json
}

fn events(trace: &Trace, span: &Span) -> Value {
    let event = |event: crate::otlp::proto::Event<'_>| {
        let mut json = Map::new();
        json.insert("name".into(), event.name().into());
        if event.time_unix_nano() > 0 {
            json.insert("time_offset_ns".into(), trace.offset_ns(event.time_unix_nano()).into());
        }
        set(&mut json, "attributes", plain_map(event.attributes()).into());
        Value::Object(json)
    };
    span.view().events().map(event).collect()
}

fn links(span: &Span) -> Value {
    let link = |link: crate::otlp::proto::Link<'_>| {
        let mut json = Map::new();
        json.insert("trace_id".into(), id(link.trace_id()).into());
        json.insert("span_id".into(), id(link.span_id()).into());
        set(&mut json, "attributes", plain_map(link.attributes()).into());
        Value::Object(json)
    };
    span.view().links().map(link).collect()
}

fn logs_json(trace: &Trace, logs: &[&Log]) -> Value {
    logs.iter().map(|log| log_json(trace, log)).collect()
}

fn log_json(trace: &Trace, log: &Log) -> Value {
    let mut json = Map::new();
    if log.time_ns > 0 {
        json.insert("time".into(), time(log.time_ns).into());
        json.insert("offset_ns".into(), trace.offset_ns(log.time_ns).into());
    }
    json.insert("level".into(), log.level.clone().into());
    json.insert("message".into(), log.message.clone().into());
    set(&mut json, "service", log.service.clone().into());
    set(&mut json, "attributes", log.attributes.clone().into());
    json.into()
}
