//! Words, parts of texts and traces that must be in a segment, by its filters.

use std::cell::OnceCell;

use super::Needs;
use crate::expr::words::each_necessary_word;
use crate::expr::{Intrinsic, Leaf, Matcher, Pattern, Piece, Predicate};
use crate::otlp::Signal;
use crate::query::reader::Reader;
use crate::store::{Part, Stored, filter, grams, trace_ids};

/// What a small part of a segment tells whether it is there.
#[derive(Debug, Clone)]
enum Key {
    /// A word, by its hash.
    Word(u64),
    /// A part of a text, by the runs of bytes in it.
    Part(Vec<u32>),
    /// A trace, as [`trace_ids::key`] has it.
    Trace(u32),
}

/// Words, parts of texts and traces that must be in a segment.
#[derive(Debug, Clone)]
pub struct Keys(Needs<Key>);

impl Keys {
    /// What a query needs.
    pub fn of(matcher: &Matcher) -> Keys {
        Keys(Needs::of(&matcher.root, matcher, &|leaf| key_of(leaf, matcher.signal())))
    }

    /// Whether a segment may hold what is searched for.
    pub fn may_be_in(&self, reader: &Reader, segment: &Stored) -> bool {
        if matches!(self.0, Needs::Nothing) {
            return true;
        }
        let (words, grams) = (OnceCell::new(), OnceCell::new());
        self.0.are_met(&|key| match key {
            Key::Trace(key) => reader.may_hold_trace(segment, *key),
            Key::Word(word) => {
                let words: &Option<Vec<u8>> = words.get_or_init(|| reader.filter(segment, Part::WordFilter));
                words.as_ref().is_none_or(|words| filter::may_hold(words, *word))
            }
            Key::Part(runs) => {
                let grams: &Option<Vec<u8>> = grams.get_or_init(|| reader.filter(segment, Part::Grams));
                grams.as_ref().is_none_or(|grams| runs.iter().all(|run| grams::may_hold(grams, *run)))
            }
        })
    }
}

fn key_of(leaf: &Leaf, signal: Signal) -> Needs<Key> {
    let Predicate::Equals(equal) = &leaf.predicate else { return Needs::Nothing };
    let has_filters = match (leaf.field.intrinsic, signal) {
        (Some(Intrinsic::TraceId), _) => {
            let id = equal.pattern.as_literal().and_then(|id| const_hex::decode_to_array::<_, 16>(id).ok());
            let id = id.filter(|id| *id != [0; 16]);
            return id.map_or(Needs::Nothing, |id| Needs::One(Key::Trace(trace_ids::key(&id))));
        }
        (None | Some(Intrinsic::Message), Signal::Logs) => !leaf.may_be_a_number(),
        // Not all that a bare word is looked for in is in the filters.
        (None, Signal::Traces) => !leaf.field.is_any,
        _ => false,
    };
    if !has_filters {
        return Needs::Nothing;
    }
    let patterns =
        if leaf.is_prose() { equal.prose.0.as_slice() } else { std::slice::from_ref(&equal.pattern) };
    let mut keys = Vec::new();
    if !equal.may_have_other_words() {
        patterns.iter().for_each(|pattern| words_of(pattern, &mut keys));
    }
    if signal == Signal::Logs && !equal.may_be_written_otherwise() {
        patterns.iter().for_each(|pattern| parts_of(pattern, leaf.is_prose(), &mut keys));
    }
    Needs::All(keys.into_iter().map(Needs::One).collect()).simple()
}

/// The words that whatever matches must have.
fn words_of(pattern: &Pattern, keys: &mut Vec<Key>) {
    for (index, piece) in pattern.0.iter().enumerate() {
        let Piece::Literal(text) = piece else { continue };
        let (is_open_before, is_open_behind) = (index > 0, index + 1 < pattern.0.len());
        each_necessary_word(text, is_open_before, is_open_behind, |word| keys.push(Key::Word(word)));
    }
}

/// The runs of bytes that whatever matches must have.
fn parts_of(pattern: &Pattern, in_either_case: bool, keys: &mut Vec<Key>) {
    let literals = pattern.0.iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(grams::necessary(text, in_either_case)),
        Piece::Anything => None,
    });
    let runs: Vec<u32> = literals.flatten().collect();
    if !runs.is_empty() {
        keys.push(Key::Part(runs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Clock, parse};

    /// How many words of a query must be in a segment.
    fn words(query: &str) -> usize {
        fn count(needs: &Needs<Key>) -> usize {
            match needs {
                Needs::Nothing => 0,
                Needs::One(Key::Part(_)) => 0,
                Needs::One(_) => 1,
                Needs::All(needs) | Needs::Any(needs) => needs.iter().map(count).sum(),
            }
        }
        let query = parse(query).unwrap().query;
        count(&Keys::of(&Matcher::compile(&query, Signal::Logs, &Clock::utc(0)).unwrap()).0)
    }

    #[test]
    fn plain_numbers_are_words_of_the_filters() {
        for (query, count) in [
            ("user_id: \"12345\"", 1),
            ("user_id: 12345", 1),
            ("12345", 1),
            ("n: -5", 1),
            ("n: 999999999999999", 1),
            ("message: \"order 12345 failed\"", 3),
        ] {
            assert_eq!(words(query), count, "{query}");
        }
        // They may be equal to what is written otherwise.
        for query in ["n: 05", "n: 5.0", "n: 1e3", "n: 1000000000000000", "n: true", "n: 12*", "not n: 5"] {
            assert_eq!(words(query), 0, "{query}");
        }
    }

    #[test]
    fn names_of_levels_stand_nowhere_as_words() {
        assert_eq!((words("error"), words("err*"), words("timeout"), words("message: error")), (0, 0, 1, 1));
    }
}
