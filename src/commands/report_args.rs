//! The form of reports.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::gauges::gauges;
use super::query::write_stream;
use crate::error::CommandError;
use crate::otlp::Batch;
use crate::ui::table::{self, Format, Table};

/// Options of every subcommand that reports.
#[derive(Debug, Clone, Args)]
pub(super) struct FormatArgs {
    /// Form of the report [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ReportFormat {
    /// Aligned, for people
    Table,
    /// One JSON document
    Json,
    /// A line of JSON a row
    Ndjson,
    /// Comma-separated
    Csv,
    /// Tab-separated
    Tsv,
    /// A stream of metrics, encoded as OBS_FORMAT says
    Otlp,
}

impl From<Option<ReportFormat>> for FormatArgs {
    fn from(format: Option<ReportFormat>) -> FormatArgs {
        FormatArgs { format }
    }
}

impl FormatArgs {
    /// How cells are written.
    pub(super) fn format(&self) -> Format {
        match self.format {
            None => Format::of_stdout(),
            Some(ReportFormat::Table) => Format::Table,
            Some(ReportFormat::Json | ReportFormat::Ndjson | ReportFormat::Otlp) => Format::Json,
            Some(ReportFormat::Csv) => Format::Csv,
            Some(ReportFormat::Tsv) => Format::Tsv,
        }
    }

    /// Whether it is to be one JSON document.
    pub(super) fn is_document(&self) -> bool {
        matches!(self.format, Some(ReportFormat::Json))
    }

    /// Whether it is to be a stream.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.format, Some(ReportFormat::Otlp))
    }

    /// Writes a report, whose rows are the list of this name in its JSON document; `now_ns` is the time of its metrics.
    ///
    /// # Errors
    /// Writing failed, or `OBS_FORMAT` names no encoding.
    pub(super) fn print(&self, table: &Table, list: &str, now_ns: i64) -> Result<(), CommandError> {
        let rows = table.json[list].as_array().map(Vec::as_slice).unwrap_or_default();
        self.print_with(table, rows, || gauges(list, rows, now_ns))
    }

    /// Writes a report that has rows of several lists, or metrics of its own.
    ///
    /// # Errors
    /// As [`FormatArgs::print`], or there are no such metrics.
    pub(super) fn print_with(
        &self,
        table: &Table,
        rows: &[Value],
        metrics: impl FnOnce() -> Result<Batch, CommandError>,
    ) -> Result<(), CommandError> {
        match self.format {
            Some(ReportFormat::Ndjson) => {
                table::print(&rows.iter().map(|row: &Value| format!("{row}\n")).collect::<String>())
            }
            Some(ReportFormat::Otlp) => write_stream([metrics()?]).map(drop),
            _ => table.print(self.format()),
        }
    }
}
