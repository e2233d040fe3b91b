//! Tests of values.

use regex::Regex;

use super::field::{Field, Intrinsic};
use super::literal::{level_of, parse_duration_ns, parse_level, strip_prefix_ignoring_case};
use super::pattern::{Pattern, Piece};
use super::time::{is_number, parse_time_ns};
use super::{Clock, Comparison, Test, Text, level_name};
use crate::mistake::Mistake;
use crate::otlp::names::{KINDS, STATUSES};
use crate::otlp::proto::AnyValue;

/// A value of a field.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number; of durations and times, nanoseconds.
    Int(i64),
    /// A number.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// A severity number, and what the record calls it.
    Level(i64, &'a str),
    /// Something that only is there.
    Other,
}

/// A test of the values of a field.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// There is one.
    Exists,
    /// It is this one.
    Equals(Equal),
    /// It is less or more.
    Compares(Comparison, Threshold),
    /// The expression finds something in it.
    Finds(Regex),
}

/// What a value must be: a value of any type that is written so.
#[derive(Debug, Clone)]
pub struct Equal {
    /// As it was written.
    pub pattern: Pattern,
    /// Nothing in it stands for anything, and case matters.
    literal: Option<Box<str>>,
    /// Otherwise.
    whole: Option<Regex>,
    /// Where the field holds prose.
    words: Vec<Regex>,
    /// The words in prose, and whether they are one phrase.
    pub prose: (Vec<Pattern>, bool),
    /// What has units: from the first to the last.
    range: Option<(i64, i64)>,
    int: Option<i64>,
    number: Option<f64>,
    bool: Option<bool>,
    level: Option<u8>,
}

/// What a value must be less or more than.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// A whole number, or nanoseconds.
    int: Option<i64>,
    number: Option<f64>,
    /// The position of a level.
    level: Option<u8>,
    text: Box<str>,
}

impl Predicate {
    /// Compiles a test for a field.
    pub(super) fn compile(test: &Test, field: &Field, clock: &Clock) -> Result<Predicate, Mistake> {
        Ok(match test {
            Test::Exists => Predicate::Exists,
            Test::Equals(text) | Test::Differs(text) => {
                Predicate::Equals(Equal::compile(text, field, clock)?)
            }
            Test::Compares(comparison, text) => {
                Predicate::Compares(*comparison, Threshold::compile(*comparison, text, field, clock)?)
            }
            Test::Finds(expression, span) => {
                let regex = Regex::new(expression).map_err(|error| {
                    let reason = error.to_string();
                    let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    Mistake::new(span.clone(), format!("{reason} in the regular expression"))
                        .hint("the syntax is that of Rust's regex crate, much as in RE2")
                })?;
                Predicate::Finds(regex)
            }
        })
    }

    /// Whether the level of a log record, where it has a number, decides.
    pub fn asks_for_level(&self) -> bool {
        match self {
            Predicate::Equals(equal) => equal.level.is_some(),
            Predicate::Compares(..) => true,
            Predicate::Exists | Predicate::Finds(_) => false,
        }
    }

    /// Whether a value passes.
    pub(super) fn passes(&self, value: Value<'_>, is_prose: bool) -> bool {
        match self {
            // A span may have no name, a resource no service; of a span that has not failed there is no error.
            Predicate::Exists => !matches!(value, Value::Text("") | Value::Bool(false)),
            Predicate::Equals(equal) => equal.passes(value, is_prose),
            Predicate::Compares(comparison, threshold) => threshold.passes(*comparison, value),
            Predicate::Finds(regex) => match value {
                Value::Text(text) => regex.is_match(text),
                Value::Int(number) => regex.is_match(itoa::Buffer::new().format(number)),
                Value::Double(number) => regex.is_match(zmij::Buffer::new().format(number)),
                Value::Bool(value) => regex.is_match(if value { "true" } else { "false" }),
                Value::Level(severity, text) => regex.is_match(text) || regex.is_match(level_name(severity)),
                Value::Other => false,
            },
        }
    }

    /// Whether a value or any in it passes.
    pub(super) fn passes_any(&self, value: AnyValue<'_>, is_prose: bool) -> bool {
        if matches!(self, Predicate::Exists) {
            return true;
        }
        match value_of(value) {
            Some(value) => self.passes(value, is_prose),
            None => {
                let list = value.array_value().map(|list| list.values());
                if list.into_iter().flatten().any(|value| self.passes_any(value, is_prose)) {
                    return true;
                }
                let map = value.kvlist_value().map(|map| map.values());
                let mut values = map.into_iter().flatten().filter_map(|pair| pair.value());
                is_prose && values.any(|value| self.passes_any(value, is_prose))
            }
        }
    }
}

