//! Sources: OTLP over gRPC and HTTP, and synthetic traffic.

mod admission;
mod body;
mod otlp;
mod refusal;
mod response;
mod source;
pub mod synthetic;
mod token;

pub use admission::Admission;
pub use otlp::{Cors, Reception};
pub use source::{Collector, Listener};
pub use token::BearerToken;

/// Largest request in bytes, compressed or not: the limit that the OTLP specification recommends.
pub const MAX_REQUEST: usize = 64 << 20;
