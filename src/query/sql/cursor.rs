//! A walk over the rows of a table, segment by segment.

use std::sync::Arc;

use rusqlite::types::ToSqlOutput;

use super::cell::handle;
use super::columns::Field;
use super::reader::{Shared, lock};
use super::segment::Segment;
use super::wanted::Wanted;
use crate::otlp::Signal;
use crate::store::Stored;

/// In which order rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they stand, the segment with the latest time first.
    Any,
    /// By time, the earliest first.
    Ascending,
    /// By time, the latest first, and last those that have none.
    Descending,
}

/// A walk over rows.
#[derive(Debug)]
pub(super) struct Walk {
    shared: Shared,
    signal: Signal,
    segments: Arc<[Stored]>,
    wanted: Wanted,
    order: Order,
    with_records: bool,
    /// Segments to come, the next one at the end, by their places among all.
    ahead: Vec<u32>,
    /// Segments in which rows are left; without an order at most one.
    open: Vec<Run>,
    /// Rows without a time, which come when all others have.
    late: Vec<(i64, Vec<u32>)>,
    /// Which of the open ones the row is in.
    current: usize,
}

/// What is left of a segment.
#[derive(Debug)]
struct Run {
    segment: Arc<Segment>,
    rows: Vec<u32>,
    at: usize,
}

impl Run {
    fn row(&self) -> Option<usize> {
        self.rows.get(self.at).map(|row| *row as usize)
    }

    /// Time of the row, then what tells rows of the same time apart.
    fn key(&self) -> (i64, i64) {
        let row = self.row().unwrap_or_default();
        (self.segment.time(row), handle(self.segment.id, row))
    }
}

impl Walk {
    /// A walk that has ended.
    pub(super) fn none(shared: Shared, signal: Signal) -> Walk {
        let segments = lock(&shared).all(signal).clone();
        Walk {
            shared,
            signal,
            segments,
            wanted: Wanted::default(),
            order: Order::Any,
            with_records: false,
            ahead: Vec::new(),
            open: Vec::new(),
            late: Vec::new(),
            current: 0,
        }
    }

    /// Everything, from which to say what is wanted next.
    pub(super) fn everything(&mut self) -> Wanted {
        std::mem::take(&mut self.wanted).anew()
    }

    /// Begins again, at the first row that may be wanted.
    pub(super) fn begin(&mut self, wanted: Wanted, order: Order, with_records: bool) {
        self.ahead = lock(&self.shared).choose(self.signal, &wanted);
        if order == Order::Ascending {
            let key = |segment: &Stored| (std::cmp::Reverse(segment.range), segment.id);
            self.ahead.sort_by_key(|place| self.segments.get(*place as usize).map(key));
        }
        (self.wanted, self.order, self.with_records) = (wanted, order, with_records);
        self.open.clear();
        self.late.clear();
        self.settle();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.open.is_empty()
    }

    /// Goes to the next row.
    pub(super) fn advance(&mut self) {
        if let Some(run) = self.open.get_mut(self.current) {
            run.at += 1;
            if run.row().is_none() {
                self.open.swap_remove(self.current);
            }
        }
        self.settle();
    }

    /// What a column holds in the row.
    pub(super) fn cell(&self, field: Field) -> ToSqlOutput<'_> {
        let run = self.open.get(self.current);
        let cell = run.and_then(|run| Some(run.segment.cell(run.row()?, field)));
        cell.unwrap_or(ToSqlOutput::Owned(rusqlite::types::Value::Null))
    }

    /// The number of the row.
    pub(super) fn handle(&self) -> i64 {
        self.open.get(self.current).map_or(0, |run| run.key().1)
    }

    /// Opens segments until the next row is in one of them.
    fn settle(&mut self) {
        loop {
            self.current = self.next_open();
            let head = self.open.get(self.current).map(|run| run.key().0);
            let has_turn = |segment: &Stored| match (self.order, head, segment.range) {
                (_, None, _) => true,
                (Order::Any, Some(_), _) | (_, _, None) => false,
                (Order::Ascending, Some(time), Some((first, _))) => first <= time,
                (Order::Descending, Some(time), Some((_, last))) => last >= time,
            };
            let next = self.ahead.last().and_then(|place| self.segments.get(*place as usize));
            if let Some(segment) = next.filter(|segment| has_turn(segment)) {
                let id = segment.id;
                self.ahead.pop();
                self.open_segment(id);
            } else if head.is_none() && !self.late.is_empty() {
                if let Some((id, rows)) = self.late.pop() {
                    let segment = lock(&self.shared).segment(id, self.with_records);
                    self.open.extend(segment.map(|segment| Run { segment, rows, at: 0 }));
                }
            } else {
                return;
            }
        }
    }

    /// The open segment whose row is the next one.
    fn next_open(&self) -> usize {
        let runs = self.open.iter().enumerate();
        let next = match self.order {
            Order::Any => None,
            Order::Ascending => runs.min_by_key(|(_, run)| run.key()),
            Order::Descending => runs.max_by_key(|(_, run)| run.key()),
        };
        next.map_or(0, |(index, _)| index)
    }

    fn open_segment(&mut self, id: i64) {
        let found = lock(&self.shared).find(id, &self.wanted, self.with_records);
        let Some((segment, mut rows)) = found else { return };
        let key = |row: &u32| (segment.time(*row as usize), *row);
        match self.order {
            Order::Any => {}
            Order::Ascending => rows.sort_unstable_by_key(key),
            Order::Descending => {
                rows.sort_unstable_by_key(|row| std::cmp::Reverse(key(row)));
                let timed = rows.partition_point(|row| segment.time(*row as usize) > 0);
                let late = rows.split_off(timed);
                if !late.is_empty() {
                    self.late.push((id, late));
                }
            }
        }
        if !rows.is_empty() {
            self.open.push(Run { segment, rows, at: 0 });
        }
    }
}
