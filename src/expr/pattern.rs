//! Texts in which `*` stands for anything, as regular expressions.

use regex::{Regex, RegexBuilder};

use super::words::is_unspaced;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// This text.
    Literal(String),
    /// Anything, also nothing.
    Anything,
}

/// A text in which `*` stands for anything; no two pieces of a kind stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Pattern(pub Vec<Piece>);

impl Pattern {
    /// A text in which nothing has a meaning.
    pub fn literal(text: &str) -> Pattern {
        Pattern(vec![Piece::Literal(text.to_owned())])
    }

    pub(super) fn joined(words: &[Pattern]) -> Pattern {
        let mut whole = Pattern::default();
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                whole.push(' ');
            }
            for piece in &word.0 {
                match piece {
                    Piece::Literal(text) => text.chars().for_each(|character| whole.push(character)),
                    Piece::Anything => whole.push_anything(),
                }
            }
        }
        whole
    }

    pub(super) fn push(&mut self, character: char) {
        match self.0.last_mut() {
            Some(Piece::Literal(text)) => text.push(character),
            _ => self.0.push(Piece::Literal(character.into())),
        }
    }

    pub(super) fn push_anything(&mut self) {
        if self.0.last() != Some(&Piece::Anything) {
            self.0.push(Piece::Anything);
        }
    }

    /// The text, if nothing in it stands for anything.
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// What follows a text that it begins with.
    pub(super) fn strip_prefix(&self, prefix: &str) -> Option<Pattern> {
        let (Piece::Literal(first), rest) = self.0.split_first()? else { return None };
        let first = first.strip_prefix(prefix)?;
        let first = (!first.is_empty()).then(|| Piece::Literal(first.to_owned()));
        Some(Pattern(first.into_iter().chain(rest.iter().cloned()).collect()))
    }

    /// Whether it stands for anything at all.
    pub fn is_anything(&self) -> bool {
        self.0 == [Piece::Anything]
    }

    /// The whole of a text, letter by letter.
    pub(super) fn whole(&self, ignores_case: bool) -> Option<Regex> {
        compile(&format!("^{}$", self.expression(".*", regex::escape)), ignores_case)
    }

    /// Words somewhere in a text, in either case; a wildcard of a single word ends with the word.
    ///
    /// A word ends where a letter, a digit or `_` meets something else, and anywhere in scripts without spaces.
    pub(super) fn words(&self, is_phrase: bool) -> Option<Regex> {
        if self.as_literal() == Some("") {
            return compile("^$", true);
        }
        let anything = if is_phrase { ".*?" } else { r"\S*?" };
        let edge = |character: Option<char>, begins: bool| match character {
            Some(character) if is_word(character) && begins => format!("(?:^|{NO_WORD})"),
            Some(character) if is_word(character) => format!("(?:$|{NO_WORD})"),
            _ => String::new(),
        };
        let first = match self.0.first() {
            Some(Piece::Literal(text)) => edge(text.chars().next(), true),
            _ => String::new(),
        };
        let last = match self.0.last() {
            Some(Piece::Literal(text)) => edge(text.chars().next_back(), false),
            _ => String::new(),
        };
        let ends = |piece: Option<&Piece>| usize::from(piece == Some(&Piece::Anything));
        let (from, to) = (ends(self.0.first()), ends(self.0.last()));
        let inner = self.0.get(from..self.0.len().saturating_sub(to)).unwrap_or_default();
        // In either case an s would be a long one (U+017F) too, which it is not in the filters of segments.
        let literal = |text: &str| regex::escape(text).replace(['s', 'S'], "(?-i:[sS])");
        let inner = Pattern(inner.to_vec()).expression(anything, literal);
        // The case of what stands beside a word does not matter, and takes time to compile.
        compile(&format!("{first}(?i:{inner}){last}"), false)
    }

    /// What of a text to show as found, in either case.
    pub(super) fn highlight(&self, is_phrase: bool) -> Option<Regex> {
        let anything = if is_phrase { ".*?" } else { r"\S*?" };
        let literals = self.0.iter().filter(|piece| matches!(piece, Piece::Literal(_))).count();
        let inner = match literals {
            0 => return None,
            1 => self.longest_literal().map(regex::escape)?,
            _ => self.expression(anything, regex::escape),
        };
        compile(&inner, true)
    }

    fn expression(&self, anything: &str, literal: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => literal(text),
            Piece::Anything => anything.to_owned(),
        };
        self.0.iter().map(piece).collect()
    }
}

/// A character that can stand beside a word: no letter, digit or `_`, or one of a script without spaces.
const NO_WORD: &str = r"[\P{Alphabetic}&&\P{N}&&[^_]]|[\x{e00}-\x{eff}\x{1000}-\x{109f}\x{1100}-\x{11ff}\x{1780}-\x{17ff}\x{2e80}-\x{2fdf}\x{3005}-\x{3007}\x{3021}-\x{3029}\x{3031}-\x{3035}\x{3038}-\x{303b}\x{3040}-\x{30ff}\x{3100}-\x{318f}\x{31a0}-\x{31bf}\x{31f0}-\x{31ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{a960}-\x{a97f}\x{ac00}-\x{d7ff}\x{f900}-\x{faff}\x{ff66}-\x{ff9f}\x{1b000}-\x{1b16f}\x{20000}-\x{3ffff}]";

