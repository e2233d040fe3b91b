//! The relay: batches leave for an OTLP endpoint, and what the endpoint does not take is accounted for.
//!
//! A batch waits in the queue (`queue`), is joined with others (`batcher`), sent (`exporter`), sent again as the OTLP
//! specification allows (`retry`, `delivery`), and in the end delivered, dead-lettered or lost.

mod batcher;
mod dead_letter;
mod delivery;
mod endpoint;
mod environment;
mod exporter;
mod payload;
mod queue;
mod response;
mod retry;

pub use batcher::BatchLimits;
pub use dead_letter::DeadLetter;
pub use endpoint::{Compression, Endpoint, Protocol, read_headers};
pub use environment::{Environment, Overrides};
pub use exporter::Exporter;
pub use payload::compressed_bytes;
pub use queue::{Meters, Options, Relay};
pub use retry::Backoff;
