//! The one error type at the edge: what went wrong, which exit code that is, and what to try.

use std::fmt;

/// What kind of failure it is, which is what the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Wrong arguments or configuration.
    Usage = 2,
    /// I/O, an unreachable peer, data not delivered.
    Failure = 4,
}

/// An error of a subcommand.
#[derive(Debug)]
pub struct CommandError {
    /// Decides the exit code.
    pub class: Class,
    /// What happened, with its causes.
    pub cause: anyhow::Error,
    /// What to try.
    pub hint: Option<String>,
}

impl CommandError {
    /// Wrong arguments or configuration.
    pub fn usage(cause: impl Into<anyhow::Error>) -> Self {
        CommandError { class: Class::Usage, cause: cause.into(), hint: None }
    }

    /// Something outside failed.
    pub fn failure(cause: impl Into<anyhow::Error>) -> Self {
        CommandError { class: Class::Failure, cause: cause.into(), hint: None }
    }

    /// Adds what to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.cause)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<anyhow::Error> for CommandError {
    fn from(cause: anyhow::Error) -> Self {
        CommandError::failure(cause)
    }
}

impl From<std::io::Error> for CommandError {
    fn from(cause: std::io::Error) -> Self {
        CommandError::failure(cause)
    }
}

/// How a subcommand that did not fail outright ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// All went well.
    Ok = 0,
    /// The answer of a check is no.
    No = 1,
    /// Some input was rejected; all the rest was processed.
    Rejected = 3,
    /// Some data was not delivered.
    NotDelivered = 4,
}
