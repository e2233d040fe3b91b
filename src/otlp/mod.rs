//! OTLP as bytes: batches in their wire encoding, views over them, edits by copying ranges, and JSON at the edges.

mod batch;
pub(crate) mod check;
#[macro_use]
mod declare;
mod fault;
pub(crate) mod field;
pub mod json;
pub mod names;
pub mod proto;
mod quick;
pub mod schema;
pub mod semconv;
pub(crate) mod tree;
pub mod view;
pub mod wire;

pub use batch::{Batch, Signal};
pub(crate) use check::plain_attribute;
pub use fault::{Fault, Problem};
pub use tree::{Rebuild, join, split};
