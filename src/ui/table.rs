//! Reports on stdout: a table on a terminal, tab-separated where it is a pipe, or what `--format` says.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::Value;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Object, Rows};
use tabled::settings::{Alignment, Padding, Style};

use super::terminal::cut;
use super::{narrow, terminal};
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
    if format != Format::Csv {
        return Ok(rows.map(|row| tsv_line(row.iter().map(String::as_str))).collect());
    }
    let failure = |error: csv::Error| CommandError::failure(anyhow::Error::new(error));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(failure)?;
    }
    let bytes = writer.into_inner().map_err(|error| CommandError::failure(anyhow::anyhow!("{error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Cells with tabs between them. In a cell, a tab is `\t`, a line break `\n`, a backslash `\\` and any other control
/// character such as `\u{1b}`, so that a row is a line and nothing of it drives a terminal.
pub fn tsv_line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            line.push('\t');
        }
        for character in cell.chars() {
            match character.is_control() || character == '\\' {
                true => line.extend(character.escape_default()),
                false => line.push(character),
            }
        }
    }
    line.push('\n');
    line
}

/// Columns between those of a table.
const GAP: usize = 2;

/// Rows in aligned columns: headings, and whether the column holds numbers. On a terminal texts are cut, and the last columns
/// left out, where a row would not fit into a line.
pub fn aligned(columns: &[(String, bool)], rows: &[Vec<String>]) -> String {
    let room = io::stdout().is_terminal().then(terminal::columns);
    let headings = columns.iter().map(|(heading, _)| printable(heading)).collect();
    let rows = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect());
    let mut rows: Vec<Vec<String>> = std::iter::once(headings).chain(rows).collect();
    if let Some(room) = room {
        let are_numbers: Vec<bool> = columns.iter().map(|(_, is_number)| *is_number).collect();
        let ellipsis = if terminal::is_utf8() { "…" } else { "..." };
        let widths = narrow::widths(&are_numbers, &rows, (GAP, terminal::width(ellipsis)), room);
        for row in &mut rows {
            let has_more = row.len() > widths.len();
            row.truncate(widths.len());
            row.iter_mut().zip(&widths).for_each(|(cell, columns)| *cell = cut(cell, *columns, ellipsis));
            row.extend(has_more.then(|| ellipsis.to_owned()));
        }
    }
    let shown = rows.first().map_or(0, Vec::len);
    let mut builder = Builder::default();
    rows.into_iter().for_each(|row| builder.push_record(row));
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0));
    for (index, _) in columns.iter().enumerate().take(shown).filter(|(_, (_, is_number))| *is_number) {
        table.modify(Columns::one(index).intersect(Rows::new(0..)), Alignment::right());
    }
    let text = table.to_string();
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A text without what would move the cursor, or reverse or hide what stands around it: that is escaped.
pub fn printable(text: &str) -> String {
    let escaped = |character: char| match drives_terminal(character) {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Whether a character is a control, or a format character that people do not write with. Those that join letters and
/// emoji, or choose a variant of them, are left.
fn drives_terminal(character: char) -> bool {
    const ARABIC_LETTER_MARK: char = '\u{61c}';
    const ZERO_WIDTH_SPACE: char = '\u{200b}';
    const BYTE_ORDER_MARK: char = '\u{feff}';
    character.is_control()
        || matches!(
            character,
            ARABIC_LETTER_MARK | ZERO_WIDTH_SPACE | BYTE_ORDER_MARK
                // Left-to-right and right-to-left marks.
                | '\u{200e}'..='\u{200f}'
                // Separators of lines and paragraphs, embeddings and overrides of direction.
                | '\u{2028}'..='\u{202e}'
                // The word joiner, invisible operators, isolates of direction, deprecated format characters.
                | '\u{2060}'..='\u{206f}'
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reverses_or_hides_text_is_escaped() {
        assert_eq!(printable("a\tb\r\n\u{1b}[31m\u{9b}m"), "a\\tb\\r\\n\\u{1b}[31m\\u{9b}m");
        let escaped = "\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
        for character in escaped.chars() {
            let expected = format!("pay{}xcod", character.escape_unicode());
            assert_eq!(printable(&format!("pay{character}xcod")), expected);
        }
        // Joined emoji, a heart in colour, Persian and Hindi with their joiners, and any other script.
        for text in [
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "注文サービス",
            "שלום",
            "e\u{301}",
            "\\n",
        ] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn a_row_of_tsv_is_a_line() {
        let row = ["a\tb", "c\r\nd", "\\n", "\u{1b}]0;x\u{7}", "\"q\", ", "", "é\u{85}"];
        let text = separated([row.map(str::to_owned).to_vec()].into_iter(), Format::Tsv).unwrap();
        assert_eq!(text, "a\\tb\tc\\r\\nd\t\\\\n\t\\u{1b}]0;x\\u{7}\t\"q\", \t\té\\u{85}\n");
        let csv = separated([vec!["a\tb".into(), "c\nd".into(), "\"q\", ".into()]].into_iter(), Format::Csv);
        assert_eq!(csv.unwrap(), "a\tb,\"c\nd\",\"\"\"q\"\", \"\n");
    }
}
