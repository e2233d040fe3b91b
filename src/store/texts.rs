//! What the filters of a segment get of the texts in its records.

use super::filter;
use super::grams::Grams;
use crate::expr::words::each_word;
use crate::otlp::plain_attribute;
use crate::otlp::proto::{AnyValue, KeyValue};
use crate::otlp::view::Nested;

/// Remembers some of what it was asked last: most values and words come again and again, and need not be looked at more
/// than once.
#[derive(Debug)]
struct Recent(Box<[u64]>);

impl Recent {
    /// A power of two.
    const PLACES: usize = 1 << 13;

    fn new() -> Recent {
        Recent(vec![0; Recent::PLACES].into())
    }

    /// Whether a hash is one of those that it remembers; it does so from now on.
    #[inline]
    fn has(&mut self, hash: u64) -> bool {
        let place = &mut self.0[hash as usize & (Recent::PLACES - 1)];
        std::mem::replace(place, hash) == hash
    }
}

/// The words of texts, and the parts of them.
#[derive(Debug)]
pub(super) struct Texts {
    /// Hashes, of which many are there more than once.
    pub(super) words: Vec<u64>,
    /// Of log records.
    pub(super) grams: Option<Grams>,
    recent_words: Recent,
    recent_values: Recent,
}

impl Texts {
    /// Of nothing yet.
    pub(super) fn new(grams: Option<Grams>) -> Texts {
        Texts { words: Vec::new(), grams, recent_words: Recent::new(), recent_values: Recent::new() }
    }

    /// Takes in a text.
    pub(super) fn text(&mut self, text: &str) {
        self.words(text);
        if let Some(grams) = &mut self.grams {
            grams.add(text);
        }
    }

    fn words(&mut self, text: &str) {
        let Texts { words, recent_words, .. } = self;
        each_word(text, |word| {
            if !recent_words.has(word) {
                words.push(word);
            }
        });
    }

    /// Takes in the values of the attributes in field `number` of a message.
    pub(super) fn attributes(&mut self, message: &[u8], number: u32) {
        Nested::new(message, number).for_each(|attribute| self.attribute(attribute));
    }

    /// Takes in the value of an attribute.
    #[inline]
    pub(super) fn attribute(&mut self, attribute: &[u8]) {
        let value = match plain_attribute(attribute) {
            Some((_, value)) => Some(AnyValue(value)),
            None => KeyValue(attribute).value(),
        };
        if let Some(value) = value {
            self.value(value);
        }
    }

    /// Takes in a value: text, numbers as they are written, and what lists and maps hold, with the keys.
    #[inline]
    pub(super) fn value(&mut self, value: AnyValue<'_>) {
        if !self.recent_values.has(filter::hash(value.0)) {
            self.new_value(value);
        }
    }

    fn new_value(&mut self, value: AnyValue<'_>) {
        if let Some(text) = value.string_value() {
            self.text(text);
        } else if let Some(number) = value.int_value() {
            self.words(itoa::Buffer::new().format(number));
        } else if let Some(number) = value.double_value() {
            self.words(zmij::Buffer::new().format(number));
        } else if let Some(list) = value.array_value() {
            list.values().for_each(|value| self.new_value(value));
        } else if let Some(map) = value.kvlist_value() {
            for pair in map.values() {
                self.words(pair.key());
                if let Some(value) = pair.value() {
                    self.new_value(value);
                }
            }
        }
    }
}
