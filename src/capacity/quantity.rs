//! Numbers with units, as people write and read them.

use std::time::Duration;

use bytesize::ByteSize;

use crate::config::parse_duration;
use crate::probability::Rate;

const DAY_S: f64 = 86_400.0;
const MONTH_S: f64 = 730.0 * 3600.0;
const MONTHS_A_YEAR: f64 = 12.0;

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Events a second, such as `100k`.
    PerSecond,
    /// `1KiB`, `512`.
    Bytes,
    /// From 0 to 1: `5%`, `0.05`, `1/20`.
    Share,
    /// A duration, kept in seconds.
    Seconds,
    /// A duration, kept in days.
    Days,
    /// `6`, `6 months`, `1y`.
    Months,
    /// A share a month: `10%/month`, `200%/year`.
    Growth,
    /// A factor of 1 or more.
    Factor,
    /// Above zero.
    Ratio,
    /// A whole number of 1 or more.
    Count,
    /// A whole number, also 0.
    Whole,
    /// A share above zero.
    Utilisation,
    /// A number of something a month.
    PerMonth,
    /// Cores.
    Cores,
    /// Dollars.
    Usd,
    /// Dollars a month.
    UsdPerMonth,
    /// Bits a second, in millions.
    Mbps,
    /// Spans that one core handles in a second.
    SpansPerCore,
    /// 2³⁰ bytes.
    Gib,
}

