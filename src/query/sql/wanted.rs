//! Which rows a query wants, as far as that is known before they are read.

use rusqlite::types::ValueRef;

use super::bounds::{Span, Times, hull, is_in, narrow, number_span};
use super::cell::{handle, kind, of_handle, status_code};
use super::columns::Field;
use super::plan::Term;
use super::segment::{Segment, key};
use crate::otlp::Signal;
use crate::store::BEYOND;

/// Most values of a list that are remembered; a longer one leaves so much that it is as well to read everything.
const MOST_VALUES: usize = 1 << 20;

/// What is wanted of the rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Nanoseconds since the epoch; rows without a time are wanted for `None` alone.
    time: Option<Span>,
    duration: Option<Span>,
    severity: Option<Span>,
    /// The texts that a column may have, sorted.
    texts: Vec<(Field, Vec<String>)>,
    /// The keys of the ids of traces, sorted.
    traces: Option<Vec<u32>>,
    /// The key of the id of a span.
    span: Option<u32>,
    /// The handles of rows, sorted.
    rows: Option<Vec<i64>>,
    times: Times,
}

impl Wanted {
    /// Everything, for a walk that begins again.
    pub(super) fn anew(self) -> Wanted {
        Wanted { times: self.times, ..Wanted::default() }
    }

    /// Adds a condition with its values; those that say nothing for sure are left out.
    pub(super) fn add<'v>(&mut self, term: Term, values: impl Iterator<Item = ValueRef<'v>>) {
        // Nothing is equal to NULL, less or greater.
        let values = values.filter(|value| *value != ValueRef::Null);
        let number = |value: &ValueRef<'_>| number_span(term.comparison, value);
        match term.field {
            Field::Timestamp => {
                let time = hull(values, |value| self.times.span(term.comparison, value));
                narrow(&mut self.time, time);
            }
            Field::TimeUnixNano => narrow(&mut self.time, hull(values, number)),
            Field::Duration => narrow(&mut self.duration, hull(values, number)),
            Field::SeverityNumber => narrow(&mut self.severity, hull(values, number)),
            Field::TraceId => {
                let keys = sorted(values.map(id_key::<16>)).map(|keys| keys.into_iter().flatten().collect());
                self.traces = self.traces.take().or(keys);
            }
            Field::SpanId if !term.is_list => {
                self.span = self.span.or(values.last().and_then(id_key::<8>).flatten());
            }
            Field::SpanId => {}
            Field::Row => {
                let rows = sorted(values.map(|value| value.as_i64().ok()));
                self.rows = self.rows.take().or(rows);
            }
            field => {
                let texts = sorted(values.map(|value| value.as_str().ok().map(str::to_owned)));
                self.texts.extend(texts.map(|texts| (field, texts)));
            }
        }
    }

    /// The services that rows may have.
    pub(super) fn services(&self) -> Option<&[String]> {
        self.texts.iter().find(|(field, _)| *field == Field::ServiceName).map(|(_, names)| &names[..])
    }

    /// The keys of the traces that rows may have, in ascending order.
    pub(super) fn traces(&self) -> Option<&[u32]> {
        self.traces.as_deref()
    }

    /// Whether rows are wanted that have no trace.
    pub(super) fn has_traceless(&self) -> bool {
        self.rows.is_none() && self.traces().is_some_and(|traces| traces.binary_search(&key(&[])).is_ok())
    }

    /// The handles that rows may have, in ascending order.
    pub(super) fn rows(&self) -> Option<&[i64]> {
        self.rows.as_deref()
    }

    /// Whether it is said which rows they are, so that the others of a segment need not be looked at.
    pub(super) fn is_pointed(&self) -> bool {
        self.rows.is_some() || self.traces.is_some()
    }

    /// Whether there may be such rows between an earliest and a latest time; without these no row has a time.
    pub(super) fn may_be_at(&self, range: Option<Span>) -> bool {
        self.time.is_none_or(|(from, to)| range.is_some_and(|(first, last)| first <= to && last >= from))
    }

    /// The rows of a segment among which the wanted ones are; `None` for all.
    pub(super) fn candidates(&self, segment: &Segment) -> Option<Vec<u32>> {
        let Some(rows) = &self.rows else { return segment.rows_of(self.traces.as_deref()?, self.span) };
        let from = rows.partition_point(|row| *row < handle(segment.id, 0));
        let own = rows.iter().skip(from).map(|row| of_handle(*row));
        let own = own.take_while(|(id, row)| *id == segment.id && *row < segment.rows());
        Some(own.map(|(_, row)| row as u32).collect())
    }

    /// Those of some rows of a segment that may be wanted, by its columns.
    pub(super) fn among(&self, segment: &Segment, rows: impl Iterator<Item = u32>) -> Vec<u32> {
        let columns = &segment.columns;
        let has_operation = |number: usize| match segment.signal {
            Signal::Traces => columns.operations.get(number).is_none_or(|operation| {
                let service = columns.services.get(operation.service as usize);
                service.is_none_or(|name| self.has(Field::ServiceName, name))
                    && self.has(Field::SpanName, &operation.name)
                    && (operation.kind == BEYOND || self.has(Field::SpanKind, &kind(operation.kind.into())))
            }),
            Signal::Metrics | Signal::Logs => {
                let service = columns.services.get(number);
                service.is_none_or(|name| self.has(Field::ServiceName, name))
            }
        };
        // What does not fit in a column stands in the record.
        let has_level = |level: u8| match segment.signal {
            _ if level == BEYOND => true,
            Signal::Traces => self.has(Field::StatusCode, &status_code(level.into())),
            Signal::Metrics | Signal::Logs => is_in(self.severity, Some(level.into())),
        };
        // Many rows share what they have there.
        let mut operations = vec![None; columns.services.len().max(columns.operations.len())];
        let mut levels = [None; 256];
        let is_wanted = |row: &u32| {
            let row = *row as usize;
            let number = columns.series.get(row).map_or(0, |number| *number as usize);
            let level = segment.level(row);
            operations.get_mut(number).is_none_or(|known| *known.get_or_insert_with(|| has_operation(number)))
                && *levels[usize::from(level)].get_or_insert_with(|| has_level(level))
                && (self.time.is_none() || is_in(self.time, Some(segment.time(row)).filter(|time| *time > 0)))
                && (self.duration.is_none() || is_in(self.duration, segment.duration(row)))
        };
        rows.filter(is_wanted).collect()
    }

    fn has(&self, field: Field, text: &str) -> bool {
        let mut wanted = self.texts.iter().filter(|(found, _)| *found == field);
        wanted.all(|(_, texts)| texts.binary_search_by(|wanted| (**wanted).cmp(text)).is_ok())
    }
}

/// Values of a list in ascending order, each once; `None` where one says nothing or there are too many.
fn sorted<T: Ord>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut sorted: Vec<T> = values.take(MOST_VALUES + 1).collect::<Option<_>>()?;
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() <= MOST_VALUES).then_some(sorted)
}

/// The key of the id that a text says, none of a text that no column holds; `None` for what is no text.
fn id_key<const BYTES: usize>(value: ValueRef<'_>) -> Option<Option<u32>> {
    let text = value.as_str().ok()?;
    if text.is_empty() {
        return Some(Some(key(&[])));
    }
    Some(const_hex::decode_to_array::<_, BYTES>(text).ok().map(|id| key(&id)))
}
