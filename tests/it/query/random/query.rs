//! Queries: as they are typed, and what they mean.

use super::values::{Expression, Glob, Limit, Test, Wanted};

#[derive(Debug, Clone)]
pub enum Query {
    All,
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// A field, or any.
    Is(Option<String>, Test),
    /// One of several values.
    IsAny(String, Vec<Wanted>),
}

impl Query {
    /// Whether a record passes, by whether it passes the test of a field.
    pub fn passes(&self, is: &dyn Fn(Option<&str>, &Test) -> bool) -> bool {
        match self {
            Query::All => true,
            Query::And(queries) => queries.iter().all(|query| query.passes(is)),
            Query::Or(queries) => queries.iter().any(|query| query.passes(is)),
            Query::Not(query) => !query.passes(is),
            Query::Is(field, test) => is(field.as_deref(), test),
            Query::IsAny(field, values) => {
                values.iter().any(|value| is(Some(field), &Test::Equals(value.clone())))
            }
        }
    }

    /// As it is typed.
    pub fn typed(&self) -> String {
        let joined = |queries: &[Query], word: &str| {
            queries.iter().map(Query::nested).collect::<Vec<_>>().join(&format!(" {word} "))
        };
        match self {
            Query::All => "*".into(),
            Query::And(queries) => joined(queries, "and"),
            // In either case.
            Query::Or(queries) => joined(queries, "OR"),
            Query::Not(query) => format!("not {}", query.nested()),
            Query::Is(None, Test::Equals(wanted)) => wanted.typed(),
            Query::Is(field, test) => {
                let field = escaped(field.as_deref().unwrap_or("*"));
                match test {
                    Test::Exists => format!("{field}: *"),
                    Test::Equals(wanted) => format!("{field}: {}", wanted.typed()),
                    Test::Compares(sign, limit) => format!("{field} {sign} {}", limit.typed()),
                    Test::Differs(_) | Test::Finds(_) => unreachable!("cannot be typed"),
                }
            }
            Query::IsAny(field, values) => {
                let values: Vec<String> = values.iter().map(Wanted::typed).collect();
                format!("{}: ({})", escaped(field), values.join(" or "))
            }
        }
    }

    fn nested(&self) -> String {
        match self {
            Query::And(_) | Query::Or(_) | Query::Not(_) => format!("({})", self.typed()),
            _ => self.typed(),
        }
    }
}

/// A name, in which `*` stays what it is.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if ":()<>\"\\| ".contains(c) { format!("\\{c}") } else { c.into() }).collect()
}

impl Wanted {
    /// A value, in which `*` stands for anything.
    pub fn new(text: &str, is_quoted: bool) -> Wanted {
        let glob = |text: &str| -> Glob { text.chars().map(|c| (c != '*').then_some(c)).collect() };
        let words = if is_quoted { vec![glob(text)] } else { text.split_whitespace().map(glob).collect() };
        Wanted { words, is_quoted, is_whole: false }
    }

    pub fn literal_of(text: &str) -> Wanted {
        Wanted { words: vec![text.chars().map(Some).collect()], is_quoted: true, is_whole: false }
    }

    /// The value of a flag.
    pub fn of_flag(text: &str) -> Wanted {
        Wanted { is_whole: true, ..Wanted::literal_of(text) }
    }

    fn typed(&self) -> String {
        let piece = |piece: &Option<char>| match piece {
            None => "*".to_owned(),
            Some(c) if "\"\\*".contains(*c) => format!("\\{c}"),
            // Signs, and what an option begins with.
            Some(c) if !self.is_quoted && ":()<>|-".contains(*c) => format!("\\{c}"),
            Some(c) => (*c).into(),
        };
        let word = |word: &Glob| word.iter().map(piece).collect::<String>();
        let words: Vec<String> = self.words.iter().map(word).collect();
        if self.is_quoted { format!("\"{}\"", words.concat()) } else { words.join(" ") }
    }
}

impl Limit {
    pub fn typed(&self) -> String {
        match self {
            Limit::Number(number) => number.to_string(),
            Limit::Text(text) => format!("\"{text}\""),
            Limit::Duration(ns) => format!("{ns}ns"),
            Limit::Time(ns) => format!("\"{}\"", super::rfc3339(*ns)),
            Limit::Level(level) => {
                ["trace", "DEBUG", "info", "warning", "error", "fatal"][usize::from(*level)].into()
            }
        }
    }
}

impl Expression {
    pub fn typed(&self) -> String {
        match self {
            Expression::Begins(text) => format!("^{text}"),
            Expression::Ends(text) => format!("{text}$"),
            Expression::Holds(text) => text.clone(),
        }
    }
}
