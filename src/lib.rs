//! `obs`: OpenTelemetry pipelines.
#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod otlp;
pub mod sample;
pub mod stream;
pub mod ui;
