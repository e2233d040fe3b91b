//! The versions of the schema: a new database goes through all of them, an older one through the rest.

use rusqlite::Connection;

use super::database::Progress;
use super::rollups::Period;
use super::{rollups, trace_ids};

/// The version that this program reads and writes.
pub const VERSION: i32 = 5;

/// Brings a database from `version` to [`VERSION`], within a transaction.
///
/// # Errors
/// It cannot be written, or is damaged.
pub(super) fn migrate(
    transaction: &Connection,
    version: i32,
    progress: Progress<'_>,
) -> rusqlite::Result<()> {
    if version < 1 {
        transaction.execute_batch(include_str!("schema.sql"))?;
    }
    if version < 2 {
        transaction.execute_batch(include_str!("schema_2.sql"))?;
        rollups::fill(transaction, Period::Minute, Period::Hour, progress)?;
    }
    if version < 3 {
        transaction.execute_batch(include_str!("schema_3.sql"))?;
    }
    if version < 4 {
        // The keys in it were hashes.
        trace_ids::fill(transaction, progress)?;
    }
    if version < 5 {
        transaction.execute_batch(include_str!("schema_5.sql"))?;
        rollups::fill(transaction, Period::Hour, Period::Day, progress)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)
}
