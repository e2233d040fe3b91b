//! `obs query logs`.

mod count;
mod line;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::time_args::TimeArgs;
use super::filter::{parse, time_query, warn_of_unknown};
use super::output::{OutputArgs, SearchFormat, write_stream};
use super::source::{Data, SourceArgs};
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::expr::{Matcher, Name, Query, Test, Text};
use crate::otlp::{Batch, Signal, join};
use crate::query::find;
use crate::query::logs::{Follower, Hit, LogSearch, Order};
use crate::query::trace::Trace;
use crate::query::trace::json::Document;
use crate::ui::table::{self, Table};
use line::Lines;

const EXAMPLES: &str = "\
Examples:
  obs query logs 'level: error and service: \"checkout\"' --since 1h
  obs query logs 'message: \"*连接失败*\" or message: \"*超时*\"'
  obs query logs 'user_id: \"12345\" and not level: (debug or trace)' -C 3
  obs query logs 'http.response.status_code >= 500 | count by service'
  obs query logs 'level >= warn' --follow
  zcat logs.jsonl.gz | obs query logs timeout -";

const DETAILS: &str = "\
The language is that of Kibana (KQL):
  field: value            the whole value; in message, and in other fields that hold prose, words in either case
  field: \"some words\"     one behind the other; without quotes all of them, in any order
  field: val*             * stands for anything, also inside words and inside quotes; field: * for any value
  field: (a or b)         one of several values
  field > 5, field <= 5   numbers, durations (500ms), times (2026-11-21T10:00:00Z, now-2h) and levels (level >= warn)
  timeout                 in any field
  and, or, not, ( )       in either case; not binds closest, then and
  \\                       takes the meaning from the character behind it, such as * : ( ) < > \" \\ |
  … | count by FIELD      how many there are of each value, and when

Fields are level, message, service, trace_id, span_id, timestamp, scope, event, and all attributes of the record, of its \
resource and its scope by their names, those in maps with dots; resource.NAME, scope.NAME and attributes.NAME say which.";

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
    /// Show the last records, and new ones as they are stored
    #[arg(long, short, conflicts_with_all = ["sort", "context", "count_by", "trace"])]
    follow: bool,
    /// Show so many records of the same source before and behind each
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

/// Pause between two looks at the database.
const FOLLOW_PAUSE: Duration = Duration::from_millis(200);

/// Records that are written at once.
const AT_ONCE: usize = 1000;

