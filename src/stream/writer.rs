//! Writes a stream.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Ledger, Reason};
use super::{Encoding, MAX_FRAME, MAX_LINE_WRITTEN, MAX_OBJECT_READ};
use crate::otlp::{Batch, Signal, json, split};

/// Writes batches to `W` and enters into a ledger what has left.
#[derive(Debug)]
pub struct StreamWriter<W> {
    out: W,
    encoding: Encoding,
    ledger: Arc<Ledger>,
    buffer: Vec<u8>,
    /// Items by signal that are in the buffer.
    pending: [u64; 3],
    /// Bytes of JSON that a byte of wire encoding has made lately.
    expansion: f64,
    failure: Option<io::Error>,
}

/// Time to wait for room in a pipe that does not block.
const PAUSE: Duration = Duration::from_millis(1);

/// A buffer of this many bytes is worth a system call.
const FLUSH_AT: usize = 1 << 18;

/// Standard output without a buffer of its own and without a search for line ends.
///
/// # Errors
/// It is closed.
pub fn stdout() -> io::Result<File> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    super::input::enlarge(&file);
    Ok(file)
}

impl<W: Write> StreamWriter<W> {
    /// Writes to `out`.
    pub fn new(out: W, encoding: Encoding, ledger: Arc<Ledger>) -> Self {
        StreamWriter {
            out,
            encoding,
            ledger,
            buffer: Vec::new(),
            pending: [0; 3],
            expansion: 2.5,
            failure: None,
        }
    }

    /// Writes a batch, or keeps it for [`StreamWriter::flush`].
    ///
    /// # Errors
    /// Writing failed, now or before; what was not written is in the ledger as lost.
    pub fn write(&mut self, batch: &Batch) -> io::Result<()> {
        match self.encoding {
            Encoding::Frames => {
                split(batch, usize::MAX, MAX_FRAME).iter().for_each(|piece| self.frame(piece))
            }
            Encoding::Ndjson => {
                let wire_limit = (MAX_LINE_WRITTEN as f64 / self.expansion) as usize;
                split(batch, usize::MAX, wire_limit).iter().for_each(|piece| self.line(piece));
            }
        }
        self.result()
    }

    /// Writes what is in the buffer.
    ///
    /// # Errors
    /// As [`StreamWriter::write`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.send(&[]);
        self.result()
    }

    fn frame(&mut self, piece: &Batch) {
        let Some(header) = frame_header(piece) else { return self.oversized(piece) };
        self.buffer.extend_from_slice(&header);
        self.pending[piece.signal().index()] += piece.items() as u64;
        if piece.bytes().len() + self.buffer.len() < FLUSH_AT {
            self.buffer.extend_from_slice(piece.bytes());
        } else {
            self.send(piece.bytes());
        }
    }

    fn line(&mut self, piece: &Batch) {
        if frame_header(piece).is_none() {
            return self.oversized(piece);
        }
        let start = self.buffer.len();
        let unknown = json::write(piece, &mut self.buffer);
        let length = self.buffer.len() - start;
        self.expansion = (self.expansion + length as f64 / piece.bytes().len().max(1) as f64) / 2.0;
        let pieces = if length > MAX_LINE_WRITTEN && piece.items() > 1 {
            split(piece, piece.items().div_ceil(2), usize::MAX)
        } else {
            Vec::new()
        };
        // One piece is what there was before: nothing in it can be split.
        if pieces.len() > 1 {
            self.buffer.truncate(start);
            return pieces.iter().for_each(|half| self.line(half));
        }
        if length > MAX_OBJECT_READ {
            self.buffer.truncate(start);
            return self.oversized(piece);
        }
        self.buffer.push(b'\n');
        self.ledger.unknown_fields(unknown);
        self.pending[piece.signal().index()] += piece.items() as u64;
        if self.buffer.len() >= FLUSH_AT {
            self.send(&[]);
        }
    }

    fn oversized(&self, piece: &Batch) {
        self.ledger.dropped(piece.signal(), Reason::Oversized, piece.items() as u64);
    }

    /// Writes the buffer and `rest` behind it; after a failure everything counts as lost.
    fn send(&mut self, rest: &[u8]) {
        if self.failure.is_none() {
            self.failure = write_all(&mut self.out, &self.buffer, rest).err();
        }
        self.buffer.clear();
        let pending = std::mem::take(&mut self.pending);
        for (signal, items) in Signal::ALL.into_iter().zip(pending) {
            match &self.failure {
                None => self.ledger.sent(signal, items),
                Some(_) => self.ledger.lost(signal, Reason::NotWritten, items),
            }
        }
    }

    fn result(&self) -> io::Result<()> {
        match &self.failure {
            None => Ok(()),
            // An I/O error cannot be cloned; its code or kind says the same.
            Some(error) => {
                Err(error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error))
            }
        }
    }
}

/// The header of a frame that holds `batch`; `None` where it is too large for one.
fn frame_header(batch: &Batch) -> Option<[u8; 4]> {
    let length = batch.bytes().len();
    let [_, high, middle, low] = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME)?.to_be_bytes();
    Some([batch.signal().index() as u8 + 1, high, middle, low])
}

fn write_all(out: &mut impl Write, first: &[u8], second: &[u8]) -> io::Result<()> {
    let mut slices = [IoSlice::new(first), IoSlice::new(second)];
    let mut slices = &mut slices[..];
    // Drops empty slices, so that nothing left means all written.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match out.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Somebody else made this pipe non-blocking; it is so rare that a pause will do.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