fn is_word(character: char) -> bool {
    (character.is_alphanumeric() || character == '_') && !is_unspaced(character)
}

/// Compiles an expression that was made of a pattern; `None` where it is too large.
fn compile(expression: &str, ignores_case: bool) -> Option<Regex> {
    RegexBuilder::new(expression).case_insensitive(ignores_case).dot_matches_new_line(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Pattern {
        fn with_wildcards(text: &str) -> Pattern {
            let mut pattern = Pattern::default();
            for (index, literal) in text.split('*').enumerate() {
                if index > 0 {
                    pattern.push_anything();
                }
                literal.chars().for_each(|character| pattern.push(character));
            }
            pattern
        }
    }

    fn finds(pattern: &str, text: &str) -> bool {
        Pattern::with_wildcards(pattern).words(false).unwrap().is_match(text)
    }

    fn finds_phrase(pattern: &str, text: &str) -> bool {
        Pattern::with_wildcards(pattern).words(true).unwrap().is_match(text)
    }

    #[test]
    fn a_word_ends_where_letters_digits_and_underlines_end() {
        for text in ["disk", "the disk!", "(disk)", "DISK\n", "disk-full", "连disk接", "disk的", "a disk"]
        {
            assert!(finds("disk", text), "{text}");
        }
        for text in ["disks", "disk_full", "2disk", "disk2", "ddisk", "диskdisk", "diské", "disk٣"] {
            assert!(!finds("disk", text), "{text}");
        }
        // The second one counts where the first does not.
        assert!(finds("disk", "disks disk"));
        assert!(finds("a", "aa_a a"));
        assert!(finds("x-x", "x-x-x-xx"));
        assert!(finds("x-x", "xx-x-x"));
        assert!(finds("user_*", "the user_id"));
        assert!(!finds("user", "the user_id"));
        assert!(finds("_", "_") && !finds("_", "a_b"));
    }

    #[test]
    fn stars_end_with_the_word_or_the_text() {
        assert!(finds("re*ed", "was refused"));
        assert!(!finds("re*ed", "re used"));
        assert!(finds_phrase("re*ed", "re used"));
        assert!(finds("re*ed", "reedx reed"));
        assert!(finds("re*ed", "reedx-reed"));
        assert!(finds_phrase("re*ed", "reedx\nx reed"));
        assert!(!finds_phrase("re*ed", "reedx reedx"));
        assert!(finds("*连*败", "db连接失败"));
        assert!(!finds("re*ed", "xre-ed"));
    }

    #[test]
    fn either_case_of_any_script() {
        assert!(finds("ÄPFEL", "äpfel") && finds("äpfel", "ÄPFEL"));
        assert!(finds("разорвано", "РАЗОРВАНО"));
        assert!(finds("λόγος", "ΛΌΓΟΣ"));
        assert!(finds("ｅｒｒｏｒ", "ＥＲＲＯＲ"));
        assert!(finds("Session", "sESSION") && !finds("session", "ſeſſion") && finds("ſession", "ſESSION"));
    }

    #[test]
    fn signs_of_regular_expressions_are_characters() {
        for text in ["a.c", "[x]", "^a$", "(?i)", "a+", r"\d", "a{2}", "a|b", "#x", "-", "&&", "~"] {
            assert!(finds_phrase(text, text), "{text}");
            assert!(Pattern::literal(text).whole(false).unwrap().is_match(text), "{text}");
        }
        assert!(!finds_phrase("a.c", "abc"));
        assert!(!finds_phrase(r"\d", "5"));
        assert!(!Pattern::literal("a.c").whole(false).unwrap().is_match("abc"));
        assert!(Pattern::literal("a*c").whole(false).unwrap().is_match("a*c"));
        assert!(!Pattern::literal("a*c").whole(false).unwrap().is_match("abc"));
    }

    #[test]
    fn nothing_is_found_in_no_text() {
        assert!(finds_phrase("", "") && !finds_phrase("", "a"));
        assert!(Pattern::default().whole(false).unwrap().is_match(""));
        assert!(Pattern::with_wildcards("*").whole(false).unwrap().is_match("a\nb"));
    }

    #[test]
    fn what_a_pattern_begins_with() {
        let rest = |text: &str| Pattern::with_wildcards(text).strip_prefix("resource.");
        assert_eq!(rest("resource.*"), Some(Pattern::with_wildcards("*")));
        assert_eq!(rest("resource.a*b"), Some(Pattern::with_wildcards("a*b")));
        assert_eq!(rest("res*"), None);
        assert_eq!(rest("*resource."), None);
    }
}
