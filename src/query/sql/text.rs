//! The text of a query: its tokens, as far as they matter, and what `attr('key')` stands for.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A text or a name in quotes.
    Quoted,
    /// Anything else: one character.
    Sign,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    place: Range<usize>,
}

/// What stands between the parenthesis and the key once the row is said. The comment tells it from what a user wrote.
pub(super) const ROW: &str = "row/**/, ";

/// A query with every `attr('key')` as `attr(row, 'key')`: a function does not know the row that it is called for.
///
/// SQLite finds the column `row` like any other: in the table of the FROM clause, or of one around it, that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) text: String,
    /// Where a row was put in, and where its `attr` begins, both in the text as it was.
    rows: Vec<(usize, usize)>,
}

/// Why a text is no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is nothing in it.
    Empty,
    /// A second statement begins here.
    Second(usize),
}

impl Query {
    /// Reads a text that holds one statement.
    pub(super) fn parse(text: &str) -> Result<Query, Fault> {
        let tokens = tokens(text);
        let sign = |index: usize, sign: &str| {
            tokens.get(index).is_some_and(|token| &text[token.place.clone()] == sign)
        };
        let mut rows = Vec::new();
        let mut ended = false;
        let mut statements = 0;
        for (index, token) in tokens.iter().enumerate() {
            if sign(index, ";") {
                ended = true;
                continue;
            }
            if ended && statements > 0 {
                return Err(Fault::Second(token.place.start));
            }
            (statements, ended) = (1, false);
            let is_attr = token.kind == Kind::Word && text[token.place.clone()].eq_ignore_ascii_case("attr");
            if is_attr && sign(index + 1, "(") && has_one_argument(text, &tokens[index + 2..]) {
                rows.push((tokens[index + 1].place.end, token.place.start));
            }
        }
        if statements == 0 {
            return Err(Fault::Empty);
        }
        let mut out = String::with_capacity(text.len() + rows.len() * ROW.len());
        let mut from = 0;
        for (at, _) in &rows {
            out.push_str(&text[from..*at]);
            out.push_str(ROW);
            from = *at;
        }
        out.push_str(&text[from..]);
        Ok(Query { text: out, rows })
    }

    /// Where a place stands in the text as it was, and whether it was put in.
    pub(super) fn original(&self, place: usize) -> (usize, bool) {
        for (before, (at, attr)) in self.rows.iter().enumerate() {
            let start = at + before * ROW.len();
            if place < start {
                return (place - before * ROW.len(), false);
            }
            if place < start + ROW.len() {
                return (*attr, true);
            }
        }
        (place.saturating_sub(self.rows.len() * ROW.len()), false)
    }
}

/// Where a name stands in a text.
pub(super) fn find(text: &str, name: &str) -> Option<usize> {
    let is_it = |token: &Token| {
        text[token.place.clone()].trim_matches(['"', '`', '[', ']', '\'']).eq_ignore_ascii_case(name)
    };
    tokens(text).into_iter().find(is_it).map(|token| token.place.start)
}

/// Whether the parenthesis that is open holds one argument.
fn has_one_argument(text: &str, tokens: &[Token]) -> bool {
    let mut depth = 1;
    for (index, token) in tokens.iter().enumerate() {
        match &text[token.place.clone()] {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 1 => return false,
            _ => {}
        }
        if depth == 0 {
            return index > 0;
        }
    }
    false
}

/// The tokens of a text, without comments.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let (kind, length) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => (None, 1),
            b'-' if rest.starts_with(b"--") => (None, memchr::memchr(b'\n', rest).unwrap_or(rest.len())),
            b'/' if rest.starts_with(b"/*") => {
                (None, memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4))
            }
            b'\'' | b'"' | b'`' => (Some(Kind::Quoted), quoted(rest, *byte)),
            b'[' => (Some(Kind::Quoted), memchr::memchr(b']', rest).map_or(rest.len(), |end| end + 1)),
            byte if is_word(*byte) => {
                (Some(Kind::Word), rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len()))
            }
            _ => (Some(Kind::Sign), 1),
        };
        tokens.extend(kind.map(|kind| Token { kind, place: at..at + length }));
        at += length;
    }
    tokens
}

/// Bytes of names and numbers; all that is not ASCII can be in a name.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.') || byte >= 0x80
}

/// Bytes of what is in quotes, in which two quotes stand for one.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    loop {
        match memchr::memchr(quote, bytes.get(at..).unwrap_or_default()) {
            None => return bytes.len(),
            Some(end) if bytes.get(at + end + 1) == Some(&quote) => at += end + 2,
            Some(end) => return at + end + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(sql: &str) -> String {
        Query::parse(sql).unwrap().text
    }

    #[test]
    fn attr_with_a_key_gets_the_row() {
        assert_eq!(text("SELECT attr('a')"), "SELECT attr(row/**/, 'a')");
        assert_eq!(
            text("SELECT ATTR ( 'a' || lower('B, C') )"),
            "SELECT ATTR (row/**/,  'a' || lower('B, C') )"
        );
        assert_eq!(text("SELECT attr(attr('a'))"), "SELECT attr(row/**/, attr(row/**/, 'a'))");
        assert_eq!(text("SELECT attr('it''s, (')"), "SELECT attr(row/**/, 'it''s, (')");
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for sql in [
            "SELECT attr(s.row, 'a') FROM spans s",
            "SELECT attr()",
            "SELECT attr('a'",
            "SELECT \"attr\"('a'), 'attr(''a'')', [attr('a')], `attr('a')` -- attr('a')\n/* attr('a') */",
            "SELECT myattr('a'), attr_('a'), s.attr",
            "SELECT 'attr('",
            "SELECT /* attr(",
        ] {
            assert_eq!(text(sql), sql);
        }
    }

    #[test]
    fn one_statement_it_is() {
        assert_eq!(Query::parse(""), Err(Fault::Empty));
        assert_eq!(Query::parse(" ; -- nothing\n /* */ ;"), Err(Fault::Empty));
        assert_eq!(Query::parse("SELECT 1; DELETE FROM x"), Err(Fault::Second(10)));
        assert_eq!(Query::parse(";SELECT 1;;SELECT 2"), Err(Fault::Second(11)));
        assert!(Query::parse("SELECT ';' ; -- ; SELECT 2\n;").is_ok());
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was() {
        let sql = "SELECT attr('a'), attr('b') FROM x";
        let query = Query::parse(sql).unwrap();
        let place = |name: &str| query.original(query.text.find(name).unwrap());
        assert_eq!(place("SELECT"), (0, false));
        assert_eq!(place("row"), (7, true));
        assert_eq!(place("'a'"), (12, false));
        assert_eq!(place("'b'"), (23, false));
        assert_eq!(place("FROM"), (28, false));
        assert_eq!(query.original(query.text.rfind("row").unwrap()), (18, true));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"([a;(),'"\[\]`/*\- é]|attr\(){0,30}"#) {
            if let Ok(query) = Query::parse(&text) {
                prop_assert_eq!(query.text.replace(ROW, ""), text);
            }
        }
    }
}
