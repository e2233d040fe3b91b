//! Values, and what they are compared with: the documented meaning of conditions, over decoded messages.

use std::cmp::Ordering;

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};

/// A text in which `None` stands for anything.
pub type Glob = Vec<Option<char>>;

/// A value of a field.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Of an attribute or a body.
    Any(AnyValue),
    Text(String),
    /// In which case does not matter: an id, a kind, a status.
    Name(String),
    Int(i64),
    Bool(bool),
    /// The severity number and text of a log record.
    Level(i32, String),
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum Test {
    Exists,
    Equals(Wanted),
    Differs(Wanted),
    Compares(&'static str, Limit),
    /// A regular expression.
    Finds(Expression),
}

/// How the texts of a field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Plain,
    AnyCase,
    /// In either case, and by all names of a level.
    Level,
    /// Words of it.
    Prose,
}

/// A value that is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// One, where it is quoted.
    pub words: Vec<Glob>,
    pub is_quoted: bool,
    /// Also of prose it is the whole value.
    pub is_whole: bool,
}

/// What a value is less or more than.
#[derive(Debug, Clone)]
pub enum Limit {
    Number(f64),
    Text(String),
    /// Of a duration, in nanoseconds.
    Duration(i64),
    /// A time in nanoseconds since the epoch.
    Time(i64),
    /// The position of a level.
    Level(u8),
}

#[derive(Debug, Clone)]
pub enum Expression {
    /// `^text`
    Begins(String),
    /// `text$`
    Ends(String),
    /// `text`
    Holds(String),
}

impl Wanted {
    pub fn whole(&self) -> Glob {
        self.words.join(&Some(' '))
    }

    fn is_anything(&self) -> bool {
        let whole = self.whole();
        !whole.is_empty() && whole.iter().all(Option::is_none)
    }

    fn literal(&self) -> Option<String> {
        self.whole().into_iter().collect()
    }

    fn number(&self) -> Option<f64> {
        self.literal()?.parse().ok()
    }

    fn is_text(&self, text: &str, reading: Reading) -> bool {
        let is_name = || is_whole(&lower_glob(&self.whole()), &text.to_lowercase());
        let is_level =
            || level(text).is_some() && level(text) == self.literal().and_then(|name| level(&name));
        match reading {
            Reading::Plain => return is_whole(&self.whole(), text),
            Reading::AnyCase => return is_name(),
            Reading::Level => return is_name() || is_level(),
            Reading::Prose => {}
        }
        let has_letters = |word: &&Glob| word.iter().flatten().any(|c| c.is_alphanumeric());
        let mut words: Vec<&Glob> = self.words.iter().filter(has_letters).collect();
        if words.is_empty() {
            words = self.words.iter().collect();
        }
        words.iter().all(|word| stands_in(word, text, self.is_quoted))
    }

    fn is_int(&self, number: i64) -> bool {
        match self.literal() {
            Some(text) => text.parse() == Ok(number) || text.parse() == Ok(number as f64),
            None => is_whole(&self.whole(), &number.to_string()),
        }
    }
}

impl Test {
    /// Whether any of the values of a field passes.
    pub fn passes(&self, values: &[Seen], reading: Reading) -> bool {
        let reading = match self {
            Test::Equals(wanted) | Test::Differs(wanted) if wanted.is_whole && reading == Reading::Prose => {
                Reading::Plain
            }
            _ => reading,
        };
        match self {
            Test::Equals(wanted) if wanted.is_anything() => Test::Exists.passes(values, reading),
            Test::Differs(wanted) => {
                let equal = Test::Equals(wanted.clone());
                !values.is_empty() && !equal.passes(values, reading)
            }
            _ => values.iter().any(|value| self.passes_one(value, reading)),
        }
    }

