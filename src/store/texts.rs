//! What a segment keeps of the texts in its records, so that a search need not read the records where they are not.
//!
//! Of log records, whose texts are most of what they have, a filter over the words and a set of the runs of bytes in them.
//! Of spans, whose attributes have the same values again and again, every text, mostly once; or, where these take too
//! much, the filter over their words. Numbers count as the texts that they are written as.

use super::filter;
use super::grams::Grams;
use super::segment::FULL;
use crate::expr::words::each_word;
use crate::otlp::plain_attribute;
use crate::otlp::proto::{AnyValue, KeyValue};
use crate::otlp::view::Nested;

/// Bits of a filter for a word.
const WORD_BITS: usize = 10;

/// Ends a text, and stands before the first.
pub const END: u8 = 0;

/// The texts of spans are kept while they take no more than this share of the spans.
const MOST_TEXTS: usize = 8;

/// Remembers some of what it was asked last: most values and words come again and again, and need not be looked at more
/// than once.
#[derive(Debug)]
struct Recent(Box<[u64]>);

impl Recent {
    /// As many as records of so many bytes are worth, up to `most`, which is a power of two: a small segment is to be had
    /// for less than the room of a large one.
    fn of(raw_bytes: usize, most: usize) -> Recent {
        const FEWEST: usize = 64;
        let share = FULL / most;
        Recent(vec![0; (raw_bytes / share).next_power_of_two().clamp(FEWEST, most)].into())
    }

    /// Whether a hash is one of those that it remembers; it does so from now on.
    #[inline]
    fn has(&mut self, hash: u64) -> bool {
        let last = self.0.len() - 1;
        let place = &mut self.0[hash as usize & last];
        std::mem::replace(place, hash) == hash
    }
}

/// Texts of attributes that stand at one place in their spans, which are mostly of one key: beside each other they compress
/// better, and many values of one do not make those of another one forgotten.
#[derive(Debug)]
struct Column {
    texts: Vec<u8>,
    /// Whether a text has an [`END`] in it, so that expressions cannot be tried on the texts one by one.
    is_cut: bool,
    recent: Recent,
}

/// Columns: the last is for all that does not stand among the first attributes of a span.
const COLUMNS: usize = 24;

impl Column {
    fn new(raw_bytes: usize) -> Column {
        Column { texts: Vec::new(), is_cut: false, recent: Recent::of(raw_bytes, 1 << 11) }
    }
}

#[derive(Debug)]
enum Kept {
    Words { words: Words, grams: Option<Grams>, recent: Recent },
    Texts(Vec<Column>),
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
pub(super) struct Texts(Kept);

impl Words {
    fn new(raw_bytes: usize) -> Words {
        Words { hashes: Vec::new(), recent: Recent::of(raw_bytes, 1 << 13) }
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
    /// Of log records of so many bytes; with the runs of bytes in them where `with_grams`.
    pub(super) fn of_logs(raw_bytes: usize, with_grams: bool) -> Texts {
        let grams = with_grams.then(Grams::default);
        Texts(Kept::Words { words: Words::new(raw_bytes), grams, recent: Recent::of(raw_bytes, 1 << 13) })
    }

    /// Of spans of so many bytes.
    pub(super) fn of_spans(raw_bytes: usize) -> Texts {
        Texts(Kept::Texts((0..COLUMNS).map(|_| Column::new(raw_bytes)).collect()))
    }

    /// Takes in a text that is no attribute.
    pub(super) fn text(&mut self, text: &str) {
        // Not the hash that a value with these bytes has.
        if !text.is_empty() && !self.knows(COLUMNS, !filter::hash(text.as_bytes())) {
            self.new_text(COLUMNS, text);
        }
    }

    /// Takes in the values of the attributes in field `number` of a message that is no span.
    pub(super) fn attributes(&mut self, message: &[u8], number: u32) {
        Nested::new(message, number).for_each(|attribute| self.attribute(COLUMNS, attribute));
    }

    /// Takes in the value of an attribute, the one at `position` of its record.
    #[inline]
    pub(super) fn attribute(&mut self, position: usize, attribute: &[u8]) {
        let value = match plain_attribute(attribute) {
            Some((_, value)) => Some(AnyValue(value)),
            None => KeyValue(attribute).value(),
        };
        if let Some(value) = value {
            self.value(position, value);
        }
    }

    /// Takes in a value, and what lists and maps hold.
    #[inline]
    pub(super) fn value(&mut self, position: usize, value: AnyValue<'_>) {
        if !self.knows(position, filter::hash(value.0)) {
            self.new_value(position, value);
        }
    }

    /// Whether what has this hash was taken in before.
    #[inline]
    fn knows(&mut self, position: usize, hash: u64) -> bool {
        match &mut self.0 {
            Kept::Words { recent, .. } => recent.has(hash),
            Kept::Texts(columns) => columns[position.min(COLUMNS - 1)].recent.has(hash),
        }
    }

    fn new_text(&mut self, position: usize, text: &str) {
        match &mut self.0 {
            Kept::Words { words, grams, .. } => {
                words.add(text);
                if let Some(grams) = grams {
                    grams.add(text);
                }
            }
            Kept::Texts(columns) => {
                let column = &mut columns[position.min(COLUMNS - 1)];
                column.is_cut |= text.as_bytes().contains(&END);
                column.texts.extend_from_slice(text.as_bytes());
                column.texts.push(END);
            }
        }
    }

    fn number(&mut self, position: usize, text: &str) {
        match &mut self.0 {
            Kept::Words { words, .. } => words.add(text),
            Kept::Texts(_) => self.new_text(position, text),
        }
    }

    fn new_value(&mut self, position: usize, value: AnyValue<'_>) {
        if let Some(text) = value.string_value() {
            self.new_text(position, text);
        } else if let Some(number) = value.int_value() {
            self.number(position, itoa::Buffer::new().format(number));
        } else if let Some(number) = value.double_value() {
            self.number(position, zmij::Buffer::new().format(number));
        } else if let Some(list) = value.array_value() {
            list.values().for_each(|value| self.new_value(position, value));
        } else if let Some(map) = value.kvlist_value() {
            for pair in map.values() {
                // In the body of a log record they are what people see of it.
                if let Kept::Words { words, .. } = &mut self.0 {
                    words.add(pair.key());
                }
                if let Some(value) = pair.value() {
                    self.new_value(position, value);
                }
            }
        }
    }

    /// What is kept of them beside records of so many bytes.
    pub(super) fn parts(self, raw_bytes: usize) -> Parts {
        match self.0 {
            Kept::Words { words, grams, .. } => Parts {
                word_filter: words.filter(),
                grams: grams.map(|grams| grams.build()).unwrap_or_default(),
                ..Parts::default()
            },
            Kept::Texts(columns) => {
                let texts: Vec<&[u8]> = columns.iter().map(|column| column.texts.as_slice()).collect();
                let bytes: usize = texts.iter().map(|texts| texts.len()).sum();
                let is_cut = columns.iter().any(|column| column.is_cut);
                if bytes > 0 && bytes <= raw_bytes / MOST_TEXTS && !is_cut {
                    return Parts { texts: [&[END][..], &texts.concat()].concat(), ..Parts::default() };
                }
                let mut words = Words::new(raw_bytes);
                let texts = texts.iter().flat_map(|texts| texts.split(|byte| *byte == END));
                texts.filter_map(|text| str::from_utf8(text).ok()).for_each(|text| words.add(text));
                Parts { word_filter: words.filter(), ..Parts::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_spans(values: &[&str], raw_bytes: usize) -> Parts {
        let mut texts = Texts::of_spans(raw_bytes);
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
