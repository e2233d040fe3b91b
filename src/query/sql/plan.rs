//! What a query says about rows before they are read: conditions that the columns of a segment can tell.
//!
//! SQLite checks every row again. So a condition that is not understood is left out, and one that is must never lose a
//! row that SQLite would take.

use rusqlite::vtab::IndexConstraintOp;

use super::columns::{self, Field};
use crate::otlp::Signal;

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
            Field::TraceId | Field::SpanId | Field::Row => comparison == Comparison::Equal,
            _ => false,
        };
        helps.then_some(Term { field, comparison, is_list: false, column })
    }

    /// The collation with which texts must be compared, so that it is understood; `None` where values are numbers.
    pub(super) fn collation(self) -> Option<&'static str> {
        match self.field {
            Field::TimeUnixNano | Field::Duration | Field::SeverityNumber | Field::Row => None,
            field => Some(field.collation().unwrap_or("BINARY")),
        }
    }

    /// The share of rows that it leaves, as a guess.
    pub(super) fn selectivity(self) -> f64 {
        match (self.field, self.comparison) {
            (Field::TraceId, _) => 1e-5,
            (Field::SpanId, _) => 1e-6,
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

#[cfg(test)]
mod tests {
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
}
