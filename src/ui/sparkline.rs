//! Small charts in a line of text.

/// Eighths of a line, and what stands for them where only ASCII can be shown.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['.', '.', ':', ':', '-', '=', '+', '#'];

/// Values as columns of up to `highest`; 0 is an empty one.
pub fn sparkline(values: &[u64], highest: u64, utf8: bool) -> String {
    let columns = if utf8 { BLOCKS } else { ASCII };
    let column = |value: &u64| match *value {
        0 => ' ',
        value => {
            let eighths = u128::from(value) * columns.len() as u128;
            let height = eighths.div_ceil(u128::from(highest.max(1))).clamp(1, columns.len() as u128);
            columns[height as usize - 1]
        }
    };
    values.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_high_as_their_values() {
        assert_eq!(sparkline(&[0, 1, 4, 8], 8, true), " ▁▄█");
        assert_eq!(sparkline(&[0, 1, 4, 8], 8, false), " .:#");
        assert_eq!(sparkline(&[3, 3], 3, true), "██");
        assert_eq!(sparkline(&[0, 0], 0, true), "  ");
        assert_eq!(sparkline(&[u64::MAX, 1], u64::MAX, true), "█▁");
    }
}
