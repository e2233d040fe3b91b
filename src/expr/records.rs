//! Spans and log records as a search sees them: the values of their fields.

use regex::Regex;

use super::field::{Field, Intrinsic, Key, Levels};
use super::level_name;
use super::predicate::{Predicate, Value};
use crate::otlp::field::{RESOURCE, RESOURCE_ATTRIBUTE, SCOPE, SCOPE_ATTRIBUTE, log, span};
use crate::otlp::names::{kind_name, status_name};
use crate::otlp::proto::{AnyValue, InstrumentationScope, KeyValue, STATUS_CODE_ERROR, Status};
use crate::otlp::view::{Fields, Nested, text};
use crate::otlp::{Signal, plain_attribute, semconv, tree};

/// A span or a log record that was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Its `ResourceSpans` or `ResourceLogs`.
    pub container: &'a [u8],
    /// Its `ScopeSpans` or `ScopeLogs`.
    pub scope: &'a [u8],
    /// Itself.
    pub record: &'a [u8],
}

/// Calls `each` with every record of a batch.
pub fn for_each_record<'a>(batch: &'a [u8], mut each: impl FnMut(Found<'a>)) {
    for container in Nested::new(batch, tree::RESOURCE) {
        for scope in Nested::new(container, tree::CHILD) {
            Nested::new(scope, tree::CHILD).for_each(|record| each(Found { container, scope, record }));
        }
    }
}

/// Told a value; whether that is enough.
type Each<'e> = &'e mut dyn FnMut(Seen<'_>) -> bool;

/// A value of a field.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    Intrinsic(Value<'a>),
    Attribute(AnyValue<'a>),
}

impl Seen<'_> {
    pub(super) fn passes(self, predicate: &Predicate, is_prose: bool) -> bool {
        match self {
            Seen::Intrinsic(value) => predicate.passes(value, is_prose),
            Seen::Attribute(value) => predicate.passes_any(value, is_prose),
        }
    }
}

impl Field {
    /// The values that it has in the resource of a container.
    pub(super) fn of_resource(&self, container: &[u8], each: Each<'_>) -> bool {
        if self.intrinsic == Some(Intrinsic::Service)
            && each(Seen::Intrinsic(Value::Text(semconv::service_name(container))))
        {
            return true;
        }
        self.has_attributes(Levels::RESOURCE)
            && Nested::new(container, RESOURCE)
                .any(|resource| self.attributes(Levels::RESOURCE, resource, RESOURCE_ATTRIBUTE, each))
    }

    /// The values that it has in the instrumentation scope.
    pub(super) fn of_scope(&self, container: &[u8], each: Each<'_>) -> bool {
        for scope in Nested::new(container, SCOPE) {
            let view = InstrumentationScope(scope);
            let text = match self.intrinsic {
                Some(Intrinsic::ScopeName) => view.name(),
                Some(Intrinsic::ScopeVersion) => view.version(),
                _ => "",
            };
            if !text.is_empty() && each(Seen::Intrinsic(Value::Text(text))) {
                return true;
            }
            if self.has_attributes(Levels::SCOPE)
                && self.attributes(Levels::SCOPE, scope, SCOPE_ATTRIBUTE, each)
            {
                return true;
            }
        }
        false
    }

    /// The values that it has in a span or a log record itself.
    pub(super) fn of_record(&self, signal: Signal, record: &[u8], each: Each<'_>) -> bool {
        match signal {
            Signal::Traces => self.of_span(record, each),
            Signal::Logs => self.of_log(record, each),
            Signal::Metrics => false,
        }
    }

    pub(super) fn has_attributes(&self, level: Levels) -> bool {
        self.is_any || self.attributes.iter().any(|(levels, _)| levels.holds(level))
    }

    fn of_span(&self, record: &[u8], each: Each<'_>) -> bool {
        if let Some(intrinsic) = self.intrinsic
            && span_value(intrinsic, record, each)
        {
            return true;
        }
        if self.is_intrinsic() {
            return false;
        }
        let (of_span, of_event, of_link) = (
            self.has_attributes(Levels::RECORD),
            self.has_attributes(Levels::EVENT),
            self.has_attributes(Levels::LINK),
        );
        Fields::new(record).any(|(number, value)| match number {
            span::ATTRIBUTE if of_span => self.attribute(Levels::RECORD, value.bytes(), each),
            span::EVENT => {
                let named = (self.is_any).then(|| crate::otlp::proto::Event(value.bytes()).name());
                named.is_some_and(|name| text_value(name.as_bytes(), each))
                    || (of_event
                        && self.attributes(Levels::EVENT, value.bytes(), span::EVENT_ATTRIBUTE, each))
            }
            span::LINK if of_link => self.attributes(Levels::LINK, value.bytes(), span::LINK_ATTRIBUTE, each),
            span::NAME if self.is_any => text_value(value.bytes(), each),
            span::STATUS if self.is_any => {
                let status = Status(value.bytes());
                text_value(status.message().as_bytes(), each)
                    || (status.code() > 0 && text_value(status_name(status.code()).as_bytes(), each))
            }
            _ => false,
        })
    }

