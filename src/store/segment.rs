//! A segment: a run of batches of one signal as it stands in the database.

use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use zstd::bulk::{Compressor, Decompressor};

use super::attributes::AttributeKey;
use super::columns::Columns;
use super::edges::{Edges, encode_callers, encode_children};
use super::scan::Scan;
use super::texts::Texts;
use super::trace_ids;
use crate::otlp::{Batch, Signal};
use crate::stream::MAX_FRAME;

/// Bytes of batches after which a segment is full: enough to compress well, little enough to be searched in a
/// millisecond.
pub const FULL: usize = 4 << 20;

/// In a smaller segment the records are as quickly read as the set of what is in them.
const LEAST_WITH_GRAMS: usize = 128 << 10;

/// What of segments is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contents {
    /// Everything.
    #[default]
    All,
    /// What a look at the records needs, and not what many looks are worth: no filters over texts and no rollups.
    Records,
}

impl Contents {
    /// How hard zstd tries.
    fn level(self) -> i32 {
        match self {
            // Fast enough to keep up with a million spans a second.
            Contents::All => 1,
            // Twice as fast to write and to read, and a third larger.
            Contents::Records => -3,
        }
    }
}

/// The parts of a segment, each a table of its own, so that a search reads what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The batches as frames of the stream, compressed.
    Payload,
    /// [`Columns`], compressed.
    Columns,
    /// The set of trace ids.
    TraceIds,
    /// A filter over the words of log records, or of spans with too many texts to keep.
    WordFilter,
    /// The set of runs of bytes in the texts of log records.
    Grams,
    /// All texts of spans, compressed.
    Texts,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 6] =
        [Part::Payload, Part::Columns, Part::TraceIds, Part::WordFilter, Part::Grams, Part::Texts];

    /// Its table.
    pub fn table(self) -> &'static str {
        ["payloads", "columns", "trace_ids", "word_filters", "grams", "texts"][self as usize]
    }
}

/// A segment that is ready to be written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) signal: Signal,
    pub(super) batches: usize,
    pub(super) items: usize,
    pub(super) raw_bytes: usize,
    /// Earliest and latest time, in nanoseconds since the epoch.
    pub(super) range: Option<(u64, u64)>,
    pub(super) parts: [Vec<u8>; Part::ALL.len()],
    /// The names that the numbers below stand for.
    pub(super) columns: Columns,
    /// Items by service.
    pub(super) service_items: Vec<u64>,
    pub(super) keys: Vec<AttributeKey>,
    /// The services at both ends of edges.
    pub(super) edges: Vec<(u32, u32)>,
    /// Stored forms of what the rollups of operations and of edges get, and of spans that wait for others.
    pub(super) operation_measures: Vec<u8>,
    pub(super) edge_measures: Vec<u8>,
    pub(super) callers: Vec<u8>,
    pub(super) children: Vec<u8>,
}

/// Builds segments, with buffers that are larger than what comes of them and are used again.
pub(super) struct Builder {
    contents: Contents,
    compressor: Compressor<'static>,
    frames: Vec<u8>,
    compressed: Vec<u8>,
}

impl Builder {
    /// # Errors
    /// There is no memory for the compressor.
    pub(super) fn new(contents: Contents) -> io::Result<Builder> {
        let compressor = Compressor::new(contents.level())?;
        Ok(Builder { contents, compressor, frames: Vec::new(), compressed: Vec::new() })
    }

    /// Builds a segment of batches of one signal, none of them longer than a frame can be.
    ///
    /// # Errors
    /// The compressor has failed.
    pub(super) fn build(&mut self, signal: Signal, batches: &[Batch]) -> io::Result<Segment> {
        let raw_bytes: usize = batches.iter().map(|batch| batch.bytes().len()).sum();
        let is_whole = self.contents == Contents::All;
        let texts = match signal {
            Signal::Traces => Some(Texts::of_spans(raw_bytes)),
            Signal::Logs => Some(Texts::of_logs(raw_bytes, raw_bytes >= LEAST_WITH_GRAMS)),
            Signal::Metrics => None,
        };
        let texts = texts.filter(|_| is_whole);
        let mut scan = Scan::new(texts, is_whole);
        self.frames.clear();
        self.frames.reserve_exact(raw_bytes + batches.len() * HEADER);
        for batch in batches {
            debug_assert!(batch.signal() == signal && batch.bytes().len() <= MAX_FRAME);
            self.frames.extend_from_slice(&frame_header(batch));
            self.frames.extend_from_slice(batch.bytes());
            scan.batch(batch);
        }
        let payload = self.compress_frames()?;
        self.frames.clear();
        scan.columns.encode(&mut self.frames);
        let columns = self.compress_frames()?;
        let trace_ids = trace_ids::build(std::mem::take(&mut scan.traces));
        let of_texts = scan.texts.take().map(|texts| texts.parts(raw_bytes)).unwrap_or_default();
        self.frames.clear();
        self.frames.extend_from_slice(&of_texts.texts);
        let texts = if of_texts.texts.is_empty() { Vec::new() } else { self.compress_frames()? };
        let mut edges = Edges::default();
        scan.calls.settle(&mut edges);
        scan.calls.sort();
        let (mut operation_measures, mut edge_measures) = (Vec::new(), Vec::new());
        let (mut callers, mut children) = (Vec::new(), Vec::new());
        if signal == Signal::Traces && is_whole {
            scan.measures().encode(&mut operation_measures);
            edges.measures().encode(&mut edge_measures);
            encode_callers(&scan.calls.callers, &mut callers);
            encode_children(&scan.calls.children, &mut children);
        }
        Ok(Segment {
            signal,
            batches: batches.len(),
            items: batches.iter().map(Batch::items).sum(),
            raw_bytes,
            range: scan.range,
            parts: [payload, columns, trace_ids, of_texts.word_filter, of_texts.grams, texts],
            columns: Columns {
                services: scan.columns.services,
                operations: scan.columns.operations,
                ..Columns::default()
            },
            service_items: scan.items,
            keys: scan.keys.found(),
            edges: edges.pairs,
            operation_measures,
            edge_measures,
            callers,
            children,
        })
    }

