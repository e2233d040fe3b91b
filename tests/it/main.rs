//! One integration binary: the library on public documents, the real `obs` against real peers.

mod documents;
mod otlp_properties;
