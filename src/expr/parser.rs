//! A query of its tokens.

use super::foreign::{self, Found, Place};
use super::lexer::{Kind, Token, tokens};
use super::pattern::Pattern;
use super::{Comparison, Name, Query, Search, Test, Text};
use crate::mistake::{Mistake, shortened};

/// Deepest nesting of parentheses and `not`.
const DEEPEST: usize = 200;

/// Parses a search; an empty one finds everything.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Search, Mistake> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, notes: Vec::new() };
    let query = match parser.kind() {
        Kind::End | Kind::Sign("|") => Query::All,
        _ => parser.or(&mut Parser::term)?,
    };
    let count_by = parser.count_by()?;
    match parser.kind() {
        Kind::End => Ok(Search { query, count_by, notes: parser.notes }),
        _ => Err(match count_by {
            None => parser.expected_and("the end"),
            Some(names) if names.is_empty() => parser.expected("by or the end"),
            Some(_) => parser.expected("a field or the end"),
        }),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    notes: Vec<Mistake>,
}

type Element<'p, 'a> = &'p mut dyn FnMut(&mut Parser<'a>) -> Result<Query, Mistake>;

impl<'a> Parser<'a> {
    fn token(&self) -> &Token {
        // The last one is the end, behind which nothing goes.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn kind(&self) -> &Kind {
        &self.token().kind
    }

    fn next_is_sign(&self, behind: usize, sign: &str) -> bool {
        matches!(self.tokens.get(self.at + behind), Some(Token { kind: Kind::Sign(found), .. }) if *found == sign)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.next_is_sign(0, sign);
        self.at += usize::from(found);
        found
    }

