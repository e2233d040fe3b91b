//! What is wrong with a document and where: one error type for wire bytes and JSON text.

use std::fmt;

use super::schema::Field;

/// A defect of a document: its place and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Offset in bytes from the beginning of the document.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
    /// From the innermost step outwards.
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: &'static str,
    element: Option<usize>,
}

/// What can be wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A field or a packed value is longer than what is left of its message.
    Truncated,
    /// The bytes are no field tag.
    BadTag,
    /// The field has another wire type than its schema says, or one that protobuf 3 does not have.
    WireType(u32),
    /// A string is not UTF-8.
    Utf8,
    /// An id has a wrong number of bytes.
    IdLength {
        /// Bytes that are there.
        found: usize,
        /// Bytes that the id must have.
        expected: usize,
    },
    /// Nested deeper than a hundred messages.
    TooDeep,
    /// The text ends in the middle of a value.
    EndOfText,
    /// JSON has something else here.
    Expected {
        /// What the grammar or the schema wants.
        expected: String,
        /// The beginning of what is there.
        found: String,
    },
    /// The document has none of the keys that make it OTLP.
    NoSignal,
    /// The document is of several signals.
    SeveralSignals,
}

impl Fault {
    #[cold]
    pub(crate) fn new(offset: usize, problem: Problem) -> Box<Fault> {
        Box::new(Fault { offset, problem, steps: Vec::new() })
    }

    /// Puts the fault into the field `name`.
    pub(crate) fn inside(mut self: Box<Self>, name: &'static str) -> Box<Self> {
        self.steps.push(Step { name, element: None });
        self
    }

    /// Puts the fault into an element of the field `name`.
    pub(crate) fn inside_element(mut self: Box<Self>, name: &'static str, element: usize) -> Box<Self> {
        self.steps.push(Step { name, element: Some(element) });
        self
    }

    pub(crate) fn inside_known(self: Box<Self>, known: Option<(usize, &'static Field)>) -> Box<Self> {
        match known {
            Some((_, field)) => self.inside(field.json),
            None => self,
        }
    }

    /// The path of the field, such as `resourceSpans[0].scopeSpans[2].spans[7].traceId`; empty for the document.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step.name);
            if let Some(element) = step.element {
                path.push_str(&format!("[{element}]"));
            }
        }
        path
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Truncated => f.write_str("runs past the end of its message; the bytes are cut off or not OTLP"),
            Problem::BadTag => f.write_str("no protobuf field begins here; the bytes are cut off or not OTLP"),
            Problem::WireType(found) => write!(f, "wire type {found} does not fit this field of the protocol"),
            Problem::Utf8 => f.write_str("expected UTF-8 text"),
            Problem::IdLength { found, expected } => write!(f, "expected an id of {expected} bytes, found {found}"),
            Problem::TooDeep => write!(f, "nested deeper than {} messages", super::check::MAX_DEPTH),
            Problem::EndOfText => f.write_str("the text ends inside a JSON value"),
            Problem::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Problem::NoSignal => {
                f.write_str("expected an OTLP object with resourceSpans, resourceMetrics or resourceLogs, found none of them")
            }
            Problem::SeveralSignals => {
                f.write_str("expected one of resourceSpans, resourceMetrics and resourceLogs in an object, found several")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            path if path.is_empty() => write!(f, "{}", self.problem),
            path => write!(f, "{path}: {}", self.problem),
        }
    }
}

impl std::error::Error for Fault {}
