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

pub use crate::mistake::{Mistake, Text};
pub use graph::{Form, draw};
pub use parser::{Part, Pipeline, Tee, parse};

/// A word, and where it is in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and escapes.
    pub text: String,
    /// With them.
    pub span: Range<usize>,
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
