//! `| count by FIELD`.

use anyhow::anyhow;
use serde_json::{Value, json};

use super::super::super::time_args::utc;
use super::super::output::SearchFormat;
use super::super::source::Data;
use super::super::unknown;
use super::LogsArgs;
use crate::error::CommandError;
use crate::expr::{Field, Name};
use crate::otlp::Signal;
use crate::query::logs::{self, Counts, LogSearch, MOST_VALUES};
use crate::ui::rows;
use crate::ui::sparkline::sparkline;
use crate::ui::table::{self, Format};
use crate::ui::terminal;

/// Parts of the time that a line shows.
const PARTS: usize = 40;

/// What records are counted by.
pub(super) struct Count {
    names: Vec<String>,
    fields: Vec<Field>,
    format: rows::Format,
}

impl Count {
    /// Counts by the fields of some names.
    ///
    /// # Errors
    /// A name is too long, or the form is none of counts.
    pub(super) fn compile(names: &[Name], format: SearchFormat) -> Result<Count, CommandError> {
        let format = format.of_list().ok_or_else(|| {
            CommandError::usage(anyhow!("counts are no log records"))
                .hint("--format json, ndjson, csv or tsv")
        })?;
        let fields: Option<Vec<Field>> = names.iter().map(|name| Field::named(name, Signal::Logs)).collect();
        let fields = fields.ok_or_else(|| CommandError::usage(anyhow!("the name of a field is too long")))?;
        let names = names.iter().filter_map(|name| name.pattern.as_literal()).map(str::to_owned).collect();
        Ok(Count { names, fields, format })
    }

    /// Prints how many records there are of each value; returns whether there are none.
    pub(super) fn run(&self, data: &Data, search: &LogSearch, args: &LogsArgs) -> Result<bool, CommandError> {
        let parts = if matches!(self.format, rows::Format::Csv | rows::Format::Tsv) { 0 } else { PARTS };
        let limit = (args.limit > 0).then_some(args.limit);
        let counts = search.count(&data.reader, &self.fields, parts, limit)?;
        data.reader.release()?;
        self.print(&counts, args)?;
        if counts.total > 0 {
            let names = self.names.iter().zip(&counts.is_nowhere).filter(|(_, is_nowhere)| **is_nowhere);
            let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            unknown::warn_of_fields(&data.reader, Signal::Logs, &names)?;
        }
        Ok(counts.total == 0)
    }

    fn print(&self, counts: &Counts, args: &LogsArgs) -> Result<(), CommandError> {
        let texts: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let rows = &counts.counts;
        let each: Vec<Value> = rows.iter().map(|count| count_json(count, &texts)).collect();
        match self.format {
            rows::Format::Json => {
                let document = json!({
                    "schema": "obs.query.log_counts/1",
                    "from": utc(counts.range_ns.0),
                    "to": utc(counts.range_ns.1),
                    "total": counts.total,
                    "others": counts.others,
                    "counts": each,
                });
                table::print(&format!("{document:#}\n"))?;
            }
            rows::Format::Ndjson => {
                table::print(&each.iter().map(|json| format!("{json}\n")).collect::<String>())?;
            }
            rows::Format::Table => table::print(&for_people(counts, rows, &texts, args)?)?,
            rows::Format::Csv | rows::Format::Tsv => {
                let format = if self.format == rows::Format::Csv { Format::Csv } else { Format::Tsv };
                let header = ["count"].into_iter().chain(texts.iter().copied());
                let values = rows.iter().map(|count| {
                    let values = count.values.iter().map(|value| value.clone().unwrap_or_default());
                    [count.count.to_string()].into_iter().chain(values).collect()
                });
                let lines = [header.map(str::to_owned).collect()].into_iter().chain(values);
                table::print(&table::separated(lines, format)?)?;
            }
        }
        if rows.len() < counts.values {
            tracing::info!("{} of {} values; --limit 0 shows all", rows.len(), counts.values);
        }
        if counts.others > 0 {
            tracing::warn!(
                "more than {MOST_VALUES} values: {} of {} records have others, which are not told apart",
                counts.others,
                counts.total
            );
        }
        Ok(())
    }
}

/// A line a value: how often it is there, when, and what it is.
fn for_people(
    counts: &Counts,
    rows: &[logs::Count],
    texts: &[&str],
    args: &LogsArgs,
) -> Result<String, CommandError> {
    let highest = rows.iter().flat_map(|count| &count.over_time).max().copied().unwrap_or_default();
    let utf8 = terminal::is_utf8();
    let width = rows.iter().map(|count| count.count.to_string().len()).max().unwrap_or(0).max("COUNT".len());
    let names = texts.iter().map(|name| table::printable(name).to_uppercase()).collect::<Vec<_>>().join("  ");
    let mut text = format!("{:>width$}  {:PARTS$}  {names}", "COUNT", "WHEN");
    text.truncate(text.trim_end().len());
    text.push('\n');
    for count in rows {
        let values = count.values.iter().map(|value| match value {
            Some(value) => table::printable(value),
            None => "-".to_owned(),
        });
        let line = sparkline(&count.over_time, highest, utf8);
        let values = values.collect::<Vec<_>>().join("  ");
        text += format!("{:>width$}  {line}  {values}", count.count).trim_end();
        text.push('\n');
    }
    let (from, to) = counts.range_ns;
    text += &format!("{} in all, {} to {}\n", counts.total, args.time.text(from), args.time.text(to));
    Ok(text)
}

fn count_json(count: &logs::Count, names: &[&str]) -> Value {
    let values = names.iter().zip(&count.values).map(|(name, value)| ((*name).to_owned(), json!(value)));
    json!({
        "count": count.count,
        "values": values.collect::<serde_json::Map<_, _>>(),
        "over_time": count.over_time,
    })
}
