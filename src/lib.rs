//! `obs`: OpenTelemetry pipelines.
#![deny(unsafe_code)]
#![warn(missing_docs)]
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![warn(clippy::todo, clippy::dbg_macro)]

pub mod capacity;
pub mod choice;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod error;
pub mod expr;
pub mod mistake;
pub mod net;
pub mod otlp;
pub mod pipeline;
pub mod probability;
pub mod query;
pub mod redact;
pub mod relay;
pub mod sample;
pub mod store;
pub mod stream;
pub mod telemetry;
pub mod ui;
