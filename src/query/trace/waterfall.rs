//! A trace in a terminal: its tree, with a bar on the axis of time for every span.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::bar::{Axis, Pen};
use super::details::{self, Logs};
pub use super::fold::{Fold, MANY};
use super::fold::{Row, Run, rows};
use super::log::Log;
use super::model::{Span, Trace};
use super::tree::Descent;
use crate::ui::colour::{Colour, Colours};
use crate::ui::table::printable;
use crate::ui::terminal::{cut, fit, width};
use crate::ui::time::time;

/// How a trace is shown.
#[derive(Debug, Clone)]
pub struct View {
    /// Columns that rows have.
    pub columns: usize,
    /// Whether characters beyond ASCII can be shown.
    pub utf8: bool,
    /// Its colours.
    pub colours: Colours,
    /// The time zone of its times.
    pub zone: TimeZone,
    /// Whether attributes, events and links stand under each span.
    pub attributes: bool,
    /// Which spans share a row.
    pub fold: Fold,
}

/// Fewer columns hold no bar; what does not fit then is for the terminal to break.
const NARROWEST: usize = 40;
/// Bars get at least so many columns, and names at most such a part of all.
const NARROWEST_BAR: usize = 10;
const NAMES: f64 = 0.45;

/// The trace as text.
pub fn waterfall(trace: &Trace, logs: &[Log], view: &View) -> String {
    let rows = rows(trace, view.fold);
    let mut sheet = Sheet::new(trace, &rows, view);
    let logs = Logs::of(trace, logs);
    sheet.header();
    let mut open = Vec::new();
    rows.iter().for_each(|row| sheet.row(row, &mut open, &logs));
    if !logs.others.is_empty() {
        sheet.line("log records of no span that is stored:");
        let lines = logs.others.iter().map(|log| details::log_line(trace, log, sheet.pen));
        lines.collect::<Vec<_>>().iter().for_each(|line| sheet.line(&format!("  {line}")));
    }
    sheet.notes();
    if rows.iter().any(|row| row.run.is_some()) {
        sheet.line("");
        let (spans, rows) = (count(trace.spans.len(), "span"), count(rows.len(), "row"));
        sheet.line(&format!("{spans} in {rows}; query trace --expand shows each"));
    }
    sheet.text
}

/// Lines of a tree.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    /// An ancestor has more children.
    pub on: &'static str,
    /// To a child that is followed by another.
    pub branch: &'static str,
    /// To the last child.
    pub end: &'static str,
    /// In the place of what is left out.
    pub ellipsis: &'static str,
}

impl Lines {
    /// Lines of box drawing characters, or of ASCII.
    pub fn suitable(utf8: bool) -> Lines {
        match utf8 {
            true => Lines { on: "│ ", branch: "├ ", end: "└ ", ellipsis: "…" },
            false => Lines { on: "| ", branch: "|-", end: "`-", ellipsis: "..." },
        }
    }

    /// The lines of ancestors, of which some have more children, in so many columns; of many, those next to the span.
    pub fn indent(&self, open: &[bool], columns: usize) -> String {
        let most = (columns / 2).max(1);
        let skipped = if open.len() > most { open.len() + 1 - most } else { 0 };
        let skip = if skipped > 0 { fit(self.ellipsis, 2, "") } else { String::new() };
        let shown = open.iter().skip(skipped).map(|open| if *open { self.on } else { "  " });
        std::iter::once(skip.as_str()).chain(shown).collect()
    }
}

struct Sheet<'a> {
    trace: &'a Trace,
    view: &'a View,
    pen: Pen,
    lines: Lines,
    names: usize,
    durations: usize,
    axis: Axis,
    text: String,
}