    fn of_log(&self, record: &[u8], each: Each<'_>) -> bool {
        if let Some(intrinsic) = self.intrinsic
            && log_value(intrinsic, record, each)
        {
            return true;
        }
        // Loggers that do not set the severity may have an attribute for it.
        if self.is_intrinsic() || (self.intrinsic == Some(Intrinsic::Level) && has_severity(record)) {
            return false;
        }
        let in_attributes = self.attributes(Levels::RECORD, record, log::ATTRIBUTE, each);
        in_attributes
            || Fields::new(record).any(|(number, value)| match number {
                log::BODY if self.is_any => each(Seen::Attribute(AnyValue(value.bytes()))),
                log::BODY => match AnyValue(value.bytes()).kvlist_value() {
                    Some(map) => map.values().any(|pair| self.has(Levels::RECORD, pair, each)),
                    None => false,
                },
                log::SEVERITY if self.is_any => text_value(level_name(value.bits() as i64).as_bytes(), each),
                log::SEVERITY_TEXT | log::EVENT_NAME if self.is_any => text_value(value.bytes(), each),
                _ => false,
            })
    }

    fn attributes(&self, level: Levels, message: &[u8], number: u32, each: Each<'_>) -> bool {
        Nested::new(message, number).any(|attribute| self.attribute(level, attribute, each))
    }

    #[inline]
    fn attribute(&self, level: Levels, attribute: &[u8], each: Each<'_>) -> bool {
        // Most have another key, which can be told at once.
        if let (Some((key, _)), [(levels, Key::Exact(wanted))]) =
            (plain_attribute(attribute), self.attributes.as_slice())
            && (!levels.holds(level) || !wanted.as_bytes().starts_with(key))
        {
            return false;
        }
        self.has(level, KeyValue(attribute), each)
    }

    fn has(&self, level: Levels, pair: KeyValue<'_>, each: Each<'_>) -> bool {
        let value = pair.value().unwrap_or(AnyValue(&[]));
        if self.is_any {
            return each(Seen::Attribute(value));
        }
        self.attributes.iter().any(|(levels, key)| {
            levels.holds(level)
                && match key {
                    Key::Exact(wanted) => below(pair, wanted, each),
                    Key::Matching(regex) => {
                        (regex.is_match(pair.key()) && each(Seen::Attribute(value)))
                            || matching_below(pair.key(), value, regex, each)
                    }
                }
        })
    }
}

/// The value of a pair with this key, or that of a map inside of it with the rest of the key behind a dot.
fn below(pair: KeyValue<'_>, wanted: &str, each: Each<'_>) -> bool {
    let Some(value) = pair.value() else {
        return wanted == pair.key() && each(Seen::Attribute(AnyValue(&[])));
    };
    match wanted.strip_prefix(pair.key()) {
        Some("") => each(Seen::Attribute(value)),
        Some(rest) => match (rest.strip_prefix('.'), value.kvlist_value()) {
            (Some(rest), Some(map)) => map.values().any(|pair| below(pair, rest, each)),
            _ => false,
        },
        None => false,
    }
}

/// The values in a map at `path` whose keys match with the path and a dot before them.
fn matching_below(path: &str, value: AnyValue<'_>, regex: &Regex, each: Each<'_>) -> bool {
    let values = value.kvlist_value().into_iter().flat_map(|map| map.values());
    values.into_iter().any(|pair| {
        let path = format!("{path}.{}", pair.key());
        let value = pair.value().unwrap_or(AnyValue(&[]));
        (regex.is_match(&path) && each(Seen::Attribute(value))) || matching_below(&path, value, regex, each)
    })
}

