//! `obs relay`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;

use super::one_of;
use super::stage::{Ports, Prepared, Setting, StageCommand};
use super::stream_args::{InputArgs, StageArgs};
use crate::config;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::pipeline::{Intake, Role, Room, Terminal};
use crate::relay::{
    BatchLimits, Compression, DeadLetter, Environment, Exporter, Meters, Options, Overrides, Protocol, Relay,
    read_headers,
};
use crate::stream::{Ledger, Stop};
use crate::telemetry::StageFigures;

const EXAMPLES: &str = "\
Examples:
  obs collect | obs relay --to http://gateway:4317
  obs relay --to https://gateway:4318 --protocol http/protobuf --compression zstd telemetry.jsonl
  obs relay --to http://gateway:4317 --give-up-after 1m --dead-letter failed.jsonl < telemetry.jsonl
  OTEL_EXPORTER_OTLP_ENDPOINT=http://gateway:4317 obs relay < telemetry.jsonl";

const DETAILS: &str = "\
Where a flag is not given the environment variables of OTLP exporters hold (OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, \
_HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY, and those of one signal). What the \
peer refuses for good, or does not take within --give-up-after, goes to the dead-letter file or is lost; both end \
with exit code 4. While the peer is slow the relay reads its input more slowly.";

pub(super) const DEFAULT_BATCH_ITEMS: NonZeroUsize = at_least_one(8192);
/// Receivers commonly take 4 MiB.
const DEFAULT_BATCH_BYTES: NonZeroUsize = at_least_one(2 << 20);
/// At most 30 MB.
pub(super) const DEFAULT_CAPACITY: NonZeroUsize = at_least_one(30_000);
const DEFAULT_UNDER_WAY: NonZeroUsize = at_least_one(8);

const fn at_least_one(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(number) => number,
        None => NonZeroUsize::MIN,
    }
}

/// Arguments of `obs relay`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub struct RelayArgs {
    /// Endpoint, such as http://gateway:4317
    #[arg(long, value_name = "URL", env = "OBS_RELAY_TO")]
    to: Option<String>,
    /// How to speak OTLP [default: grpc]
    #[arg(long, value_name = "PROTOCOL", value_parser = one_of::<Protocol>())]
    protocol: Option<Protocol>,
    /// How to compress requests [default: none]
    #[arg(long, value_name = "ALGORITHM", value_parser = one_of::<Compression>())]
    compression: Option<Compression>,
    /// Time that a request may take [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_interval)]
    timeout: Option<Duration>,
    /// File with headers to send, a line each: NAME: VALUE
    #[arg(long, value_name = "FILE", env = "OBS_RELAY_HEADERS_FILE", help_heading = "Security")]
    headers_file: Option<PathBuf>,
    /// Authorities to trust instead of the system's (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Security")]
    ca: Option<PathBuf>,
    /// Our certificate for the peer (PEM)
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Security")]
    cert: Option<PathBuf>,
    /// The private key of our certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Security")]
    key: Option<PathBuf>,
    /// Most items in a request [default: 8192]
    #[arg(long, value_name = "ITEMS", env = "OBS_RELAY_BATCH_SIZE", help_heading = "Batching")]
    batch_size: Option<NonZeroUsize>,
    /// Most bytes in a request, uncompressed
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_BATCH_BYTES, help_heading = "Batching")]
    batch_bytes: NonZeroUsize,
    /// How long a batch may wait for others [default: until no request is under way, at most 200ms]
    #[arg(long, value_name = "DURATION", env = "OBS_RELAY_BATCH_TIMEOUT", value_parser = config::parse_duration, help_heading = "Batching")]
    batch_timeout: Option<Duration>,
    /// Items (of 1 KiB) that may wait before the input is read more slowly [default: 30000]
    #[arg(long, value_name = "ITEMS", env = "OBS_RELAY_BUFFER_CAPACITY", help_heading = "Batching")]
    buffer_capacity: Option<NonZeroUsize>,
    /// Requests that may be under way at once [default: 8]
    #[arg(long, value_name = "N", env = "OBS_RELAY_MAX_CONCURRENT_EXPORTS", help_heading = "Batching")]
    max_concurrent_exports: Option<NonZeroUsize>,
    /// How long to try a request
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = config::parse_duration, help_heading = "Failures")]
    give_up_after: Duration,
    /// Append what cannot be delivered to FILE, as NDJSON
    #[arg(long, value_name = "FILE", help_heading = "Failures")]
    dead_letter: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    stage: StageArgs,
}

