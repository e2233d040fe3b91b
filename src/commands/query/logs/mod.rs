//! `obs query logs`.

mod context;
mod count;
mod follow;
mod line;
mod writer;

use std::ops::ControlFlow;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::super::time_args::TimeArgs;
use super::output::{OutputArgs, SearchFormat};
use super::source::{Data, SourceArgs};
use super::typed::{names, parse, time_query};
use super::unknown;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::expr::{Matcher, Name, Query, Search};
use crate::otlp::Signal;
use crate::query::logs::{LogSearch, Order, Pager, Position};
use crate::store::Contents;
use count::Count;
use writer::Writer;

const EXAMPLES: &str = "\
Examples:
  obs query logs 'level: error and service: \"checkout\"' --since 1h
  obs query logs 'message: \"*连接失败*\" or message: \"*超时*\"'
  obs query logs 'user_id: \"12345\" and not level: (debug or trace)' -C 3
  obs query logs 'http.response.status_code >= 500 | count by service'
  obs query logs 'level >= warn' --follow
  obs collect | obs query logs --follow 'level: error' -
  zcat logs.jsonl.gz | obs query logs timeout -";

const DETAILS: &str = "\
The language is that of Kibana (KQL):
  field: value            the whole value; in message, and in other fields that hold prose, words in either case
  field: \"some words\"     one behind the other; without quotes all of them, in any order
  field: val*             * stands for anything, also inside words and inside quotes; field: * for any value
  field: (a or b)         one of several values
  field > 5, field <= 5   numbers, durations (500ms), times (2026-11-21T10:00:00Z, now-2h) and levels (level >= warn)
  timestamp: 2026-11-21   all of that day; so of a month, an hour (2026-11-21T10) or a minute
  timeout                 in message, level, event and all attributes, not in scope; or the id of a trace or a span
  and, or, not, ( )       in either case; not binds closest, then and
  \\                       takes the meaning from the character behind it, such as * : ( ) < > \" \\ |
  … | count by FIELD      how many there are of each value, and when

Fields are level, message, service, trace_id, span_id, timestamp, scope, event, and all attributes of the record, of its \
resource and its scope by their names, those in maps with dots; resource.NAME, scope.NAME and attributes.NAME say which. \
Attributes called level count where the record itself does not say. Times without an offset are local, or in UTC with \
--utc; numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size.

With --context and --trace the form is that of a terminal unless --format says json, ndjson or otlp: a row has no place \
for more. Where there is more than --limit, the cursor on stderr (next in JSON) continues the list with --after.";

/// Arguments of `obs query logs`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct LogsArgs {
    /// What is searched for; everything where it is empty
    #[arg(value_name = "QUERY", default_value = "")]
    query: String,
    /// Order of the records
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    sort: OrderArg,
    /// Records that are shown, 0 for all
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Go on behind this cursor, which a search before has given
    #[arg(long, value_name = "CURSOR", conflicts_with_all = ["follow", "count_by"])]
    after: Option<Position>,
    /// Show the last records, and new ones as they are stored; those of a stream as they come
    #[arg(long, short, conflicts_with_all = ["sort", "context", "count_by", "trace"])]
    follow: bool,
    /// Show so many records of the same source before and behind each, in the order of the list
    #[arg(long, short = 'C', value_name = "N", default_value_t = 0)]
    context: usize,
    /// Show the spans of the traces that the records belong to
    #[arg(long)]
    trace: bool,
    /// Show the attributes of the records
    #[arg(long)]
    attributes: bool,
    /// Count by this field, as | count by FIELD does; repeatable
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["context", "trace"])]
    count_by: Vec<String>,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// The names of the orders.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OrderArg {
    /// The latest first
    Newest,
    /// The earliest first
    Oldest,
}

