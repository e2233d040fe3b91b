//! `load`: whole processes under load, their CPU time and memory as the operating system charged them.
//!
//! The generator and the sink run in this program and do not count. `scripts/bench` builds everything and calls it.

mod calibrate;
mod client;
mod database;
mod files;
mod generator;
mod latency;
mod peers;
mod process;
mod queries;
mod report;
mod rows;
mod run;
mod scenario;
mod sink;
mod spans;
mod store;
mod store_report;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use scenario::{SCENARIOS, Scenario, System};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures obs, and other collectors beside it, with a load of OTLP/gRPC.
#[derive(Parser, Clone)]
struct Options {
    /// Scenarios to run, in the order of --list; a trailing `*` stands for any ending. Without any, all but store-memory, query-* and calibrate
    scenarios: Vec<String>,
    /// Prints the scenarios
    #[arg(long)]
    list: bool,
    /// The obs binary
    #[arg(long, default_value = "target/release/obs")]
    obs: PathBuf,
    /// The rotel binary; without it, its scenarios are skipped
    #[arg(long)]
    rotel: Option<PathBuf>,
    /// The OpenTelemetry Collector's binary; without it, its scenarios are skipped
    #[arg(long)]
    otelcol: Option<PathBuf>,
    /// A Python that has the module duckdb; without it, its scenario is skipped
    #[arg(long)]
    python: Option<PathBuf>,
    /// Shorter: 3 s of load, 10 s of stall, files a quarter as large, databases to ask a tenth
    #[arg(long)]
    quick: bool,
    /// How long the generator sends [default: 10]
    #[arg(long)]
    seconds: Option<u64>,
    /// Ends after so many spans if the time is not over; so many are put into a database
    #[arg(long)]
    spans: Option<u64>,
    /// How long the sink stalls [default: 60]
    #[arg(long)]
    stall: Option<u64>,
    /// Connections of the generator
    #[arg(long, default_value_t = 2)]
    connections: usize,
    /// Requests in flight, over all connections
    #[arg(long, default_value_t = 8)]
    in_flight: usize,
    /// Spans in a request
    #[arg(long, default_value_t = 1000)]
    request: usize,
    /// What the generator compresses with [default: what the scenario says]
    #[arg(long, value_enum)]
    compression: Option<client::Compression>,
    /// Copies what the processes write to stderr
    #[arg(long, short)]
    verbose: bool,
    /// Only writes a file of spans that are spread over 30 days, frames or (.jsonl) NDJSON
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Only makes the databases that the query scenarios ask: that of obs anew, others where they are missing
    #[arg(long)]
    fill: bool,
    /// Where these databases are [default: bench-data beside the directory of this program's profile]
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Runs one scenario and prints its figures as JSON
    #[arg(long, hide = true)]
    one: Option<String>,
    /// Puts a file of frames into a database, a row a span
    #[arg(long, hide = true, num_args = 2, value_names = ["FILE", "DB"])]
    rows: Option<Vec<PathBuf>>,
    /// Makes one of the databases that are asked
    #[arg(long, hide = true, value_name = "SYSTEM")]
    fill_one: Option<queries::System>,
    /// Asks a SQLite database
    #[arg(long, hide = true, num_args = 2, value_names = ["DB", "SQL"])]
    ask_rows: Option<Vec<String>>,
}

impl Options {
    fn load_time(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 3 } else { 10 }))
    }

    fn stall_time(&self) -> Duration {
        Duration::from_secs(self.stall.unwrap_or(if self.quick { 10 } else { 60 }))
    }

    /// Whether the command line asks for a scenario.
    fn wants(&self, scenario: &Scenario) -> bool {
        let name = scenario.name;
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning) && !scenario.is_long(),
            None => name == pattern,
        };
        match self.scenarios.is_empty() {
            true => !scenario.is_long() && !scenario.is_query() && !scenario.is_comparison(),
            false => self.scenarios.iter().any(matches),
        }
    }
}

/// Time that the spans in a file for the store are spread over.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.list {
        for scenario in SCENARIOS {
            println!("{:18} {}", scenario.name, scenario.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &options.write {
        let is_json = path.extension().is_some_and(|extension| extension == "jsonl");
        let format = if is_json { scenario::Format::Ndjson } else { scenario::Format::Proto };
        let requests = options.spans.unwrap_or(1_000_000) / options.request as u64;
        files::write(path, format, requests, options.request, MONTH)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some([file, database]) = options.rows.as_deref() {
        rows::load(file, database)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some([database, sql]) = options.ask_rows.as_deref() {
        queries::ask_rows(database.as_ref(), sql)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(system) = options.fill_one {
        queries::fill(system, &options)?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.fill {
        queries::prepare(&options, true)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = &options.one {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name);
        let figures = run::run(scenario.context("no such scenario")?, &options)?;
        serde_json::to_writer(std::io::stdout(), &figures)?;
        return Ok(ExitCode::SUCCESS);
    }
    all(&options)
}

fn all(options: &Options) -> Result<ExitCode> {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|scenario| options.wants(scenario)).collect();
    if chosen.is_empty() {
        bail!("no such scenario; --list prints them");
    }
    if chosen.iter().any(|scenario| scenario.is_query()) {
        queries::prepare(options, false)?;
    }
    let mut rows = Vec::new();
    let mut tables = Vec::new();
    let mut failed = false;
    for scenario in chosen {
        if let Some(missing) = scenario.missing(options) {
            eprintln!("{}: skipped, no {missing}", scenario.name);
            continue;
        }
        eprint!("{} … ", scenario.name);
        std::io::stderr().flush()?;
        if scenario.is_comparison() {
            let (table, is_wrong) = calibrate::compare(options)?;
            failed |= is_wrong;
            eprintln!("done");
            tables.push(table);
            continue;
        }
        match one(scenario.name) {
            Ok(figures) => {
                failed |= figures.complaint.is_some();
                eprintln!("{}", figures.complaint.as_deref().unwrap_or("ok"));
                rows.push((scenario, figures));
            }
            Err(error) => {
                failed = true;
                eprintln!("failed: {error:#}");
            }
        }
    }
    let is_kept = |row: &report::Row| matches!(row.0.system, System::Store(_));
    let (kept, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_kept);
    let (asked, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.0.is_query());
    if !rows.is_empty() || kept.is_empty() && asked.is_empty() && tables.is_empty() {
        tables.push(report::table(&rows));
    }
    if !kept.is_empty() {
        tables.push(store_report::table(&kept));
    }
    if !asked.is_empty() {
        tables.push(queries::table(&asked));
    }
    print!("{}", tables.join("\n"));
    Ok(ExitCode::from(u8::from(failed)))
}

/// Runs a scenario in a process of its own.
///
/// Linux counts the memory that a process had before `exec` towards its peak, and before `exec` a child shares its
/// parent's. A parent that has generated no load yet has a few megabytes, and so they do not show.
fn one(name: &str) -> Result<report::Figures> {
    let output = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .args(["--one", name])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("{}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
