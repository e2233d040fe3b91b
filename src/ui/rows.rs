//! Rows of SQL on stdout, as they come.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use rusqlite::types::ValueRef;
use serde_json::Value;

use super::table::{self, is_read};
use crate::choice::Choice;
use crate::error::CommandError;

/// Form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned, for people.
    Table,
    /// One JSON document.
    Json,
    /// A JSON object a row.
    Ndjson,
    /// Comma-separated.
    Csv,
    /// Tab-separated.
    Tsv,
}

impl Choice for Format {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("table", "Aligned, for people; all rows are kept in memory", Format::Table),
        ("json", "One JSON document", Format::Json),
        ("ndjson", "A JSON object a row", Format::Ndjson),
        ("csv", "Comma-separated", Format::Csv),
        ("tsv", "Tab-separated", Format::Tsv),
    ];
}

impl Format {
    /// What suits stdout.
    pub fn of_stdout() -> Format {
        if io::stdout().is_terminal() { Format::Table } else { Format::Tsv }
    }
}

/// Writes rows. Only a table keeps them, to know how wide its columns are.
pub struct Rows {
    form: Form,
}

enum Form {
    Table { columns: Vec<(String, bool)>, rows: Vec<Vec<String>> },
    Objects { keys: Vec<String>, is_document: bool, is_first: bool, out: BufWriter<Stdout> },
    Csv(Box<csv::Writer<Stdout>>),
    Tsv(BufWriter<Stdout>),
}

impl Rows {
    /// Begins to write rows of these columns; `schema` is what a JSON document says of itself.
    ///
    /// # Errors
    /// Writing failed.
    pub fn begin(format: Format, columns: Vec<String>, schema: &str) -> Result<Rows, CommandError> {
        let form = match format {
            Format::Table => Form::Table {
                columns: columns.into_iter().map(|name| (name, true)).collect(),
                rows: Vec::new(),
            },
            Format::Json | Format::Ndjson => {
                let mut out = BufWriter::new(io::stdout());
                let keys = keys(columns);
                let is_document = format == Format::Json;
                if is_document {
                    let columns: Vec<String> = keys.iter().map(|key| json(key)).collect();
                    let columns = columns.join(",");
                    is_read(write!(out, "{{\"schema\":{},\"columns\":[{columns}],\"rows\":[", json(schema)))?;
                }
                Form::Objects { keys, is_document, is_first: true, out }
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(io::stdout());
                is_read(writer.write_record(&columns).map_err(io_error))?;
                Form::Csv(Box::new(writer))
            }
            Format::Tsv => {
                let mut out = BufWriter::new(io::stdout());
                let columns = table::tsv_line(columns.iter().map(String::as_str));
                is_read(out.write_all(columns.as_bytes()))?;
                Form::Tsv(out)
            }
        };
        Ok(Rows { form })
    }

    /// Writes a row; false where nobody reads on.
    ///
    /// # Errors
    /// Writing failed.
    pub fn row(&mut self, values: &[ValueRef<'_>]) -> Result<bool, CommandError> {
        match &mut self.form {
            Form::Table { columns, rows } => {
                for ((_, is_number), value) in columns.iter_mut().zip(values) {
                    *is_number &= !matches!(value, ValueRef::Text(_) | ValueRef::Blob(_));
                }
                rows.push(values.iter().map(|value| cell(*value)).collect());
                Ok(true)
            }
            Form::Objects { keys, is_document, is_first, out } => {
                let lead = match (*is_document, std::mem::replace(is_first, false)) {
                    (false, _) => "",
                    (true, true) => "\n",
                    (true, false) => ",\n",
                };
                let members = keys
                    .iter()
                    .zip(values)
                    .map(|(key, value)| format!("{}:{}", json(key), json_value(*value)));
                let members = members.collect::<Vec<_>>().join(",");
                is_read(write!(out, "{lead}{{{members}}}{}", if *is_document { "" } else { "\n" }))
            }
            Form::Csv(writer) => {
                is_read(writer.write_record(values.iter().map(|value| cell(*value))).map_err(io_error))
            }
            Form::Tsv(out) => {
                let cells: Vec<String> = values.iter().map(|value| cell(*value)).collect();
                is_read(out.write_all(table::tsv_line(cells.iter().map(String::as_str)).as_bytes()))
            }
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Writing failed.
    pub fn end(self) -> Result<(), CommandError> {
        match self.form {
            Form::Table { columns, rows } => table::print(&table::aligned(&columns, &rows)),
            Form::Objects { is_document, mut out, .. } => {
                let end = if is_document { "\n]}\n" } else { "" };
                is_read(out.write_all(end.as_bytes()).and_then(|()| out.flush())).map(drop)
            }
            Form::Csv(mut writer) => is_read(writer.flush()).map(drop),
            Form::Tsv(mut out) => is_read(out.flush()).map(drop),
        }
    }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Names of which each is there once: a second `x` is `x:1`, as SQLite has it.
fn keys(columns: Vec<String>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut key = column.clone();
        let mut number = 0;
        while keys.contains(&key) {
            number += 1;
            key = format!("{column}:{number}");
        }
        keys.push(key);
    }
    keys
}

/// What people read: nothing for NULL, blobs as hexadecimal digits.
fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(blob) => const_hex::encode(blob),
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

fn json_value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".into(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) if number.is_finite() => Value::from(number).to_string(),
        // JSON has no number for it.
        ValueRef::Real(number) => json(if number > 0.0 { "Infinity" } else { "-Infinity" }),
        ValueRef::Text(_) | ValueRef::Blob(_) => json(&cell(value)),
    }
}