/// A value that is no list and no map.
fn value_of(value: AnyValue<'_>) -> Option<Value<'_>> {
    if let Some(text) = value.string_value() {
        Some(Value::Text(text))
    } else if let Some(number) = value.int_value() {
        Some(Value::Int(number))
    } else if let Some(value) = value.bool_value() {
        Some(Value::Bool(value))
    } else if let Some(number) = value.double_value() {
        Some(Value::Double(number))
    } else {
        (value.bytes_value().is_some()).then_some(Value::Other)
    }
}

/// Reads the first and the last number that a text stands for.
type Reader = fn(&str, &Clock) -> Option<(i64, i64)>;

/// What the value of a field with units must look like, and how it is read.
fn reader(field: &Field) -> Option<(&'static str, Reader)> {
    match field.intrinsic {
        Some(Intrinsic::Duration) => {
            Some(("a duration such as 500ms", |text, _| parse_duration_ns(text).map(point)))
        }
        Some(Intrinsic::Time) => Some(("a time such as 2026-11-21T10:00:00Z or now-2h", parse_time_ns)),
        Some(Intrinsic::SeverityNumber) => {
            Some(("a number from 1 to 24", |text, _| text.parse().ok().map(point)))
        }
        _ => None,
    }
}

/// Reads the value of a field that has units.
fn read(text: &Text, field: &Field, clock: &Clock) -> Result<Option<(i64, i64)>, Mistake> {
    let Some((expected, parse)) = reader(field) else { return Ok(None) };
    let whole = text.whole();
    if let Some(read) = whole.as_literal().and_then(|text| parse(text, clock)) {
        return Ok(Some(read));
    }
    let wrong = Mistake::new(text.span.clone(), format!("expected {expected}"));
    Err(match field.intrinsic {
        Some(Intrinsic::Time) if whole.as_literal().is_some_and(is_number) => {
            wrong.hint("a number counts seconds since 1970, or parts of them, and has at least nine digits")
        }
        _ => wrong,
    })
}

/// A range of one number.
fn point(value: i64) -> (i64, i64) {
    (value, value)
}

impl Equal {
    fn compile(text: &Text, field: &Field, clock: &Clock) -> Result<Equal, Mistake> {
        let range = read(text, field, clock)?;
        let (pattern, ignores_case) = canonical(text.whole(), field);
        let literal = pattern.as_literal();
        let too_long = || Mistake::new(text.span.clone(), "the value is too long");
        let has_letters = |word: &&Pattern| {
            word.0
                .iter()
                .any(|piece| matches!(piece, Piece::Literal(text) if text.chars().any(char::is_alphanumeric)))
        };
        let mut words: Vec<Pattern> = text.words.iter().filter(has_letters).cloned().collect();
        if words.is_empty() {
            words.clone_from(&text.words);
        }
        let is_level = field.intrinsic == Some(Intrinsic::Level);
        let literal_case = literal.filter(|_| !ignores_case);
        // Expressions are only made where they are needed: those of words are large.
        let whole = match literal_case {
            Some(_) => None,
            None => Some(pattern.whole(ignores_case).ok_or_else(too_long)?),
        };
        let in_prose = words.iter().filter(|_| field.is_prose).map(|word| word.words(text.quoted));
        Ok(Equal {
            words: in_prose.collect::<Option<_>>().ok_or_else(too_long)?,
            whole,
            range,
            int: literal.and_then(|text| text.parse().ok()),
            number: literal.and_then(|text| text.parse().ok()),
            bool: literal.and_then(|text| text.parse().ok()),
            level: literal.filter(|_| is_level).and_then(parse_level),
            literal: literal_case.map(Into::into),
            prose: (words, text.quoted),
            pattern,
        })
    }

    fn passes(&self, value: Value<'_>, is_prose: bool) -> bool {
        match value {
            Value::Text(text) if is_prose => self.words.iter().all(|word| word.is_match(text)),
            Value::Text(text) => {
                self.is_whole(text) || (self.level.is_some() && parse_level(text) == self.level)
            }
            Value::Int(number) => match (self.range, self.int, self.number) {
                (Some((first, last)), ..) => (first..=last).contains(&number),
                (None, Some(int), _) => int == number,
                (None, None, Some(double)) => double == number as f64 && double as i128 == i128::from(number),
                (None, None, None) => self.is_pattern_of(itoa::Buffer::new().format(number)),
            },
            Value::Double(number) => match self.number {
                Some(double) => double == number,
                None => number.is_finite() && self.is_pattern_of(zmij::Buffer::new().format(number)),
            },
            Value::Bool(value) => self.bool == Some(value),
            Value::Level(severity, text) => match (self.level, level_of(severity)) {
                (Some(wanted), Some(level)) => wanted == level,
                (Some(wanted), None) => parse_level(text) == Some(wanted) || self.is_whole(text),
                (None, _) => {
                    (severity > 0 && self.int == Some(severity))
                        || self.is_whole(text)
                        || self.is_whole(level_name(severity))
                }
            },
            Value::Other => false,
        }
    }

    fn is_whole(&self, text: &str) -> bool {
        match (&self.literal, &self.whole) {
            (Some(literal), _) => **literal == *text,
            (None, whole) => whole.as_ref().is_some_and(|whole| whole.is_match(text)),
        }
    }

    /// Whether a number is written as the pattern says.
    fn is_pattern_of(&self, number: &str) -> bool {
        self.pattern.as_literal().is_none() && self.is_whole(number)
    }

    /// Whether a value of another type than text may be equal, which stands otherwise in the bytes.
    pub fn may_be_written_otherwise(&self) -> bool {
        let literal = self.pattern.as_literal();
        let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | 'e'));
        match literal {
            Some(_) => {
                self.int.is_some() || self.number.is_some() || self.bool.is_some() || self.level.is_some()
            }
            // A pattern of digits finds numbers too.
            None => {
                self.pattern.0.iter().all(|piece| !matches!(piece, Piece::Literal(text) if !is_number(text)))
            }
        }
    }

    /// Whether a value of another type than text may be equal whose words, as the filters of segments hold them, are others.
    /// Whole numbers are there as they are written, doubles too, with `.0` behind them as long as they are not too large.
    pub fn may_have_other_words(&self) -> bool {
        const MOST_DIGITS: usize = 15;
        let literal = self.pattern.as_literal().unwrap_or_default();
        let is_plain = |int: i64| itoa::Buffer::new().format(int) == literal && literal.len() <= MOST_DIGITS;
        self.may_be_written_otherwise() && !self.int.is_some_and(is_plain)
    }

    /// The whole value, where case matters and nothing stands for anything.
    pub fn literal(&self) -> Option<&str> {
        self.literal.as_deref()
    }
}

