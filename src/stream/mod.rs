//! The stream between subcommands: two encodings, read and written; the ledger; stopping in order.

mod buffer;
mod input;
mod ledger;
pub mod lineage;
mod reader;
mod resync;
mod stop;
mod writer;

pub use buffer::Source;
pub use input::{Input, open};
pub use ledger::{Counts, Ledger, Reason};
pub use reader::{Event, Rejection, StreamReader};
pub use stop::{Stop, StopOnPanic, Wake};
pub use writer::{StreamWriter, stdout};

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// OTLP JSON Lines, as the OpenTelemetry File Exporter specification has them.
    #[default]
    Ndjson,
    /// Length-prefixed protobuf: a big-endian word, its top byte the signal (1 traces, 2 metrics, 3 logs, 0 not
    /// said), the lower three the length of the message that follows.
    Frames,
}

/// Largest message in a frame, in bytes; one record over it is not carried.
pub const MAX_FRAME: usize = (1 << 24) - 1;

/// Longest line that is written where a batch can be split: the collector's reader cuts longer ones.
pub const MAX_LINE_WRITTEN: usize = (1 << 20) - 1;

/// Longest JSON object that is read, in bytes.
pub const MAX_OBJECT_READ: usize = 64 << 20;
