//! Scenarios that ask: obs, and rows in SQLite and DuckDB, the same questions about the same spans and log records.

mod answer;
mod ask;
mod fill;
pub mod lines;
mod random;
mod report;
mod sqlite;
mod traffic;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::Options;

pub use ask::ask;
pub use fill::{fill, prepare};
pub use report::table;
pub use sqlite::ask_rows;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Trace,
    Search,
    Attribute,
    /// The same attribute, so that no filter helps.
    Scan,
    Services,
    Bottlenecks,
    Logs,
    File,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum System {
    Obs,
    Sqlite,
    Duckdb,
    /// None that is asked: the file of NDJSON.
    File,
}

/// How long a system took for a question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    pub system: System,
    /// Every run, in order of the times.
    pub seconds: Vec<f64>,
    /// User and system time of each, in order.
    pub cpu_seconds: Vec<f64>,
    pub peak_rss_bytes: u64,
    /// Rows of the answer; or why there is none.
    pub answer: Result<usize, String>,
}

impl System {
    const ALL: [System; 4] = [System::Obs, System::Sqlite, System::Duckdb, System::File];

    /// The file that it has its data in.
    fn path(self, options: &Options) -> Result<PathBuf> {
        let name = match self {
            System::Obs => "obs.db",
            System::Sqlite => "rows.sqlite",
            System::Duckdb => "rows.duckdb",
            System::File => "spans.jsonl",
        };
        Ok(directory(options)?.join(name))
    }
}

/// Spans, and as many log records.
fn items(options: &Options) -> u64 {
    options.spans.unwrap_or(if options.quick { 1_000_000 } else { 10_000_000 })
}

/// Requests of a thousand spans each, and as many of log records.
fn requests(options: &Options) -> u64 {
    items(options).div_ceil(traffic::SPANS as u64)
}

/// Where the databases are. They are made once: it takes minutes.
fn directory(options: &Options) -> Result<PathBuf> {
    /// Other data, other directory.
    const GENERATION: u32 = 1;
    let root = match &options.data {
        Some(directory) => directory.clone(),
        None => {
            let program = std::env::current_exe()?;
            program.ancestors().nth(3).context("no target directory")?.join("bench-data")
        }
    };
    Ok(root.join(format!("{}-{GENERATION}", items(options))))
}
