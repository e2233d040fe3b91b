//! Reads a stream into a pipeline, or into whatever else takes batches.

use anyhow::{Context, anyhow};

use crate::error::CommandError;
use crate::otlp::Batch;
use crate::stream::{Event, Input, Ledger, Rejection, Stop, Wake};
use crate::telemetry::SelfMetrics;

/// What a stream is read into.
pub(crate) trait Sink {
    /// Takes a batch; returns when there is room for another.
    fn push(&mut self, batch: Batch) -> Result<(), CommandError>;

    /// There is nothing to read at the moment.
    fn idle(&mut self) -> Result<(), CommandError>;

    /// It does not take any more.
    fn fail(&self) -> Result<(), CommandError>;
}

/// Reads all of `inputs` to their end, in the name of the stage whose `ledger` it is.
///
/// # Errors
/// Reading or the sink failed, or the input did not end in time after a signal.
pub(crate) fn read(
    inputs: Vec<Input>,
    sink: &mut impl Sink,
    ledger: &Ledger,
    stop: &Stop,
    mut self_metrics: Option<SelfMetrics>,
) -> Result<(), CommandError> {
    for mut input in inputs {
        loop {
            if let Some(batch) = self_metrics.as_mut().and_then(SelfMetrics::take) {
                sink.push(batch)?;
            }
            match input.next_event().with_context(|| format!("cannot read {}", input.name()))? {
                Event::Batch(batch) => {
                    sink.push(batch)?;
                    if stop.has_failed() {
                        return sink.fail();
                    }
                    if stop.is_late() {
                        return Err(late());
                    }
                }
                Event::Rejected(rejection) => reject(ledger, &rejection),
                Event::Idle => {
                    sink.idle()?;
                    match input.wait(stop, self_metrics.as_ref().map(SelfMetrics::due)) {
                        Wake::Ready | Wake::Deadline => {}
                        Wake::Failed => return sink.fail(),
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
fn late() -> CommandError {
    CommandError::failure(anyhow!("the input did not end within the drain timeout"))
        .hint("--drain-timeout gives it longer")
}

/// Enters a rejected object into the ledger and says so, as long as there are not too many.
fn reject(ledger: &Ledger, rejection: &Rejection) {
    /// Input that is wrong throughout must not bury all other messages.
    const SHOWN: u64 = 100;
    match ledger.rejected() {
        0..=SHOWN => tracing::warn!("{rejection}"),
        count if count == SHOWN + 1 => tracing::warn!("{rejection}; further ones are counted in the ledger"),
        _ => {}
    }
}
