//! Times that people see.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time in nanoseconds since the epoch, as RFC 3339 with the offset of a time zone.
pub fn time(ns: u64, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_nanosecond(i128::from(ns)) else { return ns.to_string() };
    let offset = zone.to_offset(time);
    if offset.is_zero() { time.to_string() } else { time.display_with_offset(offset).to_string() }
}
