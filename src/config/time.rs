//! Points in time, as people write them.

use jiff::Timestamp;

use super::parse_duration;

/// A point in time, fixed or before the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339, such as `2026-11-21T10:00:00Z`; nanoseconds since the epoch.
    At(i64),
    /// `now`, or `now-2h`: nanoseconds ago.
    Ago(i64),
}

impl Moment {
    /// Nanoseconds since the epoch, when it is `now_ns`.
    pub fn ns(self, now_ns: i64) -> i64 {
        match self {
            Moment::At(time) => time,
            Moment::Ago(ago) => now_ns.saturating_sub(ago),
        }
    }
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
        let time: Timestamp = text.parse().map_err(|_| wrong(text))?;
        Ok(Moment::At(i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)))
    }
}

fn wrong(text: &str) -> String {
    format!("expected a time such as 2026-11-21T10:00:00Z, now or now-2h, found {text:?}")
}
