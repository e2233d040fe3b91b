//! How wide the columns of a table are where a terminal is narrower than its texts.

use super::terminal::width;

/// What a column holds, which says how much of it is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Never cut.
    Number,
    /// The first digits tell it from others.
    Id,
    /// To the second it is still a time.
    Time,
    Text,
}

impl Content {
    /// Columns that it keeps, at first and where that is not enough.
    fn floors(self) -> [usize; 3] {
        match self {
            Content::Number => [usize::MAX; 3],
            Content::Id => [usize::MAX, 9, 9],
            Content::Time => [usize::MAX, 20, 20],
            Content::Text => [12, 12, 8],
        }
    }

    fn of(cells: &[&str]) -> Content {
        let is_id = |cell: &&str| cell.len() >= 16 && cell.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = |cell: &&str| {
            let form = b"0000-00-00T00:00:";
            cell.len() > form.len()
                && cell.bytes().zip(form).all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    form => byte == *form,
                })
        };
        let filled = || cells.iter().filter(|cell| !cell.is_empty());
        match filled().next() {
            None => Content::Text,
            Some(_) if filled().all(is_id) => Content::Id,
            Some(_) if filled().all(is_time) => Content::Time,
            Some(_) => Content::Text,
        }
    }
}

/// Columns of the terminal for each column of a table, of which some hold numbers, so that its rows fit into `room` with
/// `gap` between them: always the widest is narrowed. Where that would leave nothing of use, the last ones are left out,
/// and in their place is room for `ellipsis`.
pub(super) fn widths(
    are_numbers: &[bool],
    rows: &[Vec<String>],
    (gap, ellipsis): (usize, usize),
    room: usize,
) -> Vec<usize> {
    let cells = |column: usize| -> Vec<&str> {
        rows.iter().filter_map(|row| row.get(column)).map(String::as_str).collect()
    };
    let column = |(column, is_number): (usize, &bool)| {
        let cells = cells(column);
        let widest = cells.iter().map(|cell| width(cell)).max().unwrap_or_default();
        // The first row has the headings.
        let content =
            if *is_number { Content::Number } else { Content::of(cells.get(1..).unwrap_or_default()) };
        (widest, content)
    };
    let columns: Vec<(usize, Content)> = are_numbers.iter().enumerate().map(column).collect();
    let fitted = |kept: &usize| {
        let more = if *kept < columns.len() { gap + ellipsis } else { 0 };
        let gaps = gap * kept.saturating_sub(1) + more;
        narrowed(columns.get(..*kept)?, room.checked_sub(gaps)?)
    };
    let whole = || columns.iter().map(|(width, _)| *width).collect();
    (1..=columns.len()).rev().find_map(|kept| fitted(&kept)).unwrap_or_else(whole)
}

/// Widths that add up to `room` or less; `None` where nothing of use would be left.
fn narrowed(columns: &[(usize, Content)], room: usize) -> Option<Vec<usize>> {
    let cut = |(width, content): &(usize, Content)| match content {
        Content::Text => (*width).min(room),
        _ => *width,
    };
    let mut widths: Vec<usize> = columns.iter().map(cut).collect();
    for step in 0..3 {
        while widths.iter().sum::<usize>() > room {
            let wide = widths.iter_mut().zip(columns);
            let wide = wide.filter(|(width, (_, content))| **width > content.floors()[step]);
            match wide.map(|(width, _)| width).max() {
                Some(width) => *width -= 1,
                None => break,
            }
        }
    }
    (widths.iter().sum::<usize>() <= room).then_some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[&str]], are_numbers: &[bool], room: usize) -> Vec<usize> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        widths(are_numbers, &rows, (2, 1), room)
    }

    #[test]
    fn texts_give_way_before_ids_and_times_and_numbers_never() {
        let long = "x".repeat(60);
        let rows: &[&[&str]] = &[
            &["ID", "START", "SPANS", "SERVICES"],
            &["4bf92f3577b34da6a3ce929d0e0e4736", "2026-11-21T10:00:09.7635Z", "12", &long],
        ];
        let are_numbers = [false, false, true, false];
        assert_eq!(of(rows, &are_numbers, 200), [32, 25, 5, 60]);
        assert_eq!(of(rows, &are_numbers, 100), [32, 25, 5, 32]);
        assert_eq!(of(rows, &are_numbers, 80), [32, 25, 5, 12]);
        assert_eq!(of(rows, &are_numbers, 60), [17, 20, 5, 12]);
        assert_eq!(of(rows, &are_numbers, 48), [9, 20, 5, 8]);
        // Nothing of use would be left of the last.
        assert_eq!(of(rows, &are_numbers, 47), [15, 20, 5]);
        assert_eq!(of(rows, &are_numbers, 40), [15, 20]);
        assert_eq!(of(rows, &are_numbers, 5), [32, 25, 5, 60]);
    }

    #[test]
    fn the_widest_text_gives_way_first() {
        let rows: &[&[&str]] = &[&["a", "b"], &["a text of 20 columns", "one that is much longer than this"]];
        assert_eq!(of(rows, &[false, false], 50), [20, 28]);
        assert_eq!(of(rows, &[false, false], 32), [15, 15]);
        assert!(of(&[], &[], 10).is_empty());
    }
}
