//! Makes the databases.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use obs::otlp::{Batch, Signal, json};
use serde_json::json;

use super::traffic::Template;
use super::{System, directory, items, lines, requests};
use crate::rows::Rows;
use crate::{Options, database};

/// Bytes of the file of NDJSON.
const FILE_BYTES: u64 = 1 << 30;

/// The most that a span and a log record take, in all databases and the files that they are made from.
const BYTES_AN_ITEM: u64 = 3500;

const SPANS_DUCKDB: &str = include_str!("../rows_duckdb.py");
const LINES_DUCKDB: &str = include_str!("lines_duckdb.py");

/// Makes what is missing, and that of obs anew if so wanted; each in a process of its own, because the memory of this
/// one must stay small, see `one`.
pub fn prepare(options: &Options, anew: bool) -> Result<()> {
    let directory = directory(options)?;
    fs::create_dir_all(&directory)?;
    for system in System::ALL {
        let path = system.path(options)?;
        let is_wanted = system != System::Duckdb || options.python.is_some();
        if !is_wanted || path.exists() && !(anew && system == System::Obs) {
            continue;
        }
        eprintln!("making {} …", path.display());
        database::check_space(&directory, items(options) * BYTES_AN_ITEM)?;
        let name = clap::ValueEnum::to_possible_value(&system).context("no name")?;
        let status = Command::new(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .args(["--fill-one", name.get_name()])
            .status()?;
        if !status.success() {
            bail!("{}: {status}", path.display());
        }
    }
    Ok(())
}

/// Makes a database under another name first, so that one that is there is whole.
pub fn fill(system: System, options: &Options) -> Result<()> {
    let path = system.path(options)?;
    let part = path.with_added_extension("part");
    for name in [part.clone(), part.with_added_extension("wal"), beside(&part, "-wal"), beside(&part, "-shm")]
    {
        fs::remove_file(name).ok();
    }
    let requests = requests(options);
    match system {
        System::Obs => obs(&part, requests, options)?,
        System::Sqlite => sqlite(&part, requests)?,
        System::Duckdb => duckdb(&part, requests, options)?,
        System::File => {
            let template = Template::new();
            let length = ndjson(&template.request(0, requests))?.len() as u64;
            spans_of_last(&part, &template, requests, FILE_BYTES / length)?;
        }
    }
    fs::rename(part, path)?;
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn obs(path: &Path, requests: u64, options: &Options) -> Result<()> {
    let mut command = Command::new(&options.obs);
    command.arg("store").arg("--db").arg(path).stdin(Stdio::piped());
    let mut store = command.spawn()?;
    let mut stdin = BufWriter::with_capacity(1 << 20, store.stdin.take().context("no stdin")?);
    let template = Template::new();
    let mut frame = |signal: u32, message: &[u8]| -> Result<()> {
        stdin.write_all(&(signal << 24 | message.len() as u32).to_be_bytes())?;
        stdin.write_all(message)?;
        Ok(())
    };
    // In the order of time, as they come in life.
    for request in 0..requests {
        frame(1, &template.request(request, requests))?;
        let (service, lines) = lines::request(request, requests);
        frame(3, &lines::encode(service, &lines))?;
    }
    stdin.flush()?;
    drop(stdin);
    let status = store.wait()?;
    if !status.success() {
        bail!("obs store: {status}");
    }
    Ok(())
}

fn sqlite(path: &Path, requests: u64) -> Result<()> {
    let mut rows = Rows::create(path)?;
    let template = Template::new();
    for request in 0..requests {
        rows.add_spans(&Batch::parse(Signal::Traces, template.request(request, requests).into())?)?;
    }
    for request in 0..requests {
        let (service, lines) = lines::request(request, requests);
        rows.add_lines(service, &lines)?;
    }
    rows.finish()
}

fn duckdb(path: &Path, requests: u64, options: &Options) -> Result<()> {
    let python = options.python.as_ref().context("no Python")?;
    let load = |script: &str, file: &Path| -> Result<()> {
        let mut command = Command::new(python);
        let status = command.args(["-c", script]).arg(file).arg(path).stdout(Stdio::null()).status()?;
        fs::remove_file(file)?;
        if !status.success() {
            bail!("DuckDB: {status}");
        }
        Ok(())
    };
    let file = path.with_extension("jsonl");
    spans_of_last(&file, &Template::new(), requests, requests)?;
    load(SPANS_DUCKDB, &file)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&file)?);
    for request in 0..requests {
        let (service, lines) = lines::request(request, requests);
        for line in lines {
            let attributes: serde_json::Map<_, _> =
                line.attributes.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
            let trace_id =
                line.trace_id.map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            let row = json!({
                "time": line.time_ns, "service": service, "severity": line.severity, "body": line.body,
                "trace_id": trace_id, "attributes": attributes,
            });
            writeln!(out, "{row}")?;
        }
    }
    out.into_inner()?.sync_all()?;
    load(LINES_DUCKDB, &file)
}

/// Writes the last so many requests as NDJSON.
fn spans_of_last(path: &Path, template: &Template, requests: u64, count: u64) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for request in requests.saturating_sub(count)..requests {
        out.write_all(&ndjson(&template.request(request, requests))?)?;
    }
    out.into_inner()?.sync_all()?;
    Ok(())
}

fn ndjson(request: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(request.len() * 3);
    json::write(&Batch::parse(Signal::Traces, request.to_vec().into())?, &mut out);
    out.push(b'\n');
    Ok(out)
}
