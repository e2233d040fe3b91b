//! `--follow`.

use std::ops::ControlFlow;
use std::time::Duration;

use super::super::output::SearchFormat;
use super::super::source::Data;
use super::writer::Writer;
use super::{LogsArgs, explain_nothing};
use crate::error::{CommandError, Outcome};
use crate::otlp::{Batch, Signal};
use crate::pipeline;
use crate::query::logs::{Follower, LogSearch, hits_of};
use crate::stream::{Ledger, Stop, stdout};

/// Pause between two looks at the database.
const PAUSE: Duration = Duration::from_millis(200);

/// Shows the last records of a database, and new ones as they are stored, until a signal comes or nobody reads them.
pub(super) fn database(
    args: &LogsArgs,
    format: SearchFormat,
    data: &Data,
    search: &LogSearch,
    names: &[String],
) -> Result<Outcome, CommandError> {
    // Nothing is left to be done then, even where a line is stuck that nobody reads.
    let mut stop = Stop::on_signals(Duration::ZERO, || std::process::exit(Outcome::Ok as i32))?;
    stop.watch_reader(&stdout()?)?;
    let mut follower = Follower::new(&data.reader)?;
    let mut new = Vec::new();
    if args.limit > 0 {
        search.run(&data.reader, |hit| {
            new.push(hit);
            if stop.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if new.is_empty() && !stop.requested() {
            explain_nothing(data, search, names)?;
        }
    }
    data.reader.release()?;
    new.reverse();
    let mut writer = Writer::new(args, format, None, search);
    loop {
        for hit in new {
            if stop.requested() || !writer.take(hit)? {
                return Ok(data.outcome());
            }
        }
        if !writer.flush()? || stop.pause(PAUSE) {
            return Ok(data.outcome());
        }
        new = follower.new_hits(&data.reader, search)?;
    }
}

/// Shows the records of streams as they come, until these end or nobody reads them.
pub(super) fn stream(
    args: &LogsArgs,
    format: SearchFormat,
    search: &LogSearch,
) -> Result<Outcome, CommandError> {
    let (inputs, mut stop) = args.source.inputs()?;
    stop.watch_reader(&stdout()?)?;
    let ledger = Ledger::new("query");
    let writer = Writer::new(args, format, None, search);
    let mut matching = Matching { writer, search, stop: &stop };
    pipeline::read(inputs, &mut matching, &ledger, &stop, None)?;
    let is_empty = matching.writer.found() == 0;
    let outcome = if ledger.rejected_objects() > 0 { Outcome::Rejected } else { Outcome::Ok };
    Ok(if args.output.exit_code && is_empty { outcome.max(Outcome::No) } else { outcome })
}

/// Writes those records of batches that are searched for.
struct Matching<'a> {
    writer: Writer<'a>,
    search: &'a LogSearch,
    stop: &'a Stop,
}

impl pipeline::Sink for Matching<'_> {
    fn push(&mut self, batch: Batch) -> Result<(), CommandError> {
        if batch.signal() != Signal::Logs {
            return Ok(());
        }
        let mut is_read = true;
        for hit in hits_of(&batch, &self.search.matcher) {
            is_read = is_read && self.writer.take(hit)?;
        }
        if !is_read || !self.writer.flush()? {
            self.stop.fail();
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<(), CommandError> {
        Ok(())
    }

    fn fail(&self) -> Result<(), CommandError> {
        // Nobody reads any more, which is no error for a report.
        Ok(())
    }
}
