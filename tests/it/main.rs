//! One integration binary: the library on public documents, the real `obs` against real peers.

mod documents;
mod generated;
mod otlp_properties;
mod readme;
mod stream_reader;
