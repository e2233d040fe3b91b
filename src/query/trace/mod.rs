//! One trace: its spans as a tree, where its time went, and how both are shown.

mod alignment;
mod bar;
pub mod changes;
pub mod compare;
pub mod critical_path;
mod details;
mod fold;
pub mod json;
mod log;
mod model;
pub mod page;
mod parents;
pub mod part;
pub mod table;
pub mod timeline;
pub mod tree;
pub mod waterfall;

pub use log::Log;
pub use model::{Process, Span, Trace};