impl LogsArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        self.source.expect_no_file("a query", &self.query, "obs query logs ''")?;
        // Before anything is read.
        let clock = self.time.clock();
        let typed = parse(&self.query, Signal::Logs, &clock)?;
        self.check(&typed)?;
        let format = self.format()?;
        let range_ns = self.time.range_ns()?;
        let query = Query::all(time_query(range_ns).into_iter().chain([typed.query]));
        let matcher = Matcher::compile(&query, Signal::Logs, &clock)
            .map_err(|mistake| CommandError::usage(anyhow!(mistake.message)))?;
        let given = self.count_by.iter().map(|name| Name::given(name));
        let count_by: Vec<Name> = typed.count_by.iter().flatten().cloned().chain(given).collect();
        let is_count = typed.count_by.is_some() || !count_by.is_empty();
        let count = is_count.then(|| Count::compile(&count_by, format)).transpose()?;
        let order = self.sort.order();
        let limit = (self.limit > 0).then_some(self.limit);
        let mut search = LogSearch { matcher, order, limit, range_ns, after: None, resource: None };
        if self.follow && self.source.is_stream() {
            return follow::stream(self, format, &search);
        }
        let data = self.source.open(config, Contents::Records)?;
        let names = names(&query);
        if self.follow {
            return follow::database(self, format, &data, &search, &names);
        }
        let is_empty = match &count {
            Some(count) => count.run(&data, &search, self)?,
            None => self.find(&data, format, &mut search)?,
        };
        if is_empty {
            if count.is_none() {
                tracing::info!("no log record is found");
            }
            explain_nothing(&data, &search, &names)?;
        }
        Ok(self.output.outcome(&data, is_empty))
    }

    /// Refuses what would have no effect.
    fn check(&self, typed: &Search) -> Result<(), CommandError> {
        let others = [
            ("--follow", self.follow),
            ("--context", self.context > 0),
            ("--trace", self.trace),
            ("--after", self.after.is_some()),
        ];
        let other = others.into_iter().find(|(_, is_given)| *is_given);
        if let (Some(_), Some((other, _))) = (&typed.count_by, other) {
            return Err(CommandError::usage(anyhow!("| count does not go with {other}"))
                .hint(format!("leave out the one or the other: {other} is for records, counts have none")));
        }
        if let Some(after) = self.after.filter(|after| after.order != self.sort.order()) {
            let order = OrderArg::of(after.order).to_possible_value();
            let order = order.as_ref().map_or("", |order| order.get_name());
            return Err(CommandError::usage(anyhow!("--after {after}: the cursor is of another order"))
                .hint(format!("--sort {order} goes on with it")));
        }
        Ok(())
    }

    /// The form that was asked for; with neighbours and traces, for which a row has no place, that of a terminal.
    fn format(&self) -> Result<SearchFormat, CommandError> {
        let more = if self.trace { Some("--trace") } else { (self.context > 0).then_some("--context") };
        match (self.output.format, more) {
            (Some(SearchFormat::Json), _) if self.follow => {
                Err(CommandError::usage(anyhow!("--follow has no end, a JSON document has one"))
                    .hint("--format ndjson writes a line of JSON for each record"))
            }
            (Some(SearchFormat::Csv | SearchFormat::Tsv), Some(more)) => {
                Err(CommandError::usage(anyhow!("a row has no place for what {more} shows"))
                    .hint("--format table, json, ndjson or otlp"))
            }
            (None, Some(_)) => Ok(SearchFormat::Table),
            _ => self.output.format(),
        }
    }

    /// Writes what is found as it is found; returns whether that is nothing.
    fn find(&self, data: &Data, format: SearchFormat, search: &mut LogSearch) -> Result<bool, CommandError> {
        // One more, to know whether there are any.
        let seen = self.after.map_or(1, |after| after.seen().saturating_add(1));
        search.limit = search.limit.map(|limit| limit.saturating_add(seen));
        search.after = self.after.map(Position::place);
        let search: &LogSearch = search;
        let mut pager = Pager::new(search.order, self.after);
        let mut writer = Writer::new(self, format, Some(&data.reader), search);
        let mut result = Ok(true);
        let mut has_more = false;
        search.run(&data.reader, |hit| {
            let is_behind = pager.is_behind(hit.place);
            if is_behind && self.limit > 0 && writer.found() == self.limit as u64 {
                has_more = true;
                return ControlFlow::Break(());
            }
            pager.pass(hit.place);
            if is_behind {
                result = writer.take(hit);
            }
            match result {
                Ok(true) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        result?;
        let next = has_more.then(|| pager.position().to_string());
        let is_empty = writer.finish(next.as_deref())?;
        if let Some(next) = next {
            tracing::info!("there are more: --after {next}, or --limit");
        }
        Ok(is_empty)
    }
}

/// Tells of fields and services that there are not. Where something is found the names may be those of the bodies of
/// records, which the catalog does not list.
fn explain_nothing(data: &Data, search: &LogSearch, names: &[String]) -> Result<(), CommandError> {
    unknown::warn_of_fields(&data.reader, Signal::Logs, names)?;
    unknown::warn_of_services(&data.reader, &search.matcher)
}

impl OrderArg {
    fn order(self) -> Order {
        match self {
            OrderArg::Newest => Order::Newest,
            OrderArg::Oldest => Order::Oldest,
        }
    }

    fn of(order: Order) -> OrderArg {
        match order {
            Order::Newest => OrderArg::Newest,
            Order::Oldest => OrderArg::Oldest,
        }
    }
}
