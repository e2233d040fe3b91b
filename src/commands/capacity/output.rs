//! The forms of capacity reports.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::super::gauges::gauges;
use super::super::query::write_stream;
use crate::error::CommandError;
use crate::ui::document::Document;
use crate::ui::table::{self, Format};

/// The form of a report.
#[derive(Debug, Clone, Args)]
pub(super) struct OutputArgs {
    /// Form of the report [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT", conflicts_with = "emit")]
    format: Option<PlanFormat>,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// Aligned, with charts, for people
    Table,
    /// One JSON document
    Json,
    /// A line of JSON a row
    Ndjson,
    /// Comma-separated: a row for every input and result
    Csv,
    /// Tab-separated, the same
    Tsv,
    /// Markdown, for a page that is kept
    Markdown,
    /// A page for a browser
    Html,
    /// A stream of metrics, encoded as OBS_FORMAT says
    Otlp,
}

/// A report in all its forms, each made when it is wanted.
pub(super) struct Output<'a> {
    pub(super) document: &'a dyn Fn() -> Document,
    pub(super) json: &'a dyn Fn() -> Value,
    /// Headings and rows.
    pub(super) rows: &'a dyn Fn() -> (Vec<String>, Vec<Vec<String>>),
    /// Rows as objects.
    pub(super) objects: &'a dyn Fn() -> Vec<Value>,
    /// What metrics are called, and objects whose numbers they are.
    pub(super) metrics: &'a dyn Fn() -> (&'static str, Vec<Value>),
}

impl OutputArgs {
    /// The form that was asked for, or suits stdout.
    fn form(&self) -> PlanFormat {
        let default = match Format::of_stdout() {
            Format::Table => PlanFormat::Table,
            _ => PlanFormat::Tsv,
        };
        self.format.unwrap_or(default)
    }

    /// Writes a report; `now_ns` is the time of its metrics.
    ///
    /// # Errors
    /// Writing failed, or `OBS_FORMAT` names no encoding.
    pub(super) fn print(&self, output: &Output<'_>, now_ns: i64) -> Result<(), CommandError> {
        let separated = |format: Format| {
            let (headings, rows) = (output.rows)();
            table::separated(std::iter::once(headings).chain(rows), format)
        };
        let text = match self.form() {
            PlanFormat::Table => (output.document)().text(),
            PlanFormat::Markdown => (output.document)().markdown(),
            PlanFormat::Html => (output.document)().html(),
            PlanFormat::Json => format!("{:#}\n", (output.json)()),
            PlanFormat::Ndjson => (output.objects)().iter().map(|row| format!("{row}\n")).collect(),
            PlanFormat::Csv => separated(Format::Csv)?,
            PlanFormat::Tsv => separated(Format::Tsv)?,
            PlanFormat::Otlp => {
                let (report, rows) = (output.metrics)();
                return write_stream([gauges(report, &rows, now_ns)?]).map(drop);
            }
        };
        table::print(&text)
    }
}
