//! Points in time, as queries have them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use super::literal::parse_duration_ns;

/// What the present is, and where clocks show the times that do not say.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Nanoseconds since the epoch.
    pub now_ns: i64,
    /// The time zone of times without an offset.
    pub zone: TimeZone,
}

impl Clock {
    /// A clock that shows UTC.
    pub fn utc(now_ns: i64) -> Clock {
        Clock { now_ns, zone: TimeZone::UTC }
    }
}

/// The first and the last nanosecond since the epoch that a text stands for: RFC 3339, local where it does not say, `now`,
/// `now-2h`, or a number since the epoch. A year, a month, a day, an hour or a minute is all of it.
pub(super) fn parse_time_ns(text: &str, clock: &Clock) -> Option<(i64, i64)> {
    let text = text.trim();
    let point = |ns: i64| Some((ns, ns));
    if let Some(offset) = text.strip_prefix("now").map(str::trim_start) {
        return point(match (offset.strip_prefix('-'), offset.strip_prefix('+')) {
            (Some(ago), _) => clock.now_ns.saturating_sub(parse_duration_ns(ago)?),
            (_, Some(ahead)) => clock.now_ns.saturating_add(parse_duration_ns(ahead)?),
            _ if offset.is_empty() => clock.now_ns,
            _ => return None,
        });
    }
    let is_year = text.len() == 4;
    if !is_year && is_number(text) {
        return point(since_epoch_ns(text.parse().ok()?)?);
    }
    match text.split_once(['T', 't', ' ']) {
        Some((_, time)) => {
            let begin =
                text.parse::<Timestamp>().or_else(|_| start(text.parse::<DateTime>()?, clock)).ok()?;
            let digits = time.split(['Z', 'z', '+', '-', '[']).next()?.bytes().filter(u8::is_ascii_digit);
            match digits.count() {
                2 => range(begin, begin.checked_add(SignedDuration::from_hours(1)).ok()?),
                4 => range(begin, begin.checked_add(SignedDuration::from_mins(1)).ok()?),
                _ => point(nanoseconds(begin)),
            }
        }
        None => {
            let units = [("-01-01", 1.year()), ("-01", 1.month()), ("", 1.day())];
            let date =
                |(rest, unit): (&str, Span)| Some((format!("{text}{rest}").parse::<Date>().ok()?, unit));
            let (first, unit) = units.into_iter().find_map(date)?;
            let next = first.checked_add(unit).ok()?;
            range(start(first.into(), clock).ok()?, start(next.into(), clock).ok()?)
        }
    }
}

/// Whether a text is digits alone.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nanoseconds of a number of seconds, milliseconds, microseconds or nanoseconds since the epoch, which its size tells:
/// that of the times from 1973 on, as far as people have a use for them.
fn since_epoch_ns(number: i64) -> Option<i64> {
    let unit_ns = match number {
        100_000_000_000_000_000.. => 1,
        100_000_000_000_000.. => 1_000,
        100_000_000_000.. => 1_000_000,
        100_000_000.. => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(unit_ns)
}

/// One that clocks show twice is the first of the two, one that they leave out the same time later.
fn start(time: DateTime, clock: &Clock) -> Result<Timestamp, jiff::Error> {
    clock.zone.to_timestamp(time)
}

fn range(begin: Timestamp, end: Timestamp) -> Option<(i64, i64)> {
    Some((nanoseconds(begin), nanoseconds(end).saturating_sub(1)))
}

fn nanoseconds(time: Timestamp) -> i64 {
    let limit = if time < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(time.as_nanosecond()).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn parse(text: &str) -> Option<(i64, i64)> {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        parse_time_ns(text, &Clock { now_ns: 5 * S, zone })
    }

    fn point(text: &str) -> Option<i64> {
        parse(text).filter(|(first, last)| first == last).map(|(first, _)| first)
    }

    #[test]
    fn points() {
        assert_eq!(point("1970-01-01T00:00:01Z"), Some(S));
        assert_eq!(point("1970-01-01T02:00:01"), Some(S));
        assert_eq!(point("1970-01-01 02:00:01.5"), Some(S * 3 / 2));
        assert_eq!(point("1970-01-01T01:00:01+01:00"), Some(S));
        assert_eq!(
            (point("now"), point("now-1s"), point("now + 1s")),
            (Some(5 * S), Some(4 * S), Some(6 * S))
        );
    }

    #[test]
    fn all_of_a_day_and_the_like() {
        let (hour, day) = (3600 * S, 86_400 * S);
        let begin = -2 * hour;
        assert_eq!(parse("1970-01-01"), Some((begin, begin + day - 1)));
        assert_eq!(parse("1970-01"), Some((begin, begin + 31 * day - 1)));
        assert_eq!(parse("1970"), Some((begin, begin + 365 * day - 1)));
        assert_eq!(parse("1970-01-01T02"), Some((0, hour - 1)));
        assert_eq!(parse("1970-01-01 02:01"), Some((60 * S, 120 * S - 1)));
        assert_eq!(parse("1970-01-01T00:01Z"), Some((60 * S, 120 * S - 1)));
        // The day on which clocks are put forward.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let (first, last) = parse_time_ns("2026-03-29", &Clock { now_ns: 0, zone }).unwrap();
        assert_eq!(last - first + 1, 23 * hour);
    }

    #[test]
    fn numbers_since_the_epoch() {
        let time = Some(1_700_000_000 * S);
        for text in ["1700000000", "1700000000000", "1700000000000000", "1700000000000000000"] {
            assert_eq!(point(text), time, "{text}");
        }
        assert_eq!(point("100000000"), Some(100_000_000 * S));
        for text in ["5", "500", "20260101", "99999999", "99999999999999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in
            ["", "yesterday", "now 1h", "now-", "12:00", "2026-13", "2026-02-30", "2026-01-01T25", "-5", "T"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
