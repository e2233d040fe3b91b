//! The fields of decoded spans and log records, as they are documented.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::values::{Reading, Seen, Test, level_name};

/// A span or a log record with what it came with.
#[derive(Debug, Clone)]
pub struct Record<T> {
    pub resource: Resource,
    pub scope: InstrumentationScope,
    pub item: T,
}

/// What has fields of its own.
pub trait Item {
    /// The values that every record has under a name; whether attributes of that name count too; and how they are read.
    fn intrinsic(&self, scope: &InstrumentationScope, name: &str) -> Option<(Vec<Seen>, bool, Reading)>;

    /// The prefix of a level, and attributes there.
    fn attributes(&self) -> Vec<(&'static str, &[KeyValue])>;

    /// Texts beside attributes.
    fn texts(&self) -> Vec<Seen>;

    /// Those of the trace and the span, where they are set.
    fn ids(&self) -> Vec<&[u8]>;
}

impl<T: Item> Record<T> {
    pub fn service(&self) -> &str {
        let name = self.resource.attributes.iter().find(|attribute| attribute.key == "service.name");
        match name.and_then(|name| name.value.as_ref()?.value.as_ref()) {
            Some(Any::StringValue(name)) => name,
            _ => "",
        }
    }

    fn levels(&self) -> Vec<(&'static str, &[KeyValue])> {
        let mut levels = self.item.attributes();
        levels.push(("scope.", &self.scope.attributes));
        levels.push(("resource.", &self.resource.attributes));
        levels
    }

    /// Whether a field, any where none is named, passes a test.
    pub fn passes(&self, name: Option<&str>, test: &Test) -> bool {
        let Some(name) = name else { return self.any_passes(test) };
        let (values, reading) = self.values(name);
        test.passes(&values, reading)
    }

    /// The values of a field, and how they are read.
    pub fn values(&self, name: &str) -> (Vec<Seen>, Reading) {
        if let Some(begin) = name.strip_suffix('*') {
            let all = self.levels().into_iter().flat_map(|(_, attributes)| attributes);
            let mut values = Vec::new();
            all.filter(|attribute| attribute.key.starts_with(begin))
                .for_each(|attribute| all_below(attribute, &mut values));
            return (values, Reading::Plain);
        }
        let service = || Some((vec![Seen::Text(self.service().to_owned())], false, Reading::Plain));
        let intrinsic = match name {
            "service" | "service.name" => service(),
            _ => self.item.intrinsic(&self.scope, name),
        };
        let is_prose = |name: &str| {
            ["message", "description", "statement"]
                .iter()
                .any(|end| name == *end || name.ends_with(&format!(".{end}")))
        };
        let (mut values, has_attributes, reading) = intrinsic.unwrap_or_else(|| {
            (Vec::new(), true, if is_prose(name) { Reading::Prose } else { Reading::Plain })
        });
        for (prefix, attributes) in self.levels().into_iter().filter(|_| has_attributes) {
            let own = name.strip_prefix(prefix);
            let names = [Some(name), own];
            for attribute in attributes {
                names.iter().flatten().for_each(|name| below(attribute, name, &mut values));
            }
        }
        (values, reading)
    }

