//! Bars on an axis of time.

use crate::ui::colour::{Colour, Colours};
use crate::ui::duration::duration;

/// An axis: from when on, how long, and how many columns it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) start_ns: u64,
    pub(super) duration_ns: u64,
    pub(super) columns: usize,
}

/// What can be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub(super) utf8: bool,
    pub(super) colours: Colours,
}

impl Pen {
    /// A duration in the characters that can be shown.
    pub(super) fn duration(self, ns: u64) -> String {
        let text = duration(ns);
        if self.utf8 { text } else { text.replace('µ', "u") }
    }
}

/// Steps of a column that its characters can tell apart.
const STEPS: usize = 8;

/// Blocks that fill a column from the left, by eighths.
const BLOCKS: [char; STEPS + 1] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Empty,
    /// From and to which eighth, and whether it is on the critical path.
    Bar(usize, usize, bool),
}

impl Axis {
    /// The eighths that an interval fills, at least one.
    fn steps(&self, (from_ns, to_ns): (u64, u64)) -> (usize, usize) {
        let steps = self.columns * STEPS;
        let step = |time_ns: u64, round_up: bool| {
            let scaled = u128::from(time_ns.saturating_sub(self.start_ns)) * steps as u128;
            let duration = u128::from(self.duration_ns.max(1));
            let step = if round_up { scaled.div_ceil(duration) } else { scaled / duration };
            step.min(steps as u128) as usize
        };
        let from = step(from_ns, false).min(steps.saturating_sub(1));
        (from, step(to_ns, true).max(from + 1))
    }

    /// Draws a bar for each of `intervals`, with those of the critical path standing out.
    pub(super) fn draw(&self, intervals: &[(u64, u64)], critical: &[(u64, u64)], pen: Pen) -> String {
        let mut cells = vec![Cell::Empty; self.columns];
        for interval in intervals {
            let (from, to) = self.steps(*interval);
            for (column, cell) in cells.iter_mut().enumerate().take(to.div_ceil(STEPS)).skip(from / STEPS) {
                let begin = column * STEPS;
                let (from, to) = (from.saturating_sub(begin), (to - begin).min(STEPS));
                *cell = match *cell {
                    Cell::Bar(before_from, before_to, _) => {
                        Cell::Bar(from.min(before_from), to.max(before_to), false)
                    }
                    Cell::Empty => Cell::Bar(from, to, false),
                };
            }
        }
        for interval in critical {
            let (from, to) = self.steps(*interval);
            for cell in cells.iter_mut().take(to.div_ceil(STEPS)).skip(from / STEPS) {
                if let Cell::Bar(_, _, on_path) = cell {
                    *on_path = true;
                }
            }
        }
        paint(&cells, pen)
    }
}

fn paint(cells: &[Cell], pen: Pen) -> String {
    let colour = |cell: &Cell| match cell {
        Cell::Empty => None,
        Cell::Bar(_, _, true) => Some(Colour::Yellow),
        Cell::Bar(_, _, false) => Some(Colour::Blue),
    };
    let runs = cells.chunk_by(|one, other| colour(one) == colour(other));
    runs.map(|run| {
        let text: String = run.iter().map(|cell| character(*cell, pen)).collect();
        match run.first().and_then(colour) {
            Some(colour) => pen.colours.paint(colour, &text),
            None => text,
        }
    })
    .collect()
}

/// Without colours, what is on the path is heavier than what is not.
fn character(cell: Cell, pen: Pen) -> char {
    match (cell, pen.utf8, pen.colours.enabled()) {
        (Cell::Empty, _, _) => ' ',
        (Cell::Bar(_, _, true), false, _) => '#',
        (Cell::Bar(_, _, false), false, _) => '-',
        (Cell::Bar(_, _, false), true, false) => '░',
        (Cell::Bar(from, to, _), true, _) => block(from, to),
    }
}

/// The block that is most like what is filled: there are eighths from the left, but few others.
fn block(from: usize, to: usize) -> char {
    match (from, to) {
        (0..=2, STEPS) => '█',
        (6.., _) => '▕',
        (3..=5, STEPS) | (4.., 6..) => '▐',
        (0, _) => BLOCKS[to.min(STEPS)],
        _ => BLOCKS[(to - from).min(STEPS)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: Axis = Axis { start_ns: 1000, duration_ns: 80, columns: 10 };

    fn draw(intervals: &[(u64, u64)], critical: &[(u64, u64)], utf8: bool) -> String {
        AXIS.draw(intervals, critical, Pen { utf8, colours: Colours::NONE })
    }

    #[test]
    fn bars_are_drawn_to_the_eighth() {
        let on_path = |from_ns, to_ns| draw(&[(from_ns, to_ns)], &[(from_ns, to_ns)], true);
        assert_eq!(on_path(1000, 1080), "██████████");
        assert_eq!(on_path(1000, 1011), "█▍        ");
        assert_eq!(on_path(1004, 1016), "▐█        ");
        assert_eq!(on_path(1007, 1017), "▕█▏       ");
    }

    #[test]
    fn no_span_is_too_short_to_be_seen() {
        for time_ns in [1000, 1001, 1044, 1079, 1080] {
            let bar = draw(&[(time_ns, time_ns)], &[], false);
            assert_eq!((bar.len(), bar.matches('-').count()), (10, 1), "{time_ns}: {bar:?}");
        }
        let point = Axis { duration_ns: 0, ..AXIS };
        let bar = point.draw(&[(1000, 1000)], &[], Pen { utf8: true, colours: Colours::NONE });
        assert_eq!(bar, "░         ");
    }

    #[test]
    fn the_critical_path_is_heavier() {
        assert_eq!(draw(&[(1000, 1080)], &[(1000, 1016), (1040, 1048)], false), "##---#----");
        assert_eq!(draw(&[(1000, 1080)], &[(1016, 1040)], true), "░░███░░░░░");
    }
}
