//! `obs`: OpenTelemetry pipelines.
#![forbid(unsafe_code)]

pub mod otlp;