impl Unit {
    /// What programs read.
    pub fn name(self) -> &'static str {
        match self {
            Unit::PerSecond => "1/s",
            Unit::SpansPerCore => "spans/(s*core)",
            Unit::Bytes => "bytes",
            Unit::Share | Unit::Utilisation => "share",
            Unit::Seconds => "s",
            Unit::Days => "days",
            Unit::Months => "months",
            Unit::Growth => "share/month",
            Unit::Factor | Unit::Ratio => "ratio",
            Unit::Count | Unit::Whole => "count",
            Unit::PerMonth => "1/month",
            Unit::Cores => "cores",
            Unit::Usd => "USD",
            Unit::UsdPerMonth => "USD/month",
            Unit::Mbps => "Mbit/s",
            Unit::Gib => "GiB",
        }
    }

    /// What stands for a value in a usage line.
    pub fn placeholder(self) -> &'static str {
        match self {
            Unit::PerSecond | Unit::SpansPerCore => "N/s",
            Unit::PerMonth => "N/month",
            Unit::Bytes | Unit::Gib => "SIZE",
            Unit::Share | Unit::Utilisation => "SHARE",
            Unit::Seconds | Unit::Days => "DURATION",
            Unit::Months => "MONTHS",
            Unit::Growth => "SHARE/month",
            Unit::Factor | Unit::Ratio => "FACTOR",
            Unit::Count | Unit::Whole | Unit::Cores => "N",
            Unit::Usd | Unit::UsdPerMonth => "USD",
            Unit::Mbps => "MBPS",
        }
    }

    /// What is expected.
    pub fn expected(self) -> &'static str {
        match self {
            Unit::PerSecond => "a number above zero such as 2500, 100k, 1.5M/min or 9G/day",
            Unit::PerMonth => "a number such as 2500, 100k or 10/s",
            Unit::SpansPerCore => "spans a second above zero such as 500k or 1.5M",
            Unit::Bytes => "bytes above zero such as 512, 1KiB or 1.5kB",
            Unit::Share => "a share from 0 to 1 such as 0.05, 5% or 1/20",
            Unit::Seconds => "a duration such as 200ms, 30s or 5m",
            Unit::Days => "a duration such as 12h, 7d or 90d",
            Unit::Months => "months such as 6 or 1y",
            Unit::Growth => "a growth of zero or more such as 10%/month or 200%/year",
            Unit::Factor => "a factor of 1 or more such as 2.5",
            Unit::Ratio => "a number above zero such as 0.2 or 3.5",
            Unit::Count => "a whole number of 1 or more",
            Unit::Whole => "a whole number",
            Unit::Utilisation => "a share above zero such as 65%",
            Unit::Cores => "cores above zero such as 4 or 0.5",
            Unit::Usd | Unit::UsdPerMonth => "dollars such as 500 or 5k",
            Unit::Mbps | Unit::Gib => "a number above zero",
        }
    }

    /// Reads a number.
    ///
    /// # Errors
    /// What was expected, where the text is something else or out of range.
    pub fn parse(self, text: &str) -> Result<f64, String> {
        let wrong = || format!("expected {}, found {text:?}", self.expected());
        let trimmed = text.trim();
        let value = match self {
            Unit::PerSecond => rate(trimmed, 1.0),
            Unit::PerMonth => rate(trimmed, MONTH_S),
            Unit::SpansPerCore => number(trimmed.strip_suffix("/s").unwrap_or(trimmed)),
            Unit::Usd | Unit::UsdPerMonth => number(trimmed.strip_prefix('$').unwrap_or(trimmed)),
            Unit::Bytes | Unit::Gib => trimmed.parse::<ByteSize>().ok().map(|size| size.as_u64() as f64),
            Unit::Share | Unit::Utilisation => trimmed.parse::<Rate>().ok().map(Rate::share),
            Unit::Seconds => duration(trimmed).map(|time| time.as_secs_f64()),
            Unit::Days => duration(trimmed).map(|time| time.as_secs_f64() / DAY_S),
            Unit::Months => months(trimmed),
            Unit::Growth => growth(trimmed),
            Unit::Factor | Unit::Ratio => trimmed.strip_suffix('x').unwrap_or(trimmed).parse().ok(),
            Unit::Count | Unit::Whole | Unit::Cores | Unit::Mbps => trimmed.parse().ok(),
        };
        let value = if self == Unit::Gib { value.map(|bytes| bytes / GIB) } else { value };
        value.filter(|value| self.holds(*value)).ok_or_else(wrong)
    }

    /// Whether a number is in range.
    pub fn holds(self, value: f64) -> bool {
        /// Beyond it nothing is planned.
        const HIGHEST: f64 = 1e15;
        let range = match self {
            Unit::Share => 0.0..=1.0,
            Unit::Utilisation => f64::MIN_POSITIVE..=1.0,
            Unit::Count | Unit::Whole if value.fract() != 0.0 => return false,
            Unit::Count => 1.0..=1e6,
            Unit::Whole => 0.0..=1e6,
            Unit::Cores => 1e-3..=1e6,
            Unit::Growth => 0.0..=100.0,
            Unit::Factor => 1.0..=1e6,
            Unit::Ratio => 1e-6..=1e6,
            Unit::SpansPerCore | Unit::Bytes => 1.0..=HIGHEST,
            Unit::Months => 0.0..=1200.0,
            Unit::Seconds | Unit::Days | Unit::PerMonth | Unit::Usd | Unit::UsdPerMonth => 0.0..=HIGHEST,
            Unit::PerSecond | Unit::Mbps | Unit::Gib => 1e-9..=HIGHEST,
        };
        range.contains(&value)
    }

    /// A number for people.
    pub fn show(self, value: f64) -> String {
        match self {
            _ if value.is_infinite() => "no end".into(),
            Unit::PerSecond => format!("{}/s", amount(value)),
            Unit::SpansPerCore => format!("{}/s per core", amount(value)),
            Unit::PerMonth => format!("{} a month", amount(value)),
            Unit::Bytes => bytes(value),
            Unit::Gib => gib(value),
            Unit::Share | Unit::Utilisation if value > 0.0 && value < 1e-4 => "<0.01 %".into(),
            Unit::Share | Unit::Utilisation => format!("{} %", digits(value * 100.0)),
            Unit::Seconds => match value {
                ..1.0 if value > 0.0 => format!("{} ms", digits(value * 1e3)),
                120.0.. => format!("{} min", digits(value / 60.0)),
                _ => format!("{} s", digits(value)),
            },
            Unit::Days => match value {
                1.0 => "1 day".into(),
                _ => format!("{} days", digits(value)),
            },
            Unit::Months => format!("{} months", digits(value)),
            Unit::Growth => format!("{} % a month", digits(value * 100.0)),
            Unit::Factor | Unit::Ratio | Unit::Count | Unit::Whole => digits(value),
            Unit::Cores => match value {
                1.0 => "1 core".into(),
                _ => format!("{} cores", digits(value)),
            },
            Unit::Usd => usd(value),
            Unit::UsdPerMonth => format!("{} a month", usd(value)),
            Unit::Mbps => match value {
                999.5.. => format!("{} Gbit/s", digits(value / 1e3)),
                0.9995.. => format!("{} Mbit/s", digits(value)),
                0.0009995.. => format!("{} kbit/s", digits(value * 1e3)),
                _ => format!("{} bit/s", digits(value * 1e6)),
            },
        }
    }
}

