//! Forms of what a search has found.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::super::stream_args::StreamFormat;
use super::source::Data;
use crate::error::{CommandError, Outcome};
use crate::otlp::Batch;
use crate::stream::{Ledger, StreamWriter, stdout};
use crate::ui::table::{self, Format, Table};

/// Options of searches.
#[derive(Debug, Clone, Args)]
pub(super) struct OutputArgs {
    /// Form of what is found [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<SearchFormat>,
    /// Exit with 1 where nothing is found
    #[arg(long)]
    pub(super) exit_code: bool,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SearchFormat {
    /// Aligned, for people
    Table,
    /// One JSON document
    Json,
    /// A line of JSON each
    Ndjson,
    /// Comma-separated
    Csv,
    /// Tab-separated
    Tsv,
    /// A stream, encoded as OBS_FORMAT says
    Otlp,
}

impl OutputArgs {
    /// The form that was asked for, or suits stdout.
    ///
    /// # Errors
    /// It is a stream, and `OBS_FORMAT` names no encoding.
    pub(super) fn format(&self) -> Result<SearchFormat, CommandError> {
        match self.format {
            None if Format::of_stdout() == Format::Table => Ok(SearchFormat::Table),
            None => Ok(SearchFormat::Tsv),
            Some(SearchFormat::Otlp) => StreamFormat::of_environment().map(|_| SearchFormat::Otlp),
            Some(format) => Ok(format),
        }
    }
}

impl OutputArgs {
    /// How a search ends that has found nothing or something.
    pub(super) fn outcome(&self, data: &Data, is_empty: bool) -> Outcome {
        let outcome = data.outcome();
        if self.exit_code && is_empty { outcome.max(Outcome::No) } else { outcome }
    }
}

impl SearchFormat {
    /// Writes rows, of which each has its JSON too; `json` is the document around these.
    pub(super) fn print(self, table: Table, each: &[serde_json::Value]) -> Result<(), CommandError> {
        match self {
            SearchFormat::Table => table.print(Format::Table),
            SearchFormat::Json => table.print(Format::Json),
            SearchFormat::Csv => table.print(Format::Csv),
            SearchFormat::Tsv => table.print(Format::Tsv),
            SearchFormat::Ndjson | SearchFormat::Otlp => {
                let lines: String = each.iter().map(|json| format!("{json}\n")).collect();
                table::print(&lines)
            }
        }
    }
}

/// Writes a stream to stdout; returns whether somebody still reads.
///
/// # Errors
/// Writing failed, or `OBS_FORMAT` names no encoding.
pub(in crate::commands) fn write_stream(
    batches: impl IntoIterator<Item = Batch>,
) -> Result<bool, CommandError> {
    let encoding = StreamFormat::of_environment()?.encoding();
    let mut writer = StreamWriter::new(stdout()?, encoding, Arc::new(Ledger::new("query")));
    let written = batches.into_iter().try_for_each(|batch| writer.write(&batch));
    table::is_read(written.and_then(|()| writer.flush()))
}
