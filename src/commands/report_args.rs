//! The form of reports.

use clap::{Args, ValueEnum};

use crate::ui::table::Format;

/// Options of every subcommand that reports.
#[derive(Debug, Clone, Args)]
pub(super) struct FormatArgs {
    /// Form of the report [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// Aligned, for people
    Table,
    /// One JSON document
    Json,
    /// Comma-separated
    Csv,
    /// Tab-separated
    Tsv,
}

impl FormatArgs {
    pub(super) fn format(&self) -> Format {
        match self.format {
            None => Format::of_stdout(),
            Some(ReportFormat::Table) => Format::Table,
            Some(ReportFormat::Json) => Format::Json,
            Some(ReportFormat::Csv) => Format::Csv,
            Some(ReportFormat::Tsv) => Format::Tsv,
        }
    }
}
