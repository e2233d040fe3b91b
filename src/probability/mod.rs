//! OpenTelemetry consistent probability sampling: rates, thresholds, and where a tracestate carries them.
//!
//! Whether a trace is kept is a function of its id, so that stages and machines agree and counts can be scaled back up.

mod rate;
mod threshold;
pub mod tracestate;

pub use rate::Rate;
pub use threshold::{DEFAULT_PRECISION, Threshold, randomness_of};
