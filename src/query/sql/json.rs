//! Attributes and what else has no type in SQL, as JSON text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cell::timestamp;
use crate::otlp::proto::{AnyValue, KeyValue, Span};

/// Writes a text with its quotes.
fn put_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", control as u32)),
            character => out.push(character),
        }
    }
    out.push('"');
}

/// Writes a list, its elements one after the other.
fn put_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    put: impl Fn(&mut String, T),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        put(out, item);
    }
    out.push(close);
}

/// Writes a value: numbers as numbers, bytes as base64, what JSON has no number for as OTLP's JSON writes it.
pub(super) fn put_value(out: &mut String, value: AnyValue<'_>) {
    if let Some(text) = value.string_value() {
        put_text(out, text);
    } else if let Some(flag) = value.bool_value() {
        out.push_str(if flag { "true" } else { "false" });
    } else if let Some(number) = value.int_value() {
        out.push_str(itoa::Buffer::new().format(number));
    } else if let Some(number) = value.double_value() {
        put_double(out, number);
    } else if let Some(list) = value.array_value() {
        put_list(out, ['[', ']'], list.values(), put_value);
    } else if let Some(map) = value.kvlist_value() {
        put_map(out, map.values());
    } else if let Some(bytes) = value.bytes_value() {
        put_text(out, &STANDARD.encode(bytes));
    } else {
        out.push_str("null");
    }
}

fn put_double(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("\"NaN\"");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else {
        out.push_str(zmij::Buffer::new().format(number));
    }
}

/// Writes attributes as an object.
pub(super) fn put_map<'a>(out: &mut String, attributes: impl Iterator<Item = KeyValue<'a>>) {
    put_list(out, ['{', '}'], attributes, |out, attribute| {
        put_text(out, attribute.key());
        out.push(':');
        match attribute.value() {
            Some(value) => put_value(out, value),
            None => out.push_str("null"),
        }
    });
}

/// Writes named members of an object that end with attributes.
fn put_members<'a>(
    out: &mut String,
    members: &[(&str, Option<&str>)],
    attributes: impl Iterator<Item = KeyValue<'a>>,
) {
    out.push('{');
    for (name, value) in members {
        put_text(out, name);
        out.push(':');
        match value {
            Some(value) => put_text(out, value),
            None => out.push_str("null"),
        }
        out.push(',');
    }
    out.push_str("\"Attributes\":");
    put_map(out, attributes);
    out.push('}');
}

/// The events of a span.
pub(super) fn events(span: Span<'_>) -> String {
    let mut out = String::new();
    put_list(&mut out, ['[', ']'], span.events(), |out, event| {
        let time = timestamp(event.time_unix_nano());
        put_members(out, &[("Timestamp", time.as_deref()), ("Name", Some(event.name()))], event.attributes());
    });
    out
}

/// The links of a span.
pub(super) fn links(span: Span<'_>) -> String {
    let mut out = String::new();
    put_list(&mut out, ['[', ']'], span.links(), |out, link| {
        let (trace, span) = (const_hex::encode(link.trace_id()), const_hex::encode(link.span_id()));
        let members =
            [("TraceId", Some(&*trace)), ("SpanId", Some(&*span)), ("TraceState", Some(link.trace_state()))];
        put_members(out, &members, link.attributes());
    });
    out
}

/// Attributes as an object.
pub(super) fn map<'a>(attributes: impl Iterator<Item = KeyValue<'a>>) -> String {
    let mut out = String::new();
    put_map(&mut out, attributes);
    out
}
