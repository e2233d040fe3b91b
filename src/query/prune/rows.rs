//! The rows of a segment that a query may find, by its columns.

use std::borrow::Cow;

use crate::expr::{Intrinsic, Leaf, Matcher, Node, Value, level_name};
use crate::otlp::Signal;
use crate::otlp::names::{kind_name, status_name};
use crate::store::{BEYOND, Columns, Operation};

/// What may be, where not all is known.
type Maybe = Option<bool>;

/// Rows of a segment that a query may find.
#[derive(Debug)]
pub struct Rows {
    wanted: Vec<bool>,
    /// How many there are.
    pub count: usize,
    /// Whether all of them are found: nothing in the records bears on it.
    pub are_found: bool,
}

impl Rows {
    /// Whether a row is one of them.
    #[inline]
    pub fn holds(&self, row: usize) -> bool {
        // Rows that the columns do not have are not left out.
        self.wanted.get(row).copied().unwrap_or(true)
    }
}

/// A condition as the columns of a segment can tell it.
enum Column {
    /// By operation or service.
    Series(Vec<Maybe>),
    /// By status.
    Level(Vec<Maybe>),
    /// By row, with a value.
    Row(fn(&Columns, usize) -> Value<'_>),
    Unknown,
}

/// Whether columns can tell anything.
pub fn is_in_columns(matcher: &Matcher) -> bool {
    matcher.leaves.iter().any(|leaf| leaf.field.intrinsic.is_some())
}

/// The rows of a segment that a query may find.
pub fn rows(matcher: &Matcher, columns: &Columns) -> Rows {
    let conditions: Vec<Column> =
        matcher.leaves.iter().map(|leaf| condition(leaf, matcher.signal(), columns)).collect();
    let mut are_found = true;
    let holds = |row| {
        let holds = node(&matcher.root, matcher, &conditions, columns, row);
        are_found &= holds.is_some();
        holds != Some(false)
    };
    let wanted: Vec<bool> = (0..columns.times.len()).map(holds).collect();
    Rows { count: wanted.iter().filter(|wanted| **wanted).count(), wanted, are_found }
}

fn condition(leaf: &Leaf, signal: Signal, columns: &Columns) -> Column {
    let of_series = |value: &dyn Fn(u32) -> String| {
        let count = if signal == Signal::Traces { columns.operations.len() } else { columns.services.len() };
        let passes = |series| leaf.maybe(leaf.passes_value(Value::Text(&value(series))));
        Column::Series((0..count as u32).map(passes).collect())
    };
    let of_number = |number: u8, name: &dyn Fn(i32) -> Cow<'static, str>| match number {
        BEYOND => None,
        number => leaf.maybe(leaf.passes_value(Value::Text(&name(number.into())))),
    };
    let operation = |series: u32| columns.operations.get(series as usize);
    match (leaf.field.intrinsic, signal) {
        (Some(Intrinsic::Service), _) => of_series(&|series| columns.service_of(series).to_owned()),
        (Some(Intrinsic::Operation), Signal::Traces) => {
            of_series(&|series| operation(series).map(|operation| operation.name.clone()).unwrap_or_default())
        }
        (Some(Intrinsic::Kind), Signal::Traces) => {
            let of_operation = |operation: &Operation| of_number(operation.kind, &kind_name);
            Column::Series(columns.operations.iter().map(of_operation).collect())
        }
        (Some(Intrinsic::Status), Signal::Traces) => {
            Column::Level((0..=u8::MAX).map(|code| of_number(code, &status_name)).collect())
        }
        (Some(Intrinsic::Error), Signal::Traces) => {
            Column::Row(|columns, row| Value::Bool(columns.levels[row] == 2))
        }
        (Some(Intrinsic::Duration), Signal::Traces) => {
            Column::Row(|columns, row| Value::Int(columns.durations[row]))
        }
        (Some(Intrinsic::Time), _) => {
            Column::Row(|columns, row| Value::Int(i64::try_from(columns.times[row]).unwrap_or(i64::MAX)))
        }
        (Some(Intrinsic::Level), Signal::Logs) if leaf.predicate.asks_for_level() => {
            Column::Row(|columns, row| Value::Level(columns.levels[row].into(), ""))
        }
        _ => Column::Unknown,
    }
}

fn node(node_: &Node, matcher: &Matcher, conditions: &[Column], columns: &Columns, row: usize) -> Maybe {
    let of = |child: &Node| node(child, matcher, conditions, columns, row);
    match node_ {
        Node::True => Some(true),
        Node::Not(child) => of(child).map(|holds| !holds),
        Node::And(children) => {
            let mut all = Some(true);
            for child in children {
                match of(child) {
                    Some(false) => return Some(false),
                    None => all = None,
                    Some(true) => {}
                }
            }
            all
        }
        Node::Or(children) => {
            let mut any = Some(false);
            for child in children {
                match of(child) {
                    Some(true) => return Some(true),
                    None => any = None,
                    Some(false) => {}
                }
            }
            any
        }
        Node::Leaf(number) => match (&conditions[*number], &matcher.leaves[*number]) {
            (Column::Unknown, _) => None,
            (Column::Series(by_series), _) => {
                columns.series.get(row).and_then(|series| by_series.get(*series as usize).copied().flatten())
            }
            (Column::Level(by_level), _) => by_level.get(usize::from(columns.levels[row])).copied().flatten(),
            // What has none may say so elsewhere.
            (Column::Row(value), leaf) => match value(columns, row) {
                Value::Level(level, _) if level_name(level).is_empty() => None,
                Value::Int(0) if leaf.field.intrinsic == Some(Intrinsic::Time) => Some(false),
                value => leaf.maybe(leaf.passes_value(value)),
            },
        },
    }
}