impl<'a> Sheet<'a> {
    fn new(trace: &'a Trace, rows: &[Row], view: &'a View) -> Sheet<'a> {
        let columns = view.columns.max(NARROWEST);
        let pen = Pen { utf8: view.utf8, colours: view.colours };
        let took_ns = |row: &Row| row.run.map_or(trace.spans[row.span].duration_ns(), |run| run.total_ns);
        let durations = rows.iter().map(|row| width(&pen.duration(took_ns(row)))).max().unwrap_or_default();
        let lines = Lines::suitable(view.utf8);
        let axis = Axis { start_ns: trace.start_ns(), duration_ns: trace.duration_ns(), columns: 0 };
        let mut sheet = Sheet { trace, view, pen, lines, names: 0, durations, axis, text: String::new() };
        let needed = |row: &Row| 2 * trace.tree.nodes[row.span].depth + width(&sheet.label(row));
        let needed = rows.iter().map(needed).max().unwrap_or_default();
        sheet.names = needed.min((columns as f64 * NAMES) as usize);
        sheet.axis.columns = columns.saturating_sub(sheet.names + durations + 2 * GAP).max(NARROWEST_BAR);
        sheet
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn header(&mut self) {
        let trace = self.trace;
        let mut known = HashSet::new();
        let names = (0..trace.spans.len()).map(|span| trace.service(span));
        let services: Vec<String> = names.filter(|name| known.insert(*name)).map(printable).collect();
        let errors = trace.spans.iter().filter(|span| span.is_error()).count();
        let colours = self.pen.colours;
        let id = colours.paint(Colour::Bold, &const_hex::encode(trace.id));
        self.line(&format!("trace {id}"));
        let errors = match errors {
            0 => count(0, "error"),
            errors => colours.paint(Colour::Red, &count(errors, "error")),
        };
        let start = time(trace.start_ns(), &self.view.zone);
        let total = self.pen.duration(trace.duration_ns());
        self.line(&format!("{start}, {total}, {}, {errors}", count(trace.spans.len(), "span")));
        let line = format!("{}: {}", count(services.len(), "service"), services.join(", "));
        self.line(&cut(&line, self.view.columns.max(NARROWEST), self.lines.ellipsis));
        self.line("");
        let end = self.pen.duration(trace.duration_ns());
        let middle = self.pen.duration(trace.duration_ns() / 2);
        let columns = self.axis.columns;
        let left = fit("0", columns / 2, "");
        let ticks = match width(&middle) + width(&end) + 2 < columns - columns / 2 {
            true => format!("{left}{middle}{end:>room$}", room = columns - columns / 2 - width(&middle)),
            false => format!("0{end:>room$}", room = columns.saturating_sub(1)),
        };
        let names = " ".repeat(self.names + GAP);
        self.line(&format!("{names}{}", colours.paint(Colour::Dim, &ticks)));
    }

    fn row(&mut self, row: &Row, open: &mut Vec<bool>, logs: &Logs<'_>) {
        let trace = self.trace;
        let node = trace.tree.nodes[row.span];
        let end = node.parent.map_or(trace.spans.len(), |parent| trace.tree.nodes[parent].end);
        let has_next = row.end.max(node.end) < end;
        // Ancestors that share a row have no lines.
        open.resize(node.depth, false);
        open.push(has_next);
        let span = &trace.spans[row.span];
        let branch = match (node.depth, has_next) {
            (0, _) => "",
            (_, true) => self.lines.branch,
            (_, false) => self.lines.end,
        };
        // Of a deep tree the lines that are next to the span are left.
        let indent = self.indent(open.get(1..node.depth).unwrap_or_default(), width(branch));
        let room = self.names - width(&indent).min(self.names) - width(branch).min(self.names);
        let label = fit(&self.label(row), room, self.lines.ellipsis);
        let label = if span.is_error() { self.pen.colours.paint(Colour::Red, &label) } else { label };
        let bar = self.bar(row);
        let took = self.pen.duration(row.run.map_or(span.duration_ns(), |run| run.total_ns));
        let gap = " ".repeat(GAP);
        let took = format!("{}{took}", " ".repeat(self.durations.saturating_sub(width(&took))));
        self.line(&format!("{indent}{branch}{label}{gap}{bar}{gap}{took}"));
        let has_children = row.run.is_none() && node.children > 0;
        let mut under = open.get(1..).unwrap_or_default().to_vec();
        under.push(has_children);
        let under = self.indent(&under, 2);
        let lines = match row.run {
            Some(run) => vec![self.run_line(run, (row.span..row.end).flat_map(|span| logs.of_span(span)))],
            None => {
                let logs = logs.of_span(row.span);
                details::lines(trace, span, logs, self.view.attributes, self.pen)
            }
        };
        lines.iter().for_each(|line| self.line(&format!("{under}{line}")));
    }

