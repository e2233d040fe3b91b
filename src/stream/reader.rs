//! Reads a stream: batches, and what could not be read with its place.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::buffer::{Buffer, Source};
use super::resync::Resync;
use super::stop::{Stop, Wake};
use super::{Encoding, MAX_OBJECT_READ};
use crate::otlp::json;
use crate::otlp::{Batch, Fault, Problem, Signal};

/// What comes out of a stream.
#[derive(Debug)]
pub enum Event {
    /// A batch.
    Batch(Batch),
    /// Something that is no batch; the stream goes on behind it.
    Rejected(Rejection),
    /// Nothing to read at the moment: time to flush, then to [`StreamReader::wait`].
    Idle,
    /// The end.
    End,
}

/// An object or a frame that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// `file:line:column`, or the frame.
    pub place: String,
    /// The path of the field, what was expected there and what was found.
    pub reason: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Reads one input of a stream.
#[derive(Debug)]
pub struct StreamReader<S> {
    name: String,
    source: S,
    unnamed: Signal,
    encoding: Option<Encoding>,
    buffer: Buffer,
    ended: bool,
    /// Lines before the buffer, and bytes of its first line before it.
    line: usize,
    column: usize,
    /// Frames before the buffer.
    frame: usize,
    frame_payload: Option<Payload>,
    /// The bytes of the frame before, to be used again once nobody holds them.
    used: Bytes,
    /// Length of the buffer from which on it pays to try the same object again.
    retry_at: usize,
    resync: Option<Resync>,
}

/// A frame of which the header has been read.
#[derive(Debug)]
struct Payload {
    signal: Signal,
    bytes: Vec<u8>,
    length: usize,
}

enum Step {
    Event(Event),
    MoreNeeded,
}

impl<S: Source> StreamReader<S> {
    /// Reads `source`, which messages call `name`; frames that do not say their signal are taken as `unnamed`.
    pub fn new(name: impl Into<String>, source: S, unnamed: Signal) -> Self {
        StreamReader {
            name: name.into(),
            source,
            unnamed,
            encoding: None,
            buffer: Buffer::default(),
            ended: false,
            line: 0,
            column: 0,
            frame: 0,
            frame_payload: None,
            used: Bytes::new(),
            retry_at: 0,
            resync: None,
        }
    }

    /// The next event; never waits for input.
    ///
    /// # Errors
    /// Reading failed, or the input is no stream at all.
    pub fn next_event(&mut self) -> io::Result<Event> {
        let mut idle = false;
        loop {
            let step = match self.encoding {
                None => self.detect(),
                Some(Encoding::Ndjson) => self.object(idle),
                Some(Encoding::Frames) => self.frame(),
            };
            match step {
                Step::Event(event) => return Ok(event),
                Step::MoreNeeded if idle => return Ok(Event::Idle),
                Step::MoreNeeded if self.would_wait() => idle = true,
                Step::MoreNeeded => self.fill()?,
            }
        }
    }

    /// What messages call the input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until there is something to read, `deadline` passes, or `stop` has been waited out.
    pub fn wait(&self, stop: &Stop, deadline: Option<Instant>) -> Wake {
        stop.wait_for(self.source.waits_on(), deadline)
    }

    fn would_wait(&self) -> bool {
        !self.ended && self.source.waits_on().is_some_and(|fd| !super::stop::readable(fd, Duration::ZERO))
    }

    fn fill(&mut self) -> io::Result<()> {
        let more = match &mut self.frame_payload {
            // The rest of a frame goes where it will stay.
            Some(payload) => self.source.fill(&mut payload.bytes)? > 0,
            None => self.buffer.fill(&mut self.source)?,
        };
        self.ended = !more;
        Ok(())
    }

