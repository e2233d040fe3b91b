//! What people see on stderr.

pub mod colour;
pub mod document;
pub mod duration;
pub mod log;
mod narrow;
pub mod progress;
pub mod rows;
pub mod sparkline;
pub mod table;
pub mod terminal;
pub mod time;

use std::io::Write;

use crate::error::CommandError;

/// Prints an error and what to try.
pub fn error(error: &CommandError) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "obs: {error}");
}
