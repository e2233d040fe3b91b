//! Forms of what a search has found.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::super::stream_args::StreamFormat;
use super::source::Data;
use crate::error::{CommandError, Outcome};
use crate::otlp::Batch;
use crate::stream::{Ledger, StreamWriter, stdout};
use crate::ui::rows;
use crate::ui::table::{self, Format};

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
    /// The form of a list; `None` of a stream, which is none.
    pub(super) fn of_list(self) -> Option<rows::Format> {
        match self {
            SearchFormat::Table => Some(rows::Format::Table),
            SearchFormat::Json => Some(rows::Format::Json),
            SearchFormat::Ndjson => Some(rows::Format::Ndjson),
            SearchFormat::Csv => Some(rows::Format::Csv),
            SearchFormat::Tsv => Some(rows::Format::Tsv),
            SearchFormat::Otlp => None,
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
