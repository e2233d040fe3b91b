//! A pipeline as text: `collect | sample --rate 5% | relay --to http://gateway:4317`, split as a shell would.
//!
//! ```text
//! pipeline = stage { "|" stage } [ "|" tee ]
//! tee      = "tee" branch { branch }
//! branch   = "{" pipeline "}"
//! stage    = word { word }
//! ```
//!
//! Words are quoted and escaped as in a shell, `$NAME` and `${NAME}` stand for variables of the environment, `#` begins
//! a comment, and line ends are space. Redirections, scripts and substitutions, which a shell would act on, are errors;
//! patterns of file names are words.

mod graph;
mod lexer;
mod parser;

use std::fmt;
use std::ops::Range;

pub use graph::{Form, draw};
pub use parser::{Part, Pipeline, Tee, parse};

/// A text and what messages call it.
#[derive(Debug, Clone)]
pub struct Text {
    /// `pipeline`, or the file.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A word, and where it is in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and escapes.
    pub text: String,
    /// With them.
    pub span: Range<usize>,
}

/// What is wrong with a pipeline, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// In bytes.
    pub span: Range<usize>,
    /// What was expected or found.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake at `span`.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake { span, message: message.into(), hint: None }
    }

    /// Adds what to try.
    pub fn hint(self, hint: impl Into<String>) -> Mistake {
        Mistake { hint: Some(hint.into()), ..self }
    }
}

impl Text {
    /// The message with its place and the line with a caret under the mistake.
    pub fn explain(&self, mistake: &Mistake) -> String {
        let end = |at: usize| (at..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let start = end(mistake.span.start.min(self.text.len()));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default().replace('\t', " ");
        let number = self.text[..start].matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count();
        let stop = end(mistake.span.end.clamp(start, self.text.len()));
        let width = self.text[start..stop].lines().next().unwrap_or_default().trim_end().chars().count();
        let (name, message) = (&self.name, &mistake.message);
        let caret = "^".repeat(width.max(1));
        format!("{name}:{number}:{}: {message}\n  {line}\n  {:column$}{caret}", column + 1, "")
    }
}

impl fmt::Display for Word {
    /// As a shell would have to be told it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_alphanumeric() || "-_=./:,%@+^".contains(c);
        match self.text.chars().all(plain) && !self.text.is_empty() {
            true => f.write_str(&self.text),
            false => write!(f, "'{}'", self.text.replace('\'', r"'\''")),
        }
    }
}
