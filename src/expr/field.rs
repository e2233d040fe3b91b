//! The fields of spans and log records by the names that people have for them.

use regex::Regex;

use super::Name;
use super::pattern::{Pattern, Piece};
use crate::otlp::Signal;

/// A field that every span or log record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intrinsic {
    /// `service.name` of the resource.
    Service,
    /// The name of a span.
    Operation,
    /// `server`, `client` and so on.
    Kind,
    /// `unset`, `ok` or `error`.
    Status,
    /// Whether the status is `error`.
    Error,
    /// What the status says.
    StatusMessage,
    /// From start to end of a span.
    Duration,
    /// The start of a span; of a log record its time, or when it was observed.
    Time,
    /// Hexadecimal.
    TraceId,
    /// Hexadecimal.
    SpanId,
    /// Hexadecimal.
    ParentSpanId,
    /// As `tracestate` has it.
    TraceState,
    /// The name of the instrumentation scope.
    ScopeName,
    /// Its version.
    ScopeVersion,
    /// The name of an event of a span, or of a log record that is an event.
    EventName,
    /// The severity of a log record, by number or by text.
    Level,
    /// Its number.
    SeverityNumber,
    /// The body of a log record.
    Message,
}

use Intrinsic as I;

/// Names of fields by signal; whether an attribute of that name is the field too.
const NAMES: &[(Intrinsic, &[Signal], bool, &[&str])] = {
    const SPANS: &[Signal] = &[Signal::Traces];
    const LOGS: &[Signal] = &[Signal::Logs];
    const BOTH: &[Signal] = &[Signal::Traces, Signal::Logs];
    &[
        (I::Service, BOTH, false, &["service", "service.name", "service_name", "servicename"]),
        (I::Operation, SPANS, false, &["operation", "operation_name", "span.name", "span_name", "spanname"]),
        (I::Operation, SPANS, true, &["name"]),
        (I::Kind, SPANS, true, &["kind", "span.kind", "span_kind", "spankind"]),
        (I::Status, SPANS, true, &["status", "status.code", "status_code", "statuscode", "otel.status_code"]),
        (I::Error, SPANS, true, &["error"]),
        (
            I::StatusMessage,
            SPANS,
            true,
            &["status.message", "status_message", "statusmessage", "otel.status_description"],
        ),
        (I::Duration, SPANS, false, &["duration"]),
        (I::Time, BOTH, false, &["timestamp", "@timestamp", "time"]),
        (I::Time, SPANS, false, &["start", "start_time"]),
        (I::TraceId, BOTH, false, &["trace_id", "traceid", "trace.id"]),
        (I::SpanId, BOTH, false, &["span_id", "spanid", "span.id"]),
        (I::ParentSpanId, SPANS, false, &["parent_span_id", "parentspanid", "parent.id", "parent_id"]),
        (I::TraceState, SPANS, false, &["trace_state", "tracestate"]),
        (
            I::ScopeName,
            BOTH,
            true,
            &["scope", "scope.name", "scope_name", "scopename", "otel.scope.name", "otel.library.name"],
        ),
        (
            I::ScopeVersion,
            BOTH,
            true,
            &["scope.version", "scope_version", "scopeversion", "otel.scope.version"],
        ),
        (I::EventName, BOTH, true, &["event", "event.name", "event_name", "eventname"]),
        (
            I::Level,
            LOGS,
            true,
            &["level", "severity", "severity_text", "severitytext", "log.level", "loglevel"],
        ),
        (I::SeverityNumber, LOGS, false, &["severity_number", "severitynumber"]),
        (I::Message, LOGS, true, &["message", "msg", "body", "log"]),
    ]
};

/// Which attributes a field is looked for in: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Of the resource.
    pub const RESOURCE: Levels = Levels(1);
    /// Of the instrumentation scope.
    pub const SCOPE: Levels = Levels(2);
    /// Of the span or the log record, or in the body of that.
    pub const RECORD: Levels = Levels(4);
    /// Of events.
    pub const EVENT: Levels = Levels(8);
    /// Of links.
    pub const LINK: Levels = Levels(16);
    const ALL: Levels = Levels(31);

    /// Whether the two have any in common.
    pub fn holds(self, other: Levels) -> bool {
        self.0 & other.0 != 0
    }
}

/// Beginnings of names that say where an attribute is.
const PREFIXES: [(&str, Levels); 9] = [
    ("resource.", Levels::RESOURCE),
    ("scope.", Levels::SCOPE),
    ("instrumentation.", Levels::SCOPE),
    ("attributes.", Levels::RECORD),
    ("span.", Levels::RECORD),
    ("log.", Levels::RECORD),
    ("body.", Levels::RECORD),
    ("event.", Levels::EVENT),
    ("link.", Levels::LINK),
];

