//! `obs query compare`.

use anyhow::anyhow;
use clap::Args;
use serde_json::Value;

use super::super::report_args::FormatArgs;
use super::super::time_args::now_ns;
use super::source::SourceArgs;
use super::trace::load;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::find;
use crate::query::trace::Trace;
use crate::query::trace::compare::{Change, Comparison, Place, compare};
use crate::query::trace::waterfall::{Lines, count};
use crate::store::Contents;
use crate::ui::duration::{difference, duration};
use crate::ui::table::{self, Format, Table, printable};
use crate::ui::terminal::{self, cut, width};

const EXAMPLES: &str = "\
Examples:
  obs query compare 4bf92f35 a3ce929d
  obs query compare 4bf92f35 a3ce929d --format json | jq '.causes[:3]'";

/// Arguments of `obs query compare`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct CompareArgs {
    /// The trace to compare with, in hexadecimal digits; the first are enough
    #[arg(value_name = "ID")]
    before: String,
    /// The trace that is compared
    #[arg(value_name = "ID")]
    after: String,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// Causes that people are told of.
const CAUSES: usize = 5;

impl CompareArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        if self.format.is_stream() {
            return Err(CommandError::usage(anyhow!("a comparison is no stream")).hint(
                "--format json or ndjson; obs query trace ID --format otlp gives the spans of a trace",
            ));
        }
        let (before, after) = (find::prefix(&self.before)?, find::prefix(&self.after)?);
        let data = self.source.open(config, Contents::Records)?;
        let (before, after) = (load(&data.reader, &before)?.1, load(&data.reader, &after)?.1);
        let comparison = compare(&before, &after);
        let format = self.format.format();
        if format == Format::Table {
            table::print(&shown(summary(&comparison)))?;
        }
        self.format.print(&report(&comparison, format), "nodes", now_ns())?;
        Ok(data.outcome())
    }
}

/// What has changed on the whole, and where.
fn summary(comparison: &Comparison<'_>) -> String {
    let side = |name: &str, trace: &Trace| {
        let (id, took) = (const_hex::encode(trace.id), duration(trace.duration_ns()));
        let errors = trace.spans.iter().filter(|span| span.is_error()).count();
        let (spans, errors) = (count(trace.spans.len(), "span"), count(errors, "error"));
        format!("{name} {id}  {took}, {spans}, {errors}\n")
    };
    let mut text = side("before", comparison.before) + &side("after ", comparison.after);
    text += &format!("delta  {}\n", difference(comparison.total_delta_ns()));
    for (index, (place, delta_ns)) in comparison.causes().into_iter().take(CAUSES).enumerate() {
        let (service, operation, _) = comparison.names(&comparison.places[place]);
        let name = printable(&format!("{service} {operation}"));
        let heading = if index == 0 { "own time on the critical path:\n" } else { "" };
        text += &format!("{heading}  {:>10}  {name}\n", difference(delta_ns));
    }
    text + "\n"
}

fn report(comparison: &Comparison<'_>, format: Format) -> Table {
    match format {
        Format::Table => Table { columns: COLUMNS, rows: rows_for_people(comparison), json: Value::Null },
        _ => Table {
            columns: COLUMNS_NS,
            rows: comparison.places.iter().map(|place| row_for_programs(comparison, place)).collect(),
            json: if format == Format::Json { comparison.json() } else { Value::Null },
        },
    }
}

const COLUMNS: &[(&str, bool)] = &[
    ("span", false),
    ("before", true),
    ("after", true),
    ("delta", true),
    ("ratio", true),
    ("change", false),
];

const COLUMNS_NS: &[(&str, bool)] = &[
    ("depth", true),
    ("service", false),
    ("operation", false),
    ("kind", false),
    ("before_ns", true),
    ("after_ns", true),
    ("delta_ns", true),
    ("ratio", true),
    ("change", false),
];

/// Names get what others leave of the terminal's columns, and at least so many.
const NARROWEST_NAME: usize = 20;

fn rows_for_people(comparison: &Comparison<'_>) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        comparison.places.iter().map(|place| figures(comparison, place)).collect();
    let column = |column: usize| {
        let (heading, _) = COLUMNS[column];
        GAP + rows.iter().map(|row| width(&row[column])).max().unwrap_or_default().max(width(heading))
    };
    let others: usize = (1..COLUMNS.len()).map(column).sum();
    let columns = terminal::columns().saturating_sub(others + GAP).max(NARROWEST_NAME);
    let lines = Lines::suitable(terminal::is_utf8());
    let mut open = Vec::new();
    for (row, place) in rows.iter_mut().zip(&comparison.places) {
        open.truncate(place.depth);
        open.push(place.has_next);
        let (service, operation, _) = comparison.names(place);
        let name = printable(&format!("{service} {operation}"));
        row[0] = cut(&(tree_lines(lines, &open, columns) + &name), columns, lines.ellipsis);
    }
    rows
}

/// Columns between those of a table.
const GAP: usize = 2;

/// What stands behind the name, which is left empty.
fn figures(comparison: &Comparison<'_>, place: &Place) -> Vec<String> {
    let (before, after) = comparison.durations_ns(place);
    let change = comparison.change(place);
    vec![
        String::new(),
        before.map(duration).map(shown).unwrap_or_default(),
        after.map(duration).map(shown).unwrap_or_default(),
        comparison.delta_ns(place).map(difference).map(shown).unwrap_or_default(),
        comparison.ratio(place).map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        if change == Change::Same { String::new() } else { change.name().to_owned() },
    ]
}

/// The lines of the tree before a name, in half of its columns: whether a sibling follows, of every ancestor and of the
/// span.
fn tree_lines(lines: Lines, open: &[bool], columns: usize) -> String {
    let Some((last, ancestors)) = open.get(1..).and_then(<[bool]>::split_last) else { return String::new() };
    let branch = if *last { lines.branch } else { lines.end };
    lines.indent(ancestors, (columns / 2).saturating_sub(width(branch))) + branch
}

/// Our own text in the characters that can be shown.
fn shown(text: String) -> String {
    if terminal::is_utf8() { text } else { text.replace('µ', "u") }
}

fn row_for_programs(comparison: &Comparison<'_>, place: &Place) -> Vec<String> {
    let (service, operation, kind) = comparison.names(place);
    let (before, after) = comparison.durations_ns(place);
    let text = |ns: Option<u64>| ns.map(|ns| ns.to_string()).unwrap_or_default();
    vec![
        place.depth.to_string(),
        service.to_owned(),
        operation.to_owned(),
        kind,
        text(before),
        text(after),
        comparison.delta_ns(place).map(|delta| delta.to_string()).unwrap_or_default(),
        comparison.ratio(place).map(|ratio| ratio.to_string()).unwrap_or_default(),
        comparison.change(place).name().to_owned(),
    ]
}
