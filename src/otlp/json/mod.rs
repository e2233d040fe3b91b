//! OTLP/JSON, straight between text and wire bytes in one pass each.
//!
//! Rules: the "JSON Protobuf Encoding" section of the OTLP specification; read as leniently as the OpenTelemetry
//! Collector does, written strictly.

mod attribute;
mod lexer;
mod plain;
mod read;
mod write;

pub use plain::{plain, plain_map, text};
pub use read::{Parsed, read, read_as};
pub use write::write;