/// Bytes of a GiB.
pub const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// A number with an optional `k`, `M` or `G`, and `_` between digits.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "");
    let (digits, factor) = match text.char_indices().next_back()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'M') => (&text[..at], 1e6),
        (at, 'G') => (&text[..at], 1e9),
        _ => (text.as_str(), 1.0),
    };
    Some(digits.trim().parse::<f64>().ok()? * factor)
}

/// A number of events in a period, as that of another one, in seconds.
fn rate(text: &str, period_s: f64) -> Option<f64> {
    let Some((count, period)) = text.split_once('/') else { return number(text) };
    let seconds = match period.trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" | "day" => DAY_S,
        "month" => MONTH_S,
        _ => return None,
    };
    Some(number(count)? * period_s / seconds)
}

fn duration(text: &str) -> Option<Duration> {
    parse_duration(text).ok()
}

fn months(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|character: char| character.is_alphabetic() || character == ' ');
    let count: f64 = digits.parse().ok()?;
    match text[digits.len()..].trim() {
        "" | "mo" | "month" | "months" => Some(count),
        "y" | "year" | "years" => Some(count * MONTHS_A_YEAR),
        _ => None,
    }
}

/// As a share a month: a year's growth is that of twelve months in a row.
fn growth(text: &str) -> Option<f64> {
    let (share, period) = text.split_once('/').unwrap_or((text, "month"));
    let share = match share.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => share.trim().parse().ok()?,
    };
    match period.trim() {
        "month" | "mo" | "m" => Some(share),
        // A growth below zero stays below zero, and is refused.
        "year" | "yr" | "y" => Some((1.0 + share).powf(1.0 / MONTHS_A_YEAR) - 1.0),
        _ => None,
    }
}

/// Three significant digits, without zeros at the end; all digits before the point.
pub fn digits(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        0.0 => 0,
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        0.09995.. => 3,
        0.009995.. => 4,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { grouped(&text) }
}

/// Six significant digits, as a machine reads them.
pub fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (5.0 - value.abs().log10().floor()).clamp(0.0, 15.0) as usize;
    let text = format!("{value:.decimals$}");
    if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Digits in groups of three.
fn grouped(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let mut out = String::from(sign);
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things: `100k`, `1.5M`.
pub fn amount(value: f64) -> String {
    match value.abs() {
        999_500_000.0.. => format!("{}G", digits(value / 1e9)),
        999_500.0.. => format!("{}M", digits(value / 1e6)),
        9_995.0.. => format!("{}k", digits(value / 1e3)),
        _ => digits(value),
    }
}

/// Bytes in units of 1024.
fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = value;
    for unit in &units[..units.len() - 1] {
        if value < 1023.5 {
            return format!("{} {unit}", digits(value));
        }
        value /= 1024.0;
    }
    format!("{} {}", digits(value), units[units.len() - 1])
}

/// GiB as the unit that suits.
fn gib(value: f64) -> String {
    bytes(value * GIB)
}

