//! What a segment keeps of the texts in its records, so that a search need not read the records where they are not.
//!
//! Of log records, whose texts are most of what they have, a filter over the words and a set of the runs of bytes in them.
//! Of spans, whose attributes have the same values again and again, every text once; or, where these take too much, the
//! filter over their words. Numbers count as the texts that they are written as.

use super::filter;
use super::grams::Grams;
use crate::expr::words::each_word;
use crate::otlp::plain_attribute;
use crate::otlp::proto::{AnyValue, KeyValue};
use crate::otlp::view::Nested;

/// Bits of a filter for a word.
const WORD_BITS: usize = 10;

/// Ends a text.
pub const END: u8 = 0;

/// The texts of spans are kept while they take no more than this share of the spans.
const MOST_TEXTS: usize = 8;

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

#[derive(Debug)]
enum Kept {
    Words { words: Words, grams: Option<Grams> },
    Texts(Vec<u8>),
}

/// Hashes of words, of which many are there more than once.
#[derive(Debug)]
struct Words {
    hashes: Vec<u64>,
    recent: Recent,
}

/// The parts of a segment that come of its texts; empty where there is nothing in them.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) word_filter: Vec<u8>,
    pub(super) grams: Vec<u8>,
    /// Each with an [`END`] before and behind it, not yet compressed.
    pub(super) texts: Vec<u8>,
}

/// The texts of a segment.
#[derive(Debug)]
pub(super) struct Texts {
    kept: Kept,
    recent: Recent,
}

impl Words {
    fn new() -> Words {
        Words { hashes: Vec::new(), recent: Recent::new() }
    }

    fn add(&mut self, text: &str) {
        each_word(text, |word| {
            if !self.recent.has(word) {
                self.hashes.push(word);
            }
        });
    }

    fn filter(mut self) -> Vec<u8> {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.is_empty() { Vec::new() } else { filter::build(&self.hashes, WORD_BITS) }
    }
}

impl Texts {
    /// Of log records; with the runs of bytes in them where `with_grams`.
    pub(super) fn of_logs(with_grams: bool) -> Texts {
        let kept = Kept::Words { words: Words::new(), grams: with_grams.then(Grams::default) };
        Texts { kept, recent: Recent::new() }
    }

    /// Of spans.
    pub(super) fn of_spans() -> Texts {
        Texts { kept: Kept::Texts(vec![END]), recent: Recent::new() }
    }

    /// Takes in a text.
    pub(super) fn text(&mut self, text: &str) {
        if !text.is_empty() && !self.recent.has(filter::hash(text.as_bytes())) {
            self.new_text(text);
        }
    }

    fn new_text(&mut self, text: &str) {
        match &mut self.kept {
            Kept::Words { words, grams } => {
                words.add(text);
                if let Some(grams) = grams {
                    grams.add(text);
                }
            }
            Kept::Texts(texts) => {
                texts.extend_from_slice(text.as_bytes());
                texts.push(END);
            }
        }
    }

    fn number(&mut self, text: &str) {
        match &mut self.kept {
            Kept::Words { words, .. } => words.add(text),
            Kept::Texts(_) => self.new_text(text),
        }
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

    /// Takes in a value, and what lists and maps hold.
    #[inline]
    pub(super) fn value(&mut self, value: AnyValue<'_>) {
        if !self.recent.has(filter::hash(value.0)) {
            self.new_value(value);
        }
    }

    fn new_value(&mut self, value: AnyValue<'_>) {
        if let Some(text) = value.string_value() {
            self.new_text(text);
        } else if let Some(number) = value.int_value() {
            self.number(itoa::Buffer::new().format(number));
        } else if let Some(number) = value.double_value() {
            self.number(zmij::Buffer::new().format(number));
        } else if let Some(list) = value.array_value() {
            list.values().for_each(|value| self.new_value(value));
        } else if let Some(map) = value.kvlist_value() {
            for pair in map.values() {
                // In the body of a log record they are what people see of it.
                if let Kept::Words { words, .. } = &mut self.kept {
                    words.add(pair.key());
                }
                if let Some(value) = pair.value() {
                    self.new_value(value);
                }
            }
        }
    }

    /// What is kept of them beside records of so many bytes.
    pub(super) fn parts(self, raw_bytes: usize) -> Parts {
        match self.kept {
            Kept::Words { words, grams } => Parts {
                word_filter: words.filter(),
                grams: grams.map(|grams| grams.build()).unwrap_or_default(),
                ..Parts::default()
            },
            Kept::Texts(texts) if texts.len() == 1 => Parts::default(),
            Kept::Texts(texts) if texts.len() <= raw_bytes / MOST_TEXTS => {
                Parts { texts, ..Parts::default() }
            }
            Kept::Texts(texts) => {
                let mut words = Words::new();
                texts
                    .split(|byte| *byte == END)
                    .filter_map(|text| str::from_utf8(text).ok())
                    .for_each(|text| words.add(text));
                Parts { word_filter: words.filter(), ..Parts::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_spans(values: &[&str], raw_bytes: usize) -> Parts {
        let mut texts = Texts::of_spans();
        values.iter().for_each(|value| texts.text(value));
        texts.parts(raw_bytes)
    }

    #[test]
    fn every_text_of_spans_is_kept_once() {
        let parts = of_spans(&["GET", "POST", "GET", "", "GET", "/pay/1"], 1000);
        assert_eq!(str::from_utf8(&parts.texts), Ok("\0GET\0POST\0/pay/1\0"));
        assert!(parts.word_filter.is_empty() && parts.grams.is_empty());
    }

    #[test]
    fn of_too_many_texts_of_spans_the_words_are_kept() {
        let parts = of_spans(&["SELECT 1 FROM orders", "SELECT 2 FROM orders"], 100);
        assert!(parts.texts.is_empty());
        let mut words = 0;
        each_word("select 1 from orders 2", |word| {
            words += 1;
            assert!(filter::may_hold(&parts.word_filter, word));
        });
        each_word("carts", |word| assert!(!filter::may_hold(&parts.word_filter, word)));
        assert_eq!(words, 5);
    }
}
