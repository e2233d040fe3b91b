//! A query as tokens.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use super::pattern::Pattern;
use crate::mistake::Mistake;

/// A token, and where it stands in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word without quotes.
    Word(Pattern),
    Quoted(Pattern),
    And,
    Or,
    Not,
    /// `:` (but for those in times), `<`, `<=`, `>`, `>=`, `(`, `)`, `{`, `}`, `|`
    Sign(&'static str),
    End,
}

/// What no word holds unless a backslash stands before it.
const SIGNS: [(char, &str); 8] =
    [(':', ":"), ('<', "<"), ('>', ">"), ('(', "("), (')', ")"), ('{', "{"), ('}', "}"), ('|', "|")];

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Whether the character at `at` is a colon of a time such as `2026-11-21T10:00:00+01:00`, in the word that begins at
/// `begin`: between digits, behind a date.
fn is_in_time(text: &str, begin: usize, at: usize) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let (Some(word), Some(rest)) = (text.as_bytes().get(begin..at), text.as_bytes().get(at..)) else {
        return false;
    };
    let is_date = |word: &[u8]| {
        word.iter().zip(b"0000-00-00T").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte.eq_ignore_ascii_case(form),
        })
    };
    rest.first() == Some(&b':')
        && digit(word.last())
        && digit(rest.get(1))
        && word.get(.."0000-00-00T".len()).is_some_and(is_date)
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

/// Splits a query into tokens, the last of which is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Mistake> {
    let mut lexer = Lexer { text, rest: text.char_indices().peekable() };
    let mut tokens = Vec::new();
    while let Some((at, character)) = lexer.rest.peek().copied() {
        if character.is_whitespace() {
            lexer.rest.next();
            continue;
        }
        let kind = match SIGNS.iter().find(|(sign, _)| *sign == character) {
            Some((_, sign)) => lexer.sign(sign),
            None if character == '"' => lexer.quoted(at)?,
            None => lexer.word()?,
        };
        tokens.push(Token { kind, span: at..lexer.position() });
    }
    tokens.push(Token { kind: Kind::End, span: text.len()..text.len() });
    Ok(tokens)
}

