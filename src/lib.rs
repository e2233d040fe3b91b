//! `obs`: OpenTelemetry pipelines.
#![forbid(unsafe_code)]

pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod error;
pub mod net;
pub mod otlp;
pub mod relay;
pub mod sample;
pub mod stream;
pub mod telemetry;
pub mod ui;
