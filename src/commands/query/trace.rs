//! `obs query trace`.

use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::super::stream_args::StreamFormat;
use super::super::time_args::ZoneArgs;
use super::output::write_stream;
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::query::trace::json::Document;
use crate::query::trace::waterfall::{Fold, MANY, View, waterfall};
use crate::query::trace::{Log, Trace, page, table as rows};
use crate::query::{Reader, find};
use crate::store::Contents;
use crate::ui::colour::Colours;
use crate::ui::table::{self, Format};
use crate::ui::terminal;

const EXAMPLES: &str = "\
Examples:
  obs query trace 4bf92f3577b34da6
  obs query trace 4bf92f35 --attributes --logs | less -S
  obs query trace 4bf92f35 --format otlp | obs relay --to http://localhost:4317
  zcat traces.jsonl.gz | obs query trace 4bf92f35 -";

/// Arguments of `obs query trace`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct TraceArgs {
    /// The trace's id in hexadecimal digits; the first are enough where no other trace has them
    #[arg(value_name = "ID")]
    id: String,
    /// Show attributes, events and links under each span
    #[arg(long)]
    attributes: bool,
    /// Show the trace's log records, under the spans that wrote them
    #[arg(long)]
    logs: bool,
    /// Fold runs of spans that do the same and did not fail [default: on a terminal, in traces of more than 200 spans]
    ///
    /// Where that leaves more than 200 rows, a terminal gets spans that did not fail and are less than 1 % of the critical path
    /// in rows that they share.
    #[arg(long, conflicts_with = "expand")]
    collapse: bool,
    /// Fold nothing
    #[arg(long)]
    expand: bool,
    /// Form of the trace [default: table on a terminal and with --attributes or --logs, tsv elsewhere]
    #[arg(long, value_name = "FORMAT")]
    format: Option<TraceFormat>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// A tree with bars, for people
    Table,
    /// One JSON document
    Json,
    /// A line of JSON a span
    Ndjson,
    /// The spans as a stream, encoded as OBS_FORMAT says
    Otlp,
    /// A page for a browser
    Html,
    /// Comma-separated, a row a span
    Csv,
    /// Tab-separated, a row a span
    Tsv,
}

impl TraceArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        self.source.expect_no_file("the id of a trace", &self.id, "obs query trace ID")?;
        let prefix = find::prefix(whole(&self.id))?;
        if self.format == Some(TraceFormat::Otlp) {
            StreamFormat::of_environment()?;
        }
        let data = self.source.open(config, Contents::Records)?;
        let (id, trace) = load(&data.reader, &prefix)?;
        let log_batches =
            if self.logs { find::of_trace(&data.reader, Signal::Logs, id)? } else { Vec::new() };
        let logs = Log::of_trace(id, &log_batches);
        let document = Document { trace: &trace, logs: &logs };
        // A row has no place for attributes and log records.
        let is_for_people = io::stdout().is_terminal() || self.attributes || self.logs;
        let default = if is_for_people { TraceFormat::Table } else { TraceFormat::Tsv };
        match self.format.unwrap_or(default) {
            TraceFormat::Table => table::print(&waterfall(&trace, &logs, &self.view(&trace)))?,
            TraceFormat::Json => table::stream(|out| {
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)
            })?,
            TraceFormat::Ndjson => table::stream(|out| document.write_lines(out))?,
            TraceFormat::Otlp => {
                write_stream(trace.batches().chain(log_batches))?;
            }
            TraceFormat::Html => table::stream(|out| page::write_page(out, &document))?,
            TraceFormat::Csv => rows::table(&trace, serde_json::Value::Null).print(Format::Csv)?,
            TraceFormat::Tsv => rows::table(&trace, serde_json::Value::Null).print(Format::Tsv)?,
        }
        Ok(data.outcome())
    }

    fn view(&self, trace: &Trace) -> View {
        let is_long =
            trace.spans.len() > MANY && io::stdout().is_terminal() && !self.attributes && !self.logs;
        View {
            columns: terminal::columns(),
            utf8: terminal::is_utf8(),
            colours: Colours::of_stdout(),
            zone: self.zone.zone(),
            attributes: self.attributes,
            fold: match (self.collapse, is_long && !self.expand) {
                (true, _) => Fold::Runs,
                (false, true) => Fold::Long,
                (false, false) => Fold::Nothing,
            },
        }
    }
}

/// A trace for people, beside other things.
pub(super) fn text(trace: &Trace, zone: TimeZone) -> String {
    waterfall(
        trace,
        &[],
        &View {
            columns: terminal::columns(),
            utf8: terminal::is_utf8(),
            colours: Colours::of_stdout(),
            zone,
            attributes: false,
            fold: if trace.spans.len() > MANY { Fold::Long } else { Fold::Nothing },
        },
    )
}

/// An id without the ellipsis with which a list on a narrow terminal cuts it.
pub(super) fn whole(id: &str) -> &str {
    id.trim_end_matches('…').trim_end_matches("...")
}

/// The trace whose id begins with `prefix`.
///
/// # Errors
/// There is none, or more than one.
pub(super) fn load(reader: &Reader, prefix: &str) -> Result<([u8; 16], Trace), CommandError> {
    let id = find::trace_id(reader, prefix)?;
    let batches = find::of_trace(reader, Signal::Traces, id)?;
    if batches.is_empty() {
        return Err(find::unknown(reader, &const_hex::encode(id)));
    }
    Ok((id, Trace::assemble(id, &batches)))
}
