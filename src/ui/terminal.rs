//! What stdout can show.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;

/// More columns than any terminal has; wider lines would be of no use and can be too wide to be formatted.
const WIDEST: usize = 1000;

/// Columns of stdout: what `COLUMNS` says, else those of the terminal, else 100; in any case not over 1000.
pub fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col))
    };
    said.filter(|columns| *columns > 0)
        .or_else(|| of_terminal().filter(|columns| *columns > 0))
        .unwrap_or(COLUMNS)
        .min(WIDEST)
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
    let fits = |cluster: &&str| {
        used += width(cluster);
        used <= room
    };
    let mut cut: String = clusters(text).take_while(fits).collect();
    cut.extend(ellipsis.chars().take(columns));
    cut
}

/// The parts of a text that are shown as one, so that their widths add up to that of the text: a letter with its accents,
/// an emoji with what joins, colours or varies it.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    const ZERO_WIDTH_JOINER: char = '\u{200d}';
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut before = rest.chars().next()?;
        // The last character that takes columns of its own: one that follows can be joined to it, not to those before.
        let mut base = 0;
        let mut end = before.len_utf8();
        for character in rest.get(end..)?.chars() {
            let own = character.width().unwrap_or(0);
            let next = end + character.len_utf8();
            let is_joined = own == 0
                || before == ZERO_WIDTH_JOINER
                || width(rest.get(base..next)?) != width(rest.get(base..end)?) + own;
            if !is_joined {
                break;
            }
            if own > 0 {
                base = end;
            }
            (before, end) = (character, next);
        }
        let (cluster, behind) = rest.split_at_checked(end)?;
        rest = behind;
        Some(cluster)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn clusters_are_cut_as_a_whole() {
        let heart = "❤\u{fe0f}";
        assert_eq!(cut(&heart.repeat(30), 60, "…"), heart.repeat(30));
        assert_eq!(cut(&heart.repeat(30), 21, "…"), heart.repeat(10) + "…");
        assert_eq!(fit(&heart.repeat(30), 20, "…"), heart.repeat(9) + "… ");
        let coder = "👩\u{200d}💻";
        assert_eq!(cut(&coder.repeat(5), 8, "…"), coder.repeat(3) + "…");
        assert_eq!(cut("👍🏽👍🏽👍🏽", 5, "…"), "👍🏽👍🏽…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2, "…"), "e\u{301}…");
        assert_eq!(clusters("\u{301}a").collect::<Vec<_>>(), ["\u{301}", "a"]);
    }

    proptest! {
        #[test]
        fn a_text_gets_the_columns_that_it_is_to_have(
            text in r"([a-z ]|[❤☎👩💻👍🏽🇩🇪لا注クក្ꓹꓼאלe]|\u{fe0f}|\u{200d}|\u{301}|\PC){0,30}",
            columns in 0..40_usize,
            ellipsis in prop::sample::select(vec!["…", "...", ""]),
        ) {
            let (fitted, cut) = (fit(&text, columns, ellipsis), cut(&text, columns, ellipsis));
            prop_assert_eq!(width(&fitted), columns, "{:?}", fitted);
            prop_assert_eq!(cut == text, width(&text) <= columns, "{:?}", cut);
            prop_assert_eq!(clusters(&text).collect::<String>(), text.clone());
            prop_assert_eq!(clusters(&text).map(width).sum::<usize>(), width(&text));
        }
    }
}