    fn passes_one(&self, value: &Seen, reading: Reading) -> bool {
        match (self, value) {
            // Of the intrinsic fields, an error that is none and a name that is empty.
            (Test::Exists, Seen::Bool(value)) => *value,
            (Test::Exists, Seen::Text(text)) => !text.is_empty(),
            (Test::Exists, _) => true,
            (_, Seen::Any(AnyValue { value })) => {
                value.as_ref().is_some_and(|value| self.passes_any(value, reading))
            }
            (Test::Equals(wanted), Seen::Text(text)) => wanted.is_text(text, reading),
            (Test::Equals(wanted), Seen::Name(name)) => {
                is_whole(&lower_glob(&wanted.whole()), &name.to_lowercase())
            }
            (Test::Equals(wanted), Seen::Int(number)) => wanted.is_int(*number),
            (Test::Equals(wanted), Seen::Bool(value)) => wanted.literal() == Some(value.to_string()),
            (Test::Equals(wanted), Seen::Level(number, text)) => {
                let asked = wanted.literal().and_then(|literal| level(&literal));
                match asked {
                    Some(asked) => match level_of(*number) {
                        Some(level) => level == asked,
                        None => level(text) == Some(asked),
                    },
                    None => {
                        let whole = lower_glob(&wanted.whole());
                        is_whole(&whole, &text.to_lowercase()) || is_whole(&whole, level_name(*number))
                    }
                }
            }
            (Test::Compares(sign, limit), value) => match (value, limit) {
                (Seen::Int(number), Limit::Number(limit)) => holds(sign, (*number as f64).partial_cmp(limit)),
                (Seen::Int(time), Limit::Duration(limit) | Limit::Time(limit)) => {
                    holds(sign, Some(time.cmp(limit)))
                }
                (Seen::Text(text) | Seen::Name(text), limit) => compares(sign, text, limit),
                (Seen::Level(number, text), Limit::Level(limit)) => {
                    let level = level_of(*number).or_else(|| level(text));
                    holds(sign, level.map(|level| level.cmp(limit)))
                }
                _ => false,
            },
            (Test::Finds(expression), Seen::Text(text) | Seen::Name(text)) => expression.finds(text),
            (Test::Finds(expression), Seen::Int(number)) => expression.finds(&number.to_string()),
            (Test::Finds(expression), Seen::Bool(value)) => expression.finds(&value.to_string()),
            (Test::Finds(expression), Seen::Level(_, text)) => expression.finds(text),
            (Test::Differs(_), _) => unreachable!("is no test of one value"),
        }
    }

    fn passes_any(&self, value: &Any, reading: Reading) -> bool {
        match value {
            Any::StringValue(text) => self.passes_one(&Seen::Text(text.clone()), reading),
            Any::IntValue(number) => self.passes_one(&Seen::Int(*number), reading),
            Any::BoolValue(value) => self.passes_one(&Seen::Bool(*value), reading),
            Any::DoubleValue(number) => match self {
                Test::Equals(wanted) if wanted.literal().is_none() => {
                    is_whole(&wanted.whole(), &format!("{number:?}"))
                }
                Test::Equals(wanted) => wanted.number() == Some(*number),
                Test::Compares(sign, Limit::Number(limit)) => holds(sign, number.partial_cmp(limit)),
                Test::Finds(expression) => expression.finds(&format!("{number:?}")),
                _ => false,
            },
            Any::ArrayValue(list) => {
                let values = list.values.iter().filter_map(|value| value.value.as_ref());
                values.into_iter().any(|value| self.passes_any(value, reading))
            }
            // Their members are fields of their own; prose is what stands anywhere in them.
            Any::KvlistValue(map) => {
                let values = map.values.iter().filter_map(|pair| pair.value.as_ref()?.value.as_ref());
                reading == Reading::Prose && values.into_iter().any(|value| self.passes_any(value, reading))
            }
            _ => false,
        }
    }
}

impl Expression {
    fn finds(&self, text: &str) -> bool {
        match self {
            Expression::Begins(begin) => text.starts_with(begin),
            Expression::Ends(end) => text.ends_with(end),
            Expression::Holds(part) => text.contains(part),
        }
    }
}

