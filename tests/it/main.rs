//! One integration binary: the library on public documents, the real `obs` against real peers.

mod capacity;
mod cli;
mod collect;
mod config;
mod documents;
mod failures;
mod generated;
mod interop;
mod otlp_properties;
mod query;
mod readme;
mod redact;
mod run;
mod sample;
mod store;
mod store_figures;
mod stream_reader;
mod support;
