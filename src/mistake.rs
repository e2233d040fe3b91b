//! What is wrong with a text that people write, shown with a caret under it.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// A text and what messages call it.
#[derive(Debug, Clone)]
pub struct Text {
    /// Such as `pipeline`, or a file.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What is wrong with a text, and where.
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
        let before = &self.text[line_start..start];
        let stop = end(mistake.span.end.clamp(start, self.text.len()));
        let width = self.text[start..stop].lines().next().unwrap_or_default().trim_end().width();
        let (name, message) = (&self.name, &mistake.message);
        let (column, caret) = (before.chars().count() + 1, "^".repeat(width.max(1)));
        format!("{name}:{number}:{column}: {message}\n  {line}\n  {:1$}{caret}", "", before.width())
    }
}
