//! Asks a SQLite database.

use std::path::Path;

use anyhow::Result;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// The 95th percentile, which SQLite does not have.
struct Percentile;

impl Aggregate<Vec<i64>, Option<f64>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Vec<i64>> {
        Ok(Vec::new())
    }

    fn step(&self, context: &mut Context<'_>, values: &mut Vec<i64>) -> rusqlite::Result<()> {
        values.push(context.get(0)?);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, values: Option<Vec<i64>>) -> rusqlite::Result<Option<f64>> {
        Ok(values.filter(|values| !values.is_empty()).map(|mut values| {
            let rank = (values.len() * 95).div_ceil(100) - 1;
            *values.select_nth_unstable(rank).1 as f64
        }))
    }
}

/// Prints the rows that a query finds.
pub fn ask_rows(database: &Path, sql: &str) -> Result<()> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // No copies out of the page cache.
    connection.execute_batch("PRAGMA mmap_size = 1099511627776")?;
    connection.create_aggregate_function("p95", 1, FunctionFlags::SQLITE_DETERMINISTIC, Percentile)?;
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let cells = (0..columns).map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Integer(number) => json!(number),
                ValueRef::Real(number) => json!(number),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                _ => Value::Null,
            })
        });
        rows.push(Value::Array(cells.collect::<rusqlite::Result<_>>()?));
    }
    println!("{}", json!({ "rows": rows }));
    Ok(())
}
