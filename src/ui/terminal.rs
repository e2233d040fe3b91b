//! What stdout can show.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;

/// Columns of stdout: what `COLUMNS` says, else those of the terminal, else 100.
pub fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col))
    };
    said.filter(|columns| *columns > 0)
        .or_else(|| of_terminal().filter(|columns| *columns > 0))
        .unwrap_or(COLUMNS)
}

/// Whether characters beyond ASCII can be shown: unless the locale says otherwise, which the first does that is set of
/// `LC_ALL`, `LC_CTYPE` and `LANG`.
pub fn is_utf8() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().find_map(|name| std::env::var(name).ok().filter(|locale| !locale.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text of exactly so many columns: cut, with `ellipsis` where it was, or filled with spaces.
pub fn fit(text: &str, columns: usize, ellipsis: &str) -> String {
    let mut fitted = cut(text, columns, ellipsis);
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&fitted))));
    fitted
}

/// A text of at most so many columns, with `ellipsis` where it was cut.
pub fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let mut used = 0;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= room
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.extend(ellipsis.chars().take(columns));
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_their_columns() {
        assert_eq!(fit("checkout", 10, "…"), "checkout  ");
        assert_eq!(fit("checkout", 5, "…"), "chec…");
        assert_eq!(fit("checkout", 6, "..."), "che...");
        // Two columns each: one is left.
        assert_eq!(fit("注文サービス", 6, "…"), "注文… ");
        assert_eq!(cut("注文", 4, "…"), "注文");
    }
}