    fn any_passes(&self, test: &Test) -> bool {
        let mut values: Vec<Seen> =
            self.levels().into_iter().flat_map(|(_, attributes)| attributes).map(seen).collect();
        values.extend(self.item.texts());
        let is_id = match test {
            Test::Equals(wanted) => {
                let literal: Option<String> = wanted.whole().into_iter().collect();
                literal.is_some_and(|id| self.item.ids().iter().any(|own| id.to_lowercase() == hex(own)))
            }
            _ => false,
        };
        is_id || test.passes(&values, Reading::Prose)
    }
}

fn seen(attribute: &KeyValue) -> Seen {
    Seen::Any(attribute.value.clone().unwrap_or(AnyValue { value: None }))
}

/// The value of an attribute, and all in maps below: their names begin as its own does.
fn all_below(attribute: &KeyValue, values: &mut Vec<Seen>) {
    values.push(seen(attribute));
    if let Some(AnyValue { value: Some(Any::KvlistValue(map)) }) = &attribute.value {
        map.values.iter().for_each(|pair| all_below(pair, values));
    }
}

/// The value of an attribute of this name, or in maps of the names between dots.
fn below(attribute: &KeyValue, name: &str, values: &mut Vec<Seen>) {
    if attribute.key == name {
        values.push(seen(attribute));
    } else if let Some(rest) = name.strip_prefix(&attribute.key).and_then(|rest| rest.strip_prefix('.'))
        && let Some(AnyValue { value: Some(Any::KvlistValue(map)) }) = &attribute.value
    {
        map.values.iter().for_each(|pair| below(pair, rest, values));
    }
}

pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn set<'a>(trace_id: &'a [u8], span_id: &'a [u8]) -> Vec<&'a [u8]> {
    [trace_id, span_id].into_iter().filter(|id| id.iter().any(|byte| *byte > 0)).collect()
}

fn text(text: &str) -> Vec<Seen> {
    if text.is_empty() { Vec::new() } else { vec![Seen::Text(text.to_owned())] }
}

fn id(id: &[u8]) -> Vec<Seen> {
    if id.is_empty() { Vec::new() } else { vec![Seen::Name(hex(id))] }
}

/// A time; 0 is none.
fn time(ns: u64) -> Vec<Seen> {
    if ns == 0 { Vec::new() } else { vec![Seen::Int(ns as i64)] }
}

impl Item for Span {
    fn intrinsic(&self, scope: &InstrumentationScope, name: &str) -> Option<(Vec<Seen>, bool, Reading)> {
        let status = self.status.clone().unwrap_or_default();
        let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
        let named = |names: &[&str], number: i32| {
            vec![Seen::Name(names.get(number as usize).map_or(number.to_string(), |name| (*name).into()))]
        };
        Some(match name {
            "operation" => (vec![Seen::Text(self.name.clone())], false, Reading::Plain),
            "kind" => (named(&kinds, self.kind), true, Reading::AnyCase),
            "status" => (named(&["unset", "ok", "error"], status.code), true, Reading::AnyCase),
            "error" => (vec![Seen::Bool(status.code == 2)], true, Reading::Plain),
            "status.message" => (text(&status.message), true, Reading::Prose),
            "duration" => {
                let ns = self.end_time_unix_nano.wrapping_sub(self.start_time_unix_nano);
                (vec![Seen::Int(ns as i64)], false, Reading::Plain)
            }
            "timestamp" => (time(self.start_time_unix_nano), false, Reading::Plain),
            "trace_id" => (id(&self.trace_id), false, Reading::AnyCase),
            "span_id" => (id(&self.span_id), false, Reading::AnyCase),
            "parent_span_id" => (id(&self.parent_span_id), false, Reading::AnyCase),
            "scope" => (text(&scope.name), true, Reading::Plain),
            "event" => {
                let names = self.events.iter().flat_map(|event| text(&event.name));
                (names.collect(), true, Reading::Plain)
            }
            _ => return None,
        })
    }

    fn attributes(&self) -> Vec<(&'static str, &[KeyValue])> {
        let mut levels = vec![("attributes.", &self.attributes[..])];
        levels.extend(self.events.iter().map(|event| ("event.", &event.attributes[..])));
        levels.extend(self.links.iter().map(|link| ("link.", &link.attributes[..])));
        levels
    }

    fn texts(&self) -> Vec<Seen> {
        let status = self.status.clone().unwrap_or_default();
        let name = ["", "ok", "error"][status.code as usize];
        let events = self.events.iter().map(|event| &*event.name);
        [&*self.name, &*status.message, name].into_iter().chain(events).flat_map(text).collect()
    }

    fn ids(&self) -> Vec<&[u8]> {
        set(&self.trace_id, &self.span_id)
    }
}

impl Item for LogRecord {
    fn intrinsic(&self, scope: &InstrumentationScope, name: &str) -> Option<(Vec<Seen>, bool, Reading)> {
        Some(match name {
            "level" => {
                let is_set = self.severity_number > 0 || !self.severity_text.is_empty();
                let level = Seen::Level(self.severity_number, self.severity_text.clone());
                (is_set.then_some(level).into_iter().collect(), !is_set, Reading::Level)
            }
            "message" => (self.body.clone().map(Seen::Any).into_iter().collect(), true, Reading::Prose),
            "timestamp" => (time(log_time(self)), false, Reading::Plain),
            "trace_id" => (id(&self.trace_id), false, Reading::AnyCase),
            "span_id" => (id(&self.span_id), false, Reading::AnyCase),
            "scope" => (text(&scope.name), true, Reading::Plain),
            "event" => (text(&self.event_name), true, Reading::Plain),
            _ => return None,
        })
    }

    fn attributes(&self) -> Vec<(&'static str, &[KeyValue])> {
        let mut levels = vec![("attributes.", &self.attributes[..])];
        if let Some(AnyValue { value: Some(Any::KvlistValue(map)) }) = &self.body {
            levels.push(("attributes.", &map.values[..]));
        }
        levels
    }

    fn texts(&self) -> Vec<Seen> {
        let texts = [&*self.severity_text, &*self.event_name, level_name(self.severity_number)];
        let mut texts: Vec<Seen> = texts.into_iter().flat_map(text).collect();
        texts.extend(self.body.clone().map(Seen::Any));
        texts
    }

    fn ids(&self) -> Vec<&[u8]> {
        set(&self.trace_id, &self.span_id)
    }
}

/// When a record was made or, where it does not say, observed.
pub fn log_time(record: &LogRecord) -> u64 {
    if record.time_unix_nano > 0 { record.time_unix_nano } else { record.observed_time_unix_nano }
}
