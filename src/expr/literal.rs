//! Values that are more than text: durations, levels and statuses.

use crate::otlp::names::STATUSES;

/// The levels of log records, four severity numbers each (`LogRecord.severity_number` of opentelemetry-proto), with
/// other names that loggers have for them.
const LEVELS: [(&str, &[&str]); 6] = [
    ("trace", &["finest", "verbose"]),
    ("debug", &["fine"]),
    ("info", &["information", "informational", "notice"]),
    ("warn", &["warning"]),
    ("error", &["err", "severe"]),
    ("fatal", &["critical", "crit", "alert", "emerg", "emergency", "panic"]),
];

/// The position of a level by any of its names, in either case.
pub fn parse_level(name: &str) -> Option<u8> {
    // As the enumeration has them too: SEVERITY_NUMBER_WARN2.
    let name = strip_prefix_ignoring_case(name, "SEVERITY_NUMBER_").unwrap_or(name);
    let name = name.trim_end_matches(['1', '2', '3', '4']);
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    let found = LEVELS.iter().position(|(level, others)| is(level) || others.iter().any(|other| is(other)));
    found.map(|position| position as u8)
}

/// The position of the level that a severity number is of; `None` where it is not set.
pub(super) fn level_of(severity: i64) -> Option<u8> {
    (1..=24).contains(&severity).then(|| ((severity - 1) / 4) as u8)
}

/// The name of the level of a severity number; empty where that is not set.
pub fn level_name(severity: i64) -> &'static str {
    level_of(severity).and_then(|level| LEVELS.get(usize::from(level))).map_or("", |(name, _)| name)
}

/// What numbers of log records and spans are called that are looked for in any field: levels, and statuses that are set.
pub(super) fn named_numbers() -> impl Iterator<Item = &'static str> {
    LEVELS.iter().map(|(level, _)| *level).chain(STATUSES.into_iter().skip(1))
}

/// The rest of a text behind a prefix, whatever the case.
pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Units of durations in nanoseconds.
const UNITS: [(&str, f64); 10] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
    ("w", 604_800e9),
];

/// A duration such as `500ms`, `1.5s` or `1m30s`, in nanoseconds.
pub(super) fn parse_duration_ns(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|digits| *digits > 0)?;
        let (number, behind) = rest.split_at(digits);
        let unit_end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let (_, unit_ns) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
        total += number.parse::<f64>().ok()? * unit_ns;
        rest = behind;
    }
    (!text.trim().is_empty()).then_some(total.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration_ns("500ms"), Some(500_000_000));
        assert_eq!(parse_duration_ns("1.5s"), Some(1_500_000_000));
        assert_eq!(parse_duration_ns("1m30s"), Some(90_000_000_000));
        assert_eq!(parse_duration_ns("20µs"), Some(20_000));
        assert_eq!(parse_duration_ns("0"), Some(0));
        for wrong in ["", "5", "ms", "5 parsecs", "1..5s", "-5s", "5s5"] {
            assert_eq!(parse_duration_ns(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn levels() {
        assert_eq!(parse_level("WARNING"), Some(3));
        assert_eq!(parse_level("SEVERITY_NUMBER_ERROR2"), Some(4));
        assert_eq!(
            (level_name(17), level_name(24), level_name(0), level_name(99)),
            ("error", "fatal", "", "")
        );
        assert_eq!(parse_level("loud"), None);
    }
}
