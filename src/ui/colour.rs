//! Colours on stdout, where somebody sees them.

use std::io::{self, IsTerminal};

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    enabled: bool,
}

/// A colour or weight, by the number that ECMA-48 (SGR) gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Colour {
    /// Heavier.
    Bold = 1,
    /// Fainter.
    Dim = 2,
    /// Errors.
    Red = 31,
    /// What went well.
    Green = 32,
    /// What to look at.
    Yellow = 33,
    /// What stands beside it.
    Blue = 34,
    /// Names.
    Cyan = 36,
}

impl Colours {
    /// None.
    pub const NONE: Colours = Colours { enabled: false };

    /// What suits stdout: colours on a terminal that has them, unless `NO_COLOR` is set.
    pub fn of_stdout() -> Colours {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Colours { enabled: io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb }
    }

    /// Whether there are any.
    pub fn enabled(self) -> bool {
        self.enabled
    }

    /// A text in a colour.
    pub fn paint(self, colour: Colour, text: &str) -> String {
        if !self.enabled || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", colour as u8)
    }
}
