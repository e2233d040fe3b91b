//! Reports on stdout: a table on a terminal, tab-separated where it is a pipe, or what `--format` says.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::Value;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Object, Rows};
use tabled::settings::{Alignment, Padding, Style};

use crate::error::CommandError;

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned, for people.
    Table,
    /// Tab-separated.
    Tsv,
    /// Comma-separated.
    Csv,
    /// One JSON document.
    Json,
}

/// A report of rows.
#[derive(Debug)]
pub struct Table {
    /// Headings, and whether the column holds numbers.
    pub columns: &'static [(&'static str, bool)],
    /// What people read, by column.
    pub rows: Vec<Vec<String>>,
    /// What programs read.
    pub json: Value,
}

impl Format {
    /// What suits stdout.
    pub fn of_stdout() -> Format {
        if io::stdout().is_terminal() { Format::Table } else { Format::Tsv }
    }
}

impl Table {
    /// Writes the report to stdout; a reader that has gone away is no error.
    ///
    /// # Errors
    /// Writing failed.
    pub fn print(&self, format: Format) -> Result<(), CommandError> {
        print(&self.text(format)?)
    }

    fn text(&self, format: Format) -> Result<String, CommandError> {
        Ok(match format {
            Format::Json => format!("{:#}\n", self.json),
            Format::Table => self.aligned(),
            Format::Csv | Format::Tsv => self.rows_text(format, true)?,
        })
    }

    fn aligned(&self) -> String {
        let headings = self.columns.iter().map(|(heading, is_number)| (heading.to_uppercase(), *is_number));
        aligned(&headings.collect::<Vec<_>>(), &self.rows)
    }

    /// The rows, without the headings unless they are wanted.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn rows_text(&self, format: Format, with_headings: bool) -> Result<String, CommandError> {
        let headings = self.columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let headings = Some(headings).filter(|_| with_headings);
        separated(headings.into_iter().chain(self.rows.iter().cloned()), format)
    }
}

/// Rows with what separates their cells.
///
/// # Errors
/// There is no memory for them.
pub fn separated(rows: impl Iterator<Item = Vec<String>>, format: Format) -> Result<String, CommandError> {
    let separator = if format == Format::Csv { b',' } else { b'\t' };
    let failure = |error: csv::Error| CommandError::failure(anyhow::Error::new(error));
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(failure)?;
    }
    let bytes = writer.into_inner().map_err(|error| CommandError::failure(anyhow::anyhow!("{error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Rows in aligned columns: headings, and whether the column holds numbers.
pub fn aligned(columns: &[(String, bool)], rows: &[Vec<String>]) -> String {
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|(heading, _)| printable(heading)));
    rows.iter().for_each(|row| builder.push_record(row.iter().map(|cell| printable(cell))));
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    for (index, _) in columns.iter().enumerate().filter(|(_, (_, is_number))| *is_number) {
        table.modify(Columns::one(index).intersect(Rows::new(0..)), Alignment::right());
    }
    let text = table.to_string();
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A cell without what would move the cursor.
pub fn printable(cell: &str) -> String {
    let escaped = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    cell.chars().map(escaped).collect()
}

/// Writes text to stdout; a reader that has gone away is no error.
///
/// # Errors
/// Writing failed.
pub fn print(text: &str) -> Result<(), CommandError> {
    write(text).map(|_| ())
}

/// Writes to stdout as `write` goes; a reader that has gone away is no error.
///
/// # Errors
/// Writing failed.
pub fn stream(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
    let mut out = BufWriter::new(io::stdout().lock());
    is_read(write(&mut out).and_then(|()| out.flush())).map(|_| ())
}

/// Writes text to stdout; returns whether somebody still reads.
///
/// # Errors
/// Writing failed.
pub fn write(text: &str) -> Result<bool, CommandError> {
    let mut out = io::stdout().lock();
    is_read(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Whether somebody still reads stdout: that nobody does is no error.
///
/// # Errors
/// Writing failed otherwise.
pub fn is_read(written: io::Result<()>) -> Result<bool, CommandError> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::failure(anyhow::Error::new(error).context("cannot write to stdout"))),
    }
}
