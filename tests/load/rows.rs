//! What the store is compared with: a row a span in SQLite, as fast as it fairly can be.
//!
//! The rows hold less than the store does: no scope, no flags, of the resource only the service's name.

use std::path::Path;

use anyhow::{Context, Result, bail};
use obs::otlp::view::{Fields, Nested, Value};
use obs::otlp::{Batch, Signal};
use obs::stream::Event;
use rusqlite::{Connection, Statement, params};

use crate::queries::lines::Line;

const PREPARE: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
CREATE TABLE spans (trace_id BLOB, span_id BLOB, parent BLOB, service TEXT, name TEXT, kind INTEGER, start INTEGER,
                    duration INTEGER, status INTEGER, attributes TEXT);
CREATE INDEX spans_trace ON spans (trace_id);
";

const INSERT: &str = "INSERT INTO spans VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const PREPARE_LINES: &str = "CREATE TABLE logs (time INTEGER, service TEXT, severity INTEGER, body TEXT, trace_id BLOB, attributes TEXT);";

const INSERT_LINE: &str = "INSERT INTO logs VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const ROWS_A_TRANSACTION: u64 = 100_000;

/// A new database.
pub struct Rows {
    connection: Connection,
    open_rows: u64,
    attributes: Vec<u8>,
}

impl Rows {
    pub fn create(database: &Path) -> Result<Rows> {
        let connection = Connection::open(database)?;
        connection.execute_batch(PREPARE)?;
        connection.execute_batch(PREPARE_LINES)?;
        connection.execute_batch("BEGIN")?;
        Ok(Rows { connection, open_rows: 0, attributes: Vec::new() })
    }

    pub fn add_spans(&mut self, batch: &Batch) -> Result<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        batch_of_spans(batch, &mut insert, &mut self.attributes)?;
        drop(insert);
        self.added(batch.items() as u64)
    }

    pub fn add_lines(&mut self, service: &str, lines: &[Line]) -> Result<()> {
        let mut insert = self.connection.prepare_cached(INSERT_LINE)?;
        for line in lines {
            let attributes: serde_json::Map<_, _> = line
                .attributes
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.as_str().into()))
                .collect();
            let attributes = serde_json::Value::Object(attributes).to_string();
            insert.execute(params![
                line.time_ns,
                service,
                line.severity,
                line.body,
                line.trace_id,
                attributes
            ])?;
        }
        drop(insert);
        self.added(lines.len() as u64)
    }

    fn added(&mut self, rows: u64) -> Result<()> {
        self.open_rows += rows;
        if self.open_rows >= ROWS_A_TRANSACTION {
            self.connection.execute_batch("COMMIT; BEGIN")?;
            self.open_rows = 0;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<()> {
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// Puts a file of frames into a new database.
pub fn load(file: &Path, database: &Path) -> Result<()> {
    let mut rows = Rows::create(database)?;
    let mut reader = obs::stream::open(file.to_str().context("a path that is text")?, Signal::Traces)?;
    loop {
        match reader.next_event()? {
            Event::Batch(batch) => rows.add_spans(&batch)?,
            Event::Rejected(rejection) => bail!("{rejection}"),
            Event::Idle => {}
            Event::End => break,
        }
    }
    rows.finish()
}

/// The rows of a database.
pub fn count(database: &Path) -> Result<u64> {
    let connection = Connection::open(database)?;
    Ok(connection.query_row("SELECT count(*) FROM spans", [], |row| row.get(0))?)
}

fn batch_of_spans(batch: &Batch, insert: &mut Statement<'_>, attributes: &mut Vec<u8>) -> Result<()> {
    for resource_spans in Nested::new(batch.bytes(), 1) {
        let service = Nested::new(resource_spans, 1)
            .flat_map(|resource| Nested::new(resource, 1))
            .map(pair)
            .find(|(key, _)| *key == b"service.name");
        let service = service.and_then(|(_, value)| Fields::new(value).next());
        let service = service.map(|(_, name)| str::from_utf8(name.bytes())).transpose()?;
        for scope_spans in Nested::new(resource_spans, 2) {
            for span in Nested::new(scope_spans, 2) {
                row(span, service, insert, attributes)?;
            }
        }
    }
    Ok(())
}

fn row(
    span: &[u8],
    service: Option<&str>,
    insert: &mut Statement<'_>,
    attributes: &mut Vec<u8>,
) -> Result<()> {
    let [mut trace_id, mut span_id, mut parent, mut name] = [&[][..]; 4];
    let [mut kind, mut start, mut end, mut status] = [0; 4];
    attributes.clear();
    for (number, value) in Fields::new(span) {
        match number {
            1 => trace_id = value.bytes(),
            2 => span_id = value.bytes(),
            4 => parent = value.bytes(),
            5 => name = value.bytes(),
            6 => kind = value.bits(),
            7 => start = value.bits(),
            8 => end = value.bits(),
            9 => attribute(value.bytes(), attributes)?,
            15 => {
                status = Fields::new(value.bytes())
                    .find(|(number, _)| *number == 3)
                    .map_or(0, |(_, code)| code.bits())
            }
            _ => {}
        }
    }
    attributes.push(b'}');
    insert.execute(params![
        trace_id,
        span_id,
        (!parent.is_empty()).then_some(parent),
        service,
        str::from_utf8(name)?,
        kind,
        start,
        end.saturating_sub(start),
        status,
        str::from_utf8(attributes)?,
    ])?;
    Ok(())
}

/// Appends an attribute to an object of JSON that is not closed yet.
fn attribute(attribute: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (key, value) = pair(attribute);
    out.push(if out.is_empty() { b'{' } else { b',' });
    serde_json::to_writer(&mut *out, str::from_utf8(key)?)?;
    out.push(b':');
    match Fields::new(value).next() {
        Some((1, Value::Len(text))) => serde_json::to_writer(out, str::from_utf8(text)?)?,
        Some((2, Value::Varint(bit))) => serde_json::to_writer(out, &(bit != 0))?,
        Some((3, Value::Varint(number))) => serde_json::to_writer(out, &(number as i64))?,
        Some((4, Value::I64(bits))) => serde_json::to_writer(out, &f64::from_bits(bits))?,
        other => bail!("an attribute that the generator does not make: {other:?}"),
    }
    Ok(())
}

/// Key and value of an attribute.
fn pair(attribute: &[u8]) -> (&[u8], &[u8]) {
    let [mut key, mut value] = [&[][..]; 2];
    for (number, field) in Fields::new(attribute) {
        match number {
            1 => key = field.bytes(),
            2 => value = field.bytes(),
            _ => {}
        }
    }
    (key, value)
}