    /// Compresses what is in the buffer of frames.
    fn compress_frames(&mut self) -> io::Result<Vec<u8>> {
        if self.frames.len() > LONGEST {
            // It could not be read again.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a segment is too long"));
        }
        self.compressed.clear();
        self.compressed.reserve_exact(zstd::zstd_safe::compress_bound(self.frames.len()));
        self.compressor.compress_to_buffer(&self.frames, &mut self.compressed)?;
        Ok(self.compressed.as_slice().to_vec())
    }
}

impl Segment {
    /// Bytes of all parts.
    pub(super) fn stored_bytes(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }
}

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 4;

fn frame_header(batch: &Batch) -> [u8; HEADER] {
    let word = ((batch.signal().index() as u32 + 1) << 24) | batch.bytes().len() as u32;
    word.to_be_bytes()
}

/// Most bytes that a part can have before it is compressed: a full segment and one more batch have less.
const LONGEST: usize = 4 * MAX_FRAME;

/// Decompresses the payload or the columns of a segment.
///
/// # Errors
/// They are damaged.
pub(super) fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut decompressed = Vec::new();
    decompress_to(bytes, &mut decompressed)?;
    Ok(decompressed)
}

fn decompress_to(bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let length = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().unwrap_or_default();
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST);
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the compressed data is damaged");
    out.clear();
    out.reserve(length.ok_or_else(damaged)?);
    Decompressor::new()?.decompress_to_buffer(bytes, out).map(drop)
}

/// The batches of a decompressed payload, whose bytes they share.
///
/// # Errors
/// What stands where a batch should, by its number.
pub(super) fn batches(payload: Vec<u8>) -> impl Iterator<Item = Result<Batch, String>> {
    let payload = Bytes::from(payload);
    let mut at = 0;
    let mut number = 0;
    std::iter::from_fn(move || {
        let frame = next_frame(&payload, &mut at)?;
        number += 1;
        let Ok((signal, range)) = frame else { return Some(Err(format!("batch {number} is damaged"))) };
        let batch = Batch::parse(signal, payload.slice(range));
        Some(batch.map_err(|fault| format!("batch {number}: at byte {}: {fault}", fault.offset)))
    })
}

/// A decompressed payload whose checksum was right, so that nobody need look at every field again.
#[derive(Debug, Clone, Default)]
pub struct Payload(Vec<u8>);

/// What payloads had that are no longer needed, for the next ones: the kernel takes as long to give four megabytes of new
/// memory as to decompress into them takes.
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Most that are kept.
const MOST_SPARE: usize = 8;

fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Payload {
    fn drop(&mut self) {
        // Batches of 16 MiB make a segment larger than it is to be, which is too much to keep.
        if self.0.capacity() == 0 || self.0.capacity() > 2 * FULL {
            return;
        }
        let mut spare = spare();
        if spare.len() < MOST_SPARE {
            spare.push(std::mem::take(&mut self.0));
        }
    }
}

impl Payload {
    /// Decompresses what a segment has in the database.
    ///
    /// # Errors
    /// It is damaged.
    pub(super) fn of(compressed: &[u8]) -> io::Result<Payload> {
        let mut payload = Payload(spare().pop().unwrap_or_default());
        decompress_to(compressed, &mut payload.0)?;
        Ok(payload)
    }

    /// Its batches in their wire encoding; of a damaged one, those before the damage.
    pub fn batches(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        std::iter::from_fn(move || match next_frame(&self.0, &mut at)? {
            Ok((_, range)) => self.0.get(range),
            Err(Damaged) => None,
        })
    }

    /// All of it, with what stands between the batches.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

struct Damaged;

/// The signal of the frame at `at`, and where its batch is; moves `at` behind it.
fn next_frame(payload: &[u8], at: &mut usize) -> Option<Result<(Signal, Range<usize>), Damaged>> {
    let header = payload.get(*at..)?.first_chunk::<HEADER>()?;
    let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
    let signal = usize::from(header[0]).checked_sub(1).and_then(|index| Signal::ALL.get(index));
    let range = *at + HEADER..*at + HEADER + length;
    match signal {
        Some(signal) if range.end <= payload.len() => {
            *at = range.end;
            Some(Ok((*signal, range)))
        }
        _ => {
            *at = payload.len();
            Some(Err(Damaged))
        }
    }
}
