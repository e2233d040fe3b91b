//! What is in the database: segments by signal, time and service, and their parts.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::catalog;
use super::columns::Columns;
use super::committer::checksum;
use super::database::Database;
use super::segment::{self, Part, Payload};
use super::selection::Selection;
use super::trace_ids;
use crate::error::CommandError;
use crate::otlp::{Batch, Signal};

/// A segment as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: i64,
    /// Its signal.
    pub signal: Signal,
    /// Batches in it.
    pub batches: u64,
    /// Spans, data points or log records in it.
    pub items: u64,
    /// Bytes of its batches in their wire encoding.
    pub raw_bytes: u64,
    /// Bytes of all its parts.
    pub stored_bytes: u64,
    /// Earliest and latest time, in nanoseconds since the epoch.
    pub range: Option<(i64, i64)>,
    /// When it was written.
    pub written_ns: i64,
}

/// Why a part of a segment cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is not there.
    #[error("{} are missing", .0.table())]
    Missing(Part),
    /// Its bytes are not those that were written.
    #[error("{} differ from their checksum", .0.table())]
    Checksum(Part),
    /// Its bytes have no meaning.
    #[error("{}: {what}", part.table())]
    Content {
        /// Of which part.
        part: Part,
        /// What is wrong with them.
        what: String,
    },
    /// The file is damaged where it stands.
    #[error("{}: {what}", part.table())]
    File {
        /// Of which part.
        part: Part,
        /// What SQLite says.
        what: String,
    },
}

impl Database {
    /// The segments that may hold what is selected, in the order in which they were written.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn segments(&self, selection: &Selection) -> Result<Vec<Stored>, CommandError> {
        let mut conditions = vec!["TRUE".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let mut condition = |text: String, value: Option<Value>| {
            conditions.push(text);
            values.extend(value);
        };
        if let Some(signal) = selection.signal {
            condition("signal = ?".into(), Some(signal.name().to_owned().into()));
        }
        if let Some(from) = selection.from_ns {
            condition("last_ns >= ?".into(), Some(from.into()));
        }
        if let Some(to) = selection.to_ns {
            condition("first_ns < ?".into(), Some(to.into()));
        }
        if !selection.services.is_empty() {
            // Long names are cut in the catalog, and of too many services some have one name.
            let marks = vec!["?"; selection.services.len() + 1].join(", ");
            condition(
                format!(
                    "id IN (SELECT segment FROM segment_services JOIN services ON services.id = service
                            WHERE services.name IN ({marks}))"
                ),
                None,
            );
            values.extend(selection.services.iter().map(|name| Value::from(catalog::cut(name).to_owned())));
            values.push(catalog::OTHER.to_owned().into());
        }
        let query = format!("{COLUMNS} WHERE {} ORDER BY id", conditions.join(" AND "));
        self.query_segments(&query, values).map_err(|error| self.explain("read", error))
    }

    pub(super) fn query_segments(&self, query: &str, values: Vec<Value>) -> rusqlite::Result<Vec<Stored>> {
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map(params_from_iter(values), stored)?;
        rows.collect()
    }

    /// A part of a segment as it was written; `None` where it has none.
    ///
    /// # Errors
    /// It is damaged.
    pub fn part(&self, segment: i64, part: Part) -> Result<Option<Vec<u8>>, Damage> {
        let file = |error: rusqlite::Error| Damage::File { part, what: error.to_string() };
        let query = format!("SELECT checksum, data FROM {} WHERE segment = ?1", part.table());
        let mut statement = self.connection.prepare_cached(&query).map_err(file)?;
        let found =
            statement.query_row([segment], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)));
        match found.optional().map_err(file)? {
            None => Ok(None),
            Some((expected, data)) if checksum(&data) == expected => Ok(Some(data)),
            Some(_) => Err(Damage::Checksum(part)),
        }
    }

    /// The batches of a segment.
    ///
    /// # Errors
    /// Any of them is damaged.
    pub fn batches(&self, segment: i64) -> Result<Vec<Batch>, Damage> {
        let part = Part::Payload;
        let data = self.part(segment, part)?.ok_or(Damage::Missing(part))?;
        let content = |what: String| Damage::Content { part, what };
        let frames = segment::decompress(&data).map_err(|error| content(error.to_string()))?;
        segment::batches(frames).collect::<Result<_, _>>().map_err(content)
    }

    /// The batches of a segment as bytes, without a look at every field of them.
    ///
    /// # Errors
    /// They are damaged.
    pub fn payload(&self, segment: i64) -> Result<Payload, Damage> {
        self.compressed(segment, Part::Payload)?.payload()
    }

    /// The columns of a segment.
    ///
    /// # Errors
    /// They are damaged.
    pub fn columns(&self, segment: &Stored) -> Result<Columns, Damage> {
        self.compressed(segment.id, Part::Columns)?.columns(segment)
    }

    /// A part of a segment that is there and compressed.
    ///
    /// # Errors
    /// It is damaged.
    pub fn compressed(&self, segment: i64, part: Part) -> Result<Compressed, Damage> {
        Ok(Compressed { part, data: self.part(segment, part)?.ok_or(Damage::Missing(part))? })
    }

    /// Whether a segment may have anything of the trace with this [`trace_ids::key`].
    ///
    /// # Errors
    /// The set of its traces is damaged.
    pub fn may_hold_trace(&self, segment: i64, key: u32) -> Result<bool, Damage> {
        Ok(self.part(segment, Part::TraceIds)?.is_some_and(|set| trace_ids::may_hold(&set, key)))
    }

    /// Calls `each` with every segment of a signal that is of traces, in any order, and the set of them; in the place of a
    /// damaged one, with one that may hold anything.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn each_trace_set(
        &self,
        signal: Signal,
        mut each: impl FnMut(i64, &[u8]),
    ) -> Result<(), CommandError> {
        let mut read = || -> rusqlite::Result<()> {
            let query = "SELECT segment, checksum, data FROM trace_ids JOIN segments ON id = segment
                         WHERE signal = ?1";
            let mut statement = self.connection.prepare_cached(query)?;
            let mut rows = statement.query([signal.name()])?;
            while let Some(row) = rows.next()? {
                let set = row.get_ref(2)?.as_blob().unwrap_or_default();
                let is_whole = checksum(set) == row.get::<_, i64>(1)?;
                each(row.get(0)?, if is_whole { set } else { trace_ids::ANYTHING });
            }
            Ok(())
        };
        read().map_err(|error| self.explain("read", error))
    }
}

