//! Runs one scenario.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::client::Compression;
use crate::generator::{Load, generate};
use crate::process::{Process, Usage};
use crate::report::Figures;
use crate::scenario::{Format, RATE, Scenario, System};
use crate::sink::Sink;
use crate::spans::Template;
use crate::{Options, files, peers, queries};

/// When the sink begins to stall, and how long the load goes on after it.
const BEFORE_STALL: Duration = Duration::from_secs(2);
const AFTER_STALL: Duration = Duration::from_secs(5);

pub const COLLECT: [&str; 5] = ["collect", "--grpc", "127.0.0.1:0", "--http", "off"];

/// Processes that are running, the first takes spans at `address`.
struct Running {
    processes: Vec<Process>,
    address: String,
    /// Whether the first process's end ends the others. If not, there is one, and it may hold spans when it ends.
    drains: bool,
}

impl Running {
    /// What the processes have to say when something went wrong.
    fn said(&self) -> String {
        self.processes.iter().map(Process::said).collect()
    }
}

pub fn run(scenario: &Scenario, options: &Options) -> Result<Figures> {
    if let System::Query(question) = scenario.system {
        return queries::ask(question, options);
    }
    let directory = tempfile::tempdir()?;
    if let System::SampleFile(format) = scenario.system {
        let mut figures = sample_file(format, options, directory.path())?;
        figures.check(scenario.share(), false);
        return Ok(figures);
    }
    if let System::Store(store) = scenario.system {
        let mut figures = store.run(options, directory.path())?;
        figures.check(scenario.share(), false);
        return Ok(figures);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let sink_address = listener.local_addr()?;
    // Before anything that takes memory: see `one`.
    let running = start(scenario.system, options, sink_address, directory.path())?;
    let stall = scenario.stall.then(|| (BEFORE_STALL, BEFORE_STALL + options.stall_time()));
    let sink = Sink::start(listener, stall)?;
    let compression = options.compression.unwrap_or(scenario.compression);
    let load = Load {
        address: running.address.clone(),
        compression,
        connections: options.connections,
        in_flight: options.in_flight,
        request: options.request,
        rate: scenario.rate,
        max_spans: options.spans,
        duration: stall.map_or(options.load_time(), |(_, end)| end + AFTER_STALL),
    };
    let sent = generate(load).with_context(|| running.said())?;
    let processes = finish(running, &sink, sent.spans)?;
    let arrived = sink.arrived();
    let counted = written(directory.path())?;
    // Compressed requests were made in advance, so their times say nothing.
    let fresh = compression == Compression::None;
    let mut figures = Figures {
        sent: sent.spans,
        otlp_bytes: sent.otlp_bytes,
        arrived: counted.unwrap_or(arrived.spans),
        wire_bytes: arrived.wire_bytes,
        stored_bytes: 0,
        wall_seconds: arrived.last.map_or(sent.began.elapsed(), |last| last - sent.began).as_secs_f64(),
        processes,
        export: sent.latencies.percentiles(),
        end_to_end: arrived.latencies.percentiles().filter(|_| fresh),
        retries: sent.retries,
        complaint: arrived.fault,
        asked: Vec::new(),
    };
    figures.check(scenario.share(), scenario.stall);
    Ok(figures)
}

fn start(system: System, options: &Options, sink: SocketAddr, directory: &Path) -> Result<Running> {
    let peer = |(process, address)| Running { processes: vec![process], address, drains: false };
    let path = |path: &Option<std::path::PathBuf>| path.clone().context("no binary");
    let verbose = options.verbose;
    Ok(match system {
        System::Nothing | System::SampleFile(_) | System::Store(_) | System::Query(_) | System::Calibrate => {
            Running { processes: Vec::new(), address: sink.to_string(), drains: true }
        }
        System::Collect(format) => {
            let mut collect = COLLECT.map(String::from).to_vec();
            collect.extend(["--ledger".into(), ledger(directory)]);
            pipe(&[collect], environment(format), options)?
        }
        System::Rotel => peer(peers::rotel(&path(&options.rotel)?, sink, directory, verbose)?),
        System::Otelcol(compression) => {
            peer(peers::otelcol(&path(&options.otelcol)?, sink, compression, directory, verbose)?)
        }
        System::Pipe { format, sample, compression } => {
            pipe(&stages(sample, compression, sink), environment(format), options)?
        }
        System::Run { ack, sample, compression } => {
            let pipeline = stages(sample, compression, sink)
                .iter()
                .map(|stage| stage.join(" "))
                .collect::<Vec<_>>()
                .join(" | ");
            let run = ["run", "--ack", ack.name(), &pipeline].map(String::from).to_vec();
            pipe(&[run], &[], options)?
        }
    })
}

/// `collect | sample | relay`, or without the one in the middle.
fn stages(sample: bool, compression: Compression, sink: SocketAddr) -> Vec<Vec<String>> {
    let mut stages = vec![COLLECT.map(String::from).to_vec()];
    if sample {
        stages.push(vec!["sample".into(), "--rate".into(), RATE.to_string()]);
    }
    let target = format!("http://{sink}");
    stages.push(["relay", "--to", &target, "--compression", compression.name()].map(String::from).to_vec());
    stages
}

/// Where a process that does not send to the sink says how many spans it wrote.
fn ledger(directory: &Path) -> String {
    directory.join("ledger.json").display().to_string()
}

fn written(directory: &Path) -> Result<Option<u64>> {
    let Ok(text) = std::fs::read(ledger(directory)) else { return Ok(None) };
    let json: serde_json::Value = serde_json::from_slice(&text)?;
    Ok(json["traces"]["out"].as_u64())
}

/// Starts `obs … | obs … | obs …`.
fn pipe(stages: &[Vec<String>], environment: &[(&str, &str)], options: &Options) -> Result<Running> {
    let mut processes = Vec::new();
    let mut input = Stdio::null();
    for (index, arguments) in stages.iter().enumerate() {
        let last = index + 1 == stages.len();
        let mut command = Command::new(&options.obs);
        command.args(arguments).stdin(input);
        command.stdout(if last { Stdio::null() } else { Stdio::piped() });
        let started = Process::start(&arguments[0], &mut command, environment, options.verbose)?;
        processes.push(started.0);
        input = started.1.map_or_else(Stdio::null, Stdio::from);
    }
    let address = processes[0].address()?;
    Ok(Running { processes, address, drains: true })
}

fn environment(format: Format) -> &'static [(&'static str, &'static str)] {
    match format {
        Format::Ndjson => &[],
        Format::Proto => &[("OBS_FORMAT", "proto")],
    }
}

