//! Sampling: which spans and log records go on.
//!
//! The decision is a function of the trace id (OpenTelemetry consistent probability sampling), so that stages and
//! machines agree, and of what a span itself shows: an error, a long duration.

mod policy;
mod rate;
mod report;
mod sampler;
mod threshold;
pub mod tracestate;

pub use policy::{Policy, Reason};
pub use rate::Rate;
pub use report::{Report, Tally};
pub use sampler::Sampler;
pub use threshold::{DEFAULT_PRECISION, Threshold, randomness_of};
