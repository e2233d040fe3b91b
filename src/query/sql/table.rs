//! `spans` and `logs` as SQLite knows them.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::vtab::{
    Context, Filters, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor, sqlite3_vtab,
    sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

use super::columns::{self, Field};
use super::cursor::{Order, Walk};
use super::plan::{self, Comparison, Term};
use super::reader::{Shared, lock};
use crate::otlp::Signal;
use crate::store::Stored;

/// Bytes that may be in memory at once so that rows come in the order of their times. Where segments overlap by more,
/// SQLite sorts.
const MERGE_BYTES: u64 = 64 << 20;

/// What reading a row of the columns alone costs, when a whole row costs one.
const COLUMNS_COST: f64 = 0.1;
/// What it costs to find the segments and the rows of a trace, or a row.
const PROBE_COST: f64 = 5.0;
/// Rows that a trace has.
const TRACE_ROWS: f64 = 10.0;

/// Makes the tables known to a connection.
pub(super) fn register(connection: &Connection, shared: &Shared) -> Result<()> {
    const MODULE: Module<Table> = Module::eponymous_only_module();
    for (name, signal) in [(c"spans", Signal::Traces), (c"logs", Signal::Logs)] {
        let (bytes, items) = {
            let reader = lock(shared);
            let all = reader.all(signal);
            (overlap(all), all.iter().map(|segment| segment.items as f64).sum())
        };
        let source = Source { shared: shared.clone(), signal, items, is_mergeable: bytes <= MERGE_BYTES };
        connection.create_module(name, &MODULE, Some(source))?;
    }
    Ok(())
}

/// Most bytes of segments whose times overlap.
fn overlap(segments: &[Stored]) -> u64 {
    let ranges = segments.iter().filter_map(|segment| Some((segment.range?, segment.raw_bytes)));
    // At the same time, beginnings come before ends.
    let mut edges: Vec<(i64, bool, u64)> =
        ranges.flat_map(|((first, last), bytes)| [(first, false, bytes), (last, true, bytes)]).collect();
    edges.sort_unstable();
    let (mut now, mut most) = (0, 0);
    for (_, is_end, bytes) in edges {
        now = if is_end { now - bytes } else { now + bytes };
        most = most.max(now);
    }
    most
}

/// What a table is made of.
#[derive(Clone)]
pub(super) struct Source {
    shared: Shared,
    signal: Signal,
    items: f64,
    is_mergeable: bool,
}

/// A table.
#[repr(C)]
struct Table {
    base: sqlite3_vtab,
    source: Source,
}

/// Bits of a plan's number.
const ASCENDING: c_int = 1;
const DESCENDING: c_int = 2;
const WITH_RECORDS: c_int = 4;

