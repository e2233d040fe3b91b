//! `obs query bottlenecks`.

use clap::Args;

use super::super::report_args::FormatArgs;
use super::figures::count_cell;
use super::filter::{DurationArgs, FilterArgs};
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::bottlenecks::{Bottleneck, Bottlenecks, Report};
use crate::query::traces::{Order, TraceSearch};
use crate::store::Contents;
use crate::ui::duration::duration;
use crate::ui::table::{Format, Table};

const EXAMPLES: &str = "\
Examples:
  obs query bottlenecks --service checkout --since 1d
  obs query bottlenecks --service checkout --operation 'POST /pay' --min-duration 1s
  obs query bottlenecks --where 'http.route: \"/pay*\"' --format json | jq '.bottlenecks[0]'";

const DETAILS: &str = "\
Over all traces with a span that passes the filter: the critical path of each is what it would have been faster without, \
and every part of it is some span's own time. SHARE is an operation's part of the time of all critical paths, P50 and \
P95 its own time there in the traces in which it appears, within 4.4 %. Counts and times are weighted by 1/p where a \
sampler ran. What has been stored without its parent is taken for a child of the span that it lies in, and what lies \
outside of its parent because the clocks of two processes differ is moved into it.";

/// Arguments of `obs query bottlenecks`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct BottlenecksArgs {
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    duration: DurationArgs,
    /// Operations that are shown, 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

impl BottlenecksArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let filter = self.filter.compile(&self.duration)?;
        let data = self.source.open(config, Contents::Records)?;
        let search = TraceSearch {
            matcher: filter.matcher.clone(),
            duration_ns: self.duration.of_trace_ns(),
            order: Order::default(),
            after: None,
            limit: None,
            range_ns: filter.range_ns,
        };
        let mut bottlenecks = Bottlenecks::default();
        let operations = search.each_trace(&data.reader, |spans| bottlenecks.add(spans))?;
        let name = |number: u32| {
            operations.get(number as usize).map_or(("", ""), |(service, operation)| (service, operation))
        };
        let report = bottlenecks.report(name);
        let is_empty = report.bottlenecks.is_empty();
        self.print(report)?;
        filter.explain(&data.reader, is_empty)?;
        Ok(data.outcome())
    }

    /// Prints the first operations.
    fn print(&self, mut report: Report) -> Result<(), CommandError> {
        let (limit, format) = (self.limit, self.format.format());
        let operations = report.bottlenecks.len();
        report.bottlenecks.truncate(if limit == 0 { operations } else { limit });
        let columns = if format == Format::Table { COLUMNS } else { COLUMNS_NS };
        let rows = report.bottlenecks.iter().map(|of| row(of, format)).collect();
        let table = Table { columns, rows, json: report.json() };
        self.format.print(&table, "bottlenecks", self.filter.time.now_ns())?;
        if report.bottlenecks.len() < operations {
            tracing::info!("{} of {operations} operations; --limit 0 shows all", report.bottlenecks.len());
        }
        Ok(())
    }
}

const COLUMNS: &[(&str, bool)] = &[
    ("share", true),
    ("own time", true),
    ("service", false),
    ("operation", false),
    ("traces", true),
    ("p50", true),
    ("p95", true),
    ("span p95", true),
    ("spans", true),
    ("errors", true),
];

const COLUMNS_NS: &[(&str, bool)] = &[
    ("share", true),
    ("critical_path_ns", true),
    ("service", false),
    ("operation", false),
    ("traces", true),
    ("p50_ns", true),
    ("p95_ns", true),
    ("duration_p95_ns", true),
    ("spans", true),
    ("errors", true),
];

fn row(of: &Bottleneck, format: Format) -> Vec<String> {
    let for_people = format == Format::Table;
    let time = |ns: u64| if for_people { duration(ns) } else { ns.to_string() };
    vec![
        if for_people { format!("{:.1} %", of.share * 100.0) } else { of.share.to_string() },
        time(of.critical_path_ns),
        of.service.clone(),
        of.operation.clone(),
        count_cell(of.traces, format),
        time(of.p50_ns),
        time(of.p95_ns),
        time(of.duration_p95_ns),
        count_cell(of.spans, format),
        count_cell(of.errors, format),
    ]
}
