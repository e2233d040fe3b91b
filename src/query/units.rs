//! Numbers as people read them, and as programs do.

use serde_json::{Value, json};

/// A count, of which a sampler may have left fractions.
pub fn number(count: f64) -> Value {
    if count.fract() == 0.0 && count.abs() < 9e15 { json!(count as i64) } else { json!(count) }
}

/// A count without its small digits: `1.2k`.
pub fn short_count(count: f64) -> String {
    let fits = |(_, scale): &&(&str, f64)| count / scale < 999.5;
    let units = [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)];
    let (unit, scale) = units.iter().find(fits).unwrap_or(&units[units.len() - 1]);
    let scaled = count / scale;
    let text =
        if unit.is_empty() || scaled >= 9.95 { format!("{scaled:.0}") } else { format!("{scaled:.1}") };
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// A share of one: `0.5%`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.01 {
        return "<0.01%".into();
    }
    format!("{}%", digits(percent))
}

/// Two digits behind the point, or three in all, without zeros at the end.
fn digits(number: f64) -> String {
    let text = match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => return format!("{number:.0}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        for (count, expected) in
            [(0.0, "0"), (17.4, "17"), (1234.0, "1.2k"), (2000.0, "2k"), (56_789.0, "57k"), (3.4e6, "3.4M")]
        {
            assert_eq!(short_count(count), expected);
        }
    }

    #[test]
    fn shares_are_percents() {
        for (share, expected) in [
            (0.0, "0%"),
            (0.00005, "<0.01%"),
            (0.005, "0.5%"),
            (0.0123, "1.23%"),
            (0.256, "25.6%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }
}
