use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use super::lexer::{Token, Variables, split};
use super::{Mistake, Word};

/// Stages, and the branches behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// At least one, unless it begins with branches.
    pub parts: Vec<Part>,
    /// What they end in.
    pub tee: Option<Tee>,
}

/// A subcommand with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// At least one.
    pub words: Vec<Word>,
}

/// Branches, each of which gets the whole stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tee {
    /// Of the word `tee`.
    pub span: Range<usize>,
    /// At least one.
    pub branches: Vec<Pipeline>,
}

impl Part {
    /// Where it is in the text.
    pub fn span(&self) -> Range<usize> {
        let start = self.words.first().map_or(0, |word| word.span.start);
        start..self.words.last().map_or(start, |word| word.span.end)
    }
}

/// Branches inside of branches. Nobody needs as many, and every one takes some of our stack.
const DEEPEST: usize = 32;

/// The subcommand that makes branches.
const TEE: &str = "tee";

/// Reads a pipeline.
///
/// # Errors
/// What does not follow the grammar, with its place.
pub fn parse(text: &str, variables: Variables<'_>) -> Result<Pipeline, Mistake> {
    let tokens = split(text, variables)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), end: text.trim_end().len(), depth: 0 };
    let pipeline = parser.pipeline()?;
    match parser.tokens.next() {
        None => Ok(pipeline),
        Some(token) => Err(Mistake::new(span(&token), "found } without a {")),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    end: usize,
    /// Branches that are open.
    depth: usize,
}

impl Parser {
    fn pipeline(&mut self) -> Result<Pipeline, Mistake> {
        let mut parts = Vec::new();
        loop {
            let words = self.words();
            match words.first() {
                None => {
                    let at = self.tokens.peek().map_or(self.end..self.end + 1, span);
                    return Err(Mistake::new(at, "expected a subcommand").hint(
                        "stages are separated by |, such as: collect | relay --to http://gateway:4317",
                    ));
                }
                Some(word) if word.text == TEE => {
                    let tee = Some(self.tee(&words)?);
                    return Ok(Pipeline { parts, tee });
                }
                Some(_) => parts.push(Part { words }),
            }
            match self.tokens.peek() {
                Some(Token::Pipe(_)) => drop(self.tokens.next()),
                Some(Token::Open(span)) => {
                    return Err(Mistake::new(span.clone(), "found { outside of tee").hint(BRANCHES));
                }
                _ => return Ok(Pipeline { parts, tee: None }),
            }
        }
    }

    fn words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.next_if(|token| matches!(token, Token::Word(_))) {
            words.push(word);
        }
        // What was tried in a shell can stay as it is.
        if words.len() > 1 && words[0].text == "obs" {
            words.remove(0);
        }
        words
    }

    fn tee(&mut self, words: &[Word]) -> Result<Tee, Mistake> {
        if let Some(word) = words.get(1) {
            return Err(Mistake::new(word.span.clone(), "expected { behind tee").hint(BRANCHES));
        }
        let span = words[0].span.clone();
        let mut branches = Vec::new();
        while let Some(Token::Open(open)) = self.tokens.next_if(|token| matches!(token, Token::Open(_))) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(Mistake::new(open, format!("branches nest more than {DEEPEST} deep")));
            }
            branches.push(self.pipeline()?);
            self.depth -= 1;
            if self.tokens.next_if(|token| matches!(token, Token::Close(_))).is_none() {
                return Err(Mistake::new(open, "a { that is not closed")
                    .hint("{ and } are words of their own, with space around them"));
            }
        }
        if branches.is_empty() {
            return Err(Mistake::new(span, "expected a branch behind tee").hint(BRANCHES));
        }
        match self.tokens.peek() {
            Some(Token::Pipe(pipe)) => {
                Err(Mistake::new(pipe.clone(), "nothing can follow the branches of tee")
                    .hint("put what all branches share before tee, and the rest into each"))
            }
            Some(Token::Word(word)) => {
                Err(Mistake::new(word.span.clone(), "expected { behind the branches").hint(BRANCHES))
            }
            _ => Ok(Tee { span, branches }),
        }
    }
}

