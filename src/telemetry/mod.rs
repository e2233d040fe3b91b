//! Our own telemetry: the ledger and a few figures as metrics, on an address or as OTLP.

mod figures;
mod health;
mod otlp;
mod prometheus;
mod sample;
mod tracer;

pub use figures::{Figures, StageFigures};
pub use health::spawn as spawn_health;
pub use otlp::SelfMetrics;
pub use sample::{Histogram, Sample, Samples};
pub use tracer::{Kind, OpenSpan, TRACEPARENT, Tracer};
