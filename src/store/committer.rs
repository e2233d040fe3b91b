//! Transactions that write: segments with all that belongs to them, and a moment later what the rollups get.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::catalog::{Catalog, Ids};
use super::database::Database;
use super::edges::{Calls, Edges, read_callers, read_children};
use super::filter;
use super::measures::Measures;
use super::migration;
use super::pending;
use super::rollups::Rollup;
use super::segment::{Part, Segment};

/// Segments whose measures are taken into the rollups in one transaction, which bounds its memory.
const FOLDED_AT_ONCE: usize = 8;

/// Writes segments.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) database: Database,
    catalog: Catalog,
    /// Empty but for its memory, between two folds.
    left: Left,
}

impl Committer {
    pub(super) fn new(database: Database) -> Committer {
        Committer { database, catalog: Catalog::default(), left: Left::default() }
    }

    /// Writes segments, all or none; returns their ids.
    ///
    /// # Errors
    /// The database cannot be written. What this knows of its catalog may then be wrong, and it must not be used again.
    pub(super) fn commit(&mut self, segments: &[Segment]) -> rusqlite::Result<Vec<i64>> {
        let transaction = begin(&mut self.database)?;
        let mut ids = Vec::with_capacity(segments.len());
        for segment in segments {
            let known = self.catalog.ids(&transaction, segment)?;
            let id = write(&transaction, segment, &known.services, None)?;
            leave_for_later(&transaction, segment, &known)?;
            ids.push(id);
        }
        transaction.commit()?;
        Ok(ids)
    }

    /// Takes into the rollups what segments, also those of writers that were killed, have left for later.
    ///
    /// # Errors
    /// The database cannot be written, or is damaged.
    pub(super) fn fold(&mut self) -> rusqlite::Result<()> {
        while self.fold_some()? {}
        Ok(())
    }

    fn fold_some(&mut self) -> rusqlite::Result<bool> {
        let left = "SELECT EXISTS (SELECT 1 FROM unfolded)";
        if !self.database.connection.prepare_cached(left)?.query_row([], |row| row.get(0))? {
            return Ok(false);
        }
        let transaction = begin(&mut self.database)?;
        self.left.read(&transaction, FOLDED_AT_ONCE)?;
        let Left { operations, edges: counted, calls, last } = &mut self.left;
        let mut edges = Edges::default();
        pending::settle(&transaction, calls, &mut edges, now_ns())?;
        let mut ids = Vec::with_capacity(edges.pairs.len());
        for (caller, callee) in &edges.pairs {
            ids.push(self.catalog.edge(&transaction, *caller, *callee)?);
        }
        counted.append(edges.measures(), &ids);
        Rollup::Operations.add(&transaction, operations)?;
        Rollup::Edges.add(&transaction, counted)?;
        transaction.prepare_cached("DELETE FROM unfolded WHERE id <= ?1")?.execute([*last])?;
        transaction.commit()?;
        Ok(true)
    }
}

/// Begins a transaction that writes, as soon as other writers let it.
///
/// # Errors
/// It cannot be written; or a newer program has migrated it meanwhile, and expects more than this one writes.
pub(super) fn begin(database: &mut Database) -> rusqlite::Result<Transaction<'_>> {
    let transaction = database.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i32 = transaction.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if version > migration::VERSION {
        let what = format!(
            "a newer obs has migrated it to version {version} of its schema meanwhile: this has to be that obs too"
        );
        return Err(rusqlite::Error::UserFunctionError(what.into()));
    }
    Ok(transaction)
}

/// Nanoseconds since the epoch.
pub(super) fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

/// Writes a segment and the ids of its services; returns its id. If it replaces others, it has the id of their first
/// and the time of their last.
pub(super) fn write(
    connection: &Connection,
    segment: &Segment,
    services: &[u32],
    replaced: Option<(i64, i64)>,
) -> rusqlite::Result<i64> {
    // SQLite's integers end in the year 2262.
    let time = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO segments (id, signal, batches, items, raw_bytes, stored_bytes, first_ns, last_ns, written_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            replaced.map(|(id, _)| id),
            segment.signal.name(),
            segment.batches,
            segment.items,
            segment.raw_bytes,
            segment.stored_bytes(),
            segment.range.map(|(first, _)| time(first)),
            segment.range.map(|(_, last)| time(last)),
            replaced.map_or_else(now_ns, |(_, written_ns)| written_ns),
        ])?;
    let id = connection.last_insert_rowid();
    for part in Part::ALL {
        let data = &segment.parts[part as usize];
        if !data.is_empty() {
            let insert =
                format!("INSERT INTO {} (segment, checksum, data) VALUES (?1, ?2, ?3)", part.table());
            connection.prepare_cached(&insert)?.execute(params![id, checksum(data), data])?;
        }
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO segment_services (service, segment, items) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET items = items + excluded.items",
    )?;
    for (service, items) in services.iter().zip(&segment.service_items) {
        insert.execute(params![service, id, *items as i64])?;
    }
    Ok(id)
}

