//! The figures that `obs store` keeps beside its segments equal those that a plain loop over the raw spans finds.
//!
//! The loop ([`naive`]) knows nothing of segments, runs, packed words or sorted keys: maps of exact ids, histograms whose
//! buckets are found with integers of a thousand bits. The tables are read as any SQLite client reads them.

mod catalog;
mod hostile;
mod interleavings;
mod million;
mod naive;
pub mod spans;
mod tables;
mod weighted;
pub mod wire;
mod words;
