//! What of a segment need not be read: by its columns, by the words in it, and by texts that must stand in its bytes.

use std::borrow::Cow;
use std::cell::OnceCell;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use crate::expr::words::each_necessary_word;
use crate::expr::{Intrinsic, Leaf, Matcher, Node, Pattern, Piece, Predicate, Value, level_name};
use crate::otlp::Signal;
use crate::otlp::names::{kind_name, status_name};
use crate::store::{BEYOND, Columns, Operation, Part, Stored, filter, grams, trace_ids};

use super::reader::Reader;

/// What may be, where not all is known.
type Maybe = Option<bool>;

/// Rows of a segment that a query may find.
#[derive(Debug)]
pub struct Rows {
    wanted: Vec<bool>,
    /// How many there are.
    pub count: usize,
    /// Whether all of them are found: nothing in the records bears on it.
    pub are_found: bool,
}

impl Rows {
    /// Whether a row is one of them.
    #[inline]
    pub fn holds(&self, row: usize) -> bool {
        // Rows that the columns do not have are not left out.
        self.wanted.get(row).copied().unwrap_or(true)
    }
}

/// A condition as the columns of a segment can tell it.
enum Column {
    /// By operation or service.
    Series(Vec<Maybe>),
    /// By status.
    Level(Vec<Maybe>),
    /// By row, with a value.
    Row(fn(&Columns, usize) -> Value<'_>),
    Unknown,
}

/// Whether columns can tell anything.
pub fn is_in_columns(matcher: &Matcher) -> bool {
    matcher.leaves.iter().any(|leaf| leaf.field.intrinsic.is_some())
}

/// The rows of a segment that a query may find.
pub fn rows(matcher: &Matcher, columns: &Columns) -> Rows {
    let conditions: Vec<Column> =
        matcher.leaves.iter().map(|leaf| condition(leaf, matcher.signal(), columns)).collect();
    let mut are_found = true;
    let holds = |row| {
        let holds = node(&matcher.root, matcher, &conditions, columns, row);
        are_found &= holds.is_some();
        holds != Some(false)
    };
    let wanted: Vec<bool> = (0..columns.times.len()).map(holds).collect();
    Rows { count: wanted.iter().filter(|wanted| **wanted).count(), wanted, are_found }
}

fn condition(leaf: &Leaf, signal: Signal, columns: &Columns) -> Column {
    let of_series = |value: &dyn Fn(u32) -> String| {
        let count = if signal == Signal::Traces { columns.operations.len() } else { columns.services.len() };
        let passes = |series| leaf.maybe(leaf.passes_value(Value::Text(&value(series))));
        Column::Series((0..count as u32).map(passes).collect())
    };
    let of_number = |number: u8, name: &dyn Fn(i32) -> Cow<'static, str>| match number {
        BEYOND => None,
        number => leaf.maybe(leaf.passes_value(Value::Text(&name(number.into())))),
    };
    let operation = |series: u32| columns.operations.get(series as usize);
    match (leaf.field.intrinsic, signal) {
        (Some(Intrinsic::Service), _) => of_series(&|series| columns.service_of(series).to_owned()),
        (Some(Intrinsic::Operation), Signal::Traces) => {
            of_series(&|series| operation(series).map(|operation| operation.name.clone()).unwrap_or_default())
        }
        (Some(Intrinsic::Kind), Signal::Traces) => {
            let of_operation = |operation: &Operation| of_number(operation.kind, &kind_name);
            Column::Series(columns.operations.iter().map(of_operation).collect())
        }
        (Some(Intrinsic::Status), Signal::Traces) => {
            Column::Level((0..=u8::MAX).map(|code| of_number(code, &status_name)).collect())
        }
        (Some(Intrinsic::Error), Signal::Traces) => {
            Column::Row(|columns, row| Value::Bool(columns.levels[row] == 2))
        }
        (Some(Intrinsic::Duration), Signal::Traces) => {
            Column::Row(|columns, row| Value::Int(columns.durations[row]))
        }
        (Some(Intrinsic::Time), _) => {
            Column::Row(|columns, row| Value::Int(i64::try_from(columns.times[row]).unwrap_or(i64::MAX)))
        }
        (Some(Intrinsic::Level), Signal::Logs) if leaf.predicate.asks_for_level() => {
            Column::Row(|columns, row| Value::Level(columns.levels[row].into(), ""))
        }
        _ => Column::Unknown,
    }
}

fn node(node_: &Node, matcher: &Matcher, conditions: &[Column], columns: &Columns, row: usize) -> Maybe {
    let of = |child: &Node| node(child, matcher, conditions, columns, row);
    match node_ {
        Node::True => Some(true),
        Node::Not(child) => of(child).map(|holds| !holds),
        Node::And(children) => {
            let mut all = Some(true);
            for child in children {
                match of(child) {
                    Some(false) => return Some(false),
                    None => all = None,
                    Some(true) => {}
                }
            }
            all
        }
        Node::Or(children) => {
            let mut any = Some(false);
            for child in children {
                match of(child) {
                    Some(true) => return Some(true),
                    None => any = None,
                    Some(false) => {}
                }
            }
            any
        }
        Node::Leaf(number) => match (&conditions[*number], &matcher.leaves[*number]) {
            (Column::Unknown, _) => None,
            (Column::Series(by_series), _) => {
                columns.series.get(row).and_then(|series| by_series.get(*series as usize).copied().flatten())
            }
            (Column::Level(by_level), _) => by_level.get(usize::from(columns.levels[row])).copied().flatten(),
            // What has none may say so elsewhere.
            (Column::Row(value), leaf) => match value(columns, row) {
                Value::Level(level, _) if level_name(level).is_empty() => None,
                Value::Int(0) if leaf.field.intrinsic == Some(Intrinsic::Time) => Some(false),
                value => leaf.maybe(leaf.passes_value(value)),
            },
        },
    }
}