/// The checksum of a part, as SQLite has it.
pub(super) fn checksum(data: &[u8]) -> i64 {
    filter::hash(data).cast_signed()
}

/// Writes what the rollups get of a segment where [`Committer::fold`] finds it.
fn leave_for_later(connection: &Connection, segment: &Segment, ids: &Ids) -> rusqlite::Result<()> {
    if segment.operation_measures.is_empty() {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO unfolded (operations, operation_measures, edges, edge_measures, services, callers, children)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            bytes_of(&ids.operations),
            segment.operation_measures,
            bytes_of(&ids.edges),
            segment.edge_measures,
            bytes_of(&ids.services),
            segment.callers,
            segment.children,
        ])?;
    Ok(())
}

fn bytes_of(ids: &[u32]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_le_bytes()).collect()
}

fn ids_of(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|id| id.try_into().map_or(0, u32::from_le_bytes)).collect()
}

/// What was left for later, by ids of the catalog.
#[derive(Debug, Default)]
struct Left {
    operations: Measures,
    edges: Measures,
    calls: Calls,
    last: i64,
}

const UNFOLDED: &str =
    "SELECT id, operations, operation_measures, edges, edge_measures, services, callers, children
                        FROM unfolded ORDER BY id LIMIT ?1";

impl Left {
    fn clear(&mut self) {
        self.operations.clear();
        self.edges.clear();
        self.calls.clear();
    }

    /// Takes a row in; returns whether it is whole.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<bool> {
        self.last = row.get(0)?;
        let blob = |column| row.get_ref(column).map(|value| value.as_blob().unwrap_or_default());
        let ids = |column| blob(column).map(ids_of);
        let services = ids(5)?;
        let service = |number: u32| services.get(number as usize).copied();
        Ok(self.operations.read(blob(2)?, &ids(1)?).is_some()
            && self.edges.read(blob(4)?, &ids(3)?).is_some()
            && read_callers(blob(6)?, service, &mut self.calls.callers).is_some()
            && read_children(blob(7)?, service, &mut self.calls.children).is_some())
    }

    /// Reads what is left of so many segments at the most.
    fn read(&mut self, connection: &Connection, segments: usize) -> rusqlite::Result<()> {
        self.clear();
        let mut statement = connection.prepare_cached(UNFOLDED)?;
        let mut rows = statement.query([i64::try_from(segments).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            if !self.take(row)? {
                tracing::warn!("what a segment adds to the rollups is damaged; some counts are missing");
            }
        }
        Ok(())
    }
}

/// What [`Committer::fold`] would add to a rollup, by ids of the catalog or, of edges that it does not have yet, by ids
/// that `edge` gives to pairs of services; nothing is written.
///
/// # Errors
/// The database cannot be read.
pub(super) fn unfolded(
    connection: &Connection,
    rollup: Rollup,
    edge: impl FnMut(&(u32, u32)) -> u32,
) -> rusqlite::Result<Measures> {
    let mut left = Left::default();
    left.read(connection, usize::MAX)?;
    if rollup == Rollup::Operations {
        return Ok(left.operations);
    }
    let mut edges = Edges::default();
    pending::count(connection, &mut left.calls, &mut edges)?;
    let ids: Vec<u32> = edges.pairs.iter().map(edge).collect();
    left.edges.append(edges.measures(), &ids);
    Ok(left.edges)
}

/// Rows whose measures are damaged.
///
/// # Errors
/// The database cannot be read.
pub(super) fn damaged_rows(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare(UNFOLDED)?;
    let mut rows = statement.query([i64::MAX])?;
    let (mut left, mut damaged) = (Left::default(), 0);
    while let Some(row) = rows.next()? {
        left.clear();
        damaged += u64::from(!left.take(row)?);
    }
    Ok(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Durability;

    #[test]
    fn a_writer_ends_when_a_newer_one_has_migrated_its_database() {
        let memory = std::path::Path::new(":memory:");
        let database = Database::open(memory, Durability::Process, &mut |_, _| ()).unwrap();
        let mut committer = Committer::new(database);
        assert_eq!(committer.commit(&[]).unwrap(), [0; 0]);
        committer.database.connection.pragma_update(None, "user_version", 99).unwrap();
        let told = committer.commit(&[]).unwrap_err().to_string();
        assert_eq!(
            told,
            "a newer obs has migrated it to version 99 of its schema meanwhile: this has to be that obs too"
        );
    }
}
