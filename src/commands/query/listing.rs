//! Rows of what a search has found, written as they come.

use std::io::{self, BufWriter, Stdout, Write};

use serde_json::Value;

use crate::error::CommandError;
use crate::ui::rows;
use crate::ui::table::{self, Format, aligned, separated};

/// Rows that are written at once.
const AT_ONCE: usize = 1000;

/// A list on stdout. Only a table keeps its rows, to know how wide its columns are.
pub(super) struct Listing {
    format: rows::Format,
    columns: &'static [(&'static str, bool)],
    /// Not written yet.
    rows: Vec<Vec<String>>,
    is_first: bool,
    out: BufWriter<Stdout>,
}

impl Listing {
    /// Begins a list; `document` is the schema and the name of the list in a JSON document.
    ///
    /// # Errors
    /// Writing failed.
    pub(super) fn begin(
        format: rows::Format,
        columns: &'static [(&'static str, bool)],
        (schema, list): (&'static str, &'static str),
    ) -> Result<Listing, CommandError> {
        let out = BufWriter::new(io::stdout());
        let mut listing = Listing { format, columns, rows: Vec::new(), is_first: true, out };
        if format == rows::Format::Json {
            listing.write(&format!("{{\n  \"schema\": {},\n  \"{list}\": [", Value::from(schema)))?;
        }
        Ok(listing)
    }

    /// Adds a row, as people and as programs read it; returns whether somebody still reads.
    ///
    /// # Errors
    /// Writing failed.
    pub(super) fn row(
        &mut self,
        cells: impl FnOnce() -> Vec<String>,
        json: impl FnOnce() -> Value,
    ) -> Result<bool, CommandError> {
        match self.format {
            rows::Format::Json => {
                let lead = if std::mem::replace(&mut self.is_first, false) { "" } else { "," };
                // No text in JSON holds a line break.
                let indented = format!("{:#}", json()).replace('\n', "\n    ");
                self.write(&format!("{lead}\n    {indented}"))
            }
            rows::Format::Ndjson => self.write(&format!("{}\n", json())),
            rows::Format::Table => {
                self.rows.push(cells());
                Ok(true)
            }
            rows::Format::Csv | rows::Format::Tsv => {
                self.rows.push(cells());
                if self.rows.len() < AT_ONCE { Ok(true) } else { self.write_rows() }
            }
        }
    }

    /// Writes what is left, and what stands beside the list in a JSON document.
    ///
    /// # Errors
    /// Writing failed.
    pub(super) fn end(mut self, beside: &[(&str, Value)]) -> Result<(), CommandError> {
        match self.format {
            rows::Format::Json => {
                let close = if self.is_first { "]" } else { "\n  ]" };
                let beside: String =
                    beside.iter().map(|(key, value)| format!(",\n  \"{key}\": {value}")).collect();
                self.write(&format!("{close}{beside}\n}}\n"))?;
            }
            rows::Format::Ndjson => {}
            rows::Format::Table => {
                let headings = self.columns.iter().map(|(name, is_number)| (name.to_uppercase(), *is_number));
                let text = aligned(&headings.collect::<Vec<_>>(), &self.rows);
                self.write(&text)?;
            }
            rows::Format::Csv | rows::Format::Tsv => drop(self.write_rows()?),
        }
        table::is_read(self.out.flush()).map(drop)
    }

    fn write_rows(&mut self) -> Result<bool, CommandError> {
        let headings = std::mem::replace(&mut self.is_first, false)
            .then(|| self.columns.iter().map(|(name, _)| (*name).to_owned()).collect());
        let format = if self.format == rows::Format::Csv { Format::Csv } else { Format::Tsv };
        let text = separated(headings.into_iter().chain(self.rows.drain(..)), format)?;
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<bool, CommandError> {
        table::is_read(self.out.write_all(text.as_bytes()))
    }
}
