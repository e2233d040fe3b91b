//! Sampling: which spans and log records go on.
//!
//! The decision is a function of the trace id ([`crate::probability`]) and of what a span itself shows: an error, a long
//! duration.

mod policy;
mod report;
mod sampler;

pub use policy::{Policy, Reason};
pub use report::{Report, Tally};
pub use sampler::Sampler;