/// A value as the field has it, and whether case is ignored.
fn canonical(pattern: Pattern, field: &Field) -> (Pattern, bool) {
    let prefix = match field.intrinsic {
        Some(Intrinsic::Kind) => "SPAN_KIND_",
        Some(Intrinsic::Status) => "STATUS_CODE_",
        Some(Intrinsic::TraceId | Intrinsic::SpanId | Intrinsic::ParentSpanId | Intrinsic::Level) => "",
        _ => return (pattern, false),
    };
    let names: &[&str] = match field.intrinsic {
        Some(Intrinsic::Kind) => &KINDS,
        Some(Intrinsic::Status) => &STATUSES,
        _ => &[],
    };
    let Some(literal) = pattern.as_literal() else { return (pattern, true) };
    let literal = strip_prefix_ignoring_case(literal, prefix).unwrap_or(literal);
    // By number, as the wire has it.
    let named = literal.parse::<usize>().ok().and_then(|number| names.get(number)).copied();
    (Pattern::literal(named.unwrap_or(literal)), true)
}

impl Threshold {
    fn compile(
        comparison: Comparison,
        text: &Text,
        field: &Field,
        clock: &Clock,
    ) -> Result<Threshold, Mistake> {
        let end = |(first, last)| match comparison {
            Comparison::Less | Comparison::AtLeast => first,
            Comparison::AtMost | Comparison::Greater => last,
        };
        let read = read(text, field, clock)?.map(end);
        let whole = text.whole();
        let Some(literal) = whole.as_literal() else {
            return Err(Mistake::new(text.span.clone(), "expected a value to compare with, found a *")
                .hint(r"\* stands for the character"));
        };
        let is_level = field.intrinsic == Some(Intrinsic::Level);
        let level = parse_level(literal).filter(|_| is_level);
        let int = read.or_else(|| literal.parse().ok());
        if is_level && level.is_none() && int.is_none() {
            return Err(Mistake::new(text.span.clone(), "expected a level")
                .hint("the levels are trace, debug, info, warn, error and fatal"));
        }
        Ok(Threshold { int, number: literal.parse().ok(), level, text: literal.into() })
    }

    fn passes(&self, comparison: Comparison, value: Value<'_>) -> bool {
        let ordering = match value {
            Value::Int(value) => match (self.int, self.number) {
                (Some(int), _) => Some(value.cmp(&int)),
                (None, Some(number)) => (value as f64).partial_cmp(&number),
                (None, None) => None,
            },
            Value::Double(value) => self.number.and_then(|number| value.partial_cmp(&number)),
            Value::Text(value) => match (self.level, self.number) {
                (Some(level), _) => parse_level(value).map(|value| value.cmp(&level)),
                (None, Some(number)) => {
                    value.parse::<f64>().ok().and_then(|value| value.partial_cmp(&number))
                }
                (None, None) => Some(value.cmp(&self.text)),
            },
            Value::Level(severity, text) => match self.level {
                Some(level) => {
                    level_of(severity).or_else(|| parse_level(text)).map(|value| value.cmp(&level))
                }
                None => self.int.filter(|_| severity > 0).map(|int| severity.cmp(&int)),
            },
            Value::Bool(_) | Value::Other => None,
        };
        ordering.is_some_and(|ordering| comparison.holds(ordering))
    }
}
