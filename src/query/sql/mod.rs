//! SQL over the store: `spans` and `logs` as virtual tables beside the tables and views of the database.
//!
//! A statement sees one state of the database: a transaction is held, and the virtual tables read through the same
//! connection as the statement does. Segments that cannot be read are left out, told and counted, as an export does.

mod attr;
mod bounds;
mod cache;
mod catalog;
mod cell;
mod columns;
mod cursor;
mod guard;
mod instant;
mod json;
mod plan;
mod problem;
mod reader;
mod segment;
mod table;
mod text;
mod wanted;

use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Statement, ffi};

pub use columns::{Column, LOGS, SPANS};
pub use reader::Work;

use crate::error::CommandError;
use crate::store::Database;
use guard::Refusal;
use reader::{Reader, Shared, lock};
use text::{Fault, Query};

/// A database that answers queries, as it was when this began.
#[derive(Debug)]
pub struct Session<'a> {
    database: &'a mut Database,
    shared: Shared,
    refusal: Refusal,
}

/// A query that is about to run.
#[derive(Debug)]
pub struct Prepared<'a> {
    session: &'a Session<'a>,
    sql: &'a str,
    query: Query,
    statement: Statement<'a>,
}

/// A plain table or a view: its name, and the names and types of its columns.
pub type Table = (String, Vec<(String, String)>);

impl<'a> Session<'a> {
    /// Holds the database as it is now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn begin(database: &'a mut Database) -> Result<Session<'a>, CommandError> {
        database.hold()?;
        let again = share(database).map_err(|error| database.explain("read", error))?;
        let shared = Arc::new(Mutex::new(Reader::new(Database::of_connection(again, database.path()))?));
        let register = |connection: &mut Connection| {
            instant::register(connection)?;
            table::register(connection, &shared)?;
            attr::register(connection, &shared)?;
            guard::guard(connection)
        };
        let refusal = register(database.connection_mut());
        let refusal = refusal.map_err(|error| database.explain("read", error))?;
        Ok(Session { database, shared, refusal })
    }

    /// Prepares a query.
    ///
    /// # Errors
    /// It is no query, or one that does more than read.
    pub fn query<'q>(&'q self, sql: &'q str) -> Result<Prepared<'q>, CommandError> {
        let query = Query::parse(sql).map_err(|fault| match fault {
            Fault::Empty => CommandError::usage(anyhow!("the SQL text is empty")),
            Fault::Second(place) => problem::at(sql, Some(place), "a second statement begins here")
                .hint("one statement is run at a time; subqueries and WITH combine several"),
        })?;
        let statement = self.database.connection().prepare(&query.text);
        let statement = statement.map_err(|error| self.problem(sql, &query, &error))?;
        if !statement.readonly() {
            return Err(refused("a statement that writes"));
        }
        if statement.parameter_count() > 0 {
            let name = statement.parameter_name(1).unwrap_or("?");
            let what = "a parameter has no value here";
            return Err(problem::at(sql, text::find(sql, name), what).hint("write the value itself"));
        }
        Ok(Prepared { session: self, sql, query, statement })
    }

    /// Segments that were left out because they cannot be read.
    pub fn damaged(&self) -> usize {
        lock(&self.shared).damaged()
    }

    /// What it took so far.
    pub fn work(&self) -> Work {
        lock(&self.shared).work
    }

    /// The plain tables and views with their columns.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tables(&self) -> Result<Vec<Table>, CommandError> {
        tables(self.database.connection()).map_err(|error| self.database.explain("read", error))
    }

    fn problem(&self, sql: &str, query: &Query, error: &Error) -> CommandError {
        if let Some(what) = self.refusal.take() {
            return refused(&what);
        }
        let problem = problem::of_query(sql, query, &self.names(sql), error);
        problem.unwrap_or_else(|| {
            let message = error.to_string();
            let code = error.sqlite_error().copied().unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_ERROR));
            self.database.explain("read", Error::SqliteFailure(code, Some(message)))
        })
    }

    /// The names of all tables, and of the columns of those that a query has.
    fn names(&self, sql: &str) -> Vec<String> {
        let own = |(name, columns): (&str, &[Column])| {
            let columns = columns.iter().map(|column| (column.name.to_owned(), column.kind.to_owned()));
            (name.to_owned(), columns.collect())
        };
        let own = [("spans", SPANS), ("logs", LOGS)].map(own);
        let mut names = Vec::new();
        for (table, columns) in own.into_iter().chain(self.tables().unwrap_or_default()) {
            if text::find(sql, &table).is_some() {
                names.extend(columns.into_iter().map(|(name, _)| name));
            }
            names.push(table);
        }
        names
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        lock(&self.shared).release();
        guard::release(self.database.connection_mut());
    }
}

impl Prepared<'_> {
    /// The names of the columns, as the query has them.
    pub fn columns(&self) -> Vec<String> {
        self.statement.column_names().map(|name| name.replace(text::ROW, "")).collect()
    }

    /// Runs it, and hands on every row until `each` says false.
    ///
    /// # Errors
    /// The query fails, or `each` does.
    pub fn run(
        &mut self,
        mut each: impl FnMut(&[ValueRef<'_>]) -> Result<bool, CommandError>,
    ) -> Result<(), CommandError> {
        let Prepared { session, sql, query, statement } = self;
        let problem = |error: &Error| session.problem(sql, query, error);
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(|error| problem(&error))?;
        while let Some(row) = rows.next().map_err(|error| problem(&error))? {
            let values: rusqlite::Result<Vec<_>> = (0..columns).map(|column| row.get_ref(column)).collect();
            if !each(&values.map_err(|error| problem(&error))?)? {
                break;
            }
        }
        Ok(())
    }
}

/// Opens a second way through its connection, for reading while a statement runs.
fn share(database: &Database) -> rusqlite::Result<Connection> {
    // What does not fit into memory when rows are sorted goes to the disk.
    database.connection().pragma_update(None, "temp_store", "FILE")?;
    // The handle is open for as long as anything can use what is made of it: the connection's own tables and functions,
    // and a session, which borrows the database. Nothing but this thread uses either.
    #[allow(unsafe_code)]
    unsafe {
        Connection::from_handle(database.connection().handle())
    }
}

fn refused(what: &str) -> CommandError {
    CommandError::usage(anyhow!("refused: {what}")).hint("obs query sql only reads")
}

/// The plain tables and views with their columns.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut statement = connection.prepare(
        "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' ORDER BY m.rowid, c.cid",
    )?;
    let mut rows = statement.query([])?;
    let mut tables: Vec<Table> = Vec::new();
    while let Some(row) = rows.next()? {
        let (table, column): (String, (String, String)) = (row.get(0)?, (row.get(1)?, row.get(2)?));
        match tables.last_mut().filter(|(name, _)| *name == table) {
            Some((_, columns)) => columns.push(column),
            None => tables.push((table, vec![column])),
        }
    }
    Ok(tables)
}
