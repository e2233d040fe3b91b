//! What a query says about rows before they are read: conditions that the columns of a segment can tell.
//!
//! SQLite checks every row again. So a condition that is not understood is left out, and one that is must never lose a
//! row that SQLite would take.

use rusqlite::types::ValueRef;
use rusqlite::vtab::IndexConstraintOp;

use super::cell::{kind, of_handle, status_code, timestamp_of};
use super::columns::{self, Field};
use super::reader::Segment;
use crate::otlp::Signal;
use crate::store::{BEYOND, Stored};

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    const ALL: [(char, Comparison); 5] = [
        ('=', Comparison::Equal),
        ('<', Comparison::Less),
        ('[', Comparison::LessOrEqual),
        ('>', Comparison::Greater),
        (']', Comparison::GreaterOrEqual),
    ];

    fn of(operator: &IndexConstraintOp) -> Option<Comparison> {
        match operator {
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ => Some(Comparison::Equal),
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT => Some(Comparison::Less),
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE => Some(Comparison::LessOrEqual),
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT => Some(Comparison::Greater),
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE => Some(Comparison::GreaterOrEqual),
            _ => None,
        }
    }
}

/// A condition on a column, whose value comes when the query runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) field: Field,
    pub(super) comparison: Comparison,
    /// The value is a list of which any will do.
    pub(super) is_list: bool,
    column: usize,
}

impl Term {
    /// The condition, if it is one that helps.
    pub(super) fn of(signal: Signal, column: i32, operator: &IndexConstraintOp) -> Option<Term> {
        let columns = columns::of(signal);
        // The row id of a row is its handle.
        let row = columns.iter().position(|column| column.field == Field::Row)?;
        let column = usize::try_from(column).unwrap_or(row);
        let field = columns.get(column)?.field;
        let comparison = Comparison::of(operator)?;
        let helps = match field {
            Field::Timestamp | Field::TimeUnixNano | Field::Duration | Field::SeverityNumber => true,
            Field::ServiceName | Field::SpanName | Field::SpanKind | Field::StatusCode => {
                comparison == Comparison::Equal
            }
            Field::TraceId | Field::Row => comparison == Comparison::Equal,
            _ => false,
        };
        helps.then_some(Term { field, comparison, is_list: false, column })
    }

    /// Whether values are compared as text, so that the collation matters.
    pub(super) fn is_text(self) -> bool {
        !matches!(self.field, Field::TimeUnixNano | Field::Duration | Field::SeverityNumber | Field::Row)
    }

    /// The share of rows that it leaves, as a guess.
    pub(super) fn selectivity(self) -> f64 {
        match (self.field, self.comparison) {
            (Field::TraceId, _) => 1e-5,
            (Field::Row, _) => 1e-7,
            (Field::StatusCode | Field::SpanKind, _) => 0.3,
            (_, Comparison::Equal) => 0.05,
            _ => 0.3,
        }
    }
}

/// Conditions as text, from the plan of a query to its run.
pub(super) fn write(terms: &[Term]) -> String {
    let term = |term: &Term| {
        let comparison = Comparison::ALL.iter().find(|(_, comparison)| *comparison == term.comparison);
        let sign = comparison.map_or('=', |(sign, _)| *sign);
        format!("{sign}{}{}", term.column, if term.is_list { "*" } else { "" })
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" ")
}

/// The conditions of a text.
pub(super) fn read(signal: Signal, text: &str) -> Vec<Term> {
    let term = |word: &str| {
        let mut rest = word.chars();
        let sign = rest.next()?;
        let (_, comparison) = *Comparison::ALL.iter().find(|(found, _)| *found == sign)?;
        let number = rest.as_str();
        let is_list = number.ends_with('*');
        let column: usize = number.trim_end_matches('*').parse().ok()?;
        Some(Term { field: columns::of(signal).get(column)?.field, comparison, is_list, column })
    };
    text.split(' ').filter_map(term).collect()
}

/// Numbers from the first to the last.
type Span = (i64, i64);

