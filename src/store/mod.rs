//! The store: whatever flows through the pipe, in one SQLite file.
//!
//! SQLite is transaction log, catalog and container. A batch's way: `writer` takes it from the pipeline, `assembler`
//! collects batches of its signal, `segment` compresses them and walks over them once for all that searches and rollups
//! need (`scan`); `commits` and `committer` write segments in a transaction, which resolves their receipts, and a moment
//! later add what they count to the rollups.

mod assembler;
mod attributes;
mod catalog;
mod check;
mod columns;
mod commits;
mod committer;
mod compaction;
mod database;
mod edges;
mod export;
pub mod filter;
pub mod grams;
pub mod histogram;
mod measures;
mod migration;
mod pending;
mod reading;
mod records;
mod retention;
mod rollups;
mod scan;
mod segment;
mod selection;
mod span_counts;
mod spans;
mod stats;
mod texts;
mod totals;
pub mod trace_ids;
mod upkeep;
mod writer;

pub use attributes::Level;
pub use check::Findings;
pub use columns::{BEYOND, Columns, NO_TRACE, Operation};
pub use compaction::Compacted;
pub use database::{Database, Durability, Progress};
pub use export::Export;
pub use migration::VERSION;
pub use reading::{Compressed, Damage, Stored};
pub use retention::{Limits, Pruned};
pub use segment::{Contents, Part, Payload};
pub use selection::Selection;
pub use span_counts::SpanCount;
pub use stats::{ServiceStats, SignalStats, Stats};
pub use texts::END as END_OF_TEXT;
pub use totals::{EdgeName, Minutes, OperationName, Precision, Total};
pub use upkeep::ROLLUPS_KEPT;
pub use writer::{Meters, Options, Start, Store};
