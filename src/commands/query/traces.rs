//! `obs query traces`.

use std::ops::ControlFlow;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::time_args::utc;
use super::filter::{DurationArgs, FilterArgs};
use super::listing::Listing;
use super::output::{OutputArgs, write_stream};
use super::source::{Data, SourceArgs};
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::query::find::Parts;
use crate::query::traces::{Cursor, Order, Summary, TraceId, TraceSearch};
use crate::store::Contents;
use crate::ui::duration::duration;
use crate::ui::rows::Format;

const EXAMPLES: &str = "\
Examples:
  obs query traces --service checkout --min-duration 500ms --errors
  obs query traces --tag http.response.status_code>=500 --tag 'http.route=~^/pay' --since 1h
  obs query traces --where 'service: \"checkout\" and duration > 500ms and http.route: \"/pay*\"'
  obs query traces --sort longest --limit 5
  obs query traces --errors --format otlp | obs relay --to http://localhost:4317";

const DETAILS: &str = "\
A trace is found when one of its spans passes the whole filter; it is shown with all its spans, also those of other \
times.

Fields in --where and --tag are service, operation (or name), kind (server, client, producer, consumer, internal), status \
(ok, error, unset), error (true, false), status.message, duration (of the span), start_time (or timestamp), trace_id, \
span_id, parent_span_id, trace_state, scope, scope.version, event (its name), and all attributes of the span, its \
resource, its scope, its events and its links by their names; attributes.NAME, resource.NAME, scope.NAME, event.NAME and \
link.NAME say which. A bare word in --where looks at the name, the status and all attributes.

Traces of the same time or duration are in descending order of their ids. The cursor of the last row (next in JSON) continues the list with \
--after.";

/// Arguments of `obs query traces`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct TracesArgs {
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    duration: DurationArgs,
    /// Order of the traces [default: newest, or that of --after]
    #[arg(long, value_name = "ORDER")]
    sort: Option<OrderArg>,
    /// Traces that are shown, 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Go on behind this cursor, which a search before has given
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
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

/// Traces whose spans are written at once.
const AT_ONCE: usize = 256;

impl TracesArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let order = self.order()?;
        let filter = self.filter.compile(&self.duration)?;
        let format = self.output.format()?;
        let data = self.source.open(config, Contents::Records)?;
        // One more, to know whether there are any.
        let limit = (self.limit > 0).then_some(self.limit.saturating_add(1));
        let duration_ns = self.duration.of_trace_ns();
        let after = self.after.map(|after| after.position);
        let search = TraceSearch {
            matcher: filter.matcher.clone(),
            duration_ns,
            order,
            after,
            limit,
            range_ns: filter.range_ns,
        };
        let found = match format.of_list() {
            Some(format) => self.list(&search, &data, format)?,
            None => self.write_spans(&search, &data)?,
        };
        match found.next() {
            Some(next) => tracing::info!("there are more: --after {next}, or --limit"),
            None if found.count == 0 => tracing::info!("no trace is found"),
            None => {}
        }
        filter.explain(&data.reader, found.count == 0)?;
        Ok(self.output.outcome(&data, found.count == 0))
    }

    /// The order that is asked for.
    ///
    /// # Errors
    /// The cursor is of another one.
    fn order(&self) -> Result<Order, CommandError> {
        match (self.sort.map(OrderArg::order), self.after.map(|after| after.order)) {
            (Some(order), Some(after)) if order != after => {
                Err(CommandError::usage(anyhow!("the cursor of --after is of a list in the order {after}"))
                    .hint(format!("--sort {after}, or leave --sort out")))
            }
            (order, after) => Ok(order.or(after).unwrap_or_default()),
        }
    }

    fn list(&self, search: &TraceSearch, data: &Data, format: Format) -> Result<Found, CommandError> {
        let mut listing = Listing::begin(format, COLUMNS, ("obs.query.traces/1", "traces"))?;
        let found = self.each(search, data, |trace| {
            listing.row(|| self.row(trace, format), || trace_json(trace, search.order))
        })?;
        listing.end(&[("next", json!(found.next()))])?;
        Ok(found)
    }

    /// Calls `each` with the traces that are shown, until it says that nobody reads on.
    fn each(
        &self,
        search: &TraceSearch,
        data: &Data,
        mut each: impl FnMut(&Summary) -> Result<bool, CommandError>,
    ) -> Result<Found, CommandError> {
        let mut found = Found::default();
        let mut result = Ok(());
        search.run(&data.reader, |trace| {
            if self.limit > 0 && found.count == self.limit {
                found.has_more = true;
                return ControlFlow::Break(());
            }
            found.count += 1;
            found.last = Some(Cursor { order: search.order, position: trace.position(search.order) });
            match each(&trace) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    result = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        result.map(|()| found)
    }

    /// Writes all spans of the traces.
    fn write_spans(&self, search: &TraceSearch, data: &Data) -> Result<Found, CommandError> {
        let parts = Parts::new(&data.reader, Signal::Traces)?;
        let mut waiting: Vec<TraceId> = Vec::new();
        let found = self.each(search, data, |trace| {
            waiting.push(trace.trace_id);
            if waiting.len() < AT_ONCE {
                Ok(true)
            } else {
                write_stream(parts.of(&std::mem::take(&mut waiting))?)
            }
        })?;
        write_stream(parts.of(&waiting)?)?;
        Ok(found)
    }

    fn row(&self, trace: &Summary, format: Format) -> Vec<String> {
        let is_table = format == Format::Table;
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
        "cursor": Cursor { order, position: trace.position(order) }.to_string(),
    })
}

/// What was shown of what was found.
#[derive(Default)]
struct Found {
    count: usize,
    last: Option<Cursor>,
    has_more: bool,
}

impl Found {
    /// Where the list goes on.
    fn next(&self) -> Option<String> {
        self.last.filter(|_| self.has_more).map(|last| last.to_string())
    }
}
