//! Durations for people.

/// Units up to a minute, by their nanoseconds.
const UNITS: [(u64, &str); 4] = [(1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
const MINUTE_S: u64 = 60;

/// A duration with three significant digits, such as `1.25 ms`; from a minute on such as `2 min 5 s`.
pub fn duration(ns: u64) -> String {
    let seconds = ns.saturating_add(500_000_000) / 1_000_000_000;
    if seconds >= MINUTE_S {
        return long(seconds);
    }
    for (unit_ns, unit) in UNITS {
        let value = ns as f64 / unit_ns as f64;
        let decimals = match value {
            _ if unit_ns == 1 => 0,
            ..9.995 => 2,
            ..99.95 => 1,
            _ => 0,
        };
        // What would be rounded to 1000 is 1 of the next unit.
        if value < 999.5 || unit == "s" {
            let text = format!("{value:.decimals$}");
            let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            return format!("{text} {unit}");
        }
    }
    String::new()
}

/// A difference of durations, with its sign.
pub fn difference(ns: i64) -> String {
    match ns {
        0 => duration(0),
        1.. => format!("+{}", duration(ns.unsigned_abs())),
        _ => format!("-{}", duration(ns.unsigned_abs())),
    }
}

fn long(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let parts = match (days, hours) {
        (0, 0) => [(minutes, "min"), (seconds % 60, "s")],
        (0, _) => [(hours, "h"), (minutes, "min")],
        _ => [(days, "d"), (hours, "h")],
    };
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (1_250, "1.25 µs"),
            (12_345, "12.3 µs"),
            (999_400, "999 µs"),
            (999_600, "1 ms"),
            (9_996_000, "10 ms"),
            (1_250_000, "1.25 ms"),
            (250_000_000, "250 ms"),
            (999_999_999, "1 s"),
            (59_400_000_000, "59.4 s"),
            (59_990_000_000, "1 min"),
            (125_000_000_000, "2 min 5 s"),
            (3_660_000_000_000, "1 h 1 min"),
            (90_000_000_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(duration(u64::MAX), "213503 d 23 h");
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!([difference(1_500), difference(-2_000_000), difference(0)], ["+1.5 µs", "-2 ms", "0 ns"]);
    }
}
