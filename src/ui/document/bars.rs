//! Bars beside the rows of a table.

/// Columns of the longest one.
const WIDTH: usize = 24;
/// A column is drawn in so many steps.
const STEPS: usize = 8;
/// Parts of a column, from the left.
const PARTS: [char; STEPS] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Where bars begin and end, from 0 to 1 of a scale that all of them share; one that begins at 0 begins at its left end.
pub(super) fn scaled(bars: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let lowest = bars.iter().map(|(from, to)| from.min(*to)).fold(f64::INFINITY, f64::min);
    let highest = bars.iter().map(|(from, to)| from.max(*to)).fold(f64::NEG_INFINITY, f64::max);
    let range = highest - lowest;
    let place = |value: f64| if range > 0.0 { (value - lowest) / range } else { 0.0 };
    bars.iter().map(|(from, to)| (place(from.min(*to)), place(from.max(*to)))).collect()
}

/// Bars as text.
pub(super) fn drawn(bars: &[(f64, f64)], utf8: bool) -> Vec<String> {
    scaled(bars).into_iter().map(|(from, to)| drawn_one(from, to, utf8)).collect()
}

fn drawn_one(from: f64, to: f64, utf8: bool) -> String {
    let before = (from * WIDTH as f64).round() as usize;
    let steps = ((to - from) * (WIDTH * STEPS) as f64).round() as usize;
    // What is there is seen.
    let steps = if to > from { steps.max(1) } else { steps };
    let mut bar = " ".repeat(before);
    if utf8 {
        bar.extend(std::iter::repeat_n('█', steps / STEPS));
        bar.extend((steps % STEPS).checked_sub(1).map(|part| PARTS[part]));
    } else {
        bar.extend(std::iter::repeat_n('#', steps.div_ceil(STEPS)));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bars = drawn(&[(0.0, 24.0), (0.0, 12.0), (0.0, 0.5), (0.0, 0.001), (0.0, 0.0)], true);
        assert_eq!(bars, ["█".repeat(24), "█".repeat(12), "▌".into(), "▏".into(), String::new()]);
        assert_eq!(
            drawn(&[(0.0, 24.0), (12.0, 24.0)], false)[1],
            format!("{}{}", " ".repeat(12), "#".repeat(12))
        );
        // Either way round, from where the lowest begins.
        assert_eq!(drawn(&[(30.0, 10.0), (10.0, 20.0)], false), ["#".repeat(24), "#".repeat(12)]);
        assert_eq!(drawn(&[(5.0, 5.0)], true), [""]);
    }
}