    /// Tells the encoding by the first bytes, once there are enough of them.
    fn detect(&mut self) -> Step {
        const COMPRESSED: [(&[u8], &str); 2] =
            [(&[0x1f, 0x8b], "zcat"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstdcat")];
        const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
        let bytes = self.buffer.bytes();
        if bytes.len() < 4 && !self.ended {
            return Step::MoreNeeded;
        }
        for (magic, tool) in COMPRESSED {
            if bytes.starts_with(magic) {
                return self.lost(format!("the input is compressed; try: {tool} FILE | obs …"));
            }
        }
        if matches!(bytes.first(), Some(0..=3)) {
            self.encoding = Some(Encoding::Frames);
            return self.frame();
        }
        self.encoding = Some(Encoding::Ndjson);
        if bytes.starts_with(BYTE_ORDER_MARK) {
            self.buffer.consume(BYTE_ORDER_MARK.len());
        }
        self.object(false)
    }

    /// Gives up on the rest of the input.
    fn lost(&mut self, reason: String) -> Step {
        let place = match self.encoding {
            Some(Encoding::Frames) => format!("{}: frame {}", self.name, self.frame + 1),
            _ => self.name.clone(),
        };
        self.buffer = Buffer::default();
        self.ended = true;
        Step::Event(Event::Rejected(Rejection { place, reason }))
    }

    fn object(&mut self, idle: bool) -> Step {
        if let Some(resync) = &mut self.resync {
            let skipped = resync.skip(self.buffer.bytes());
            let found = resync.found();
            self.advance(skipped);
            if !found && !self.ended {
                return Step::MoreNeeded;
            }
            self.resync = None;
        }
        let blank = self
            .buffer
            .bytes()
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
            .count();
        // Not without need: passing over something also means that the next try is for another object.
        if blank > 0 {
            self.advance(blank);
        }
        let text = self.buffer.bytes();
        if text.is_empty() {
            return if self.ended { Step::Event(Event::End) } else { Step::MoreNeeded };
        }
        // A complete object ends a line, or stands at the end of what has been written so far.
        let ends_here = idle && text.trim_ascii_end().ends_with(b"}");
        let ends_a_line = || text.len() >= self.retry_at && memchr::memchr(b'\n', text).is_some();
        if !(self.ended || ends_here || ends_a_line() || text.len() > MAX_OBJECT_READ) {
            return Step::MoreNeeded;
        }
        match json::read(text) {
            Ok(parsed) if parsed.consumed <= MAX_OBJECT_READ => {
                self.advance(parsed.consumed);
                Step::Event(Event::Batch(parsed.batch))
            }
            Err(fault)
                if fault.problem == Problem::EndOfText && !self.ended && text.len() <= MAX_OBJECT_READ =>
            {
                self.retry_at = text.len() * 2;
                Step::MoreNeeded
            }
            Err(fault) if fault.problem != Problem::EndOfText || text.len() <= MAX_OBJECT_READ => {
                let place = self.place(fault.offset);
                self.reject(place, fault.to_string())
            }
            _ => {
                self.reject(self.place(0), format!("the object is longer than {} MiB", MAX_OBJECT_READ >> 20))
            }
        }
    }

    fn reject(&mut self, place: String, reason: String) -> Step {
        self.resync = Some(Resync::default());
        Step::Event(Event::Rejected(Rejection { place, reason }))
    }

    /// Passes over text and counts its lines.
    fn advance(&mut self, count: usize) {
        let text = &self.buffer.bytes()[..count];
        (self.line, self.column) = position(text, self.line, self.column);
        self.buffer.consume(count);
        self.retry_at = 0;
    }

    fn place(&self, offset: usize) -> String {
        let text = self.buffer.bytes();
        let (line, column) = position(&text[..offset.min(text.len())], self.line, self.column);
        format!("{}:{}:{}", self.name, line + 1, column + 1)
    }

    fn frame(&mut self) -> Step {
        if let Some(mut payload) = self.frame_payload.take() {
            if payload.bytes.len() < payload.length && !self.ended {
                self.frame_payload = Some(payload);
                return Step::MoreNeeded;
            }
            if payload.bytes.len() > payload.length {
                self.buffer = Buffer::from(payload.bytes.split_off(payload.length));
            }
            return Step::Event(self.payload(payload));
        }
        let Some(header) = self.buffer.bytes().first_chunk::<4>().copied() else {
            return match (self.ended, self.buffer.bytes().len()) {
                (true, 0) => Step::Event(Event::End),
                (true, left) => {
                    self.lost(format!("{left} bytes at the end are no frame; the stream was cut off"))
                }
                (false, _) => Step::MoreNeeded,
            };
        };
        let signal = match header[0] {
            0 => self.unnamed,
            number @ 1..=3 => Signal::ALL[usize::from(number) - 1],
            // Without a length there is no way to find the next frame.
            other => {
                return self.lost(format!(
                    "expected a signal (0 to 3) in the first byte of the header, found {other}; the rest of the input \
                     cannot be read"
                ));
            }
        };
        self.frame += 1;
        let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        self.buffer.consume(header.len());
        let mut bytes = self.recycled(length);
        self.buffer.take(length, &mut bytes);
        self.frame_payload = Some(Payload { signal, bytes, length });
        self.frame()
    }

    /// Room for a payload; fresh memory would have to be cleared by the kernel first.
    fn recycled(&mut self, length: usize) -> Vec<u8> {
        let used = std::mem::take(&mut self.used);
        if !used.is_unique() || used.len() > length * 2 {
            return Vec::with_capacity(length);
        }
        let mut bytes = Vec::from(used);
        bytes.clear();
        bytes.reserve_exact(length);
        bytes
    }

    fn payload(&mut self, payload: Payload) -> Event {
        let reason = if payload.bytes.len() < payload.length {
            format!("{} of {} bytes; the stream was cut off", payload.bytes.len(), payload.length)
        } else {
            self.used = Bytes::from(payload.bytes);
            match Batch::parse(payload.signal, self.used.clone()) {
                Ok(batch) => return Event::Batch(batch),
                Err(fault) => at_offset(&fault),
            }
        };
        Event::Rejected(Rejection { place: format!("{}: frame {}", self.name, self.frame), reason })
    }
}

/// A fault of wire bytes, with its offset.
fn at_offset(fault: &Fault) -> String {
    format!("at byte {}: {fault}", fault.offset)
}

/// Line and column behind `text`, which begins at that line and column; all count from 0.
fn position(text: &[u8], line: usize, column: usize) -> (usize, usize) {
    match memchr::memrchr(b'\n', text) {
        None => (line, column + text.len()),
        Some(last) => (line + memchr::memchr_iter(b'\n', text).count(), text.len() - last - 1),
    }
}
