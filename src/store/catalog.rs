//! The catalog: the ids of services, operations and edges, and the keys of attributes.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::attributes::AttributeKey;
use super::database::Database;
use super::segment::Segment;
use crate::error::CommandError;
use crate::otlp::Signal;

/// Most services, and operations of a service, that are told apart; what comes later is counted as [`OTHER`]. A name
/// that has an id or a time in it would fill the catalog.
const MAX_SERVICES: usize = 10_000;
const MAX_OPERATIONS: usize = 5_000;
const MAX_KEYS: usize = 50_000;
pub(super) const OTHER: &str = "(other)";

/// Longest name in bytes; a longer one is cut.
const MAX_NAME: usize = 256;

/// Ids by name.
type Names = HashMap<Box<str>, u32, RandomState>;

/// Ids that this process has seen; ids never change, so that they hold while other processes write.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    services: Names,
    /// By service and kind.
    operations: HashMap<(u32, u8), Names, RandomState>,
    /// Services whose operations are as many as can be.
    full: HashSet<u32, RandomState>,
    edges: HashMap<(u32, u32), u32, RandomState>,
    keys: HashSet<AttributeKey, RandomState>,
    /// Keys in the database, of this process or others.
    known_keys: usize,
}

/// The ids that the numbers of a segment stand for.
#[derive(Debug)]
pub(super) struct Ids {
    pub(super) services: Vec<u32>,
    pub(super) operations: Vec<u32>,
    pub(super) edges: Vec<u32>,
}

impl Catalog {
    /// The ids of all that a segment names, which are made where there are none.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn ids(&mut self, connection: &Connection, segment: &Segment) -> rusqlite::Result<Ids> {
        let services: Vec<u32> = segment
            .columns
            .services
            .iter()
            .map(|name| self.service(connection, name))
            .collect::<rusqlite::Result<_>>()?;
        let mut operations = Vec::with_capacity(segment.columns.operations.len());
        for operation in &segment.columns.operations {
            let service = services.get(operation.service as usize).copied().unwrap_or_default();
            operations.push(self.operation(connection, service, operation.kind, &operation.name)?);
        }
        let mut edges = Vec::with_capacity(segment.edges.len());
        for (caller, child) in &segment.edges {
            let service = |number: u32| services.get(number as usize).copied().unwrap_or_default();
            edges.push(self.edge(connection, service(*caller), service(*child))?);
        }
        for key in &segment.keys {
            self.key(connection, key)?;
        }
        Ok(Ids { services, operations, edges })
    }

    fn service(&mut self, connection: &Connection, name: &str) -> rusqlite::Result<u32> {
        let name = cut(name);
        if let Some(id) = self.services.get(name) {
            return Ok(*id);
        }
        let id = find(connection, "SELECT id FROM services WHERE name = ?1", [name])?;
        let id = match id {
            Some(id) => id,
            None if name != OTHER
                && count(connection, "SELECT count(*) FROM services", [])? >= MAX_SERVICES =>
            {
                return self.service(connection, OTHER);
            }
            None => insert(connection, "INSERT INTO services (name) VALUES (?1)", [name])?,
        };
        self.services.insert(name.into(), id);
        Ok(id)
    }

    fn operation(
        &mut self,
        connection: &Connection,
        service: u32,
        kind: u8,
        name: &str,
    ) -> rusqlite::Result<u32> {
        let name = cut(name);
        if let Some(id) = self.operations.get(&(service, kind)).and_then(|names| names.get(name)) {
            return Ok(*id);
        }
        let select = "SELECT id FROM operations WHERE service = ?1 AND kind = ?2 AND name = ?3";
        let id = match find(connection, select, params![service, kind, name])? {
            Some(id) => id,
            None if name != OTHER && self.is_full(connection, service)? => {
                return self.operation(connection, service, kind, OTHER);
            }
            None => insert(
                connection,
                "INSERT INTO operations (service, kind, name) VALUES (?1, ?2, ?3)",
                params![service, kind, name],
            )?,
        };
        self.operations.entry((service, kind)).or_default().insert(name.into(), id);
        Ok(id)
    }

    fn is_full(&mut self, connection: &Connection, service: u32) -> rusqlite::Result<bool> {
        if self.full.contains(&service) {
            return Ok(true);
        }
        let operations = count(connection, "SELECT count(*) FROM operations WHERE service = ?1", [service])?;
        if operations >= MAX_OPERATIONS {
            self.full.insert(service);
        }
        Ok(operations >= MAX_OPERATIONS)
    }

    /// The id of an edge between two services of the catalog.
    pub(super) fn edge(
        &mut self,
        connection: &Connection,
        caller: u32,
        callee: u32,
    ) -> rusqlite::Result<u32> {
        if let Some(id) = self.edges.get(&(caller, callee)) {
            return Ok(*id);
        }
        let select = "SELECT id FROM edges WHERE caller = ?1 AND callee = ?2";
        let id = match find(connection, select, [caller, callee])? {
            Some(id) => id,
            None => {
                insert(connection, "INSERT INTO edges (caller, callee) VALUES (?1, ?2)", [caller, callee])?
            }
        };
        self.edges.insert((caller, callee), id);
        Ok(id)
    }

    fn key(&mut self, connection: &Connection, key: &AttributeKey) -> rusqlite::Result<()> {
        if self.keys.contains(key) {
            return Ok(());
        }
        if self.keys.is_empty() {
            self.known_keys = count(connection, "SELECT count(*) FROM attribute_keys", [])?;
        }
        if self.known_keys >= MAX_KEYS {
            return Ok(());
        }
        let name = cut(str::from_utf8(&key.key).unwrap_or_default());
        connection
            .prepare_cached("INSERT OR IGNORE INTO attribute_keys (level, key, type) VALUES (?1, ?2, ?3)")?
            .execute([key.level.name(), name, key.type_name()])
            .map(|new| self.known_keys += new)?;
        self.keys.insert(key.clone());
        Ok(())
    }
}

pub(super) fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME)]
}

fn find(connection: &Connection, select: &str, params: impl Params) -> rusqlite::Result<Option<u32>> {
    connection.prepare_cached(select)?.query_row(params, |row| row.get(0)).optional()
}

fn count(connection: &Connection, select: &str, params: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(select)?.query_row(params, |row| row.get(0))
}

fn insert(connection: &Connection, insert: &str, params: impl Params) -> rusqlite::Result<u32> {
    connection.prepare_cached(insert)?.execute(params)?;
    u32::try_from(connection.last_insert_rowid())
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

impl Database {
    /// The keys of attributes that spans or log records of a signal have, or their resources and scopes; `None` where
    /// there are too many to know all.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn attribute_keys(&self, signal: Signal) -> Result<Option<Vec<String>>, CommandError> {
        let levels = match signal {
            Signal::Traces => "'resource', 'scope', 'span', 'event', 'link'",
            Signal::Logs => "'resource', 'scope', 'log'",
            Signal::Metrics => "'resource', 'scope', 'point'",
        };
        let read = || -> rusqlite::Result<Vec<String>> {
            let query =
                format!("SELECT DISTINCT key FROM attribute_keys WHERE level IN ({levels}) ORDER BY key");
            self.connection.prepare_cached(&query)?.query_map([], |row| row.get(0))?.collect()
        };
        let all = count(&self.connection, "SELECT count(*) FROM attribute_keys", []);
        let read = all.and_then(|all| Ok((all < MAX_KEYS).then_some(read()?)));
        read.map_err(|error| self.explain("read", error))
    }
}
