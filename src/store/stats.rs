//! What is in the database, in figures.

use rusqlite::Row;

use super::database::Database;
use crate::error::CommandError;
use crate::otlp::Signal;

/// What is there of one signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalStats {
    /// The signal.
    pub signal: Signal,
    /// Its segments.
    pub segments: u64,
    /// Batches in them.
    pub batches: u64,
    /// Spans, data points or log records in them.
    pub items: u64,
    /// Bytes of the batches in their wire encoding.
    pub raw_bytes: u64,
    /// Bytes of the segments.
    pub stored_bytes: u64,
    /// Earliest and latest time, in nanoseconds since the epoch.
    pub range: Option<(i64, i64)>,
    /// Services that have any.
    pub services: u64,
}

/// What is there of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// By signal, in the order of [`Signal::ALL`].
    pub signals: Vec<SignalStats>,
    /// Services of any signal.
    pub services: u64,
    /// Operations of services.
    pub operations: u64,
    /// Pairs of services that call each other.
    pub edges: u64,
    /// Keys of attributes.
    pub attribute_keys: u64,
    /// Rows of the rollups.
    pub rollups: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Of these, bytes that hold nothing.
    pub free_bytes: u64,
    /// The version of the schema.
    pub schema_version: i32,
}

/// A service and what is there of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStats {
    /// Its name; empty where a resource had none.
    pub name: String,
    /// Spans, data points and log records, in the order of [`Signal::ALL`].
    pub items: [u64; 3],
    /// Its operations.
    pub operations: u64,
    /// The latest time of a segment with items of it, in nanoseconds since the epoch.
    pub last_ns: Option<i64>,
}

impl Database {
    /// What is in it, in figures.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn stats(&self) -> Result<Stats, CommandError> {
        self.at_one_moment(|_| self.read_stats())
    }

    fn read_stats(&self) -> rusqlite::Result<Stats> {
        let number = |query: &str| self.connection.query_row(query, [], |row| row.get::<_, u64>(0));
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        let page = pragma("page_size")?;
        let stats = Stats {
            signals: Signal::ALL
                .iter()
                .map(|signal| self.of_signal(*signal))
                .collect::<rusqlite::Result<_>>()?,
            services: number("SELECT count(*) FROM services")?,
            operations: number("SELECT count(*) FROM operations")?,
            edges: number("SELECT count(*) FROM edges")?,
            attribute_keys: number("SELECT count(*) FROM attribute_keys")?,
            rollups: number(
                "SELECT (SELECT count(*) FROM operation_minutes) + (SELECT count(*) FROM edge_minutes)",
            )?,
            file_bytes: pragma("page_count")? * page,
            free_bytes: pragma("freelist_count")? * page,
            schema_version: self.connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        };
        Ok(stats)
    }

    fn of_signal(&self, signal: Signal) -> rusqlite::Result<SignalStats> {
        let services: u64 = self.connection.query_row(
            "SELECT count(DISTINCT service) FROM segment_services JOIN segments ON id = segment WHERE signal = ?1",
            [signal.name()],
            |row| row.get(0),
        )?;
        self.connection.query_row(
            "SELECT count(*), total(batches), total(items), total(raw_bytes), total(stored_bytes), min(first_ns),
                    max(last_ns) FROM segments WHERE signal = ?1",
            [signal.name()],
            |row| {
                Ok(SignalStats {
                    signal,
                    segments: row.get(0)?,
                    batches: total(row, 1)?,
                    items: total(row, 2)?,
                    raw_bytes: total(row, 3)?,
                    stored_bytes: total(row, 4)?,
                    range: row.get::<_, Option<i64>>(5)?.zip(row.get(6)?),
                    services,
                })
            },
        )
    }

    /// Calls `each` with every segment, the name of a service with items in it, and how many those are, in any order.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn each_share(&self, mut each: impl FnMut(i64, &str, u64)) -> Result<(), CommandError> {
        let mut read = || -> rusqlite::Result<()> {
            let query = "SELECT segment, name, items FROM segment_services JOIN services ON id = service";
            let mut statement = self.connection.prepare(query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row.get(0)?, row.get_ref(1)?.as_str().unwrap_or_default(), row.get(2)?);
            }
            Ok(())
        };
        read().map_err(|error| self.explain("read", error))
    }

    /// All services, by name.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn services(&self) -> Result<Vec<ServiceStats>, CommandError> {
        self.read_services().map_err(|error| self.explain("read", error))
    }

    fn read_services(&self) -> rusqlite::Result<Vec<ServiceStats>> {
        let mut statement = self.connection.prepare(
            "SELECT name,
                    total(ss.items) FILTER (WHERE signal = 'traces'),
                    total(ss.items) FILTER (WHERE signal = 'metrics'),
                    total(ss.items) FILTER (WHERE signal = 'logs'),
                    (SELECT count(*) FROM operations o WHERE o.service = s.id),
                    max(last_ns)
             FROM services s LEFT JOIN segment_services ss ON ss.service = s.id
             LEFT JOIN segments ON segments.id = ss.segment
             GROUP BY s.id ORDER BY name",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(ServiceStats {
                name: row.get(0)?,
                items: [total(row, 1)?, total(row, 2)?, total(row, 3)?],
                operations: row.get(4)?,
                last_ns: row.get(5)?,
            })
        })?;
        rows.collect()
    }
}

/// A sum, which SQLite gives as a double where there may be nothing to add up.
fn total(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, f64>(column)? as u64)
}
