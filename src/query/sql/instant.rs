//! Times that a query writes as text, compared as what they are: instants, however they are spelled.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rusqlite::{Connection, Result};

/// The name of the collation.
pub(super) const COLLATION: &str = "INSTANT";

/// Makes the collation known to a connection; the tables cannot be declared before.
pub(super) fn register(connection: &Connection) -> Result<()> {
    connection.create_collation(COLLATION, compare)
}

/// Compares texts as the instants that they are. One that is none stands where its text stands among those of the
/// columns, so that there is one order of all.
fn compare(one: &str, other: &str) -> Ordering {
    if is_canonical(one) && is_canonical(other) {
        return one.cmp(other);
    }
    let (one, other) = (canonical(one), canonical(other));
    one.cmp(&other)
}

/// A text as the columns would write its instant; as it is where it is none.
pub(super) fn canonical(text: &str) -> String {
    let written = instant(text).map(|time| format!("{time:.9}"));
    // Years of more than four digits would not sort.
    written.filter(|written| is_canonical(written)).unwrap_or_else(|| text.to_owned())
}

/// Whether a text looks as times of the columns do, which are the most frequent by far.
fn is_canonical(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000000000Z";
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let text = text.as_bytes();
    // A leap second is that before it.
    text.len() == SHAPE.len() && text.iter().zip(SHAPE).all(fits) && text.get(17) != Some(&b'6')
}

/// The instant of a text: RFC 3339 with a T or a space, as far as it goes, in UTC where it does not say, as SQLite's own
/// functions have it. A year, a month or a day is its beginning.
fn instant(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) || !(rest.is_empty() || rest.starts_with('-')) {
        return None;
    }
    let first = match text.len() {
        4 => "-01-01",
        7 => "-01",
        _ => "",
    };
    let civil = if text.len() <= 10 {
        format!("{text}{first}").parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())
    } else if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    } else {
        text.parse::<DateTime>().ok()?
    };
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_an_instant_are_equal() {
        for group in [
            &[
                "2026",
                "2026-01",
                "2026-01-01",
                "2026-01-01T00:00",
                "2026-01-01 00:00:00",
                "2026-01-01T00:00:00Z",
            ][..],
            &[
                "2026-11-28 10:00",
                "2026-11-28T10:00:00.0Z",
                "2026-11-28 12:00+02:00",
                "2026-11-28T04:30:00-05:30",
            ],
            &["2026-11-28 10:00:01.5", "2026-11-28t10:00:01.500000000z", "2026-11-29T00:00:01.5+14:00"],
        ] {
            for (one, other) in group.iter().flat_map(|one| group.iter().map(move |other| (one, other))) {
                assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
            }
        }
    }

    #[test]
    fn others_stand_where_their_text_does() {
        let texts = [
            "",
            "1",
            "1795860000",
            "2025-12-31 23:59",
            "2026-01-01T0",
            "2026-01-01",
            "2026-01-01T0x",
            "2026-13",
            "3000",
            "~",
        ];
        let mut sorted = texts.map(str::to_owned);
        sorted.sort_by_key(|text| canonical(text));
        assert_eq!(sorted, texts);
        for text in
            ["yesterday", "20260101", "2026-02-30", "2026-01-01T25:00", "12:00", "2026/01/01", "北京北京"]
        {
            assert_eq!(canonical(text), text);
        }
    }

    proptest! {
        #[test]
        fn texts_of_columns_are_their_own(ns in 1..=i64::MAX) {
            let text = format!("{:.9}", Timestamp::from_nanosecond(ns.into()).unwrap());
            prop_assert!(is_canonical(&text));
            prop_assert_eq!(canonical(&text), text);
        }

        #[test]
        fn the_short_way_says_the_same(one in "20[23][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.000000000Z", other in "20[23][0-9]-01-01T10:00:[0-6]0\\.000000000Z") {
            prop_assert_eq!(compare(&one, &other), canonical(&one).cmp(&canonical(&other)));
        }
    }
}
