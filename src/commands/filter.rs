//! Connects a transform to stdin and stdout.

use std::io::{self, Write};

use anyhow::{Context, anyhow};

use crate::error::CommandError;
use crate::otlp::Batch;
use crate::stream::{Event, Input, Ledger, Reason, Rejection, Stop, StreamWriter, Transform, Wake};
use crate::telemetry::SelfMetrics;

/// Pushes all of `inputs` through `transform` to `writer`; one thread, no queue.
///
/// # Errors
/// Reading or writing failed, or the input did not end in time after a signal; what had been read is written.
pub(super) fn drive(
    inputs: Vec<Input>,
    transform: &mut dyn Transform,
    writer: &mut StreamWriter<impl Write>,
    ledger: &Ledger,
    stop: &Stop,
    self_metrics: Option<SelfMetrics>,
) -> Result<(), CommandError> {
    let read = read(inputs, transform, writer, ledger, stop, self_metrics);
    let ended = push(writer, ledger, |next| transform.end(next));
    let flushed = writer.flush().map_err(not_written);
    read.and(ended).and(flushed)
}

fn read(
    inputs: Vec<Input>,
    transform: &mut dyn Transform,
    writer: &mut StreamWriter<impl Write>,
    ledger: &Ledger,
    stop: &Stop,
    mut self_metrics: Option<SelfMetrics>,
) -> Result<(), CommandError> {
    for mut input in inputs {
        loop {
            if let Some(batch) = self_metrics.as_mut().and_then(SelfMetrics::take) {
                ledger.received(batch.signal(), batch.items() as u64);
                writer.write(&batch).map_err(not_written)?;
            }
            match input.next_event().with_context(|| format!("cannot read {}", input.name()))? {
                Event::Batch(batch) => {
                    ledger.received(batch.signal(), batch.items() as u64);
                    push(writer, ledger, |next| transform.push(batch, next))?;
                    if stop.is_late() {
                        return Err(late());
                    }
                }
                Event::Rejected(rejection) => reject(ledger, &rejection),
                Event::Idle => {
                    writer.flush().map_err(not_written)?;
                    match input.wait(stop, self_metrics.as_ref().map(SelfMetrics::due)) {
                        Wake::Ready | Wake::Deadline => {}
                        Wake::ReaderGone => return Err(not_written(io::ErrorKind::BrokenPipe.into())),
                        Wake::DrainTimeout => return Err(late()),
                    }
                }
                Event::End => break,
            }
        }
    }
    Ok(())
}

/// The input did not end in time after a signal.
pub(super) fn late() -> CommandError {
    CommandError::failure(anyhow!("the input did not end within the drain timeout"))
        .hint("--drain-timeout gives it longer")
}

/// Enters a rejected object into the ledger and says so, as long as there are not too many.
pub(super) fn reject(ledger: &Ledger, rejection: &Rejection) {
    /// Input that is wrong throughout must not bury all other messages.
    const SHOWN: u64 = 100;
    match ledger.rejected() {
        0..=SHOWN => tracing::warn!("{rejection}"),
        count if count == SHOWN + 1 => tracing::warn!("{rejection}; further ones are counted in the ledger"),
        _ => {}
    }
}

/// Writes what `work` pushes on; after a failure the rest is counted as lost.
fn push(
    writer: &mut StreamWriter<impl Write>,
    ledger: &Ledger,
    work: impl FnOnce(&mut dyn FnMut(Batch)),
) -> Result<(), CommandError> {
    let mut result = Ok(());
    work(&mut |batch| match result {
        Ok(()) => result = writer.write(&batch),
        Err(_) => ledger.lost(batch.signal(), Reason::NotWritten, batch.items() as u64),
    });
    result.map_err(not_written)
}

/// Says what a failed write means.
pub(super) fn not_written(error: io::Error) -> CommandError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => {
            CommandError::failure(anyhow!("the reader of stdout went away before the end"))
        }
        _ => CommandError::failure(anyhow::Error::new(error).context("cannot write to stdout")),
    }
}
