//! What stands under the row of a span: attributes, links, events and log records.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::bar::Pen;
use super::log::Log;
use super::model::{Span, Trace};
use crate::otlp::json::{plain_map, text};
use crate::ui::colour::Colour;
use crate::ui::table::printable;

/// Log records by the span that wrote them.
pub(super) struct Logs<'a> {
    by_span: HashMap<usize, Vec<&'a Log>>,
    /// Those of no span of the trace.
    pub(super) others: Vec<&'a Log>,
}

impl<'a> Logs<'a> {
    pub(super) fn of(trace: &Trace, logs: &'a [Log]) -> Logs<'a> {
        // Where an id is there more than once, the first span has them.
        let spans = trace.spans.iter().enumerate().rev();
        let ids: HashMap<[u8; 8], usize> = spans.map(|(index, span)| (span.span_id, index)).collect();
        let mut sorted = Logs { by_span: HashMap::new(), others: Vec::new() };
        for log in logs {
            match log.span_id.and_then(|id| ids.get(&id)) {
                Some(span) => sorted.by_span.entry(*span).or_default().push(log),
                None => sorted.others.push(log),
            }
        }
        sorted
    }

    pub(super) fn of_span(&self, span: usize) -> &[&'a Log] {
        self.by_span.get(&span).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The lines under a span: what it says of itself, then what happened, by time.
pub(super) fn lines(trace: &Trace, span: &Span, logs: &[&Log], attributes: bool, pen: Pen) -> Vec<String> {
    let mut lines = Vec::new();
    if span.is_error() && !span.status_message.is_empty() {
        lines.push(pen.colours.paint(Colour::Red, &printable(&span.status_message)));
    }
    let mut happened: Vec<(u64, String)> = Vec::new();
    if attributes {
        let found = plain_map(span.view().attributes());
        lines.extend(found.iter().map(|(key, value)| attribute(key, value, " = ", pen)));
        lines.extend(span.view().links().map(|link| {
            let (trace_id, span_id) = (const_hex::encode(link.trace_id()), const_hex::encode(link.span_id()));
            let attributes = inline(&plain_map(link.attributes()), pen);
            format!("link to span {span_id} of trace {trace_id}{attributes}")
        }));
        happened.extend(span.view().events().map(|event| {
            let attributes = inline(&plain_map(event.attributes()), pen);
            let words = words([at(trace, event.time_unix_nano(), pen), printable(event.name())]);
            (event.time_unix_nano(), words + &attributes)
        }));
    }
    happened.extend(logs.iter().map(|log| (log.time_ns, log_line(trace, log, pen))));
    // A stable sort: events come before log records of the same time.
    happened.sort_by_key(|(time_ns, _)| *time_ns);
    lines.extend(happened.into_iter().map(|(_, line)| line));
    lines
}

/// A log record: when, how bad, and what it says.
pub(super) fn log_line(trace: &Trace, log: &Log, pen: Pen) -> String {
    let colour = match log.level.as_str() {
        "error" | "fatal" => Colour::Red,
        "warn" => Colour::Yellow,
        "info" => Colour::Green,
        _ => Colour::Dim,
    };
    let level = pen.colours.paint(colour, &printable(&log.level.to_ascii_uppercase()));
    words([at(trace, log.time_ns, pen), level, printable(&log.message)])
}

fn words<const N: usize>(words: [String; N]) -> String {
    words.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// When something happened, from the start of the trace on; empty where it does not say.
fn at(trace: &Trace, time_ns: u64, pen: Pen) -> String {
    if time_ns == 0 {
        return String::new();
    }
    let offset_ns = trace.offset_ns(time_ns);
    let sign = if offset_ns < 0 { '-' } else { '+' };
    format!("{sign}{}", pen.duration(offset_ns.unsigned_abs()))
}

fn inline(attributes: &Map<String, Value>, pen: Pen) -> String {
    attributes.iter().map(|(key, value)| format!("  {}", attribute(key, value, "=", pen))).collect()
}

fn attribute(key: &str, value: &Value, equals: &str, pen: Pen) -> String {
    let key = pen.colours.paint(Colour::Dim, &format!("{}{equals}", printable(key)));
    format!("{key}{}", printable(&text(value)))
}
