use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::delivery::{Delivery, Receipt, Refusal};
use super::stage::{Boxed, Intake};
use crate::error::CommandError;
use crate::stream::{Ledger, Reason, Stop, StreamWriter};

/// Deliveries between the stages and the thread that writes.
const QUEUE: usize = 64;

/// Bytes after which what waits is written although more is to be had.
const GROUP: usize = 1 << 20;

/// The end of a pipeline that writes the stream: a batch is accepted when its bytes are written.
pub(super) struct Stdout {
    /// `None` ends it.
    queue: mpsc::Sender<Option<Delivery>>,
    written: Mutex<Option<JoinHandle<io::Result<()>>>>,
    /// Of the stage before.
    ledger: Arc<Ledger>,
    reader_gone: watch::Receiver<bool>,
    stop: Stop,
}

impl Stdout {
    /// Starts the thread that writes to `out`; a failure, and a reader that goes away, fails the whole.
    pub(super) fn start(
        out: File,
        writer: StreamWriter<File>,
        ledger: Arc<Ledger>,
        stop: &Stop,
    ) -> io::Result<Stdout> {
        let reader_gone = watch_reader(out, stop.clone())?;
        let (queue, deliveries) = mpsc::channel(QUEUE);
        let failed = stop.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _stops = failed.on_panic();
            let written = write(writer, deliveries);
            if written.is_err() {
                failed.fail();
            }
            written
        });
        Ok(Stdout { queue, written: Mutex::new(Some(written)), ledger, reader_gone, stop: stop.clone() })
    }
}

impl Intake for Stdout {
    fn accept(&self, delivery: Delivery) -> Boxed<'_, ()> {
        Box::pin(async move {
            let (signal, items) = (delivery.batch.signal(), delivery.batch.items() as u64);
            let lost = tokio::select! {
                biased;
                sent = self.queue.send(Some(delivery)) => sent.err().map(|_| Reason::NotWritten),
                () = self.stop.drained_out() => Some(Reason::DrainTimeout),
            };
            if let Some(reason) = lost {
                self.ledger.lost(signal, reason, items);
            }
        })
    }

    fn finish(&self) -> Boxed<'_, Result<(), CommandError>> {
        Box::pin(async move {
            let Some(mut written) = self.written.lock().unwrap_or_else(PoisonError::into_inner).take() else {
                return Ok(());
            };
            let end = async {
                // A writer that is gone needs no telling.
                let _ = self.queue.send(None).await;
                (&mut written).await
            };
            let written = tokio::select! {
                biased;
                written = end => written,
                () = self.stop.drained_out() => {
                    let message = "the reader of stdout did not take everything within the drain timeout";
                    return Err(CommandError::failure(anyhow!(message)));
                }
            };
            written.map_err(|error| CommandError::failure(anyhow!(error)))?.map_err(not_written)?;
            match *self.reader_gone.borrow() {
                true => Err(not_written(io::ErrorKind::BrokenPipe.into())),
                false => Ok(()),
            }
        })
    }
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

/// Writes deliveries until there are no more; what came in the meantime is written in one go.
///
/// After a failure the deliveries in hand and all later ones are refused.
fn write(mut writer: StreamWriter<File>, mut deliveries: mpsc::Receiver<Option<Delivery>>) -> io::Result<()> {
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut ended = false;
    while !ended && let Some(Some(first)) = deliveries.blocking_recv() {
        let mut bytes = 0;
        let mut result = Ok(());
        let mut next = Some(first);
        while let Some(Delivery { batch, receipt }) = next.take() {
            bytes += batch.bytes().len();
            result = writer.write(&batch);
            receipts.push(receipt);
            if bytes < GROUP && result.is_ok() {
                match deliveries.try_recv() {
                    Ok(Some(more)) => next = Some(more),
                    Ok(None) => ended = true,
                    Err(_) => {}
                }
            }
        }
        let result = result.and_then(|()| writer.flush());
        for receipt in receipts.drain(..) {
            match &result {
                Ok(()) => receipt.accept(),
                Err(_) => receipt.refuse(Refusal::Closed),
            }
        }
        if let Err(error) = result {
            deliveries.close();
            while let Some(Some(delivery)) = deliveries.blocking_recv() {
                // Enters it into the ledger as lost.
                let _ = writer.write(&delivery.batch);
            }
            let _ = writer.flush();
            return Err(error);
        }
    }
    Ok(())
}

/// Notices when the reader of a pipe goes away, without anything to write, and then fails the whole.
fn watch_reader(out: File, stop: Stop) -> io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    if !rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&out)?.st_mode).is_fifo() {
        return Ok(receiver);
    }
    std::thread::Builder::new().name("stdout-reader".into()).spawn(move || {
        // Errors are reported without being asked for.
        let mut fds = [PollFd::from_borrowed_fd(out.as_fd(), PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        let _ = sender.send(true);
        stop.fail();
    })?;
    Ok(receiver)
}