/// A part of a segment as it stands in the database, to be decompressed on whatever thread.
#[derive(Debug)]
pub struct Compressed {
    part: Part,
    data: Vec<u8>,
}

impl Compressed {
    fn damage(&self, what: impl ToString) -> Damage {
        Damage::Content { part: self.part, what: what.to_string() }
    }

    /// The batches of a segment.
    ///
    /// # Errors
    /// They are damaged.
    pub fn payload(&self) -> Result<Payload, Damage> {
        Payload::of(&self.data).map_err(|error| self.damage(error))
    }

    /// The bytes that were compressed.
    ///
    /// # Errors
    /// They are damaged.
    pub fn bytes(&self) -> Result<Vec<u8>, Damage> {
        segment::decompress(&self.data).map_err(|error| self.damage(error))
    }

    /// The columns of a segment, whose numbers stand for something.
    ///
    /// # Errors
    /// They are damaged.
    pub fn columns(&self, segment: &Stored) -> Result<Columns, Damage> {
        let columns = Columns::decode(&self.bytes()?).filter(|columns| columns.fit(segment.signal));
        columns.ok_or_else(|| self.damage("they are not whole"))
    }
}

/// Begins a query of segments.
pub(super) const COLUMNS: &str =
    "SELECT id, signal, batches, items, raw_bytes, stored_bytes, first_ns, last_ns, written_ns FROM segments";

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let signal: String = row.get(1)?;
    Ok(Stored {
        id: row.get(0)?,
        signal: signal.parse().map_err(|error: String| rusqlite::Error::UserFunctionError(error.into()))?,
        batches: row.get(2)?,
        items: row.get(3)?,
        raw_bytes: row.get(4)?,
        stored_bytes: row.get(5)?,
        range: row.get::<_, Option<i64>>(6)?.zip(row.get(7)?),
        written_ns: row.get(8)?,
    })
}
