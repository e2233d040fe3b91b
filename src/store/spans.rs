//! What the walk takes from a span.

use super::attributes::Level;
use super::columns::{BEYOND, NO_TRACE};
use super::edges::{Caller, Child, Share, span_key};
use super::histogram;
use super::measures::{MINUTE_NS, Measure, Place};
use super::scan::Scan;
use crate::otlp::field::span as field;
use crate::otlp::proto::{Event, STATUS_CODE_ERROR, Status};
use crate::otlp::view::{Fields, Value, text};
use crate::probability::tracestate;

/// Values of `Span.kind`.
const CLIENT: u8 = 3;
const PRODUCER: u8 = 4;

#[derive(Default)]
struct Span<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    trace_state: &'a [u8],
    parent_span_id: &'a [u8],
    name: &'a [u8],
    kind: u8,
    start: u64,
    end: u64,
    status: i32,
}

/// Takes a span of a service.
#[inline]
pub(super) fn span(scan: &mut Scan, service: u32, record: &[u8]) {
    let mut span = Span::default();
    let mut position = 0;
    for (number, value) in Fields::new(record) {
        match (number, value) {
            (field::ATTRIBUTE, Value::Len(attribute)) => {
                scan.attribute(Level::Span, position, attribute);
                position += 1;
            }
            (field::TRACE_ID, Value::Len(id)) => span.trace_id = id,
            (field::SPAN_ID, Value::Len(id)) => span.span_id = id,
            (field::PARENT_SPAN_ID, Value::Len(id)) => span.parent_span_id = id,
            (field::NAME, Value::Len(name)) => span.name = name,
            (field::KIND, kind) => span.kind = u8::try_from(kind.bits()).unwrap_or(BEYOND),
            (field::START, time) => span.start = time.bits(),
            (field::END, time) => span.end = time.bits(),
            (field::STATUS, status) => {
                let status = Status(status.bytes());
                span.status = status.code();
                scan.text(status.message().as_bytes());
            }
            (field::TRACE_STATE, Value::Len(state)) => span.trace_state = state,
            (field::EVENT, Value::Len(event)) => {
                scan.text(Event(event).name().as_bytes());
                scan.attributes(Level::Event, event, field::EVENT_ATTRIBUTE);
            }
            (field::LINK, Value::Len(link)) => scan.attributes(Level::Link, link, field::LINK_ATTRIBUTE),
            _ => {}
        }
    }
    take(scan, service, &span);
}

#[inline]
fn take(scan: &mut Scan, service: u32, span: &Span<'_>) {
    let trace = scan.trace(span.trace_id);
    let number = if trace == 0 { NO_TRACE } else { scan.trace_number() };
    scan.columns.traces.push(number);
    scan.columns.parents.push(u8::from(span.parent_span_id.iter().any(|byte| *byte != 0)));
    let operation = scan.operation(service, span.kind, span.name);
    scan.row(operation, span.status.clamp(0, BEYOND.into()) as u8, span.start);
    scan.columns.durations.push(span.end.wrapping_sub(span.start) as i64);
    if scan.is_counted {
        count(scan, service, operation, trace, span);
    }
}

#[inline]
fn count(scan: &mut Scan, service: u32, operation: u32, trace: u64, span: &Span<'_>) {
    let minute = (span.start / MINUTE_NS) as u32;
    let failed = span.status == STATUS_CODE_ERROR;
    // One that does not say when it began has not taken since 1970.
    let begin = if span.start == 0 { span.end } else { span.start };
    let bucket = histogram::bucket(span.end.saturating_sub(begin));
    let weight = tracestate::kept_by(text(span.trace_state), span.trace_id).weight();
    if weight == 1.0 {
        scan.plain.push(Place::new(minute, operation, failed, bucket));
    } else {
        scan.weighted.push(Measure { minute, series: operation, failed, bucket, weight, trace });
    }

    // A part of the hash tells the traces of a minute apart.
    let share = Share { weight: weight as f32, trace: trace as u32 };
    match span_key(trace, span.span_id) {
        None => {}
        Some(key) if matches!(span.kind, CLIENT | PRODUCER) => {
            scan.calls.callers.push(Caller { key, service, minute, failed, bucket, share });
        }
        Some(key) => scan.calls.others.push(key),
    }
    if let Some(parent) = span_key(trace, span.parent_span_id) {
        scan.calls.children.push(Child { parent, service, share });
    }
}
