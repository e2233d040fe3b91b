//! `obs query traces`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::time_args::utc;
use super::filter::{DurationArgs, Filter, FilterArgs};
use super::output::{OutputArgs, SearchFormat, write_stream};
use super::source::{Data, SourceArgs};
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::query::find;
use crate::query::traces::{Order, Position, Summary, TraceSearch};
use crate::ui::duration::duration;
use crate::ui::table::Table;

const EXAMPLES: &str = "\
Examples:
  obs query traces --service checkout --min-duration 500ms --errors
  obs query traces --tag http.response.status_code>=500 --tag 'http.route=~^/pay' --since 1h
  obs query traces --where 'service: \"checkout\" and duration > 500ms and http.route: \"/pay*\"'
  obs query traces --sort longest --limit 5
  obs query traces --errors --format otlp | obs relay --to http://localhost:4317";

const DETAILS: &str = "\
A trace is found when one of its spans passes the whole filter; it is shown with all its spans, also those of other \
times. Conditions on attributes look at the span, its resource, its scope, its events and its links. Traces of the same \
time or duration are in descending order of their ids. The cursor of the last row (next in JSON) continues the list with \
--after.";

/// Arguments of `obs query traces`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct TracesArgs {
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    duration: DurationArgs,
    /// Order of the traces
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    sort: OrderArg,
    /// Traces that are shown, 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Go on behind this cursor, which a search before has given
    #[arg(long, value_name = "CURSOR")]
    after: Option<Position>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// The names of the orders.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OrderArg {
    /// By start, the latest first
    Newest,
    /// By start, the earliest first
    Oldest,
    /// By duration, the longest first
    Longest,
    /// By duration, the shortest first
    Shortest,
}

impl OrderArg {
    fn order(self) -> Order {
        match self {
            OrderArg::Newest => Order::Newest,
            OrderArg::Oldest => Order::Oldest,
            OrderArg::Longest => Order::Longest,
            OrderArg::Shortest => Order::Shortest,
        }
    }
}

impl TracesArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let data = self.source.open(config)?;
        let Filter { matcher, range_ns } = self.filter.compile(&data, Some(&self.duration))?;
        let order = self.sort.order();
        // One more, to know whether there are any.
        let limit = (self.limit > 0).then_some(self.limit.saturating_add(1));
        let duration_ns = self.duration.of_trace_ns();
        let search = TraceSearch { matcher, duration_ns, order, after: self.after, limit, range_ns };
        let mut found = search.run(&data.reader)?;
        let has_more = self.limit > 0 && found.len() > self.limit;
        if has_more {
            found.truncate(self.limit);
        }
        let next = found.last().filter(|_| has_more).map(|last| last.position(order).to_string());
        match self.output.format() {
            SearchFormat::Otlp => write_traces(&data, &found)?,
            format => {
                let each: Vec<Value> = found.iter().map(|trace| trace_json(trace, order)).collect();
                let table = Table {
                    columns: COLUMNS,
                    rows: found.iter().map(|trace| self.row(trace, format)).collect(),
                    json: json!({"schema": "obs.query.traces/1", "traces": each, "next": next}),
                };
                format.print(table, &each)?;
            }
        }
        match &next {
            Some(next) => tracing::info!("there are more: --after {next}, or --limit"),
            None if found.is_empty() => tracing::info!("no trace is found"),
            None => {}
        }
        Ok(self.output.outcome(&data, found.is_empty()))
    }

    fn row(&self, trace: &Summary, format: SearchFormat) -> Vec<String> {
        let is_table = format == SearchFormat::Table;
        let services =
            trace.services.iter().map(|service| format!("{} ({})", service.service, service.spans));
        vec![
            const_hex::encode(trace.trace_id),
            self.filter.time.text(trace.extent.start_ns()),
            if is_table { duration(trace.duration_ns()) } else { trace.duration_ns().to_string() },
            trace.root.service.clone(),
            // The root is not there.
            format!("{}{}", trace.root.operation, if is_table && trace.root.has_parent { " …" } else { "" }),
            trace.spans.to_string(),
            trace.errors.to_string(),
            services.collect::<Vec<_>>().join(", "),
        ]
    }
}

const COLUMNS: &[(&str, bool)] = &[
    ("trace_id", false),
    ("start", false),
    ("duration", true),
    ("service", false),
    ("operation", false),
    ("spans", true),
    ("errors", true),
    ("services", false),
];

fn trace_json(trace: &Summary, order: Order) -> Value {
    let service = |of: &crate::query::traces::ServiceCount| json!({"service": of.service, "spans": of.spans, "errors": of.errors});
    json!({
        "trace_id": const_hex::encode(trace.trace_id),
        "start": utc(trace.extent.start_ns()),
        "duration_ns": trace.duration_ns(),
        "root": {
            "service": trace.root.service,
            "operation": trace.root.operation,
            "is_missing": trace.root.has_parent,
        },
        "spans": trace.spans,
        "errors": trace.errors,
        "services": trace.services.iter().map(service).collect::<Value>(),
        "cursor": trace.position(order).to_string(),
    })
}

/// Writes all spans of the traces.
fn write_traces(data: &Data, found: &[Summary]) -> Result<(), CommandError> {
    found
        .iter()
        .try_for_each(|trace| write_stream(find::of_trace(&data.reader, Signal::Traces, trace.trace_id)?))
}
