//! Spans that wait for the other end of an edge, in runs that are sorted by key.
//!
//! New spans are joined with all runs and then become a run themselves, so that of any two runs all pairs have been
//! counted. Runs of one size are merged, as in a log-structured merge tree (O'Neil et al. 1996), so that a span is
//! written a few times at most. A run is cut into parts by the highest bits of the keys: what belongs together in two
//! runs is in parts that are found by their number.

use std::borrow::Borrow;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::edges::{
    Caller, Calls, Child, Edges, KEY_BITS, encode_callers, encode_children, read_callers, read_children,
};

/// Spans of a part, on average.
const PART_SPANS: usize = 4096;
/// More parts than these no run has.
const MAX_BITS: u32 = 20;
/// So many runs of one size become one.
const FAN_IN: usize = 4;
/// A size is so many times the one below it.
const GROWTH: u32 = 4;
/// Spans that wait at the most; the oldest runs go first.
const MAX_SPANS: i64 = 4 << 20;
/// Runs do not become larger, so that there are older ones to go.
const MAX_RUN_SPANS: i64 = MAX_SPANS / 4;
/// For so long a span waits at the most.
const MAX_AGE_NS: i64 = 24 * 3600 * 1_000_000_000;

/// A run in the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    id: i64,
    spans: i64,
    /// It has 2^bits parts.
    bits: u32,
    /// When the last of its spans came.
    written_ns: i64,
}

/// Counts the calls between new spans, and between these and those that wait; what is left of them waits too.
///
/// # Errors
/// The database cannot be written, or is damaged.
pub(super) fn settle(
    connection: &Connection,
    new: &mut Calls,
    edges: &mut Edges,
    now_ns: i64,
) -> rusqlite::Result<()> {
    if new.callers.is_empty() && new.children.is_empty() {
        return Ok(());
    }
    let damaged = count(connection, new, edges)?;
    damaged.into_iter().try_for_each(|run| forget_damaged(connection, run))?;
    let spans = new.callers.len() + new.children.len();
    write(connection, std::iter::once(&*new), spans, 0, now_ns)?;
    merge(connection)?;
    expire(connection, now_ns)
}

/// Counts the calls between new spans, and between these and those that wait, of whom only the new ones without a
/// parent stay children. Returns the runs that are damaged; nothing is written.
///
/// # Errors
/// The database cannot be read.
pub(super) fn count(
    connection: &Connection,
    new: &mut Calls,
    edges: &mut Edges,
) -> rusqlite::Result<Vec<Run>> {
    new.settle(edges);
    new.sort();
    let mut is_settled = vec![false; new.children.len()];
    let mut old = Calls::default();
    let (runs, mut damaged) = runs(connection)?;
    for run in runs {
        for part in 0..1 << run.bits {
            old.clear();
            let keys = part_of(part, run.bits);
            let mut is_whole = true;
            if !within(&new.callers, keys, |caller| caller.key).is_empty() {
                is_whole &= read_part(connection, run, part, Kind::Children, &mut old)?;
            }
            if !within(&new.children, keys, |child| child.parent).is_empty() {
                is_whole &= read_part(connection, run, part, Kind::Callers, &mut old)?;
            }
            if !is_whole {
                damaged.push(run);
                break;
            }
            join(new, keys, &old, &mut is_settled, edges);
        }
    }
    let mut is_settled = is_settled.into_iter();
    new.children.retain(|_| !is_settled.next().unwrap_or_default());
    Ok(damaged)
}

/// Lowest and highest key of a part.
fn part_of(part: u64, bits: u32) -> (u64, u64) {
    let length = 1 << (KEY_BITS - bits);
    (part * length, part * length + (length - 1))
}

/// The part of things in the order of their keys whose keys are in a range.
fn within<T>(sorted: &[T], (low, high): (u64, u64), key: impl Fn(&T) -> u64) -> std::ops::Range<usize> {
    sorted.partition_point(|item| key(item) < low)..sorted.partition_point(|item| key(item) <= high)
}

/// Counts the calls between new spans and old ones, all of whose keys are in a range.
fn join(new: &Calls, range: (u64, u64), old: &Calls, is_settled: &mut [bool], edges: &mut Edges) {
    let callers = &new.callers[within(&new.callers, range, |caller| caller.key)];
    each_pair(callers, &old.children, |caller, child, _| edges.add(caller, child));
    let children = within(&new.children, range, |child| child.parent);
    let is_settled = &mut is_settled[children.clone()];
    each_pair(&old.callers, &new.children[children], |caller, child, number| {
        if !std::mem::replace(&mut is_settled[number], true) {
            edges.add(caller, child);
        }
    });
}

/// Calls `each` for every child whose parent is among the callers, with its number; both are in order.
fn each_pair(callers: &[Caller], children: &[Child], mut each: impl FnMut(&Caller, &Child, usize)) {
    let mut callers = callers.iter().peekable();
    for (number, child) in children.iter().enumerate() {
        while callers.next_if(|caller| caller.key < child.parent).is_some() {}
        match callers.peek() {
            None => return,
            Some(caller) if caller.key == child.parent => each(caller, child, number),
            Some(_) => {}
        }
    }
}