    fn place(&self) -> Place<'_> {
        Place { text: self.text, tokens: &self.tokens, at: self.at }
    }

    /// Takes note of what a neighbour's language means by a word.
    fn take(&mut self, found: Option<Found>) -> Result<(), Mistake> {
        match found {
            Some(Found::Wrong(mistake)) => return Err(mistake),
            Some(Found::Odd(note)) => self.notes.push(note),
            None => {}
        }
        Ok(())
    }

    fn expected(&self, what: &str) -> Mistake {
        if let Some(mistake) = foreign::range(self.place()) {
            return mistake;
        }
        if let Some((span, found, hint)) = foreign::sign(self.place()) {
            return Mistake::new(span, format!("expected {what}, found {found}")).hint(hint);
        }
        let token = self.token();
        let found = match &token.kind {
            Kind::End => "the end".to_owned(),
            _ => shortened(self.text.get(token.span.clone()).unwrap_or_default()).into_owned(),
        };
        let mistake = Mistake::new(token.span.clone(), format!("expected {what}, found {found}"));
        match token.kind {
            Kind::And | Kind::Or | Kind::Not => mistake.hint(format!("in quotes it is a word: \"{found}\"")),
            Kind::Sign("{" | "}") => mistake.hint("write the names of nested fields with dots: a.b: c"),
            Kind::Sign(sign) => {
                mistake.hint(format!(r"in quotes, or behind a \, it is a character: \{sign}"))
            }
            Kind::Quoted(_) | Kind::Word(_) | Kind::End => mistake,
        }
    }

    fn expected_and(&self, end: &str) -> Mistake {
        if let Some(mistake) = foreign::conjunction(self.place()).or_else(|| foreign::negation(self.place()))
        {
            return mistake;
        }
        if let Some(Found::Wrong(mistake)) = foreign::comparison(self.place()) {
            return mistake;
        }
        let mistake = self.expected(&format!("and, or or {end}"));
        match self.kind() {
            Kind::Quoted(_) | Kind::Word(_) => mistake.hint("put and or or between two conditions"),
            _ => mistake,
        }
    }

    fn or(&mut self, element: Element<'_, 'a>) -> Result<Query, Mistake> {
        let mut queries = vec![self.and(element)?];
        while *self.kind() == Kind::Or {
            self.at += 1;
            queries.push(self.and(element)?);
        }
        Ok(if queries.len() == 1 { queries.remove(0) } else { Query::Or(queries) })
    }

    fn and(&mut self, element: Element<'_, 'a>) -> Result<Query, Mistake> {
        let mut queries = vec![self.not(element)?];
        while *self.kind() == Kind::And {
            self.at += 1;
            queries.push(self.not(element)?);
        }
        Ok(if queries.len() == 1 { queries.remove(0) } else { Query::And(queries) })
    }

    fn not(&mut self, element: Element<'_, 'a>) -> Result<Query, Mistake> {
        if self.depth >= DEEPEST {
            return Err(Mistake::new(self.token().span.clone(), format!("nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let query = if *self.kind() == Kind::Not {
            self.at += 1;
            Query::Not(Box::new(self.not(element)?))
        } else if self.take_sign("(") {
            let query = self.or(element)?;
            if !self.take_sign(")") {
                return Err(self.expected_and(")"));
            }
            query
        } else {
            element(self)?
        };
        self.depth -= 1;
        Ok(query)
    }

    /// A condition: `field: value`, `field > value`, or a value that any field may have.
    fn term(&mut self) -> Result<Query, Mistake> {
        self.expect_own()?;
        let name = match self.kind() {
            Kind::Word(pattern) | Kind::Quoted(pattern) => {
                Name { pattern: pattern.clone(), span: self.token().span.clone() }
            }
            _ => return Err(self.expected("a field or a value")),
        };
        if self.next_is_sign(1, ":") {
            self.at += 2;
            return self.values(&name);
        }
        let signs = [
            ("<", Comparison::Less),
            ("<=", Comparison::AtMost),
            (">", Comparison::Greater),
            (">=", Comparison::AtLeast),
        ];
        if let Some((sign, comparison)) = signs.iter().find(|(sign, _)| self.next_is_sign(1, sign)) {
            self.at += 2;
            let text = self.text(&format!("a value behind {sign}"))?;
            return Ok(Query::Is(Some(name), Test::Compares(*comparison, text)));
        }
        let begin = self.at;
        let text = self.text("a value")?;
        for at in begin..self.at {
            let found = foreign::comparison(Place { text: self.text, tokens: &self.tokens, at });
            self.take(found)?;
        }
        Ok(if text.whole().is_anything() { Query::All } else { Query::Is(None, Test::Equals(text)) })
    }

    /// What stands behind `field:`, a value or several in parentheses.
    fn values(&mut self, name: &Name) -> Result<Query, Mistake> {
        let mut value = |parser: &mut Parser<'a>| {
            parser.expect_own()?;
            let text = parser.text("a value behind :")?;
            Ok(match text.whole().is_anything() {
                true if name.pattern.is_anything() => Query::All,
                true => Query::Is(Some(name.clone()), Test::Exists),
                false => Query::Is(Some(name.clone()), Test::Equals(text)),
            })
        };
        match self.next_is_sign(0, "(") {
            true => self.not(&mut value),
            false => value(self),
        }
    }

    /// Expects a condition or a value as they are written here.
    fn expect_own(&mut self) -> Result<(), Mistake> {
        let mistake = foreign::negation(self.place()).or_else(|| foreign::range(self.place()));
        mistake.map_or(Ok(()), Err)?;
        self.take(foreign::expression(self.place()))
    }

    /// A value: a quoted one, or words.
    fn text(&mut self, what: &str) -> Result<Text, Mistake> {
        let begin = self.token().span.clone();
        if let Kind::Quoted(pattern) = self.kind() {
            let words = vec![pattern.clone()];
            self.at += 1;
            return Ok(Text { words, quoted: true, is_whole: false, span: begin });
        }
        let mut words: Vec<Pattern> = Vec::new();
        let mut span = begin;
        while let Kind::Word(pattern) = self.kind() {
            if let Some(mistake) = foreign::conjunction(self.place()) {
                return Err(mistake);
            }
            words.push(pattern.clone());
            span.end = self.token().span.end;
            self.at += 1;
        }
        if words.is_empty() {
            return Err(self.expected(what));
        }
        if let Some(Token { kind: Kind::Sign(sign @ (":" | "<" | "<=" | ">" | ">=")), span: sign_span }) =
            self.tokens.get(self.at)
        {
            let last = self.tokens.get(self.at - 1).map_or(span.clone(), |token| token.span.clone());
            let word = shortened(self.text.get(last.clone()).unwrap_or_default());
            let mistake =
                Mistake::new(sign_span.clone(), format!("expected and, or or the end, found {sign}"));
            return Err(match words.len() {
                1 => mistake.hint(format!("put a value that holds {sign} in quotes")),
                _ => mistake.hint(format!("put and or or before {word}, or the value in quotes")),
            });
        }
        Ok(Text { words, quoted: false, is_whole: false, span })
    }

    fn count_by(&mut self) -> Result<Option<Vec<Name>>, Mistake> {
        if foreign::sign(self.place()).is_some() {
            return Err(self.expected_and("the end"));
        }
        if !self.take_sign("|") {
            return Ok(None);
        }
        let is_word = |kind: &Kind, word: &str| matches!(kind, Kind::Word(pattern) if pattern.as_literal().is_some_and(|text| text.eq_ignore_ascii_case(word)));
        if !is_word(self.kind(), "count") {
            return Err(self
                .expected("count")
                .hint("only count may stand behind |, such as: | count by level"));
        }
        self.at += 1;
        if !is_word(self.kind(), "by") {
            return Ok(Some(Vec::new()));
        }
        self.at += 1;
        let mut names = Vec::new();
        while let Kind::Word(pattern) | Kind::Quoted(pattern) = self.kind() {
            let span = self.token().span.clone();
            let is_quoted = matches!(self.kind(), Kind::Quoted(_));
            match pattern.as_literal() {
                Some(_) if is_quoted => names.push(Name { pattern: pattern.clone(), span: span.clone() }),
                Some(text) => names.extend(
                    text.split(',')
                        .filter(|name| !name.is_empty())
                        .map(|name| Name { pattern: Pattern::literal(name), span: span.clone() }),
                ),
                None => return Err(Mistake::new(span, "expected the whole name of a field")),
            }
            self.at += 1;
        }
        if names.is_empty() {
            return Err(self.expected("a field behind by"));
        }
        Ok(Some(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Query {
        parse(text).unwrap().query
    }

    #[test]
    fn nothing_else_than_words_tells_queries_apart() {
        for (one, other) in [
            ("a: 1 AND b: 2", "a: 1 and b: 2"),
            ("not a: 1 and b: 2", "(not a: 1) and b: 2"),
            ("a: 1 or b: 2 and c: 3", "a: 1 or (b: 2 and c: 3)"),
            ("a: (1 or 2)", "a: 1 or a: 2"),
            ("a: (1 and not 2)", "a: 1 and not a: 2"),
            ("a: (not 1)", "not a: 1"),
        ] {
            assert_eq!(without_spans(parsed(one)), without_spans(parsed(other)), "{one}");
        }
    }

    fn without_spans(query: Query) -> Query {
        let text = |text: Text| Text { span: 0..0, ..text };
        match query {
            Query::All | Query::Own(..) => query,
            Query::And(queries) => Query::And(queries.into_iter().map(without_spans).collect()),
            Query::Or(queries) => Query::Or(queries.into_iter().map(without_spans).collect()),
            Query::Not(query) => Query::Not(Box::new(without_spans(*query))),
            Query::Is(name, test) => {
                let name = name.map(|name| Name { span: 0..0, ..name });
                let test = match test {
                    Test::Equals(value) => Test::Equals(text(value)),
                    Test::Compares(comparison, value) => Test::Compares(comparison, text(value)),
                    other => other,
                };
                Query::Is(name, test)
            }
        }
    }

    #[test]
    fn everything_and_anything() {
        for text in ["", "  ", "*", "\"*\"", "* : *", "*: (*)"] {
            assert_eq!(parsed(text), Query::All, "{text}");
        }
        assert!(matches!(parsed("a: *"), Query::Is(Some(_), Test::Exists)));
        assert!(matches!(parsed("a: \"*\""), Query::Is(Some(_), Test::Exists)));
        assert!(matches!(parsed(r"a: \*"), Query::Is(Some(_), Test::Equals(_))));
        assert!(matches!(parsed("not *"), Query::Not(_)));
    }

    #[test]
    fn counting() {
        let count_by = |text: &str| {
            let names = parse(text).unwrap().count_by?;
            Some(names.iter().filter_map(|name| name.pattern.as_literal()).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(count_by("a"), None);
        assert_eq!(count_by("| count").as_deref(), Some(""));
        assert_eq!(count_by("| count by a,b , c d").as_deref(), Some("a|b|c|d"));
        assert_eq!(count_by("| count by \"a, b\"").as_deref(), Some("a, b"));
    }
}
