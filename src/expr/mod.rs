//! The search language: what people type to find spans and log records.
//!
//! It is the query language of Kibana (KQL), on the fields and attributes of OpenTelemetry:
//!
//! ```text
//! search = [ or ] [ "|" "count" [ "by" field { "," field } ] ]
//! or     = and { "or" and }
//! and    = not { "and" not }
//! not    = "not" not | "(" or ")" | field ":" values | field ( "<" | "<=" | ">" | ">=" ) value | value
//! values = value | "(" or-of-values ")" | "*"
//! value  = '"' text '"' | word { word }
//! ```
//!
//! `*` stands for anything, inside words and, unlike in Kibana, inside quotes; a backslash takes the meaning from the
//! character behind it; keywords are understood in either case. A value is compared with the whole of a field. In
//! fields that hold prose, such as the message of a log record, it is looked for as words instead, in either case:
//! in quotes one behind the other, without quotes all of them in any order.
//!
//! `parser` makes a [`Search`] of a text, `matcher` compiles it for spans or for log records and evaluates it over wire
//! bytes. It knows nothing of where these come from.

mod field;
mod foreign;
mod lexer;
mod literal;
mod matcher;
mod parser;
mod pattern;
mod predicate;
mod records;
mod time;
mod values;
pub mod words;

use std::ops::Range;

use crate::mistake::Mistake;

pub use field::{Field, Intrinsic, Levels, is_known, suggest};
pub use literal::{level_name, parse_level};
pub use matcher::{Leaf, Matcher, Node};
pub use parser::parse;
pub use pattern::{Pattern, Piece};
pub use predicate::{Equal, Predicate, Threshold, Value};
pub use records::{Found, for_each_record, log_time};
pub use time::Clock;
pub use values::{Once, Values, attribute_text, value_of};

/// What is searched for, and what is to be done with what is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What is searched for.
    pub query: Query,
    /// `count by`: the fields; empty where everything is counted together.
    pub count_by: Option<Vec<Name>>,
    /// What is text, and may have been meant otherwise.
    pub notes: Vec<Mistake>,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Everything.
    All,
    /// What all of them find.
    And(Vec<Query>),
    /// What any of them finds.
    Or(Vec<Query>),
    /// What it does not find.
    Not(Box<Query>),
    /// What has a field, any of the fields where no name is given, that passes a test.
    Is(Option<Name>, Test),
    /// What every record has passes a test, whatever attributes have its name.
    Own(Intrinsic, Test),
}

/// The name of a field, in which `*` may stand for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// With its wildcards.
    pub pattern: Pattern,
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One pattern where it was quoted, else one a word.
    pub words: Vec<Pattern>,
    /// Whether it was quoted.
    pub quoted: bool,
    /// Whether it is the whole value, also where words are looked for otherwise.
    pub is_whole: bool,
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
}

/// What a field must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Anything: it is there.
    Exists,
    /// This.
    Equals(Text),
    /// There, and something else.
    Differs(Text),
    /// Less or more than this.
    Compares(Comparison, Text),
    /// A text in which the regular expression finds something.
    Finds(String, Range<usize>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether two values that compare so pass.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Less => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::AtLeast => ordering.is_ge(),
        }
    }
}

impl Text {
    /// The whole value as one pattern: words with a space between them.
    pub fn whole(&self) -> Pattern {
        Pattern::joined(&self.words)
    }

    /// A value that was given as such: all of it, and nothing in it has a meaning.
    pub fn literal(text: &str) -> Text {
        Text { words: vec![Pattern::literal(text)], quoted: true, is_whole: true, span: 0..text.len() }
    }
}

impl Name {
    /// A name that was given as such.
    pub fn given(text: &str) -> Name {
        Name { pattern: Pattern::literal(text), span: 0..text.len() }
    }
}

impl Query {
    /// All of several.
    pub fn all(queries: impl IntoIterator<Item = Query>) -> Query {
        let mut queries: Vec<Query> = queries.into_iter().filter(|query| *query != Query::All).collect();
        match queries.len() {
            0 => Query::All,
            1 => queries.remove(0),
            _ => Query::And(queries),
        }
    }

    /// The names of fields in it.
    pub fn names(&self) -> Vec<&Name> {
        match self {
            Query::All | Query::Is(None, _) | Query::Own(..) => Vec::new(),
            Query::And(queries) | Query::Or(queries) => queries.iter().flat_map(Query::names).collect(),
            Query::Not(query) => query.names(),
            Query::Is(Some(name), _) => vec![name],
        }
    }
}
