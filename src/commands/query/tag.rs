//! `--tag`: a condition on an attribute.

use std::str::FromStr;

use crate::expr::{Comparison, Name, Query, Test, Text};

/// A condition on an attribute.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) name: String,
    test: Test,
}

impl Tag {
    pub(super) fn query(&self) -> Query {
        Query::Is(Some(Name::given(&self.name)), self.test.clone())
    }
}

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Tag, String> {
        let at = text.find(['=', '!', '<', '>']).filter(|at| *at > 0);
        let at = at.ok_or_else(|| format!("expected KEY=VALUE, such as http.route=/pay, found {text:?}"))?;
        let (name, rest) = text.split_at(at);
        let number = |comparison, value: &str| Test::Compares(comparison, Text::literal(value));
        // Longer signs before those that they begin with.
        let test = if let Some(regex) = rest.strip_prefix("=~") {
            Test::Finds(regex.to_owned(), 0..regex.len())
        } else if let Some(value) = rest.strip_prefix("!=") {
            Test::Differs(Text::literal(value))
        } else if let Some(value) = rest.strip_prefix("<=") {
            number(Comparison::AtMost, value)
        } else if let Some(value) = rest.strip_prefix(">=") {
            number(Comparison::AtLeast, value)
        } else if let Some(value) = rest.strip_prefix('<') {
            number(Comparison::Less, value)
        } else if let Some(value) = rest.strip_prefix('>') {
            number(Comparison::Greater, value)
        } else if let Some(value) = rest.strip_prefix('=') {
            Test::Equals(Text::literal(value))
        } else {
            return Err(format!("expected one of = != =~ < <= > >= behind {name}, found {rest:?}"));
        };
        Ok(Tag { name: name.to_owned(), test })
    }
}
