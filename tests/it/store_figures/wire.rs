//! Raw spans in the two encodings of the stream, written by hand because there are many.

use std::fmt::Write;

use super::spans::{Names, RawSpan};

/// A frame with spans, those of a service together.
pub fn frame(spans: &[RawSpan], names: &Names) -> Vec<u8> {
    let mut message = Vec::new();
    for (service, name) in names.services.iter().enumerate() {
        let mut scope = Vec::new();
        spans
            .iter()
            .filter(|span| span.service == service)
            .for_each(|span| put(&mut scope, 0x12, &record(span, names)));
        if scope.is_empty() {
            continue;
        }
        let mut container = Vec::new();
        if !name.is_empty() {
            put(&mut container, 0x0a, &field(0x0a, &service_name(name)));
        }
        put(&mut container, 0x12, &scope);
        put(&mut message, 0x0a, &container);
    }
    let [_, high, middle, low] = (message.len() as u32).to_be_bytes();
    [&[1, high, middle, low], &message[..]].concat()
}

/// The attribute that names a service.
fn service_name(name: &str) -> Vec<u8> {
    [field(0x0a, b"service.name"), field(0x12, &field(0x0a, name.as_bytes()))].concat()
}

fn record(span: &RawSpan, names: &Names) -> Vec<u8> {
    // What is not set is sometimes empty, and sometimes zeros.
    let has_zeros = span.start.is_multiple_of(2);
    let mut out = Vec::with_capacity(96);
    if span.trace != 0 || has_zeros {
        put(&mut out, 0x0a, &span.trace.to_be_bytes());
    }
    if span.id != 0 || has_zeros {
        put(&mut out, 0x12, &span.id.to_be_bytes());
    }
    if span.parent != 0 || has_zeros {
        put(&mut out, 0x22, &span.parent.to_be_bytes());
    }
    put(&mut out, 0x2a, names.spans[span.name].as_bytes());
    out.extend([0x30, span.kind]);
    out.push(0x39);
    out.extend(span.start.to_le_bytes());
    out.push(0x41);
    out.extend(span.end.to_le_bytes());
    if span.failed {
        // status { code: ERROR }
        out.extend([0x7a, 2, 0x18, 2]);
    }
    out
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 5);
    put(&mut out, tag, bytes);
    out
}

fn put(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
}

/// A line with spans, each with its resource.
pub fn line(spans: &[RawSpan], names: &Names) -> Vec<u8> {
    let text = |name: &str| serde_json::to_string(name).unwrap();
    let services: Vec<String> = names.services.iter().map(|name| text(name)).collect();
    let operations: Vec<String> = names.spans.iter().map(|name| text(name)).collect();
    let mut out = String::from(r#"{"resourceSpans":["#);
    for (number, span) in spans.iter().enumerate() {
        let RawSpan { trace, id, parent, kind, start, end, .. } = span;
        let comma = if number > 0 { "," } else { "" };
        let (service, name) = (&services[span.service], &operations[span.name]);
        let service = match names.services[span.service].is_empty() {
            true => String::new(),
            false => format!(r#"{{"key":"service.name","value":{{"stringValue":{service}}}}}"#),
        };
        let trace = if *trace == 0 && start % 2 == 1 { String::new() } else { format!("{trace:032x}") };
        let status = if span.failed { r#","status":{"code":2}"# } else { "" };
        write!(
            out,
            r#"{comma}{{"resource":{{"attributes":[{service}]}},"scopeSpans":[{{"spans":[{{"traceId":"{trace}","spanId":"{id:016x}","parentSpanId":"{parent:016x}","name":{name},"kind":{kind},"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}"{status}}}]}}]}}"#,
        )
        .unwrap();
    }
    (out + "]}\n").into_bytes()
}
