use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use super::{Mistake, Word};

/// What a pipeline's text is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    Pipe(Range<usize>),
    Open(Range<usize>),
    Close(Range<usize>),
}

/// What a shell would do something about, and what.
const OPERATORS: [(char, &str); 7] = [
    ('>', "stdout is redirected outside of the pipeline"),
    ('<', "stdin is redirected outside of the pipeline; name FILE operands, or - for stdin"),
    ('&', "a pipeline is no script"),
    (';', "a pipeline is no script"),
    ('`', "commands are not substituted"),
    ('(', "there are no subshells; branches are tee { … } { … }"),
    (')', "there are no subshells; branches are tee { … } { … }"),
];

/// Looks a variable of the environment up.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Splits `text`.
///
/// # Errors
/// A quote that is not closed, a variable that is not set, or what only a shell could do.
pub(super) fn split(text: &str, variables: Variables<'_>) -> Result<Vec<Token>, Mistake> {
    Lexer { text, rest: text.char_indices().peekable(), variables }.tokens()
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    variables: Variables<'a>,
}

impl Lexer<'_> {
    fn tokens(mut self) -> Result<Vec<Token>, Mistake> {
        let mut tokens = Vec::new();
        while let Some((at, c)) = self.rest.peek().copied() {
            match c {
                '#' => while self.rest.next_if(|(_, c)| *c != '\n').is_some() {},
                '|' => {
                    self.rest.next();
                    tokens.push(Token::Pipe(at..at + 1));
                }
                '\\' if self.text[at + 1..].starts_with('\n') => {
                    self.rest.next();
                    self.rest.next();
                }
                c if c.is_whitespace() => drop(self.rest.next()),
                _ => tokens.extend(self.word(at)?),
            }
        }
        Ok(tokens)
    }

    /// The word that begins at `start`, if it is one.
    fn word(&mut self, start: usize) -> Result<Option<Token>, Mistake> {
        let mut text = String::new();
        while let Some((at, c)) = self.rest.next_if(|(_, c)| !c.is_whitespace() && *c != '|') {
            match c {
                '\'' => self.quoted(at, &mut text)?,
                '"' => self.double_quoted(at, &mut text)?,
                '\\' => match self.rest.next() {
                    Some((_, '\n')) => {}
                    Some((_, escaped)) => text.push(escaped),
                    None => {
                        return Err(Mistake::new(at..at + 1, "expected a character behind the backslash"));
                    }
                },
                '$' => self.variable(at, &mut text)?,
                c => match OPERATORS.iter().find(|(operator, _)| *operator == c) {
                    Some((_, hint)) => {
                        let message = format!("found {c}, which only a shell understands");
                        return Err(
                            Mistake::new(at..at + 1, message).hint(format!("{hint}; '{c}' is a word"))
                        );
                    }
                    None => text.push(c),
                },
            }
        }
        let span = start..self.at();
        Ok(match &self.text[span.clone()] {
            "{" => Some(Token::Open(span)),
            "}" => Some(Token::Close(span)),
            // A variable without a value is no word unless it is quoted.
            unquoted if text.is_empty() && !unquoted.contains(['\'', '"']) => None,
            _ => Some(Token::Word(Word { text, span })),
        })
    }

    fn quoted(&mut self, start: usize, text: &mut String) -> Result<(), Mistake> {
        for (_, c) in self.rest.by_ref() {
            match c {
                '\'' => return Ok(()),
                c => text.push(c),
            }
        }
        Err(not_closed(start))
    }

    fn double_quoted(&mut self, start: usize, text: &mut String) -> Result<(), Mistake> {
        while let Some((at, c)) = self.rest.next() {
            match c {
                '"' => return Ok(()),
                // Only these are special there. Source: POSIX, Shell Command Language, 2.2.3.
                '\\' => match self.rest.next() {
                    Some((_, '\n')) => {}
                    Some((_, c @ ('"' | '\\' | '$' | '`'))) => text.push(c),
                    Some((_, c)) => text.extend(['\\', c]),
                    None => return Err(not_closed(start)),
                },
                '$' => self.variable(at, text)?,
                c => text.push(c),
            }
        }
        Err(not_closed(start))
    }

    /// `NAME` or `{NAME}`, behind a dollar sign; without either it is a dollar sign.
    fn variable(&mut self, start: usize, text: &mut String) -> Result<(), Mistake> {
        let braced = self.rest.next_if(|(_, c)| *c == '{').is_some();
        let name_at = self.at();
        let is_name =
            |c: char, at: usize| c == '_' || c.is_ascii_alphabetic() || (c.is_ascii_digit() && at > name_at);
        while self.rest.next_if(|(at, c)| is_name(*c, *at)).is_some() {}
        let name = &self.text[name_at..self.at()];
        if braced && (name.is_empty() || self.rest.next_if(|(_, c)| *c == '}').is_none()) {
            return Err(Mistake::new(start..self.at(), "expected ${NAME}"));
        }
        if name.is_empty() {
            if self.rest.peek().is_some_and(|(_, c)| *c == '(') {
                return Err(Mistake::new(start..start + 2, "found $(, which only a shell understands")
                    .hint("commands are not substituted"));
            }
            text.push('$');
            return Ok(());
        }
        let value = (self.variables)(name).ok_or_else(|| {
            Mistake::new(start..self.at(), format!("{name} is not set in the environment"))
                .hint("in single quotes, or behind a backslash, a dollar sign is only a dollar sign")
        })?;
        text.push_str(&value);
        Ok(())
    }

    fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }
}

fn not_closed(at: usize) -> Mistake {
    Mistake::new(at..at + 1, "a quote that is not closed")
}
