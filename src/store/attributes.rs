//! The keys of attributes, collected while a batch is walked.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::otlp::check::plain_attribute;
use crate::otlp::proto::{AnyValue, KeyValue};
use crate::otlp::view::{Fields, Nested};

/// What an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The resource of a batch.
    Resource,
    /// The instrumentation scope.
    Scope,
    /// A span.
    Span,
    /// An event of a span.
    Event,
    /// A link of a span.
    Link,
    /// A log record.
    Log,
    /// A data point.
    Point,
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 7] =
        [Level::Resource, Level::Scope, Level::Span, Level::Event, Level::Link, Level::Log, Level::Point];

    /// The name in the catalog.
    pub fn name(self) -> &'static str {
        ["resource", "scope", "span", "event", "link", "log", "point"][self as usize]
    }
}

/// Names of the types of values, by the field of `AnyValue` that holds them.
const TYPES: [&str; 8] = ["none", "string", "bool", "int", "double", "array", "map", "bytes"];

/// A key, where it was seen, and the type of its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AttributeKey {
    pub(super) level: Level,
    pub(super) key: Box<[u8]>,
    /// Field of `AnyValue`.
    value: u8,
}

impl AttributeKey {
    pub(super) fn type_name(&self) -> &'static str {
        TYPES.get(usize::from(self.value)).copied().unwrap_or(TYPES[0])
    }
}

/// Most keys of a segment that are remembered; nobody looks for one of more.
const MAX_KEYS: usize = 4096;

/// All keys seen so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    found: Vec<AttributeKey>,
    index: HashMap<AttributeKey, u32, RandomState>,
    /// What stood at each position the last time: records of one kind have the same keys in the same order.
    expected: [Vec<u32>; Level::ALL.len()],
}

impl Keys {
    /// Notes the attributes in field `number` of a message.
    pub(super) fn of_message(&mut self, level: Level, message: &[u8], number: u32) {
        Nested::new(message, number)
            .enumerate()
            .for_each(|(position, attribute)| self.attribute(level, position, attribute));
    }

    /// Notes an attribute, the one at `position` of its message.
    #[inline]
    pub(super) fn attribute(&mut self, level: Level, position: usize, attribute: &[u8]) {
        let (key, value) = match plain_attribute(attribute) {
            Some((key, value)) => (key, value.first().map_or(0, |tag| tag >> 3)),
            None => {
                let attribute = KeyValue(attribute);
                let value = attribute.value().and_then(|AnyValue(bytes)| Fields::new(bytes).last());
                (attribute.key().as_bytes(), value.map_or(0, |(number, _)| number as u8))
            }
        };
        let expected = self.expected[level as usize].get(position);
        if let Some(found) = expected.and_then(|expected| self.found.get(*expected as usize))
            && *found.key == *key
            && found.value == value
        {
            return;
        }
        self.note(level, position, key, value);
    }

    #[cold]
    fn note(&mut self, level: Level, position: usize, key: &[u8], value: u8) {
        let key = AttributeKey { level, key: key.into(), value };
        let number = match self.index.get(&key) {
            Some(number) => *number,
            None if self.found.len() >= MAX_KEYS => return,
            None => {
                let number = self.found.len() as u32;
                self.found.push(key.clone());
                self.index.insert(key, number);
                number
            }
        };
        let expected = &mut self.expected[level as usize];
        if position < 128 {
            if expected.len() <= position {
                expected.resize(position + 1, u32::MAX);
            }
            expected[position] = number;
        }
    }

    pub(super) fn found(self) -> Vec<AttributeKey> {
        self.found
    }
}
