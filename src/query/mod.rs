//! Questions to the store: traces, logs, services and what they call.

pub mod bottlenecks;
mod dependencies;
mod diagram;
pub mod find;
pub mod logs;
mod names;
mod prune;
mod reader;
mod rollups;
pub mod sql;
mod temporary;
pub mod times;
pub mod trace;
pub mod traces;
pub mod units;

pub use dependencies::{Dependencies, Edge};
pub use diagram::{dot, mermaid};
pub use names::{expect_service, unknown_services};
pub use reader::{Reader, TraceIndex};
pub use rollups::{Figures, Measured, Operation, Order, Service, kind_name, operations, services, sort};
pub use temporary::Temporary;