fn compares(sign: &str, text: &str, limit: &Limit) -> bool {
    holds(
        sign,
        match limit {
            Limit::Number(limit) => text.parse::<f64>().ok().and_then(|number| number.partial_cmp(limit)),
            Limit::Text(limit) => Some(text.cmp(limit)),
            Limit::Level(limit) => level(text).map(|level| level.cmp(limit)),
            Limit::Duration(_) | Limit::Time(_) => None,
        },
    )
}

pub fn holds(sign: &str, ordering: Option<Ordering>) -> bool {
    ordering.is_some_and(|ordering| match sign {
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

/// The levels and what else they are called.
const LEVELS: [&[&str]; 6] =
    [&["trace"], &["debug"], &["info"], &["warn", "warning"], &["error"], &["fatal"]];

/// The position of a level by its name.
pub fn level(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    LEVELS.iter().position(|names| names.contains(&name.as_str())).map(|position| position as u8)
}

/// Four numbers are one level.
pub fn level_of(number: i32) -> Option<u8> {
    (1..=24).contains(&number).then(|| (number as u8 - 1) / 4)
}

pub fn level_name(number: i32) -> &'static str {
    level_of(number).map_or("", |level| LEVELS[usize::from(level)][0])
}

pub fn lower_glob(glob: &Glob) -> Glob {
    glob.iter().map(|piece| piece.map(lower)).collect()
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Whether a text as a whole is what a pattern says.
fn is_whole(glob: &Glob, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    lengths(glob, &text, |_| true).contains(&text.len())
}

/// How many characters at the beginning of a text a pattern can stand for.
fn lengths(glob: &[Option<char>], text: &[char], may_be_any: impl Fn(char) -> bool + Copy) -> Vec<usize> {
    let mut ends = vec![0];
    for piece in glob {
        let mut next: Vec<usize> = Vec::new();
        for end in ends {
            match piece {
                Some(wanted) => next.extend(text.get(end).filter(|c| *c == wanted).map(|_| end + 1)),
                None => {
                    let run = text[end..].iter().take_while(|c| may_be_any(**c)).count();
                    next.extend(end..=end + run);
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        ends = next;
    }
    ends
}

/// A letter of a script that is written without spaces.
fn is_unspaced(c: char) -> bool {
    let number = u32::from(c);
    let scripts = [(0x0e00, 0x0eff), (0x3041, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3)];
    scripts.iter().any(|(from, to)| (*from..=*to).contains(&number)) && c.is_alphanumeric()
}

/// A letter or digit that its neighbours make a word with.
fn is_of_word(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && !is_unspaced(c)
}

/// Whether words stand somewhere in a text, in either case, from the beginning of a word to the end of one unless the
/// pattern is open there. Of a single word a wildcard ends with the word.
fn stands_in(glob: &Glob, text: &str, is_phrase: bool) -> bool {
    if glob.is_empty() {
        return text.is_empty();
    }
    let text: Vec<char> = text.chars().map(lower).collect();
    let glob = lower_glob(glob);
    let is_open = |end: Option<&Option<char>>| end.is_none_or(|piece| !piece.is_some_and(is_of_word));
    let (is_open_before, is_open_behind) = (is_open(glob.first()), is_open(glob.last()));
    let begins = |at: usize| is_open_before || at == 0 || !is_of_word(text[at - 1]);
    let ends = |at: usize| is_open_behind || at == text.len() || !is_of_word(text[at]);
    let from = glob.iter().position(Option::is_some).unwrap_or(glob.len());
    let to = glob.iter().rposition(Option::is_some).map_or(from, |last| last + 1);
    (0..=text.len()).filter(|start| begins(*start)).any(|start| {
        let lengths = lengths(&glob[from..to], &text[start..], |c| is_phrase || !c.is_whitespace());
        lengths.into_iter().any(|length| ends(start + length))
    })
}