// The base comes first and the layout is that of C, which is all that the trait asks for.
#[allow(unsafe_code)]
unsafe impl VTab<'_> for Table {
    type Aux = Source;
    type Cursor = Cursor;

    fn connect(
        connection: &mut VTabConnection,
        source: Option<&Source>,
        _module: &[u8],
        _database: &[u8],
        _table: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let source = source.cloned().ok_or_else(|| Error::ModuleError("a table without a source".into()))?;
        connection.config(VTabConfig::Innocuous)?;
        let declaration = CString::new(columns::declaration(source.signal))?;
        Ok((Cow::Owned(declaration), Table { base: sqlite3_vtab::default(), source }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let signal = self.source.signal;
        let usable = info.constraints().enumerate().filter(|(_, constraint)| constraint.is_usable());
        let found: Vec<(usize, Term)> = usable
            .filter_map(|(index, constraint)| {
                Some((index, Term::of(signal, constraint.column(), &constraint.operator())?))
            })
            .collect();
        let mut terms = Vec::new();
        for (index, mut term) in found {
            if term.collation().is_some_and(|collation| info.collation(index) != Ok(collation)) {
                continue;
            }
            term.is_list = term.comparison == Comparison::Equal && info.set_in_constraint(index, true)?;
            terms.push(term);
            info.constraint_usage(index).set_argv_index(terms.len() as c_int);
        }
        let with_records = uses_records(signal, info.col_used());
        let order = self.order(info, &terms);
        info.set_order_by_consumed(order != 0);
        info.set_idx_num(order | if with_records { WITH_RECORDS } else { 0 });
        info.set_idx_str(&plan::write(&terms));
        let (cost, rows) = self.cost(&terms, with_records);
        info.set_estimated_cost(cost);
        info.set_estimated_rows(rows as i64);
        Ok(true)
    }

    fn open(&mut self) -> Result<Cursor> {
        let walk = Walk::none(self.source.shared.clone(), self.source.signal);
        Ok(Cursor { base: sqlite3_vtab_cursor::default(), signal: self.source.signal, walk })
    }
}

/// Whether any of the columns that a query uses needs the batches.
fn uses_records(signal: Signal, used: u64) -> bool {
    let columns = columns::of(signal).iter().enumerate();
    columns.filter(|(index, _)| used & (1 << index) != 0).any(|(_, column)| !column.field.is_beside_payload())
}

impl Table {
    /// The order that a query asks for, as far as rows can be given in it.
    fn order(&self, info: &IndexInfo, terms: &[Term]) -> c_int {
        let is_time = |field: Field| matches!(field, Field::Timestamp | Field::TimeUnixNano);
        let mut orders = info.order_bys();
        let (Some(by), None, true) = (orders.next(), orders.next(), self.source.is_mergeable) else {
            return 0;
        };
        let column =
            usize::try_from(by.column()).ok().and_then(|column| columns::of(self.source.signal).get(column));
        if !column.is_some_and(|column| is_time(column.field)) {
            return 0;
        }
        if by.is_order_by_desc() {
            DESCENDING
        } else if terms.iter().any(|term| is_time(term.field)) {
            ASCENDING
        } else {
            // Rows without a time would come first, and may be anywhere.
            0
        }
    }

    /// What a plan costs, in rows read, and how many rows come of it.
    fn cost(&self, terms: &[Term], with_records: bool) -> (f64, f64) {
        let items = self.source.items;
        let has = |field| terms.iter().any(|term| term.field == field);
        let is_probe = has(Field::Row) || has(Field::TraceId);
        let fewest = if is_probe && !has(Field::Row) && !has(Field::SpanId) { TRACE_ROWS } else { 1.0 };
        let rows = terms.iter().fold(items, |rows, term| rows * term.selectivity()).max(fewest);
        let whole = if with_records { 1.0 } else { COLUMNS_COST };
        let cost = if is_probe {
            PROBE_COST + rows
        } else {
            // Segments without such rows cost little; most have some.
            items * COLUMNS_COST + rows.max(items * 0.2) * whole
        };
        (cost.max(1.0), rows)
    }
}

/// Where a query stands in a table.
#[repr(C)]
struct Cursor {
    base: sqlite3_vtab_cursor,
    signal: Signal,
    walk: Walk,
}

// The base comes first and the layout is that of C, which is all that the trait asks for.
#[allow(unsafe_code)]
unsafe impl VTabCursor for Cursor {
    fn filter(&mut self, number: c_int, plan: Option<&str>, args: &Filters<'_>) -> Result<()> {
        let mut wanted = self.walk.everything();
        for ((index, term), value) in
            plan::read(self.signal, plan.unwrap_or_default()).into_iter().enumerate().zip(args.iter())
        {
            if term.is_list {
                let mut failed = None;
                let values = args.in_values(index)?.iterator();
                wanted.add(term, values.map_while(|value| value.map_err(|error| failed = Some(error)).ok()));
                failed.map_or(Ok(()), Err)?;
            } else {
                wanted.add(term, std::iter::once(value));
            }
        }
        let order = match number {
            number if number & ASCENDING != 0 => Order::Ascending,
            number if number & DESCENDING != 0 => Order::Descending,
            _ => Order::Any,
        };
        self.walk.begin(wanted, order, number & WITH_RECORDS != 0);
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.walk.advance();
        Ok(())
    }

    fn eof(&self) -> bool {
        self.walk.has_ended()
    }

    fn column(&self, context: &mut Context, column: c_int) -> Result<()> {
        let field = usize::try_from(column).ok().and_then(|column| columns::of(self.signal).get(column));
        match field {
            Some(column) => context.set_result(self.walk.cell(column.field)),
            None => Ok(()),
        }
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.walk.handle())
    }
}