/// The runs, and those of them that are damaged.
fn runs(connection: &Connection) -> rusqlite::Result<(Vec<Run>, Vec<Run>)> {
    let mut statement =
        connection.prepare_cached("SELECT id, spans, bits, written_ns FROM pending_runs ORDER BY id")?;
    let run = |row: &Row<'_>| {
        Ok(Run { id: row.get(0)?, spans: row.get(1)?, bits: row.get(2)?, written_ns: row.get(3)? })
    };
    let runs: Vec<Run> = statement.query_map([], run)?.collect::<rusqlite::Result<_>>()?;
    Ok(runs.into_iter().partition(|run| run.bits <= MAX_BITS))
}

/// Without what waits, some calls are not counted; that is better than a database that takes nothing any more.
fn forget_damaged(connection: &Connection, run: Run) -> rusqlite::Result<()> {
    tracing::warn!("{} spans that wait for the other end of a call are damaged and forgotten", run.spans);
    remove(connection, run.id)
}

/// Parts of runs that are damaged.
///
/// # Errors
/// The database cannot be read.
pub(super) fn damaged_parts(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare("SELECT callers, children FROM pending_spans")?;
    let mut rows = statement.query([])?;
    let mut damaged = 0;
    let mut calls = Calls::default();
    while let Some(row) = rows.next()? {
        calls.clear();
        let blob = |column| row.get_ref(column).map(|value| value.as_blob().unwrap_or_default());
        let is_whole = read_callers(blob(0)?, Some, &mut calls.callers).is_some()
            && read_children(blob(1)?, Some, &mut calls.children).is_some();
        damaged += u64::from(!is_whole);
    }
    Ok(damaged)
}

/// What is read of a part.
#[derive(Clone, Copy)]
enum Kind {
    Callers,
    Children,
}

/// Appends what a part of a run has of a kind; returns whether it is whole.
fn read_part(
    connection: &Connection,
    run: Run,
    part: u64,
    kind: Kind,
    calls: &mut Calls,
) -> rusqlite::Result<bool> {
    let query = match kind {
        Kind::Callers => "SELECT callers FROM pending_spans WHERE run = ?1 AND part = ?2",
        Kind::Children => "SELECT children FROM pending_spans WHERE run = ?1 AND part = ?2",
    };
    let read = connection.prepare_cached(query)?.query_row(params![run.id, part as i64], |row| {
        let data = row.get_ref(0)?.as_blob()?;
        Ok(match kind {
            Kind::Callers => read_callers(data, Some, &mut calls.callers),
            Kind::Children => read_children(data, Some, &mut calls.children),
        })
    });
    Ok(read.optional()?.flatten().is_some())
}

/// Writes a run of at most so many `spans`, which come in the order of their keys, those of 2^`bits` parts at a time.
fn write(
    connection: &Connection,
    ranges: impl Iterator<Item = impl Borrow<Calls>>,
    spans: usize,
    bits_of_range: u32,
    now_ns: i64,
) -> rusqlite::Result<()> {
    if spans == 0 {
        return Ok(());
    }
    let bits = spans.div_ceil(PART_SPANS).next_power_of_two().trailing_zeros().max(bits_of_range);
    let mut insert = connection
        .prepare_cached("INSERT INTO pending_runs (spans, bits, written_ns) VALUES (?1, ?2, ?3)")?;
    insert.execute(params![spans as i64, bits, now_ns])?;
    let run = connection.last_insert_rowid();
    let mut insert = connection
        .prepare_cached("INSERT INTO pending_spans (run, part, callers, children) VALUES (?1, ?2, ?3, ?4)")?;
    let parts_of_range = 1 << (bits - bits_of_range);
    let (mut callers, mut children) = (Vec::new(), Vec::new());
    let mut written = 0;
    for (number, range) in ranges.enumerate() {
        let range = range.borrow();
        written += range.callers.len() + range.children.len();
        for part in 0..parts_of_range {
            let part = number as u64 * parts_of_range + part;
            let keys = part_of(part, bits);
            callers.clear();
            encode_callers(&range.callers[within(&range.callers, keys, |caller| caller.key)], &mut callers);
            children.clear();
            encode_children(
                &range.children[within(&range.children, keys, |child| child.parent)],
                &mut children,
            );
            insert.execute(params![run, part as i64, callers, children])?;
        }
    }
    match written {
        0 => return remove(connection, run),
        _ if written == spans => return Ok(()),
        _ => {}
    }
    let mut update = connection.prepare_cached("UPDATE pending_runs SET spans = ?2 WHERE id = ?1")?;
    update.execute(params![run, written as i64]).map(drop)
}

