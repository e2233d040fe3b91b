//! Transforms between an input and stdout: one thread, no queue.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::delivery::Delivery;
use super::feed::{self, Sink};
use super::plan::{End, Plan};
use super::stage::{Role, Transform, named};
use super::stdout::not_written;
use crate::error::CommandError;
use crate::otlp::Batch;
use crate::stream::{Ledger, Reason, Stop, StreamWriter, stdout};

type Chain = [(Arc<dyn Transform>, Arc<Ledger>)];

struct Direct<'a> {
    chain: &'a Chain,
    /// Of the last stage.
    ledger: Arc<Ledger>,
    /// Its name, where there are several.
    name: Option<String>,
    writer: StreamWriter<File>,
}

/// Pushes all of the inputs through the transforms; what had been read is written also after a failure.
pub(super) fn run(plan: Plan, stop: &Stop) -> Result<(), CommandError> {
    let End::Stdout(encoding) = plan.line.end else { return Ok(()) };
    let mut chain = Vec::new();
    let mut self_metrics = None;
    for stage in plan.line.stages {
        let ledger = stage.ledger().clone();
        self_metrics = self_metrics.or(stage.self_metrics);
        if let Role::Transform(transform) = stage.role {
            chain.push((transform, ledger));
        }
    }
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return Ok(()) };
    let (first, ledger) = (first.1.clone(), last.1.clone());
    let out = stdout()?;
    let mut stop = stop.clone();
    stop.watch_reader(&out)?;
    let writer = StreamWriter::new(out, encoding, ledger.clone());
    let name = (chain.len() > 1).then(|| ledger.stage().to_owned());
    let mut direct = Direct { chain: &chain, ledger, name, writer };
    let read = feed::read(plan.inputs, &mut direct, &first, &stop, self_metrics);
    let ended = direct.write(|next| end(&chain, next));
    let flushed = direct.idle();
    read.and(ended).and(flushed)
}

impl Sink for Direct<'_> {
    fn push(&mut self, batch: Batch) -> Result<(), CommandError> {
        let chain = self.chain;
        self.write(|next| push(chain, Delivery::unacknowledged(batch), next))
    }

    fn idle(&mut self) -> Result<(), CommandError> {
        let flushed = self.writer.flush();
        self.written(flushed)
    }

    fn fail(&self) -> Result<(), CommandError> {
        self.written(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl Direct<'_> {
    /// Writes what `work` pushes on; after a failure the rest is counted as lost.
    fn write(&mut self, work: impl FnOnce(&mut dyn FnMut(Delivery))) -> Result<(), CommandError> {
        let mut result = Ok(());
        work(&mut |Delivery { batch, receipt }| {
            match result {
                Ok(()) => result = self.writer.write(&batch),
                Err(_) => self.ledger.lost(batch.signal(), Reason::NotWritten, batch.items() as u64),
            }
            receipt.accept();
        });
        self.written(result)
    }

    fn written(&self, result: io::Result<()>) -> Result<(), CommandError> {
        named(result.map_err(not_written), self.name.clone())
    }
}

fn push(chain: &Chain, delivery: Delivery, write: &mut dyn FnMut(Delivery)) {
    let Some(((transform, ledger), behind)) = chain.split_first() else { return write(delivery) };
    ledger.received(delivery.batch.signal(), delivery.batch.items() as u64);
    transform.push(delivery, &mut |delivery| on(ledger, behind, delivery, write));
}

fn end(chain: &Chain, write: &mut dyn FnMut(Delivery)) {
    if let Some(((transform, ledger), behind)) = chain.split_first() {
        transform.end(&mut |delivery| on(ledger, behind, delivery, write));
        end(behind, write);
    }
}

/// Hands on to the next stage; the writer enters what it writes by itself.
fn on(from: &Ledger, behind: &Chain, delivery: Delivery, write: &mut dyn FnMut(Delivery)) {
    if !behind.is_empty() {
        from.sent(delivery.batch.signal(), delivery.batch.items() as u64);
    }
    push(behind, delivery, write);
}