impl Lexer<'_> {
    fn position(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn sign(&mut self, sign: &'static str) -> Kind {
        self.rest.next();
        let equals = matches!(sign, "<" | ">") && self.rest.next_if(|(_, next)| *next == '=').is_some();
        Kind::Sign(match (sign, equals) {
            ("<", true) => "<=",
            (">", true) => ">=",
            (sign, _) => sign,
        })
    }

    fn quoted(&mut self, begin: usize) -> Result<Kind, Mistake> {
        self.rest.next();
        let mut pattern = Pattern::default();
        while let Some((at, character)) = self.rest.next() {
            match character {
                '"' => return Ok(Kind::Quoted(pattern)),
                '\\' => pattern.push(self.escaped(at)?),
                '*' => pattern.push_anything(),
                character => pattern.push(character),
            }
        }
        Err(Mistake::new(begin..self.text.len(), "the quote has no end")
            .hint(r#"close it with ", or write \" for the character"#))
    }

    fn word(&mut self) -> Result<Kind, Mistake> {
        let begin = self.position();
        let mut pattern = Pattern::default();
        let is_end = |character: char| {
            character.is_whitespace() || character == '"' || SIGNS.iter().any(|(sign, _)| *sign == character)
        };
        let rest = self.text.get(begin..).and_then(|rest| rest.strip_prefix('\\')).unwrap_or_default();
        if let Some(keyword) = rest.split(is_end).next().filter(|word| is_keyword(word)) {
            // \not is a word, not a line end and two letters.
            self.rest.nth(keyword.len());
            return Ok(Kind::Word(Pattern::literal(keyword)));
        }
        let text = self.text;
        let goes_on = |(at, character): &(usize, char)| !is_end(*character) || is_in_time(text, begin, *at);
        while let Some((at, character)) = self.rest.next_if(goes_on) {
            match character {
                '\\' => pattern.push(self.escaped(at)?),
                '*' => pattern.push_anything(),
                character => pattern.push(character),
            }
        }
        let end = self.position();
        // As it was typed: an escaped keyword is a word.
        let typed = self.text.get(begin..end).unwrap_or_default();
        Ok(match typed.to_ascii_lowercase().as_str() {
            "and" => Kind::And,
            "or" => Kind::Or,
            "not" => Kind::Not,
            _ => Kind::Word(pattern),
        })
    }

    /// The character that stands behind a backslash at `at`.
    fn escaped(&mut self, at: usize) -> Result<char, Mistake> {
        match self.rest.next() {
            Some((_, 't')) => Ok('\t'),
            Some((_, 'r')) => Ok('\r'),
            Some((_, 'n')) => Ok('\n'),
            Some((_, 'u')) => self.code_point(at),
            Some((_, character)) => Ok(character),
            None => Err(Mistake::new(at..self.text.len(), r"there is nothing behind the \")
                .hint(r"\\ stands for the character")),
        }
    }

    /// The character of four hexadecimal digits.
    fn code_point(&mut self, at: usize) -> Result<char, Mistake> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.rest.next_if(|(_, digit)| digit.is_ascii_hexdigit());
            let digit = digit.and_then(|(_, digit)| digit.to_digit(16));
            let Some(digit) = digit else {
                let end = self.position();
                return Err(Mistake::new(at..end, r"expected four hexadecimal digits behind \u")
                    .hint(r"\\u stands for the two characters"));
            };
            code = code * 16 + digit;
        }
        let end = self.position();
        char::from_u32(code).ok_or_else(|| {
            Mistake::new(at..end, "this is half of a character").hint("write the character itself")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::pattern::Piece;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = tokens(text).unwrap().into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds.pop(), Some(Kind::End));
        kinds
    }

    fn word(text: &str) -> Kind {
        Kind::Word(Pattern::literal(text))
    }

    #[test]
    fn words_end_at_signs_quotes_and_space_of_any_script() {
        assert_eq!(kinds("a:b"), [word("a"), Kind::Sign(":"), word("b")]);
        assert_eq!(kinds("a>=5"), [word("a"), Kind::Sign(">="), word("5")]);
        assert_eq!(kinds("a> =5"), [word("a"), Kind::Sign(">"), word("=5")]);
        assert_eq!(kinds("a\u{3000}b\u{a0}c\n\t"), [word("a"), word("b"), word("c")]);
        assert_eq!(kinds("a\"b\"c"), [word("a"), Kind::Quoted(Pattern::literal("b")), word("c")]);
        assert_eq!(kinds("a,b=c-d_e.f@g"), [word("a,b=c-d_e.f@g")]);
    }

    #[test]
    fn colons_of_times_are_no_signs() {
        for time in ["2026-11-21T10:00", "2026-11-21t10:00:00.5Z", "2026-11-21T10:00:00+01:00"] {
            assert_eq!(
                kinds(&format!("t>={time})")),
                [word("t"), Kind::Sign(">="), word(time), Kind::Sign(")")]
            );
        }
        let colon = Kind::Sign(":");
        assert_eq!(kinds("10:00"), [word("10"), colon.clone(), word("00")]);
        assert_eq!(kinds("2026-11-21:5"), [word("2026-11-21"), colon.clone(), word("5")]);
        assert_eq!(kinds("2026-11-21T10: 5"), [word("2026-11-21T10"), colon, word("5")]);
    }

    #[test]
    fn keywords_are_whole_words_without_a_backslash() {
        assert_eq!(kinds("and AND aNd"), [Kind::And, Kind::And, Kind::And]);
        assert_eq!(kinds("android nota or."), [word("android"), word("nota"), word("or.")]);
        assert_eq!(kinds(r"\and \NOT a\nd"), [word("and"), word("NOT"), word("a\nd")]);
        assert_eq!(kinds("\"and\""), [Kind::Quoted(Pattern::literal("and"))]);
    }

    #[test]
    fn stars_and_what_stands_behind_a_backslash() {
        let stars = |text: &str| match kinds(text).as_slice() {
            [Kind::Word(pattern) | Kind::Quoted(pattern)] => pattern.0.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(stars("***"), [Piece::Anything]);
        assert_eq!(stars(r"*\**"), [Piece::Anything, Piece::Literal("*".into()), Piece::Anything]);
        assert_eq!(stars(r"\x\:\ \\"), [Piece::Literal(r"x: \".into())]);
        assert_eq!(stars(r"\u8FDE\t"), [Piece::Literal("连\t".into())]);
        assert_eq!(stars("\"\""), []);
    }

    #[test]
    fn spans_are_in_bytes() {
        let spans: Vec<_> = tokens("消息: \"连接\"").unwrap().into_iter().map(|token| token.span).collect();
        assert_eq!(spans, [0..6, 6..7, 8..16, 16..16]);
    }
}
