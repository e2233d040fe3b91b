//! What is wrong with a text that people write, shown with a caret under it.

use std::borrow::Cow;
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

/// Characters of a long line that are shown on either side of where a mistake begins.
const AROUND: usize = 60;

/// Most characters of a word in a message.
const LONGEST: usize = 40;

/// A word as messages show it: only the beginning of a long one.
pub fn shortened(word: &str) -> Cow<'_, str> {
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &word[..end]).into(),
        None => word.into(),
    }
}

impl Text {
    /// The message with its place and the line, or the part around it, with a caret under the mistake.
    pub fn explain(&self, mistake: &Mistake) -> String {
        let end = |at: usize| (at..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let start = end(mistake.span.start.min(self.text.len()));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let number = self.text[..start].matches('\n').count() + 1;
        let before = &self.text[line_start..start];
        let column = before.chars().count() + 1;
        let behind = self.text[start..].lines().next().unwrap_or_default();
        let stop = end(mistake.span.end.clamp(start, self.text.len()));
        let wrong = self.text[start..stop].lines().next().unwrap_or_default().trim_end();
        let is_long = column + behind.chars().count() > 2 * AROUND;
        let (first, last) = match is_long {
            true => (before.char_indices().rev().nth(AROUND - 1), behind.char_indices().nth(AROUND)),
            false => (None, None),
        };
        let before =
            first.filter(|(at, _)| *at > 0).map_or(before.into(), |(at, _)| format!("…{}", &before[at..]));
        let shown = last.map_or(behind, |(at, _)| &behind[..at]);
        let more = if last.is_some() { "…" } else { "" };
        let line = format!("{before}{shown}{more}").replace('\t', " ");
        // The place may be between the two characters of a line break.
        let line = line.strip_suffix('\r').unwrap_or(&line);
        let caret = "^".repeat(wrong.width().min(shown.width()).max(1));
        let (name, message) = (&self.name, &mistake.message);
        format!("{name}:{number}:{column}: {message}\n  {line}\n  {:1$}{caret}", "", before.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(text: &str, span: Range<usize>) -> String {
        Text { name: "query".into(), text: text.into() }.explain(&Mistake::new(span, "wrong"))
    }

    #[test]
    fn the_mistake_stands_over_a_caret() {
        assert_eq!(explain("a 连接 b", 2..8), "query:1:3: wrong\n  a 连接 b\n    ^^^^");
        assert_eq!(explain("a\n\tbc", 3..4), "query:2:2: wrong\n   bc\n   ^");
        assert_eq!(explain("ab", 2..2), "query:1:3: wrong\n  ab\n    ^");
        assert_eq!(explain("a\r\nb", 2..2), "query:1:3: wrong\n  a\n    ^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mistake_is_shown() {
        let text = format!("{}!{}", "é".repeat(1000), "b".repeat(1000));
        let (before, behind) = ("é".repeat(AROUND), "b".repeat(AROUND - 1));
        let spaces = " ".repeat(2 + 1 + AROUND);
        assert_eq!(
            explain(&text, 2000..2001),
            format!("query:1:1001: wrong\n  …{before}!{behind}…\n{spaces}^")
        );
        assert_eq!(explain(&text, 2000..3001).matches('^').count(), AROUND);
        assert_eq!(explain(&text, 0..2), format!("query:1:1: wrong\n  {before}…\n  ^"));
        assert!(explain(&text, 3001..3001).ends_with(&format!("\n  …{}\n{spaces}^", "b".repeat(AROUND))));
        assert_eq!(shortened(&text).chars().count(), LONGEST + 1);
        assert_eq!(shortened("é"), "é");
    }
}
