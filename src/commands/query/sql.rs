//! `obs query sql`.

use std::fmt::Write;

use clap::Args;

use super::super::one_of;
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::sql::{Column, LOGS, SPANS, Session};
use crate::store::Contents;
use crate::ui::rows::{Format, Rows};
use crate::ui::table;

const EXAMPLES: &str = "\
Examples:
  obs query sql 'SELECT Timestamp, SpanName, Duration / 1e6 AS ms FROM spans ORDER BY Timestamp DESC LIMIT 20'
  obs query sql \"SELECT attr('http.route') AS route, count(*), avg(Duration) / 1e6 AS ms
                 FROM spans WHERE SpanKind = 'Server' GROUP BY route ORDER BY ms DESC\"
  obs query sql \"SELECT Body FROM logs WHERE ServiceName = 'checkout' AND SeverityNumber >= 17\" --format ndjson
  obs query sql \"SELECT l.Timestamp, l.Body, attr(s.row, 'user.id') FROM spans s JOIN logs l USING (TraceId, SpanId)
                 WHERE s.StatusCode = 'Error' AND s.Timestamp >= '2026-01-01'\"
  obs query sql 'SELECT service, sum(errors) * 1.0 / sum(count) FROM rollups GROUP BY service'
  zcat traces.jsonl.gz | obs query sql 'SELECT count(*) FROM spans' -";

const DETAILS: &str = "\
SQL is that of SQLite, of which one statement is run, and only to read. The tables are spans and logs, a row each, with \
columns as ClickHouse's exporter of OpenTelemetry names them, and all plain tables and views of the database: --schema \
shows them. What the protocol leaves empty is an empty text; NULL is a time or a duration that is not there. All of \
a statement sees the database as it is when it begins.

attr('key') is an attribute of the row: of the span or log record, else of its resource, else of its scope. It keeps \
its type (1 and 0 for true and false, a blob for bytes, JSON text for lists and maps) and is NULL where there is none. \
Where two tables have rows of their own, say whose: attr(s.row, 'key'). The columns SpanAttributes, LogAttributes and \
ResourceAttributes have all of them as JSON, for json_each() and ->>; attr is faster.

Quick are conditions on Timestamp and TimeUnixNano (=, <, <=, >, >=, BETWEEN), TraceId, ServiceName, SpanName, \
SpanKind, StatusCode (=, IN), Duration and SeverityNumber: only what can hold such rows is read. So are joins on \
TraceId, on TraceId and SpanId, and on row: each finds its rows without a look at others. ORDER BY Timestamp \
DESC LIMIT 20 reads the latest rows alone, ORDER BY Timestamp does so from the beginning where Timestamp has a \
condition, unless many segments overlap in time. Queries for a handful of traces in a large database are quickest \
with TraceId IN (...).

Timestamp is a text in UTC, which is compared as the instant that it is: with '2026-11-28T10:00:00Z', '2026-11-28 10:00' (UTC where it does not say, as datetime('now', '-1 hour') is), '2026-11-28 12:00+02:00' or '2026-11-28' (the beginning of the day). x COLLATE INSTANT compares others so. There is no --utc: columns say the same in every time zone; datetime(Timestamp, 'localtime') shows local time.

All rows are written unless the query has a LIMIT. Rows that cannot be read because their segment is damaged are left \
out, with a warning and exit code 3.";

/// Arguments of `obs query sql`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct SqlArgs {
    /// The query [default: show the tables]
    #[arg(value_name = "SQL")]
    sql: Option<String>,
    /// Show the tables and their columns
    #[arg(long, conflicts_with = "sql")]
    schema: bool,
    /// Form of the rows [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT", value_parser = one_of::<Format>())]
    format: Option<Format>,
    #[command(flatten)]
    source: SourceArgs,
}

impl SqlArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        if let Some(sql) = &self.sql {
            self.source.expect_no_file("a query", sql, "obs query sql 'SELECT …'")?;
        }
        let data = self.source.open(config, Contents::All)?;
        let outcome = data.outcome();
        let mut database = data.reader.database();
        let session = Session::begin(&mut database)?;
        let Some(sql) = &self.sql else {
            table::print(&schema(&session)?)?;
            return Ok(outcome);
        };
        let mut query = session.query(sql)?;
        let format = self.format.unwrap_or_else(Format::of_stdout);
        let mut rows = Rows::begin(format, query.columns(), "obs.query.sql/1")?;
        let end = query.run(|values| rows.row(values));
        // What was found before something failed is worth having.
        rows.end().and(end)?;
        Ok(if session.damaged() > 0 { outcome.max(Outcome::Rejected) } else { outcome })
    }
}

/// The tables and their columns, for people.
fn schema(session: &Session<'_>) -> Result<String, CommandError> {
    let mut out = String::new();
    for (name, columns) in [("spans", SPANS), ("logs", LOGS)] {
        let _ = writeln!(out, "{name}");
        for Column { name, kind, about, .. } in columns {
            let _ = writeln!(out, "  {name:18} {kind:8} {about}");
        }
        out.push('\n');
    }
    for (name, columns) in session.tables()? {
        let _ = writeln!(out, "{name}");
        for (name, kind) in columns {
            let _ = writeln!(out, "{}", format!("  {name:18} {kind}").trim_end());
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    Ok(out + "\n")
}