/// Merges runs of one size where there are many, which may make another that is one of many.
fn merge(connection: &Connection) -> rusqlite::Result<()> {
    let size = |run: &Run| run.spans.unsigned_abs().max(1).ilog(u64::from(GROWTH));
    loop {
        let (mut runs, _) = runs(connection)?;
        runs.sort_by_key(size);
        let spans = |runs: &[Run]| runs.iter().map(|run| run.spans).sum::<i64>();
        let mut sizes = runs.chunk_by(|one, other| size(one) == size(other));
        let Some(many) = sizes.find(|runs| runs.len() >= FAN_IN && spans(runs) <= MAX_RUN_SPANS) else {
            return Ok(());
        };
        let spans = spans(many);
        let written_ns = many.iter().map(|run| run.written_ns).max().unwrap_or_default();
        let bits = many.iter().map(|run| run.bits).min().unwrap_or_default();
        let mut failure = Ok(());
        let ranges = (0..1_u64 << bits).map_while(|range| match merged(connection, many, range, bits) {
            Ok(calls) => Some(calls),
            Err(error) => {
                failure = Err(error);
                None
            }
        });
        write(connection, ranges, usize::try_from(spans).unwrap_or_default(), bits, written_ns)?;
        failure?;
        for run in many {
            remove(connection, run.id)?;
        }
    }
}

/// What runs have in a range of keys, the one with that number of 2^`bits`.
fn merged(connection: &Connection, runs: &[Run], range: u64, bits: u32) -> rusqlite::Result<Calls> {
    let mut all = Calls::default();
    for run in runs {
        let parts = 1 << (run.bits - bits);
        for part in range * parts..(range + 1) * parts {
            let is_whole = read_part(connection, *run, part, Kind::Callers, &mut all)?
                && read_part(connection, *run, part, Kind::Children, &mut all)?;
            if !is_whole {
                tracing::warn!("some spans that wait for the other end of a call are damaged and forgotten");
            }
        }
    }
    all.sort();
    all.callers.dedup_by_key(|caller| caller.key);
    let Calls { callers, children, .. } = &mut all;
    // The others have found their parents.
    children.retain(|child| callers.binary_search_by_key(&child.parent, |caller| caller.key).is_err());
    Ok(all)
}

/// Forgets the oldest runs where too many spans wait, or wait for too long.
fn expire(connection: &Connection, now_ns: i64) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT id, spans, written_ns FROM pending_runs ORDER BY written_ns DESC, id DESC")?;
    let mut rows = statement.query([])?;
    let mut spans = 0_i64;
    let mut expired: Vec<i64> = Vec::new();
    while let Some(row) = rows.next()? {
        spans = spans.saturating_add(row.get::<_, i64>(1)?);
        if spans > MAX_SPANS || row.get::<_, i64>(2)? < now_ns - MAX_AGE_NS {
            expired.push(row.get(0)?);
        }
    }
    expired.into_iter().try_for_each(|run| remove(connection, run))
}

fn remove(connection: &Connection, run: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM pending_spans WHERE run = ?1")?.execute([run])?;
    connection.prepare_cached("DELETE FROM pending_runs WHERE id = ?1")?.execute([run])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::{Database, Durability};
    use crate::store::edges::Share;

    fn database(runs: &[(i64, i64)]) -> Connection {
        let memory = std::path::Path::new(":memory:");
        let connection = Database::open(memory, Durability::Process, &mut |_, _| ()).unwrap().connection;
        for (spans, written_ns) in runs {
            let insert = "INSERT INTO pending_runs (spans, bits, written_ns) VALUES (?1, 0, ?2)";
            connection.execute(insert, [spans, written_ns]).unwrap();
            let run = connection.last_insert_rowid();
            // Callers and children of none.
            connection.execute("INSERT INTO pending_spans VALUES (?1, 0, x'00', x'')", [run]).unwrap();
        }
        connection
    }

    fn times(connection: &Connection) -> Vec<i64> {
        runs(connection).unwrap().0.into_iter().map(|run| run.written_ns).collect()
    }

    #[test]
    fn of_too_many_spans_the_oldest_go() {
        let large = MAX_SPANS / 6;
        let mut waiting: Vec<(i64, i64)> = (1..=6).map(|time| (large, time)).collect();
        waiting.push((10, 7));
        let connection = database(&waiting);
        merge(&connection).unwrap();
        expire(&connection, 8).unwrap();
        assert_eq!(times(&connection), [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_merged_run_is_as_old_as_the_newest_of_its_spans() {
        let connection = database(&[]);
        for now in 1..=FAN_IN as u64 {
            let share = Share { weight: 1.0, trace: 0 };
            let mut calls =
                Calls { children: vec![Child { parent: now, service: 1, share }], ..Calls::default() };
            settle(&connection, &mut calls, &mut Edges::default(), now as i64).unwrap();
        }
        let (runs, _) = runs(&connection).unwrap();
        assert_eq!(runs.iter().map(|run| (run.spans, run.written_ns)).collect::<Vec<_>>(), [(4, 4)]);
        expire(&connection, MAX_AGE_NS + 5).unwrap();
        assert_eq!(times(&connection), [0; 0]);
    }

    #[test]
    fn spans_that_have_found_each_other_wait_no_longer() {
        let connection = database(&[(1, 1), (1, 2), (1, 3), (1, 4)]);
        merge(&connection).unwrap();
        assert_eq!(times(&connection), [0; 0], "there was nothing in them");
    }
}