const BRANCHES: &str =
    "branches are written tee { sample --rate 0.1 | relay --to http://a:4317 } { relay --to http://b:4317 }";

fn span(token: &Token) -> Range<usize> {
    match token {
        Token::Word(word) => word.span.clone(),
        Token::Pipe(span) | Token::Open(span) | Token::Close(span) => span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let variables = |name: &str| match name {
            "HOST" => Some("a b".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let pipeline = parse(text, &variables).unwrap();
        let words = |part: Part| part.words.into_iter().map(|word| word.text).collect();
        pipeline.parts.into_iter().map(words).collect()
    }

    #[test]
    fn words_are_split_as_a_shell_would() {
        for (text, expected) in [
            ("a b|c", vec![vec!["a", "b"], vec!["c"]]),
            ("obs a b | obs c", vec![vec!["a", "b"], vec!["c"]]),
            ("a 'b | c' \"d \\\" \\n\" e\\ f ''", vec![vec!["a", "b | c", "d \" \\n", "e f", ""]]),
            ("a x'y'\"z\" # no | b\n | c#d", vec![vec!["a", "xyz"], vec!["c#d"]]),
            ("a \\\n b 'c\nd'\n|\n c", vec![vec!["a", "b", "c\nd"], vec!["c"]]),
            (
                "a $HOST/${HOST}x \"$HOST\" '$HOST' \\$HOST $ a$",
                vec![vec!["a", "a b/a bx", "a b", "$HOST", "$HOST", "$", "a$"]],
            ),
            ("a $EMPTY \"$EMPTY\" x$EMPTY", vec![vec!["a", "", "x"]]),
            ("a x{y} é", vec![vec!["a", "x{y}", "é"]]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn branches_nest() {
        let pipeline = parse("a | tee { b | tee { c } { d } } { e }", &|_| None).unwrap();
        let branches = pipeline.tee.unwrap().branches;
        assert_eq!((pipeline.parts.len(), branches.len()), (1, 2));
        assert_eq!(branches[0].tee.as_ref().unwrap().branches.len(), 2);
    }

    #[test]
    fn branches_nest_only_so_deep() {
        let nested = |depth| "a | tee { ".repeat(depth) + "b" + &" }".repeat(depth);
        assert!(parse(&nested(DEEPEST), &|_| None).is_ok());
        let mistake = parse(&nested(100_000), &|_| None).unwrap_err();
        assert_eq!(
            (mistake.span.start, &*mistake.message),
            (10 * DEEPEST + 8, "branches nest more than 32 deep")
        );
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, at, message) in [
            ("", 0..1, "expected a subcommand"),
            ("a | | b", 4..5, "expected a subcommand"),
            ("a |", 3..4, "expected a subcommand"),
            ("a 'b", 2..3, "a quote that is not closed"),
            ("a \"b\\", 2..3, "a quote that is not closed"),
            ("a > b", 2..3, "found >, which only a shell understands"),
            ("a $(b)", 2..4, "found $(, which only a shell understands"),
            ("a $NO", 2..5, "NO is not set in the environment"),
            ("a ${", 2..4, "expected ${NAME}"),
            ("a { b }", 2..3, "found { outside of tee"),
            ("a }", 2..3, "found } without a {"),
            ("a | tee", 4..7, "expected a branch behind tee"),
            ("a | tee b", 8..9, "expected { behind tee"),
            ("a | tee { b", 8..9, "a { that is not closed"),
            ("a | tee { }", 10..11, "expected a subcommand"),
            ("a | tee { b } | c", 14..15, "nothing can follow the branches of tee"),
            ("a | tee { b } c", 14..15, "expected { behind the branches"),
        ] {
            let mistake = parse(text, &|_| None).unwrap_err();
            assert_eq!((mistake.span, &*mistake.message), (at, message), "{text}");
        }
    }
}
