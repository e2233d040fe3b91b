//! Points in time, as people write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::parse_duration;

/// A point in time, fixed or before the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339, such as `2026-11-21T10:00:00Z`; nanoseconds since the epoch.
    At(i64),
    /// `2026-11-21`, `2026-11-21T10:00` and so on: what clocks show somewhere.
    Local(DateTime),
    /// `now`, or `now-2h`: nanoseconds ago.
    Ago(i64),
}

impl Moment {
    /// Nanoseconds since the epoch, when it is `now_ns`; local times are those of `zone`.
    pub fn ns(self, now_ns: i64, zone: &TimeZone) -> i64 {
        match self {
            Moment::At(time) => time,
            // One that a clock shows twice is the first of the two, one that it leaves out the same time later.
            Moment::Local(time) => zone.to_timestamp(time).map_or(i64::MAX, nanoseconds),
            Moment::Ago(ago) => now_ns.saturating_sub(ago),
        }
    }
}

fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        if let Some(ago) = text.strip_prefix("now") {
            let ago = match ago.trim_start().strip_prefix('-') {
                Some(ago) => parse_duration(ago.trim_start())?,
                None if ago.is_empty() => Default::default(),
                None => return Err(wrong(text)),
            };
            return Ok(Moment::Ago(i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX)));
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Moment::At(nanoseconds(time)));
        }
        text.parse().map(Moment::Local).map_err(|_| wrong(text))
    }
}

fn wrong(text: &str) -> String {
    format!("expected a time such as 2026-11-21T10:00:00Z, 2026-11-21, now or now-2h, found {text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let ns = |text: &str| text.parse::<Moment>().unwrap().ns(10_000_000_000, &zone) / 1_000_000_000;
        assert_eq!(ns("1970-01-01T02:00:05"), 5);
        assert_eq!(ns("1970-01-01 02:01"), 60);
        assert_eq!(ns("1970-01-02"), 22 * 3600);
        assert_eq!(ns("1970-01-01T00:00:07Z"), 7);
        assert_eq!(ns("1970-01-01T02:00:07+02:00"), 7);
        assert_eq!((ns("now"), ns("now-4s")), (10, 6));
        for text in ["", "yesterday", "now+1h", "2026-13-01", "12:00", "5"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
