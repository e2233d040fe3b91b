//! `obs query compare`.

use std::io::{self, IsTerminal};

use anyhow::anyhow;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::report_args::FormatArgs;
use super::super::time_args::{ZoneArgs, now_ns};
use super::source::SourceArgs;
use super::trace::{load, whole};
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::find;
use crate::query::trace::Trace;
use crate::query::trace::changes::{Cause, Row, Speed};
use crate::query::trace::compare::{Change, Comparison, Place, compare, delta_ns, ratio};
use crate::query::trace::waterfall::{Lines, MANY, count};
use crate::store::Contents;
use crate::ui::duration::{difference, duration};
use crate::ui::table::{self, Format, Table, printable};
use crate::ui::terminal::{self, cut, width};
use crate::ui::time::time;

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
    /// Fold runs of spans that do the same, are alike in both and did not fail [default: on a terminal, of more than 200
    /// rows]
    #[arg(long, conflicts_with = "expand")]
    collapse: bool,
    /// Fold nothing
    #[arg(long)]
    expand: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// Causes that people are told of.
const CAUSES: usize = 5;

/// Operations that are few enough to be most of the difference.
const FEW: usize = 2;

impl CompareArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        if self.format.is_stream() {
            return Err(CommandError::usage(anyhow!("a comparison is no stream")).hint(
                "--format json or ndjson; obs query trace ID --format otlp gives the spans of a trace",
            ));
        }
        let (before, after) = (find::prefix(whole(&self.before))?, find::prefix(whole(&self.after))?);
        let data = self.source.open(config, Contents::Records)?;
        let (before, after) = (load(&data.reader, &before)?.1, load(&data.reader, &after)?.1);
        let comparison = compare(&before, &after);
        let format = self.format.format();
        if format == Format::Table {
            let summary = shown(summary(&comparison, &self.zone.zone()));
            let columns = if io::stdout().is_terminal() { terminal::columns() } else { usize::MAX };
            let ellipsis = Lines::suitable(terminal::is_utf8()).ellipsis;
            table::print(
                &summary.lines().map(|line| cut(line, columns, ellipsis) + "\n").collect::<String>(),
            )?;
        }
        let rows =
            if format == Format::Table { comparison.rows(self.folds(&comparison)) } else { Vec::new() };
        self.format.print(&report(&comparison, &rows, format), "nodes", now_ns())?;
        if rows.len() < comparison.places.len() && format == Format::Table {
            tracing::info!(
                "{} of {} rows, as runs are folded; --expand shows all",
                rows.len(),
                comparison.places.len()
            );
        }
        Ok(data.outcome())
    }
}

impl CompareArgs {
    fn folds(&self, comparison: &Comparison<'_>) -> bool {
        let is_long = comparison.places.len() > MANY && io::stdout().is_terminal();
        self.collapse || is_long && !self.expand
    }
}

/// What has changed on the whole, and where.
fn summary(comparison: &Comparison<'_>, zone: &TimeZone) -> String {
    let side = |name: &str, trace: &Trace| {
        let (start, took) = (time(trace.start_ns(), zone), duration(trace.duration_ns()));
        let errors = trace.spans.iter().filter(|span| span.is_error()).count();
        let (spans, errors) = (count(trace.spans.len(), "span"), count(errors, "error"));
        format!("{name} {}\n       {start}, {took}, {spans}, {errors}\n", const_hex::encode(trace.id))
    };
    let mut text = side("before", comparison.before) + &side("after ", comparison.after);
    let causes = comparison.causes_by_operation();
    let total_ns = comparison.total_delta_ns();
    text += &format!("delta  {}{}\n", difference(total_ns), most(&causes, total_ns));
    for (index, cause) in causes.iter().take(CAUSES).enumerate() {
        let heading = if index == 0 { "own time on the critical path:\n" } else { "" };
        let places = if cause.places > 1 { format!(" {} {}", times(), cause.places) } else { String::new() };
        text += &format!("{heading}  {:>10}  {}{places}\n", difference(cause.delta_ns), name(cause));
    }
    text + "\n"
}

/// The operations that make up most of the difference, the fewest that do; none where that is not a few.
fn most(causes: &[Cause<'_>], total_ns: i64) -> String {
    let mut names = Vec::new();
    let mut sum_ns: i64 = 0;
    for cause in causes.iter().filter(|cause| cause.delta_ns.signum() == total_ns.signum()).take(FEW) {
        sum_ns = sum_ns.saturating_add(cause.delta_ns);
        names.push(name(cause));
        if sum_ns.unsigned_abs() > total_ns.unsigned_abs() / 2 {
            return format!(", most of it in {}", names.join(" and "));
        }
    }
    String::new()
}

fn name(cause: &Cause<'_>) -> String {
    printable(&format!("{} {}", cause.service, cause.operation))
}

fn report(comparison: &Comparison<'_>, rows: &[Row], format: Format) -> Table {
    match format {
        Format::Table => {
            Table { columns: COLUMNS, rows: rows_for_people(comparison, rows), json: Value::Null }
        }
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

fn rows_for_people(comparison: &Comparison<'_>, shown: &[Row]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = shown.iter().map(|row| figures(comparison, row)).collect();
    let column = |column: usize| {
        let (heading, _) = COLUMNS[column];
        GAP + rows.iter().map(|row| width(&row[column])).max().unwrap_or_default().max(width(heading))
    };
    let others: usize = (1..COLUMNS.len()).map(column).sum();
    let columns = terminal::columns().saturating_sub(others + GAP).max(NARROWEST_NAME);
    let lines = Lines::suitable(terminal::is_utf8());
    let mut open = Vec::new();
    for (row, shown) in rows.iter_mut().zip(shown) {
        let place = &comparison.places[shown.place];
        open.truncate(place.depth);
        open.push(comparison.places[shown.last].has_next);
        let (service, operation, _) = comparison.names(place);
        let run = if shown.siblings > 1 { format!(" {} {}", times(), shown.siblings) } else { String::new() };
        let name = printable(&format!("{service} {operation}")) + &run;
        row[0] = cut(&(tree_lines(lines, &open, columns) + &name), columns, lines.ellipsis);
    }
    rows
}

/// Columns between those of a table.
const GAP: usize = 2;

/// What stands behind the name, which is left empty.
fn figures(comparison: &Comparison<'_>, row: &Row) -> Vec<String> {
    let place = &comparison.places[row.place];
    let (before, after) = row.durations_ns;
    let change = Some(comparison.change(place)).filter(|change| *change != Change::Same).map(Change::name);
    let changes = change.into_iter().chain(comparison.speed(place).map(Speed::name));
    vec![
        String::new(),
        before.map(duration).map(shown).unwrap_or_default(),
        after.map(duration).map(shown).unwrap_or_default(),
        delta_ns(row.durations_ns).map(difference).map(shown).unwrap_or_default(),
        ratio(row.durations_ns).map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        changes.collect::<Vec<_>>().join(", "),
    ]
}

/// The lines of the tree before a name, in half of its columns: whether a sibling follows, of every ancestor and of the
/// span.
fn tree_lines(lines: Lines, open: &[bool], columns: usize) -> String {
    let Some((last, ancestors)) = open.get(1..).and_then(<[bool]>::split_last) else { return String::new() };
    let branch = if *last { lines.branch } else { lines.end };
    lines.indent(ancestors, (columns / 2).saturating_sub(width(branch))) + branch
}

fn times() -> &'static str {
    if terminal::is_utf8() { "×" } else { "x" }
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
