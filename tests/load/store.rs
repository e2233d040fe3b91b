//! Scenarios that put spans into a database: obs, and plain rows in other databases.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result};

use crate::client::Compression;
use crate::generator::{Load, generate};
use crate::process::{Process, Usage};
use crate::report::Figures;
use crate::run::COLLECT;
use crate::scenario::Format;
use crate::spans::Template;
use crate::{MONTH, Options, database, files, rows};

/// How long a process may take for its spans.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The name of the database in its directory.
const NAME: &str = "spans.db";

const ROWS_DUCKDB: &str = include_str!("rows_duckdb.py");

/// What keeps the spans, and where they come from.
#[derive(Clone, Copy)]
pub enum Store {
    /// `obs store FILE`.
    File(Format),
    /// `obs run 'collect | store'`, from the generator.
    Run,
    /// `obs store` at the end of a pipe, with more spans than a file would be good for.
    Pipe,
    /// Rows in SQLite, from a file of frames.
    RowsSqlite,
    /// Rows in DuckDB, from a file of NDJSON.
    RowsDuckdb,
}

/// What has been put into a database by a process that has ended.
struct Kept {
    usage: Usage,
    wall: Duration,
}

impl Store {
    pub fn run(self, options: &Options, directory: &Path) -> Result<Figures> {
        let path = directory.join(NAME);
        let requests = self.spans(options).div_ceil(options.request as u64);
        let spans = requests * options.request as u64;
        database::check_space(directory, spans * self.bytes_a_span())?;
        database::remove_on_signal(directory)?;
        let mut figures = Figures {
            sent: spans,
            otlp_bytes: requests * Template::new(options.request).size() as u64,
            ..Default::default()
        };
        let file = |format| -> Result<PathBuf> {
            let file = directory.join("spans");
            files::write(&file, format, requests, options.request, MONTH)?;
            Ok(file)
        };
        let kept = match self {
            Store::File(format) => {
                let file = file(format)?;
                let mut command = Command::new(&options.obs);
                command.arg("store").arg("--db").arg(&path).arg(file).stdin(Stdio::null());
                load("store", command, options)?.0
            }
            Store::Run => from_generator(&path, options, &mut figures)?,
            Store::Pipe => from_pipe(&path, requests, options)?,
            Store::RowsSqlite => {
                let file = file(Format::Proto)?;
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("--rows").arg(file).arg(&path).stdin(Stdio::null());
                load("rows", command, options)?.0
            }
            Store::RowsDuckdb => {
                let file = file(Format::Ndjson)?;
                let mut command = Command::new(options.python.as_ref().context("no Python")?);
                command.args(["-c", ROWS_DUCKDB]).arg(file).arg(&path);
                command.stdin(Stdio::null()).stdout(Stdio::piped());
                let (kept, printed) = load("python", command, options)?;
                figures.arrived = io::read_to_string(printed.context("no stdout")?)?.trim().parse()?;
                kept
            }
        };
        figures.wall_seconds = kept.wall.as_secs_f64();
        figures.processes = vec![kept.usage];
        // Before it is counted: whoever opens it last may tidy up.
        figures.stored_bytes = database::size(directory, NAME)?;
        match self {
            Store::RowsDuckdb => {}
            Store::RowsSqlite => figures.arrived = rows::count(&path)?,
            Store::File(_) | Store::Run | Store::Pipe => {
                figures.arrived = database::count(&path, &options.obs)?
            }
        }
        Ok(figures)
    }

    /// How many there are, where the time does not decide.
    fn spans(self, options: &Options) -> u64 {
        let spans = match self {
            Store::File(Format::Proto) | Store::RowsSqlite => 10_000_000,
            Store::File(Format::Ndjson) => 2_000_000,
            Store::RowsDuckdb => 1_000_000,
            Store::Pipe => 100_000_000,
            Store::Run => return 0,
        };
        options.spans.unwrap_or(if options.quick { spans / 4 } else { spans })
    }

    /// The most that a span may take on the disk: in the file that it is read from, the database and its log.
    fn bytes_a_span(self) -> u64 {
        match self {
            Store::File(Format::Proto) => 350 + 150,
            Store::File(Format::Ndjson) => 760 + 150,
            Store::RowsSqlite => 350 + 700,
            Store::RowsDuckdb => 760 + 600,
            Store::Pipe | Store::Run => 100,
        }
    }
}

/// Waits for a process that puts spans into a database, and ends by itself.
fn load(name: &str, mut command: Command, options: &Options) -> Result<(Kept, Option<ChildStdout>)> {
    let start = Instant::now();
    let (process, stdout) = Process::start(name, &mut command, &[], options.verbose)?;
    let usage = process.wait_for(PATIENCE)?;
    Ok((Kept { usage, wall: start.elapsed() }, stdout))
}

/// Every request is acknowledged when it is committed; the time ends with the process, which has counts to add then.
fn from_generator(database: &Path, options: &Options, figures: &mut Figures) -> Result<Kept> {
    let pipeline = format!("{} | store --db '{}'", COLLECT.join(" "), database.display());
    let mut command = Command::new(&options.obs);
    command.args(["run", "--ack", "on-delivery", &pipeline]).stdin(Stdio::null());
    let (process, _) = Process::start("run", &mut command, &[], options.verbose)?;
    let load = Load {
        address: process.address()?,
        compression: options.compression.unwrap_or(Compression::None),
        connections: options.connections,
        in_flight: options.in_flight,
        request: options.request,
        rate: None,
        max_spans: options.spans,
        duration: options.load_time(),
    };
    let sent = match generate(load) {
        Ok(sent) => sent,
        Err(error) => return Err(with_cause(error, process)),
    };
    process.terminate()?;
    let usage = process.wait()?;
    figures.sent = sent.spans;
    figures.otlp_bytes = sent.otlp_bytes;
    figures.retries = sent.retries;
    figures.export = sent.latencies.percentiles();
    Ok(Kept { usage, wall: sent.began.elapsed() })
}

/// The spans are made while they are read: together they would take six times the space of the database.
fn from_pipe(database: &Path, requests: u64, options: &Options) -> Result<Kept> {
    let (reader, mut writer) = io::pipe()?;
    let mut command = Command::new(&options.obs);
    command.arg("store").arg("--db").arg(database).stdin(reader);
    let start = Instant::now();
    let (process, _) = Process::start("store", &mut command, &[], options.verbose)?;
    // Or the pipe would stay open at this end, and writing to a process that has failed would wait forever.
    drop(command);
    let written = files::stream(&mut writer, Format::Proto, requests, options.request, MONTH);
    drop(writer);
    if let Err(error) = written {
        return Err(with_cause(error, process));
    }
    let usage = process.wait_for(PATIENCE)?;
    Ok(Kept { usage, wall: start.elapsed() })
}

/// A process that others cannot write to has mostly failed itself, and says why when it ends.
fn with_cause(error: Error, process: Process) -> Error {
    match process.wait_for(Duration::from_secs(5)) {
        Ok(_) => error,
        Err(end) => error.context(end.to_string()),
    }
}