impl StageCommand for RelayArgs {
    fn ports(&self) -> Ports<'_> {
        Ports { input: Some(&self.input), output: None, appends_to: self.dead_letter.as_deref() }
    }

    fn stage_args(&self) -> &StageArgs {
        &self.stage
    }

    fn prepare(&self, setting: &Setting<'_>) -> Result<Prepared, CommandError> {
        let ledger = Arc::new(Ledger::of_stage("relay", setting.name));
        let options = options(self, setting)?;
        let meters = Arc::new(Meters::default());
        let room = Arc::new(options.room());
        let (counted, waiting, ready) = (meters.clone(), meters.clone(), room.clone());
        let figures = StageFigures::new(
            ledger.clone(),
            move |samples| counted.samples(samples),
            move || !ready.is_full(),
        );
        let start = Start {
            exporters: exporters(self)?,
            options,
            room,
            meters,
            ledger,
            dead_letter: self.dead_letter.clone(),
        };
        Ok(Prepared {
            role: Role::Terminal(Box::new(start)),
            figures,
            report: None,
            reload: None,
            waiting: Some(Box::new(move || waiting.waiting())),
        })
    }
}

/// A relay that has not started yet.
struct Start {
    exporters: [Arc<Exporter>; 3],
    options: Options,
    room: Arc<Room>,
    meters: Arc<Meters>,
    ledger: Arc<Ledger>,
    dead_letter: Option<PathBuf>,
}

impl Terminal for Start {
    fn start(self: Box<Self>, stop: &Stop) -> Result<Arc<dyn Intake>, CommandError> {
        let Start { exporters, options, room, meters, ledger, dead_letter } = *self;
        let dead_letter = dead_letter.as_deref().map(open_dead_letter).transpose()?;
        Ok(Arc::new(Relay::start(exporters, options, dead_letter, room, meters, ledger, stop.clone())))
    }
}

fn open_dead_letter(path: &Path) -> Result<DeadLetter, CommandError> {
    DeadLetter::open(path)
        .with_context(|| format!("cannot open the dead-letter file {}", path.display()))
        .map_err(CommandError::usage)
}

fn exporters(args: &RelayArgs) -> Result<[Arc<Exporter>; 3], CommandError> {
    let headers = args.headers_file.as_deref().map(read_headers).transpose().map_err(CommandError::usage)?;
    let flags = Overrides {
        to: args.to.clone(),
        protocol: args.protocol,
        compression: args.compression,
        timeout: args.timeout,
        headers: headers.unwrap_or_default(),
        authority: args.ca.clone(),
        identity: args.cert.clone().zip(args.key.clone()),
    };
    let environment = Environment::of_process();
    let endpoint = |signal: Signal| -> Result<_, CommandError> {
        let endpoint = environment.endpoint(signal, &flags).map_err(CommandError::usage)?;
        endpoint.ok_or_else(|| {
            CommandError::usage(anyhow!("no endpoint for {signal}"))
                .hint("set --to http://HOST:4317, or OTEL_EXPORTER_OTLP_ENDPOINT in the environment")
        })
    };
    let traces = Exporter::new(Signal::Traces, endpoint(Signal::Traces)?).map_err(CommandError::usage)?;
    let beside = |signal| traces.beside(signal, endpoint(signal)?).map_err(CommandError::usage);
    let (metrics, logs) = (beside(Signal::Metrics)?, beside(Signal::Logs)?);
    Ok([traces, metrics, logs].map(Arc::new))
}

fn options(args: &RelayArgs, setting: &Setting<'_>) -> Result<Options, CommandError> {
    let config: config::Agent = setting.config.section()?;
    Ok(Options {
        capacity: args.buffer_capacity.or(config.buffer_capacity).unwrap_or(DEFAULT_CAPACITY),
        limits: BatchLimits {
            items: args.batch_size.or(config.batch_size).unwrap_or(DEFAULT_BATCH_ITEMS),
            bytes: args.batch_bytes,
            timeout: args.batch_timeout.or(config.batch_timeout),
        },
        max_under_way: args
            .max_concurrent_exports
            .or(config.max_concurrent_exports)
            .unwrap_or(DEFAULT_UNDER_WAY),
        give_up_after: args.give_up_after,
        ack: setting.ack,
        tracer: setting.own.tracer(),
    })
}
