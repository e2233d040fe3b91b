//! The numbers and times that conditions leave.

use rusqlite::types::ValueRef;

use super::cell::timestamp_of;
use super::instant::canonical;
use super::plan::Comparison;

/// Numbers from the first to the last; none where the first is greater.
pub(super) type Span = (i64, i64);

/// No number.
const NOTHING: Span = (i64::MAX, i64::MIN);

/// Whether a number is among them.
pub(super) fn is_in(span: Option<Span>, number: Option<i64>) -> bool {
    span.is_none_or(|(from, to)| number.is_some_and(|number| (from..=to).contains(&number)))
}

/// Takes what lies in both.
pub(super) fn narrow(span: &mut Option<Span>, by: Option<Span>) {
    let Some((from, to)) = by else { return };
    let (first, last) = span.unwrap_or((i64::MIN, i64::MAX));
    *span = Some((first.max(from), last.min(to)));
}

/// The span that holds the spans of all values; `None` where one has none.
pub(super) fn hull<'v>(
    values: impl IntoIterator<Item = ValueRef<'v>>,
    mut span: impl FnMut(&ValueRef<'_>) -> Option<Span>,
) -> Option<Span> {
    let mut values = values.into_iter();
    values.try_fold(NOTHING, |(first, last), value| {
        let (from, to) = span(&value)?;
        Some((first.min(from), last.max(to)))
    })
}

/// The numbers for which a comparison with a number may hold.
pub(super) fn number_span(comparison: Comparison, value: &ValueRef<'_>) -> Option<Span> {
    // Those next to a fraction on both sides; too large ones are clamped.
    let (below, above) = match value {
        ValueRef::Integer(number) => (*number, *number),
        ValueRef::Real(number) => (number.floor() as i64, number.ceil() as i64),
        // SQLite may take a text for a number.
        _ => return None,
    };
    Some(match comparison {
        Comparison::Equal => (below, above),
        Comparison::Less | Comparison::LessOrEqual => (i64::MIN, above),
        Comparison::Greater | Comparison::GreaterOrEqual => (below, i64::MAX),
    })
}

/// The spans of times that were asked for last: every row of a join asks for the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Times(Vec<(Comparison, String, Span)>);

impl Times {
    const MOST: usize = 8;

    /// The times for which a comparison with a text may hold.
    pub(super) fn span(&mut self, comparison: Comparison, value: &ValueRef<'_>) -> Option<Span> {
        let text = value.as_str().ok()?;
        let known = self.0.iter().find(|(found, of, _)| *found == comparison && of == text);
        if let Some((.., span)) = known {
            return Some(*span);
        }
        let span = time_span(comparison, text);
        if self.0.len() == Self::MOST {
            self.0.clear();
        }
        self.0.push((comparison, text.to_owned(), span));
        Some(span)
    }
}

/// The times that compare so with a text, whatever it says: the texts of columns sort as times do.
fn time_span(comparison: Comparison, text: &str) -> Span {
    let text = &*canonical(text);
    let not_below = || first_time(|time| time >= text);
    let above = || first_time(|time| time > text);
    match comparison {
        Comparison::Equal => (not_below(), above()),
        Comparison::Less => (i64::MIN, not_below()),
        Comparison::LessOrEqual => (i64::MIN, above()),
        Comparison::Greater => (above(), i64::MAX),
        Comparison::GreaterOrEqual => (not_below(), i64::MAX),
    }
}

/// The first time whose text is so, as are those of all that come after it; the last there is where none is.
fn first_time(is_so: impl Fn(&str) -> bool) -> i64 {
    let (mut from, mut to) = (1_i64, i64::MAX);
    while from < to {
        let middle = from + (to - from) / 2;
        if is_so(&timestamp_of(middle)) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_time_is_lost(
            time in prop_oneof![1..=i64::MAX, 1_700_000_000_000_000_000..1_800_000_000_000_000_000_i64],
            cut in 0..31_usize,
            change in prop_oneof![Just(""), Just("0"), Just("~"), Just("+00:00"), Just("-05:30"), Just("-"), Just(" ")],
            with_space in any::<bool>(),
            nudge in -3..=3_i64,
        ) {
            let mut text = timestamp_of(time.saturating_add(nudge).max(1));
            text.truncate(cut);
            text.push_str(change);
            let text = if with_space { text.replace('T', " ") } else { text };
            let as_shown = canonical(&text);
            let shown = timestamp_of(time);
            for (comparison, holds) in [
                (Comparison::Equal, shown == as_shown),
                (Comparison::Less, shown < as_shown),
                (Comparison::LessOrEqual, shown <= as_shown),
                (Comparison::Greater, shown > as_shown),
                (Comparison::GreaterOrEqual, shown >= as_shown),
            ] {
                let span = time_span(comparison, &text);
                prop_assert!(!holds || is_in(Some(span), Some(time)), "{shown} {comparison:?} {text}: {span:?}");
            }
        }

        #[test]
        fn no_number_is_lost(number in any::<i64>(), other in prop_oneof![any::<f64>(), (-9..9_i32).prop_map(|x| f64::from(x) / 2.0)]) {
            // Numbers that a double can hold are compared exactly.
            let number = number >> 11;
            for (comparison, holds) in [
                (Comparison::Equal, number as f64 == other),
                (Comparison::Less, (number as f64) < other),
                (Comparison::LessOrEqual, number as f64 <= other),
                (Comparison::Greater, number as f64 > other),
                (Comparison::GreaterOrEqual, number as f64 >= other),
            ] {
                let span = number_span(comparison, &ValueRef::Real(other));
                prop_assert!(!holds || is_in(span, Some(number)), "{number} {comparison:?} {other}: {span:?}");
            }
        }
    }

    #[test]
    fn times_that_were_asked_for_are_told_again() {
        let mut times = Times::default();
        for round in 0..3 {
            for text in ["2026", "2026-01-01T00:00:00.5", "~"].into_iter().cycle().take(4 + round) {
                for comparison in [Comparison::Less, Comparison::Equal, Comparison::Greater] {
                    let span = times.span(comparison, &ValueRef::Text(text.as_bytes()));
                    assert_eq!(span, Some(time_span(comparison, text)), "{comparison:?} {text}");
                }
            }
            assert!(times.0.len() <= Times::MOST);
        }
        assert_eq!(times.span(Comparison::Less, &ValueRef::Integer(1)), None);
    }
}