/// The key of attributes.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// This one, or below it in maps, with dots.
    Exact(Box<str>),
    /// Those that match, also below them in maps, with dots.
    Matching(Regex),
}

/// A field of spans or of log records.
#[derive(Debug, Clone)]
pub struct Field {
    /// What every record has under this name.
    pub intrinsic: Option<Intrinsic>,
    /// Attributes under this name.
    pub(super) attributes: Vec<(Levels, Key)>,
    /// All of them, but for the scope, the kind, ids and times.
    pub is_any: bool,
    /// Whether it holds prose, in which words are looked for.
    pub(super) is_prose: bool,
}

/// Ends of the names of attributes that hold prose.
const PROSE: [&str; 8] =
    ["message", "msg", "stacktrace", "description", "body", "statement", "query.text", "detail"];

impl Field {
    /// All fields at once: the message or the name, the level or the status with what it says, events, and attributes.
    pub(super) fn any() -> Field {
        Field { intrinsic: None, attributes: Vec::new(), is_any: true, is_prose: true }
    }

    /// What every record has, and no attribute.
    pub(super) fn own(intrinsic: Intrinsic) -> Field {
        let is_prose = matches!(intrinsic, I::Message | I::StatusMessage);
        Field { intrinsic: Some(intrinsic), attributes: Vec::new(), is_any: false, is_prose }
    }

    /// The field of a name; an attribute where no field has it. `None` where the pattern is too long.
    pub fn named(name: &Name, signal: Signal) -> Option<Field> {
        let Some(text) = name.pattern.as_literal() else { return Field::matching(&name.pattern) };
        let lower = text.to_ascii_lowercase();
        let named = NAMES
            .iter()
            .find(|(_, signals, _, names)| signals.contains(&signal) && names.contains(&lower.as_str()));
        let intrinsic = named.map(|(intrinsic, ..)| *intrinsic);
        let mut attributes = Vec::new();
        if named.is_none_or(|(_, _, is_attribute, _)| *is_attribute) {
            attributes.push((Levels::ALL, Key::Exact(text.into())));
            for (prefix, levels) in PREFIXES {
                if let Some(key) = text.strip_prefix(prefix).filter(|key| !key.is_empty()) {
                    attributes.push((levels, Key::Exact(key.into())));
                }
            }
        }
        let is_prose = match intrinsic {
            Some(intrinsic) => matches!(intrinsic, I::Message | I::StatusMessage),
            None => is_prose(text),
        };
        Some(Field { intrinsic, attributes, is_any: false, is_prose })
    }

    /// The attributes whose names match.
    fn matching(name: &Pattern) -> Option<Field> {
        if name.is_anything() {
            return Some(Field::any());
        }
        let mut attributes = vec![(Levels::ALL, Key::Matching(name.whole(false)?))];
        for (prefix, levels) in PREFIXES {
            if let Some(name) = name.strip_prefix(prefix) {
                attributes.push((levels, Key::Matching(name.whole(false)?)));
            }
        }
        let is_prose = matches!(name.0.last(), Some(Piece::Literal(end)) if is_prose(end));
        Some(Field { intrinsic: None, attributes, is_any: false, is_prose })
    }

    /// Whether only what every record has is the field.
    pub fn is_intrinsic(&self) -> bool {
        self.attributes.is_empty() && !self.is_any
    }
}

fn is_prose(name: &str) -> bool {
    PROSE
        .iter()
        .any(|end| name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// Whether a name is that of a field or, with what may stand before it, of an attribute in `keys`.
pub fn is_known(name: &str, signal: Signal, keys: &[String]) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_field = NAMES
        .iter()
        .any(|(_, signals, _, names)| signals.contains(&signal) && names.contains(&lower.as_str()));
    let is_key = |name: &str| {
        keys.iter().any(|key| {
            key == name || name.strip_prefix(key.as_str()).is_some_and(|below| below.starts_with('.'))
        })
    };
    is_field
        || is_key(name)
        || PREFIXES.iter().any(|(prefix, _)| name.strip_prefix(prefix).is_some_and(is_key))
}

/// The name that was probably meant by one that nothing has.
pub fn suggest<'a>(name: &str, signal: Signal, keys: &'a [String]) -> Option<&'a str> {
    let fields = NAMES.iter().filter(|(_, signals, ..)| signals.contains(&signal));
    let fields = fields.flat_map(|(.., names)| names.iter().copied());
    let candidates = fields.chain(keys.iter().map(String::as_str));
    let scored = candidates.map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate));
    let closest = scored.min_by(|one, other| one.cmp(other));
    closest.filter(|(distance, _)| *distance <= (name.chars().count() / 3).max(1)).map(|(_, name)| name)
}
