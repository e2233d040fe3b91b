//! Sources: OTLP over gRPC and HTTP, and synthetic traffic.

mod admission;
mod body;
mod otlp;
mod refusal;
mod response;
mod stdout;
pub mod synthetic;

pub use admission::Admission;
pub use otlp::{Cors, Receiver};
pub use stdout::{StreamTerminal, reader_gone};

/// Largest request in bytes, compressed or not: the limit that the OTLP specification recommends.
pub const MAX_REQUEST: usize = 64 << 20;
