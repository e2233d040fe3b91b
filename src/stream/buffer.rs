//! Bytes that have been read and not yet been taken.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::buffer::spare_capacity;

/// Where bytes come from.
pub trait Source {
    /// Appends up to the spare capacity of `buffer`; 0 is the end.
    ///
    /// # Errors
    /// Reading failed.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize>;

    /// What to wait for when there is nothing to read; `None` where reading never waits.
    fn waits_on(&self) -> Option<BorrowedFd<'_>>;
}

impl Source for File {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            match rustix::io::read(self.as_fd(), spare_capacity(buffer)) {
                Err(rustix::io::Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
    }

    fn waits_on(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Source for &[u8] {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let count = self.len().min(buffer.capacity() - buffer.len());
        let (head, tail) = self.split_at(count);
        buffer.extend_from_slice(head);
        *self = tail;
        Ok(count)
    }

    fn waits_on(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A growing window on a source.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Buffer { bytes, start: 0 }
    }
}

/// What one read asks for: as much as a pipe holds at the most.
const CHUNK: usize = 1 << 18;

impl Buffer {
    /// What is there.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Drops the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Reads once; false at the end.
    pub(super) fn fill(&mut self, source: &mut impl Source) -> io::Result<bool> {
        if self.bytes.capacity() - self.bytes.len() < CHUNK {
            self.bytes.drain(..self.start);
            self.start = 0;
            // Doubles, so that a long object is not copied again and again.
            self.bytes.reserve(CHUNK);
        }
        Ok(source.fill(&mut self.bytes)? > 0)
    }

    /// Moves up to `wanted` bytes out.
    pub(super) fn take(&mut self, wanted: usize, into: &mut Vec<u8>) {
        let count = wanted.min(self.bytes().len());
        into.extend_from_slice(&self.bytes()[..count]);
        self.consume(count);
    }
}