    /// The lines of ancestors that have more children, with `rest` columns in half of the room for names.
    fn indent(&self, open: &[bool], rest: usize) -> String {
        self.lines.indent(open, (self.names / 2).saturating_sub(rest))
    }

    /// Marks, service and operation of a row.
    fn label(&self, row: &Row) -> String {
        let (span, node) = (&self.trace.spans[row.span], &self.trace.tree.nodes[row.span]);
        let marks = [
            (span.is_error(), if self.pen.utf8 { "✗" } else { "!" }),
            (node.descent == Descent::MissingParent, "?"),
            (node.descent == Descent::Cycle, "@"),
            (has_clock_trouble(span), "~"),
        ];
        let marks: String = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| *mark).collect();
        let times = if self.pen.utf8 { "×" } else { "x" };
        if let Some(Run { is_alike: false, siblings, .. }) = row.run {
            return format!("{siblings} siblings");
        }
        let run = row.run.filter(|run| run.siblings > 1);
        let run = run.map_or_else(String::new, |run| format!("{times} {}", run.siblings));
        let (service, operation) = (printable(self.trace.service(row.span)), printable(&span.operation));
        let words = [marks, service, operation, run];
        words.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn run_line<'l>(&self, run: Run, logs: impl Iterator<Item = &'l &'l Log>) -> String {
        let (total, longest) = (self.pen.duration(run.total_ns), self.pen.duration(run.longest_ns));
        let sums = (run.siblings > 1).then(|| format!("total {total}, longest {longest}"));
        let spans = (run.spans > run.siblings).then(|| count(run.spans, "span"));
        let mut line = sums.into_iter().chain(spans).collect::<Vec<_>>().join(", ");
        let (mut records, mut errors) = (0, 0);
        for log in logs {
            records += 1;
            errors += usize::from(log.is_error());
        }
        if records > 0 {
            line += &format!(", {}", count(records, "log record"));
        }
        if errors > 0 {
            line += &format!(", {}", self.pen.colours.paint(Colour::Red, &count(errors, "error")));
        }
        line
    }

    fn bar(&self, row: &Row) -> String {
        let spans = match row.run {
            Some(_) => row.span..row.end,
            None => row.span..row.span + 1,
        };
        let depth = self.trace.tree.nodes[row.span].depth;
        let siblings = spans.clone().filter(|span| self.trace.tree.nodes[*span].depth == depth);
        let intervals = siblings.map(|span| (self.trace.spans[span].start_ns, self.trace.spans[span].end_ns));
        let critical = spans.flat_map(|span| self.trace.critical_path[span].iter().copied());
        self.axis.draw(&intervals.collect::<Vec<_>>(), &critical.collect::<Vec<_>>(), self.pen)
    }

    fn notes(&mut self) {
        let trace = self.trace;
        let of = |is_so: fn(&Span) -> bool| trace.spans.iter().filter(|span| is_so(span)).count();
        let notes = [
            (
                trace.count(Descent::MissingParent),
                "? ",
                "with a parent that is not stored",
                "it may not have arrived yet, have been pruned, or not been sampled",
            ),
            (trace.count(Descent::Cycle), "@ ", "below itself", "the circle is cut at its earliest span"),
            (
                of(|span| span.is_skewed),
                "~ ",
                "outside the time of a parent in another process",
                "their clocks differ; times are shown as they were sent, the critical path as if they were inside",
            ),
            (
                of(|span| span.has_invalid_time),
                "~ ",
                "without a start or with an end before it",
                "the duration counts as 0",
            ),
            (
                trace.duplicates,
                "",
                "stored more than once",
                "a sender has sent them again; each is shown once",
            ),
        ];
        let notes: Vec<_> = notes.iter().filter(|(spans, ..)| *spans > 0).collect();
        if !notes.is_empty() {
            self.line("");
        }
        for (spans, mark, what, why) in notes {
            self.line(&format!("{mark}{} {what}: {why}", count(*spans, "span")));
        }
    }
}

/// Columns between names, bars and durations.
const GAP: usize = 2;

fn has_clock_trouble(span: &Span) -> bool {
    span.is_skewed || span.has_invalid_time
}

/// A number with what it counts.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
