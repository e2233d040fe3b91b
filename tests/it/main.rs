//! One integration binary: the library on public documents, the real `obs` against real peers.

mod collect;
mod documents;
mod failures;
mod generated;
mod interop;
mod otlp_properties;
mod readme;
mod stream_reader;
mod support;