/// Dollars: whole from ten on.
pub fn usd(value: f64) -> String {
    match value.abs() {
        0.0 => "$0".into(),
        9.995.. => format!("${}", grouped(&format!("{value:.0}"))),
        0.095.. => format!("${value:.2}"),
        0.00005.. => format!("${value:.4}"),
        _ => "<$0.0001".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_units() {
        for (unit, text, expected) in [
            (Unit::PerSecond, "100k", 100_000.0),
            (Unit::PerSecond, "1.5M", 1_500_000.0),
            (Unit::PerSecond, "100_000/s", 100_000.0),
            (Unit::PerSecond, "6M/min", 100_000.0),
            (Unit::PerSecond, "8.64G/day", 100_000.0),
            (Unit::PerMonth, "100k", 100_000.0),
            (Unit::PerMonth, "1/s", 2_628_000.0),
            (Unit::Whole, "0", 0.0),
            (Unit::Bytes, "1KiB", 1024.0),
            (Unit::Bytes, "1.5kB", 1500.0),
            (Unit::Bytes, "512", 512.0),
            (Unit::Share, "5%", 0.05),
            (Unit::Share, "1/20", 0.05),
            (Unit::Days, "30d", 30.0),
            (Unit::Days, "12h", 0.5),
            (Unit::Seconds, "200ms", 0.2),
            (Unit::Months, "1y", 12.0),
            (Unit::Growth, "10%/month", 0.1),
            (Unit::Growth, "0.1", 0.1),
            (Unit::Growth, "300%/year", 4_f64.powf(1.0 / 12.0) - 1.0),
            (Unit::Factor, "2.5x", 2.5),
            (Unit::Count, "3", 3.0),
            (Unit::Usd, "$5k", 5000.0),
        ] {
            assert_eq!(unit.parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for (unit, text) in [
            (Unit::Share, "1.5"),
            (Unit::Share, "-5%"),
            (Unit::Bytes, "0"),
            (Unit::Bytes, "-1"),
            (Unit::PerSecond, "0"),
            (Unit::PerSecond, "nan"),
            (Unit::PerSecond, "inf"),
            (Unit::PerSecond, "many"),
            (Unit::PerSecond, "1/s/s"),
            (Unit::PerSecond, "$1"),
            (Unit::Factor, "2xx"),
            (Unit::Utilisation, "0"),
            (Unit::Cores, "1e10"),
            (Unit::PerSecond, ""),
            (Unit::Growth, "-10%/month"),
            (Unit::Growth, "-50%/year"),
            (Unit::Growth, "10%/week"),
            (Unit::Count, "1.5"),
            (Unit::Count, "0"),
            (Unit::Factor, "0.5"),
            (Unit::Days, "7"),
        ] {
            let error = unit.parse(text).unwrap_err();
            assert!(error.contains(unit.expected()) && error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn numbers_are_shown_with_their_units() {
        for (unit, value, expected) in [
            (Unit::PerSecond, 100_000.0, "100k/s"),
            (Unit::PerSecond, 2_500.0, "2,500/s"),
            (Unit::SpansPerCore, 1_234_567.0, "1.23M/s per core"),
            (Unit::Bytes, 1024.0, "1 KiB"),
            (Unit::Gib, 411.9, "412 GiB"),
            (Unit::Gib, 28_000.0, "27.3 TiB"),
            (Unit::Share, 0.0595, "5.95 %"),
            (Unit::Seconds, 0.2, "200 ms"),
            (Unit::Seconds, 300.0, "5 min"),
            (Unit::Days, 7.0, "7 days"),
            (Unit::Usd, 1234.5, "$1,234"),
            (Unit::Usd, 0.123, "$0.12"),
            (Unit::Usd, 0.023, "$0.0230"),
            (Unit::Usd, 0.00001, "<$0.0001"),
            (Unit::Mbps, 819.2, "819 Mbit/s"),
            (Unit::Mbps, 2048.0, "2.05 Gbit/s"),
            (Unit::Mbps, 0.0105, "10.5 kbit/s"),
            (Unit::Mbps, 0.0, "0 bit/s"),
            (Unit::Factor, 0.0, "0"),
            (Unit::Factor, 0.00001, "1.00e-5"),
        ] {
            assert_eq!(unit.show(value), expected);
        }
    }
}
