//! What is found, in the form that is asked for.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::output::{SearchFormat, write_stream};
use super::LogsArgs;
use super::context::{Block, Context};
use super::line::{self, Lines, Mark};
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::query::logs::{Hit, LogSearch, batch};
use crate::query::trace::Trace;
use crate::query::trace::json::Document;
use crate::query::{Reader, find};
use crate::ui::table::{self, Format, Table};

/// Records that are written at once.
const AT_ONCE: usize = 1000;

type TraceId = [u8; 16];

/// Writes what is found in the form that is asked for.
pub(super) struct Writer<'a> {
    args: &'a LogsArgs,
    /// Where neighbours and traces are looked for; a stream has none.
    reader: Option<&'a Reader>,
    context: Option<Context<'a>>,
    format: SearchFormat,
    lines: Lines<'a>,
    /// Not written yet.
    waiting: Vec<Hit>,
    json: Vec<Value>,
    /// Traces that were written.
    traces: HashSet<TraceId>,
    /// The last one that was made JSON of.
    trace: Option<(TraceId, Value)>,
    found: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        args: &'a LogsArgs,
        format: SearchFormat,
        reader: Option<&'a Reader>,
        search: &'a LogSearch,
    ) -> Writer<'a> {
        let with_context = reader.filter(|_| args.context > 0);
        Writer {
            args,
            reader,
            context: with_context.map(|reader| Context::new(reader, search, args.context)),
            format,
            lines: Lines::new(&args.time, args.attributes, &search.matcher),
            waiting: Vec::new(),
            json: Vec::new(),
            traces: HashSet::new(),
            trace: None,
            found: 0,
        }
    }

    /// Records that it has taken.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Takes a record; returns whether somebody still reads.
    pub(super) fn take(&mut self, hit: Hit) -> Result<bool, CommandError> {
        self.found += 1;
        self.waiting.push(hit);
        let is_one_by_one = self.args.context > 0 || self.args.trace;
        if is_one_by_one || self.waiting.len() >= AT_ONCE { self.flush() } else { Ok(true) }
    }

    /// Writes what waits; returns whether somebody still reads.
    pub(super) fn flush(&mut self) -> Result<bool, CommandError> {
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
            SearchFormat::Otlp => self.write_stream(hits),
            SearchFormat::Table => {
                let mut text = String::new();
                for hit in &hits {
                    text += &self.lines_of(hit)?;
                }
                table::write(&text)
            }
            SearchFormat::Csv => self.write_rows(&hits, Format::Csv),
            SearchFormat::Tsv => self.write_rows(&hits, Format::Tsv),
        }
    }

    /// Writes the rest, and in a document the cursor with which it goes on; returns whether nothing was found.
    pub(super) fn finish(mut self, next: Option<&str>) -> Result<bool, CommandError> {
        // Whoever reads stdout may take long. What still waits has neither neighbours nor traces.
        if let Some(reader) = self.reader {
            reader.release()?;
        }
        self.flush()?;
        if self.format == SearchFormat::Json {
            let document = json!({"schema": "obs.query.logs/1", "logs": self.json, "next": next});
            table::print(&format!("{document:#}\n"))?;
        } else if self.found == 0 {
            match self.format {
                SearchFormat::Csv => drop(self.write_rows(&[], Format::Csv)?),
                SearchFormat::Tsv => drop(self.write_rows(&[], Format::Tsv)?),
                _ => {}
            }
        }
        Ok(self.found == 0)
    }

    /// Writes records as rows, the first with the headings; returns whether somebody still reads.
    fn write_rows(&self, hits: &[Hit], form: Format) -> Result<bool, CommandError> {
        // A list without an end has none, unless it ends without a row.
        let with_headings = self.found == hits.len() as u64 && (hits.is_empty() || !self.args.follow);
        let rows = hits.iter().map(|hit| self.lines.row(hit)).collect();
        let table = Table { columns: line::COLUMNS, rows, json: Value::Null };
        table::write(&table.rows_text(form, with_headings)?)
    }

    fn json(&mut self, hit: &Hit) -> Result<Value, CommandError> {
        let mut json = line::json(hit);
        if let Some(context) = &self.context {
            json["before"] = context.before(hit)?.iter().map(line::json).collect();
            json["behind"] = context.behind(hit)?.iter().map(line::json).collect();
        }
        if let Some((id, reader)) = self.trace_of(hit) {
            let trace = match self.trace.take().filter(|(last, _)| *last == id) {
                Some((_, trace)) => trace,
                None => {
                    let document = Document { trace: &trace(reader, id)?, logs: &[] };
                    serde_json::to_value(document).unwrap_or_default()
                }
            };
            json["trace"] = trace.clone();
            self.trace = Some((id, trace));
        }
        Ok(json)
    }

    /// Writes records with their neighbours, and then their traces, each of them once.
    fn write_stream(&mut self, hits: Vec<Hit>) -> Result<bool, CommandError> {
        let mut traces = Vec::new();
        for hit in &hits {
            if let Some((id, reader)) = self.trace_of(hit)
                && self.traces.insert(id)
            {
                traces.extend(find::of_trace(reader, Signal::Traces, id)?);
            }
        }
        let hits = match &mut self.context {
            None => hits,
            Some(context) => {
                let blocks: Vec<Block> =
                    hits.iter().map(|hit| context.block(hit)).collect::<Result<_, _>>()?;
                blocks.into_iter().flat_map(|block| block.records).map(|(hit, _)| hit).collect()
            }
        };
        let logs = (!hits.is_empty()).then(|| batch(&hits));
        write_stream(logs.into_iter().chain(traces))
    }

    /// A record for people, with its neighbours and its trace.
    fn lines_of(&mut self, hit: &Hit) -> Result<String, CommandError> {
        let mut text = String::new();
        match &mut self.context {
            None => text += &self.lines.line(hit, Mark::None),
            Some(context) => {
                let block = context.block(hit)?;
                if self.found > 1 && !block.is_continued && !block.records.is_empty() {
                    text += "--\n";
                }
                block.records.iter().for_each(|(hit, mark)| text += &self.lines.line(hit, *mark));
            }
        }
        if let Some((id, reader)) = self.trace_of(hit)
            && self.traces.insert(id)
        {
            text += &super::super::trace::text(&trace(reader, id)?, self.args.time.zone());
            text += "\n";
        }
        Ok(text)
    }

    /// The trace that a record belongs to, if it is asked for, and where it is.
    fn trace_of(&self, hit: &Hit) -> Option<(TraceId, &'a Reader)> {
        let id = hit.record().trace_id().try_into().ok().filter(|id| *id != [0; 16]);
        id.filter(|_| self.args.trace).zip(self.reader)
    }
}

fn trace(reader: &Reader, id: TraceId) -> Result<Trace, CommandError> {
    Ok(Trace::assemble(id, &find::of_trace(reader, Signal::Traces, id)?))
}