/// The services of which one must be that of whatever is found; `None` where it may be any.
pub fn services(matcher: &Matcher) -> Option<Vec<String>> {
    services_of(&matcher.root, matcher)
}

fn services_of(node: &Node, matcher: &Matcher) -> Option<Vec<String>> {
    match node {
        Node::True | Node::Not(_) => None,
        Node::And(nodes) => nodes.iter().filter_map(|node| services_of(node, matcher)).min_by_key(Vec::len),
        Node::Or(nodes) => {
            let services: Option<Vec<_>> = nodes.iter().map(|node| services_of(node, matcher)).collect();
            services.map(|services| services.concat())
        }
        Node::Leaf(number) => match &matcher.leaves[*number] {
            Leaf { field, predicate: Predicate::Equals(equal) }
                if field.intrinsic == Some(Intrinsic::Service) =>
            {
                equal.literal().map(|service| vec![service.to_owned()])
            }
            _ => None,
        },
    }
}

/// What must be in a segment for anything to be found in it.
#[derive(Debug, Clone)]
enum Needs<T> {
    /// Nothing that is known.
    Nothing,
    /// All of them.
    All(Vec<Needs<T>>),
    /// Any of them.
    Any(Vec<Needs<T>>),
    /// This.
    One(T),
}

impl<T> Needs<T> {
    fn of(node: &Node, matcher: &Matcher, leaf: &dyn Fn(&Leaf) -> Needs<T>) -> Needs<T> {
        match node {
            // What must not be there cannot be missed.
            Node::True | Node::Not(_) => Needs::Nothing,
            Node::And(nodes) => {
                Needs::All(nodes.iter().map(|node| Needs::of(node, matcher, leaf)).collect()).simple()
            }
            Node::Or(nodes) => {
                let needs: Vec<_> = nodes.iter().map(|node| Needs::of(node, matcher, leaf)).collect();
                match needs.iter().any(|needs| matches!(needs, Needs::Nothing)) {
                    true => Needs::Nothing,
                    false => Needs::Any(needs),
                }
            }
            Node::Leaf(number) => leaf(&matcher.leaves[*number]),
        }
    }

    fn simple(self) -> Needs<T> {
        let Needs::All(needs) = self else { return self };
        let mut needs: Vec<_> = needs.into_iter().filter(|needs| !matches!(needs, Needs::Nothing)).collect();
        match needs.len() {
            0 => Needs::Nothing,
            1 => needs.remove(0),
            _ => Needs::All(needs),
        }
    }

    fn are_met(&self, is_there: &dyn Fn(&T) -> bool) -> bool {
        match self {
            Needs::Nothing => true,
            Needs::All(needs) => needs.iter().all(|needs| needs.are_met(is_there)),
            Needs::Any(needs) => needs.iter().any(|needs| needs.are_met(is_there)),
            Needs::One(one) => is_there(one),
        }
    }
}

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
        // Names, messages of statuses and events are in no filter.
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

/// A text that must stand in the bytes of a segment.
#[derive(Debug, Clone)]
enum Needle {
    Exact(Box<Finder<'static>>),
    InEitherCase(Box<Regex>),
}

/// Texts that must stand in the bytes of a segment.
#[derive(Debug, Clone)]
pub struct Needles(Needs<Needle>);

impl Needles {
    /// The texts that a query needs.
    pub fn of(matcher: &Matcher) -> Needles {
        Needles(Needs::of(&matcher.root, matcher, &needle_of))
    }

    /// Whether a segment may hold what is searched for.
    pub fn may_be_in(&self, payload: &[u8]) -> bool {
        self.0.are_met(&|needle| match needle {
            Needle::Exact(finder) => finder.find(payload).is_some(),
            Needle::InEitherCase(regex) => regex.is_match(payload),
        })
    }
}

/// Shorter ones are everywhere.
const SHORTEST_NEEDLE: usize = 3;

fn needle_of(leaf: &Leaf) -> Needs<Needle> {
    let Predicate::Equals(equal) = &leaf.predicate else { return Needs::Nothing };
    let stands_as_text = match leaf.field.intrinsic {
        None => true,
        Some(intrinsic) => matches!(
            intrinsic,
            Intrinsic::Service
                | Intrinsic::Operation
                | Intrinsic::StatusMessage
                | Intrinsic::ScopeName
                | Intrinsic::ScopeVersion
                | Intrinsic::EventName
                | Intrinsic::TraceState
                | Intrinsic::Message
        ),
    };
    if !stands_as_text || equal.may_be_written_otherwise() || leaf.may_be_a_number() {
        return Needs::Nothing;
    }
    let long = |text: &&str| text.len() >= SHORTEST_NEEDLE;
    if !leaf.is_prose() {
        let literal = equal.pattern.longest_literal().filter(long);
        let finder = literal.map(|text| Finder::new(text.as_bytes()).into_owned());
        return finder.map_or(Needs::Nothing, |finder| Needs::One(Needle::Exact(Box::new(finder))));
    }
    let literal = equal.prose.0.iter().filter_map(Pattern::longest_literal).max_by_key(|text| text.len());
    let regex = literal
        .filter(long)
        .and_then(|text| RegexBuilder::new(&regex::escape(text)).case_insensitive(true).build().ok());
    regex.map_or(Needs::Nothing, |regex| Needs::One(Needle::InEitherCase(Box::new(regex))))
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