/// What is wanted of the rows.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Nanoseconds since the epoch; rows without a time are wanted for `None` alone.
    time: Option<Span>,
    duration: Option<Span>,
    severity: Option<Span>,
    /// The texts that a column may have.
    texts: Vec<(Field, Vec<String>)>,
    /// The ids of traces.
    pub(super) traces: Option<Vec<[u8; 16]>>,
    /// The handles of rows.
    rows: Option<Vec<i64>>,
}

impl Wanted {
    /// Everything.
    pub(super) fn all() -> Wanted {
        Wanted { time: None, duration: None, severity: None, texts: Vec::new(), traces: None, rows: None }
    }

    /// Adds a condition with its values; those that say nothing for sure are left out.
    pub(super) fn add(&mut self, term: Term, values: &[ValueRef<'_>]) {
        // Nothing is equal to NULL.
        let values: Vec<ValueRef<'_>> =
            values.iter().filter(|value| **value != ValueRef::Null).copied().collect();
        if values.is_empty() {
            return;
        }
        let texts =
            || values.iter().map(|value| value.as_str().ok().map(str::to_owned)).collect::<Option<Vec<_>>>();
        match term.field {
            Field::Timestamp => {
                narrow(&mut self.time, hull(&values, |value| time_span(term.comparison, value)))
            }
            Field::TimeUnixNano => {
                narrow(&mut self.time, hull(&values, |value| number_span(term.comparison, value)))
            }
            Field::Duration => {
                narrow(&mut self.duration, hull(&values, |value| number_span(term.comparison, value)))
            }
            Field::SeverityNumber => {
                narrow(&mut self.severity, hull(&values, |value| number_span(term.comparison, value)));
            }
            Field::TraceId => {
                // Any id but the one that is not there.
                let ids = texts().filter(|texts| texts.iter().all(|text| !text.is_empty()));
                let ids = ids.map(|texts| texts.iter().filter_map(|text| trace_id(text)).collect());
                self.traces = self.traces.take().or(ids);
            }
            Field::Row => {
                let rows = values.iter().map(|value| value.as_i64().ok()).collect();
                self.rows = self.rows.take().or(rows);
            }
            field => self.texts.extend(texts().map(|texts| (field, texts))),
        }
    }

    /// The services that rows may have.
    pub(super) fn services(&self) -> Option<Vec<String>> {
        self.texts.iter().find(|(field, _)| *field == Field::ServiceName).map(|(_, names)| names.clone())
    }

    /// Whether a segment may hold such rows, by its time and id.
    pub(super) fn may_be_in(&self, segment: &Stored) -> bool {
        let is_in_time = self
            .time
            .is_none_or(|(from, to)| segment.range.is_some_and(|(first, last)| first <= to && last >= from));
        let has_row = |rows: &Vec<i64>| rows.iter().any(|row| of_handle(*row).0 == segment.id);
        is_in_time && self.rows.as_ref().is_none_or(has_row)
    }

    /// The rows of a segment that may be wanted, by its columns.
    pub(super) fn rows(&self, segment: &Segment) -> Vec<u32> {
        let columns = &segment.columns;
        let has = |field: Field, text: &str| {
            let mut texts = self.texts.iter().filter(|(found, _)| *found == field);
            texts.all(|(_, texts)| texts.iter().any(|wanted| wanted == text))
        };
        let services: Vec<bool> = columns.services.iter().map(|name| has(Field::ServiceName, name)).collect();
        let service = |number: u32| services.get(number as usize).copied().unwrap_or(true);
        let series: Vec<bool> = match segment.signal {
            Signal::Traces => {
                let operations = columns.operations.iter();
                operations
                    .map(|operation| {
                        let is_kind =
                            operation.kind == BEYOND || has(Field::SpanKind, &kind(operation.kind.into()));
                        service(operation.service) && has(Field::SpanName, &operation.name) && is_kind
                    })
                    .collect()
            }
            Signal::Metrics | Signal::Logs => services,
        };
        let levels: Vec<bool> = (0..=u8::MAX)
            .map(|level| match segment.signal {
                _ if level == BEYOND => true,
                Signal::Traces => has(Field::StatusCode, &status_code(level.into())),
                Signal::Metrics | Signal::Logs => is_in(self.severity, Some(level.into())),
            })
            .collect();
        let is_wanted = |row: usize| {
            let number = columns.series.get(row).map_or(0, |number| *number as usize);
            series.get(number).copied().unwrap_or(true)
                && levels.get(usize::from(segment.level(row))).copied().unwrap_or(true)
                && is_in(self.time, Some(segment.time(row)).filter(|time| *time > 0))
                && (self.duration.is_none() || is_in(self.duration, segment.duration(row)))
                && self.rows.as_ref().is_none_or(|rows| rows.contains(&super::cell::handle(segment.id, row)))
        };
        (0..columns.times.len()).filter(|row| is_wanted(*row)).map(|row| row as u32).collect()
    }
}

fn is_in(span: Option<Span>, number: Option<i64>) -> bool {
    span.is_none_or(|(from, to)| number.is_some_and(|number| (from..=to).contains(&number)))
}

/// Takes what lies in both.
fn narrow(span: &mut Option<Span>, by: Option<Span>) {
    let Some((from, to)) = by else { return };
    let (first, last) = span.unwrap_or((i64::MIN, i64::MAX));
    *span = Some((first.max(from), last.min(to)));
}

/// The span that holds the spans of all values; `None` where one has none.
fn hull(values: &[ValueRef<'_>], span: impl Fn(&ValueRef<'_>) -> Option<Span>) -> Option<Span> {
    let spans: Option<Vec<Span>> = values.iter().map(span).collect();
    spans?.into_iter().reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
}

/// The numbers for which a comparison with a number may hold.
fn number_span(comparison: Comparison, value: &ValueRef<'_>) -> Option<Span> {
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

/// The times whose text compares so with a text, whatever it says: texts sort as times do.
fn time_span(comparison: Comparison, value: &ValueRef<'_>) -> Option<Span> {
    let text = value.as_str().ok()?;
    let not_below = || first_time(|time| time >= text);
    let above = || first_time(|time| time > text);
    Some(match comparison {
        Comparison::Equal => (not_below(), above()),
        Comparison::Less => (i64::MIN, not_below()),
        Comparison::LessOrEqual => (i64::MIN, above()),
        Comparison::Greater => (above(), i64::MAX),
        Comparison::GreaterOrEqual => (not_below(), i64::MAX),
    })
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

/// The id that a text says; no column holds any other text.
fn trace_id(text: &str) -> Option<[u8; 16]> {
    const_hex::decode_to_array(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conditions_come_back_as_they_were_written() {
        let operators = [2, 4, 8, 16, 32].map(IndexConstraintOp::from);
        for signal in [Signal::Traces, Signal::Logs] {
            let columns = 0..columns::of(signal).len() as i32;
            let mut terms: Vec<Term> = columns
                .flat_map(|column| {
                    operators.iter().filter_map(move |operator| Term::of(signal, column, operator))
                })
                .collect();
            terms.iter_mut().step_by(2).for_each(|term| term.is_list = true);
            assert!(terms.len() > 10);
            assert_eq!(read(signal, &write(&terms)), terms);
        }
    }

    #[test]
    fn the_row_id_is_the_handle() {
        let term = Term::of(Signal::Logs, -1, &IndexConstraintOp::from(2)).unwrap();
        assert_eq!(term.field, Field::Row);
    }

    proptest! {
        #[test]
        fn no_time_is_lost(
            time in prop_oneof![1..=i64::MAX, 1_700_000_000_000_000_000..1_800_000_000_000_000_000_i64],
            cut in 0..31_usize,
            change in prop_oneof![Just(""), Just("0"), Just("~"), Just("+00:00"), Just("-"), Just(" ")],
            nudge in -3..=3_i64,
        ) {
            let mut text = timestamp_of(time.saturating_add(nudge).max(1));
            text.truncate(cut);
            text.push_str(change);
            let shown = timestamp_of(time);
            for (comparison, holds) in [
                (Comparison::Equal, shown == text),
                (Comparison::Less, shown < text),
                (Comparison::LessOrEqual, shown <= text),
                (Comparison::Greater, shown > text),
                (Comparison::GreaterOrEqual, shown >= text),
            ] {
                let span = time_span(comparison, &ValueRef::Text(text.as_bytes()));
                prop_assert!(!holds || is_in(span, Some(time)), "{shown} {comparison:?} {text}: {span:?}");
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
}
