use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{mpsc, oneshot};

use crate::stream::{Delivery, Refusal, StreamWriter};

/// The terminal that writes the stream: a batch is accepted when its bytes are written.
#[derive(Debug)]
pub struct StreamTerminal {
    writer: StreamWriter<File>,
}

/// Bytes after which what waits is written although more is to be had.
const GROUP: usize = 1 << 20;

impl StreamTerminal {
    /// Writes with `writer`.
    pub fn new(writer: StreamWriter<File>) -> Self {
        StreamTerminal { writer }
    }

    /// Writes deliveries until there are no more; what came in the meantime is written in one go.
    ///
    /// # Errors
    /// Writing failed; the deliveries in hand and all later ones are refused.
    pub fn run(mut self, mut deliveries: mpsc::Receiver<Delivery>) -> io::Result<()> {
        let mut group = Vec::new();
        while let Some(first) = deliveries.blocking_recv() {
            let mut bytes = 0;
            let mut next = Some(first);
            let mut result = Ok(());
            while let Some(delivery) = next.take() {
                bytes += delivery.batch.bytes().len();
                result = self.writer.write(&delivery.batch);
                group.push(delivery);
                if bytes < GROUP && result.is_ok() {
                    next = deliveries.try_recv().ok();
                }
            }
            let result = result.and_then(|()| self.writer.flush());
            let answer = result.as_ref().copied().map_err(|_| Refusal::Closed);
            group.drain(..).for_each(|delivery| delivery.resolve(answer));
            if let Err(error) = result {
                deliveries.close();
                while let Some(delivery) = deliveries.blocking_recv() {
                    // Enters it into the ledger as lost.
                    let _ = self.writer.write(&delivery.batch);
                    delivery.resolve(Err(Refusal::Closed));
                }
                let _ = self.writer.flush();
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Resolves when the reader of a pipe goes away, so that it is noticed without anything to write.
///
/// # Errors
/// There is no descriptor or thread to be had.
pub fn reader_gone(out: &File) -> io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    let out = out.try_clone()?;
    if !rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&out)?.st_mode).is_fifo() {
        // Nobody can go away; the receiver must not resolve.
        std::mem::forget(sender);
        return Ok(receiver);
    }
    std::thread::Builder::new().name("stdout-reader".into()).spawn(move || {
        // Errors are reported without being asked for.
        let mut fds = [PollFd::from_borrowed_fd(out.as_fd(), PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        let _ = sender.send(());
    })?;
    Ok(receiver)
}