/// The last value of a number in a message, 0 where it is not set.
fn bits(message: &[u8], wanted: u32) -> u64 {
    let values = Fields::new(message).filter(|(number, _)| *number == wanted);
    values.last().map_or(0, |(_, value)| value.bits())
}

/// The last value of a text or of bytes in a message.
fn bytes(message: &[u8], wanted: u32) -> &[u8] {
    Nested::new(message, wanted).last().unwrap_or_default()
}

/// An id; one of zeros is none.
fn hex_value(id: &[u8], each: Each<'_>) -> bool {
    if id.iter().all(|byte| *byte == 0) {
        return false;
    }
    let mut hex = [0; 32];
    let Some(hex) = hex.get_mut(..id.len() * 2) else { return false };
    const_hex::encode_to_slice(id, hex).is_ok() && each(Seen::Intrinsic(Value::Text(text(hex))))
}

fn text_value(value: &[u8], each: Each<'_>) -> bool {
    !value.is_empty() && each(Seen::Intrinsic(Value::Text(text(value))))
}

fn span_value(intrinsic: Intrinsic, record: &[u8], each: Each<'_>) -> bool {
    let status = || Status(bytes(record, span::STATUS)).code();
    match intrinsic {
        Intrinsic::Operation => each(Seen::Intrinsic(Value::Text(text(bytes(record, span::NAME))))),
        Intrinsic::Kind => each(Seen::Intrinsic(Value::Text(&kind_name(bits(record, span::KIND) as i32)))),
        Intrinsic::Status => each(Seen::Intrinsic(Value::Text(&status_name(status().max(0))))),
        Intrinsic::Error => each(Seen::Intrinsic(Value::Bool(status() == STATUS_CODE_ERROR))),
        Intrinsic::StatusMessage => {
            text_value(Status(bytes(record, span::STATUS)).message().as_bytes(), each)
        }
        Intrinsic::Duration => {
            let duration = bits(record, span::END).wrapping_sub(bits(record, span::START));
            each(Seen::Intrinsic(Value::Int(duration as i64)))
        }
        Intrinsic::Time => time_value(bits(record, span::START), each),
        Intrinsic::TraceId => hex_value(bytes(record, span::TRACE_ID), each),
        Intrinsic::SpanId => hex_value(bytes(record, span::SPAN_ID), each),
        Intrinsic::ParentSpanId => hex_value(bytes(record, span::PARENT_SPAN_ID), each),
        Intrinsic::TraceState => text_value(bytes(record, span::TRACE_STATE), each),
        Intrinsic::EventName => {
            Nested::new(record, span::EVENT).any(|event| text_value(bytes(event, span::EVENT_NAME), each))
        }
        _ => false,
    }
}

fn log_value(intrinsic: Intrinsic, record: &[u8], each: Each<'_>) -> bool {
    match intrinsic {
        Intrinsic::Level => {
            let severity = bits(record, log::SEVERITY) as i64;
            let name = text(bytes(record, log::SEVERITY_TEXT));
            has_severity(record) && each(Seen::Intrinsic(Value::Level(severity, name)))
        }
        Intrinsic::SeverityNumber => {
            let severity = bits(record, log::SEVERITY) as i64;
            severity > 0 && each(Seen::Intrinsic(Value::Int(severity)))
        }
        Intrinsic::Message => {
            Nested::new(record, log::BODY).last().is_some_and(|body| each(Seen::Attribute(AnyValue(body))))
        }
        Intrinsic::Time => time_value(log_time(record), each),
        Intrinsic::TraceId => hex_value(bytes(record, log::TRACE_ID), each),
        Intrinsic::SpanId => hex_value(bytes(record, log::SPAN_ID), each),
        Intrinsic::EventName => text_value(bytes(record, log::EVENT_NAME), each),
        _ => false,
    }
}

/// Whether a log record says how severe it is, so that no attribute does.
pub(super) fn has_severity(record: &[u8]) -> bool {
    bits(record, log::SEVERITY) as i64 > 0 || !text(bytes(record, log::SEVERITY_TEXT)).is_empty()
}

/// When a log record was made or, where it does not say, observed; nanoseconds since the epoch.
pub fn log_time(record: &[u8]) -> u64 {
    match bits(record, log::TIME) {
        0 => bits(record, log::OBSERVED),
        time => time,
    }
}

/// A time; 0 is none.
fn time_value(time: u64, each: Each<'_>) -> bool {
    time > 0 && each(Seen::Intrinsic(Value::Int(i64::try_from(time).unwrap_or(i64::MAX))))
}