impl LogsArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let now_ns = self.time.now_ns();
        // Before anything is read.
        let typed = parse(&self.query, Signal::Logs, now_ns)?;
        let data = self.source.open(config)?;
        let range_ns = self.time.range_ns()?;
        let query = Query::all(time_query(range_ns).into_iter().chain([typed.query]));
        warn_of_unknown(&data.reader, &query, Signal::Logs)?;
        let matcher = Matcher::compile(&query, Signal::Logs, now_ns)
            .map_err(|mistake| CommandError::usage(anyhow!(mistake.message)))?;
        let order = match self.sort {
            OrderArg::Newest => Order::Newest,
            OrderArg::Oldest => Order::Oldest,
        };
        let limit = (self.limit > 0).then_some(self.limit);
        let search = LogSearch { matcher, order, limit, range_ns, after: None, resource: None };
        let given = self.count_by.iter().map(|name| Name::given(name));
        let count_by: Vec<Name> = typed.count_by.iter().flatten().cloned().chain(given).collect();
        if typed.count_by.is_some() || !count_by.is_empty() {
            let is_empty = count::run(&data, &search, &count_by, self)?;
            return Ok(self.output.outcome(&data, is_empty));
        }
        if self.follow {
            self.follow(&data, &search)?;
            return Ok(data.outcome());
        }
        let is_empty = self.find(&data, &search)?;
        if is_empty {
            tracing::info!("no log record is found");
        }
        Ok(self.output.outcome(&data, is_empty))
    }

    /// Writes what is found as it is found; returns whether that is nothing.
    fn find(&self, data: &Data, search: &LogSearch) -> Result<bool, CommandError> {
        let mut writer = Writer::new(self, data, search);
        let mut result = Ok(true);
        search.run(&data.reader, |hit| {
            result = writer.take(hit);
            match result {
                Ok(true) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        result?;
        writer.finish()
    }

    fn follow(&self, data: &Data, search: &LogSearch) -> Result<(), CommandError> {
        if data.is_temporary() {
            return Err(CommandError::usage(anyhow!("--follow watches a database, not a stream"))
                .hint("obs collect | obs store, and obs query logs --follow beside it"));
        }
        let mut follower = Follower::new(&data.reader)?;
        let mut last = Vec::new();
        if self.limit > 0 {
            search.run(&data.reader, |hit| {
                last.push(hit);
                ControlFlow::Continue(())
            })?;
        }
        last.reverse();
        let mut new = last;
        loop {
            let mut writer = Writer::new(self, data, search);
            for hit in new {
                if !writer.take(hit)? {
                    return Ok(());
                }
            }
            if !writer.flush()? {
                return Ok(());
            }
            std::thread::sleep(FOLLOW_PAUSE);
            new = follower.new_hits(&data.reader, search)?;
        }
    }
}

/// Writes what is found in the form that is asked for.
struct Writer<'a> {
    args: &'a LogsArgs,
    data: &'a Data,
    search: &'a LogSearch,
    format: SearchFormat,
    lines: Lines<'a>,
    /// Not written yet.
    waiting: Vec<Hit>,
    json: Vec<Value>,
    traces: HashMap<[u8; 16], Value>,
    found: u64,
}

impl<'a> Writer<'a> {
    fn new(args: &'a LogsArgs, data: &'a Data, search: &'a LogSearch) -> Writer<'a> {
        Writer {
            args,
            data,
            search,
            format: args.output.format(),
            lines: Lines::new(&args.time, args.attributes, &search.matcher),
            waiting: Vec::new(),
            json: Vec::new(),
            traces: HashMap::new(),
            found: 0,
        }
    }

    /// Takes a record; returns whether somebody still reads.
    fn take(&mut self, hit: Hit) -> Result<bool, CommandError> {
        self.found += 1;
        self.waiting.push(hit);
        let is_one_by_one = self.args.context > 0 || self.args.trace;
        if is_one_by_one || self.waiting.len() >= AT_ONCE { self.flush() } else { Ok(true) }
    }

    /// Writes what waits; returns whether somebody still reads.
    fn flush(&mut self) -> Result<bool, CommandError> {
        let hits = std::mem::take(&mut self.waiting);
        if hits.is_empty() {
            return Ok(true);
        }
        match self.format {
            SearchFormat::Json => {
                for hit in &hits {
                    let json = self.json(hit)?;
                    self.json.push(json);
                }
                Ok(true)
            }
            SearchFormat::Ndjson => {
                let lines: Vec<Value> = hits.iter().map(|hit| self.json(hit)).collect::<Result<_, _>>()?;
                table::write(&lines.iter().map(|json| format!("{json}\n")).collect::<String>())
            }
            SearchFormat::Otlp => {
                let mut batches: Vec<Batch> = Vec::new();
                for hit in &hits {
                    batches.extend(self.context(hit, Order::Newest)?.into_iter().map(|hit| hit.batch));
                    batches.push(hit.batch.clone());
                    batches.extend(self.context(hit, Order::Oldest)?.into_iter().map(|hit| hit.batch));
                }
                write_stream([join(Signal::Logs, &batches)])?;
                for id in hits.iter().filter(|_| self.args.trace).filter_map(trace_id) {
                    write_stream(find::of_trace(&self.data.reader, Signal::Traces, id)?)?;
                }
                Ok(true)
            }
            SearchFormat::Table => {
                let mut text = String::new();
                for hit in &hits {
                    text += &self.lines_of(hit)?;
                }
                table::write(&text)
            }
            SearchFormat::Csv | SearchFormat::Tsv => {
                let is_first = self.found == hits.len() as u64;
                let rows = hits.iter().map(|hit| self.lines.row(hit)).collect();
                let form =
                    if self.format == SearchFormat::Csv { table::Format::Csv } else { table::Format::Tsv };
                let table = Table { columns: line::COLUMNS, rows, json: Value::Null };
                table::write(&table.rows_text(form, is_first && !self.args.follow)?)
            }
        }
    }

    /// Writes the rest; returns whether nothing was found.
    fn finish(mut self) -> Result<bool, CommandError> {
        self.flush()?;
        if self.format == SearchFormat::Json {
            let document = json!({"schema": "obs.query.logs/1", "logs": self.json});
            table::print(&format!("{document:#}\n"))?;
        } else if self.found == 0 && matches!(self.format, SearchFormat::Csv | SearchFormat::Tsv) {
            let table = Table { columns: line::COLUMNS, rows: Vec::new(), json: Value::Null };
            self.format.print(table, &[])?;
        }
        Ok(self.found == 0)
    }

    fn json(&mut self, hit: &Hit) -> Result<Value, CommandError> {
        let mut json = line::json(hit);
        if self.args.context > 0 {
            let (before, behind) = (self.context(hit, Order::Newest)?, self.context(hit, Order::Oldest)?);
            json["before"] = before.iter().map(line::json).collect();
            json["behind"] = behind.iter().map(line::json).collect();
        }
        if let Some(id) = trace_id(hit).filter(|_| self.args.trace) {
            if !self.traces.contains_key(&id) {
                let trace = self.trace(id)?;
                let json = serde_json::to_value(Document { trace: &trace, logs: &[] });
                self.traces.insert(id, json.unwrap_or_default());
            }
            json["trace"] = self.traces.get(&id).cloned().unwrap_or_default();
        }
        Ok(json)
    }

    /// A record for people, with its neighbours and its trace.
    fn lines_of(&mut self, hit: &Hit) -> Result<String, CommandError> {
        let mut text = String::new();
        let has_neighbours = self.args.context > 0;
        if has_neighbours && self.found > 1 {
            text += "--\n";
        }
        for hit in self.context(hit, Order::Newest)? {
            text += &self.lines.line(&hit, line::Mark::Context);
        }
        text += &self.lines.line(hit, if has_neighbours { line::Mark::Hit } else { line::Mark::None });
        for hit in self.context(hit, Order::Oldest)? {
            text += &self.lines.line(&hit, line::Mark::Context);
        }
        if let Some(id) = trace_id(hit).filter(|_| self.args.trace) {
            let is_new = self.traces.insert(id, Value::Null).is_none();
            if is_new {
                text += &super::trace::text(&self.trace(id)?);
            }
            text += "\n";
        }
        Ok(text)
    }

    fn trace(&self, id: [u8; 16]) -> Result<Trace, CommandError> {
        Ok(Trace::assemble(id, &find::of_trace(&self.data.reader, Signal::Traces, id)?))
    }

    /// The records of the same source before a record (in the order [`Order::Newest`]) or behind it, by time.
    fn context(&self, hit: &Hit, side: Order) -> Result<Vec<Hit>, CommandError> {
        if self.args.context == 0 {
            return Ok(Vec::new());
        }
        let service = Query::Is(Some(Name::given("service")), Test::Equals(Text::literal(hit.service())));
        let time_ns = i64::try_from(hit.place.time_ns).unwrap_or(i64::MAX);
        let range_ns = match side {
            Order::Newest => (None, Some(time_ns.saturating_add(1))),
            Order::Oldest => (Some(time_ns), None),
        };
        let query = Query::all([service].into_iter().chain(time_query(range_ns)));
        let matcher = Matcher::compile(&query, self.search.matcher.signal(), 0)
            .map_err(|mistake| CommandError::failure(anyhow!(mistake.message)))?;
        let search = LogSearch {
            matcher,
            order: side,
            limit: Some(self.args.context),
            range_ns,
            after: Some(hit.place),
            resource: Some(hit.resource().to_vec()),
        };
        let mut found = Vec::new();
        search.run(&self.data.reader, |hit| {
            found.push(hit);
            ControlFlow::Continue(())
        })?;
        if side == Order::Newest {
            found.reverse();
        }
        Ok(found)
    }
}

/// The trace that a record belongs to.
fn trace_id(hit: &Hit) -> Option<[u8; 16]> {
    hit.record().trace_id().try_into().ok().filter(|id| *id != [0; 16])
}