/// Ends the first process, and with it the others.
fn finish(running: Running, sink: &Sink, spans: u64) -> Result<Vec<Usage>> {
    if !running.drains {
        wait_for_arrival(sink, spans);
    }
    if let Some(first) = running.processes.first() {
        first.terminate()?;
    }
    running.processes.into_iter().map(Process::wait).collect()
}

/// Waits until all spans have arrived, or for ten seconds none.
fn wait_for_arrival(sink: &Sink, spans: u64) {
    let mut before = 0;
    let mut progress = Instant::now();
    while sink.spans() < spans && progress.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
        let arrived = sink.spans();
        if arrived > before {
            before = arrived;
            progress = Instant::now();
        }
    }
}

/// `obs sample` alone, from a file that is in the page cache.
fn sample_file(format: Format, options: &Options, directory: &Path) -> Result<Figures> {
    let (name, spans) = match format {
        Format::Proto => ("spans.proto", 2_000_000),
        Format::Ndjson => ("spans.jsonl", 1_000_000),
    };
    let spans = if options.quick { spans / 4 } else { spans };
    let requests = spans / options.request as u64;
    let path = directory.join(name);
    files::write(&path, format, requests, options.request, Duration::from_secs(1))?;
    let mut command = Command::new(&options.obs);
    command.args(["sample", "--rate", &RATE.to_string(), "--ledger", &ledger(directory)]).arg(&path);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let (process, _) = Process::start("sample", &mut command, environment(format), options.verbose)?;
    let processes = vec![process.wait()?];
    Ok(Figures {
        sent: requests * options.request as u64,
        otlp_bytes: requests * Template::new(options.request).size() as u64,
        arrived: written(directory)?.context("no ledger")?,
        wall_seconds: start.elapsed().as_secs_f64(),
        processes,
        ..Default::default()
    })
}
