//! `obs collect`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use clap::Args;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::filter::not_written;
use super::own_telemetry::OwnTelemetry;
use super::stream_args::{OutputArgs, StageArgs};
use crate::collect::synthetic::{self, Traffic, TrafficOptions};
use crate::collect::{Admission, Cors, Receiver, StreamTerminal, reader_gone};
use crate::config::{self, Config};
use crate::error::{CommandError, Outcome};
use crate::net::{server, tls};
use crate::stream::{Delivery, Ledger, Reason, Stop, StreamWriter, stdout};
use crate::telemetry::{Figures, SelfMetrics};

const EXAMPLES: &str = "\
Examples:
  obs collect | jq                                    watch what an SDK sends
  obs collect --grpc 0.0.0.0:4317 --http off | obs relay --to https://gateway:4317
  obs collect --synthetic 100 | obs sample --rate 5%  traffic of a small shop
  obs collect --synthetic 1000000 --spans 100000 --over 30d --seed 7 > month.jsonl";

const DETAILS: &str = "\
A request is acknowledged when its bytes are on stdout. While the reader of stdout is slow up to 64 requests wait; \
further ones are refused with RESOURCE_EXHAUSTED or 429 and told when to try again. Requests over 64 MiB, also after \
decompression, are refused for good. Both listeners speak both protocols, compressed with gzip, zstd or not at all.";

const DEFAULT_GRPC: &str = "127.0.0.1:4317";
const DEFAULT_HTTP: &str = "127.0.0.1:4318";

/// Requests between the receivers and the writer; as many as may wait.
const QUEUE: usize = 64;

/// Arguments of `obs collect`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub struct CollectArgs {
    /// Receive OTLP/gRPC on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4317, off with --synthetic]
    #[arg(long, value_name = "ADDR|off", env = "OBS_COLLECT_GRPC")]
    grpc: Option<String>,
    /// Receive OTLP/HTTP on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4318, off with --synthetic]
    #[arg(long, value_name = "ADDR|off", env = "OBS_COLLECT_HTTP")]
    http: Option<String>,
    /// Certificate chain of the listeners (PEM); switches TLS on
    #[arg(
        long,
        value_name = "FILE",
        env = "OBS_COLLECT_TLS_CERT",
        requires = "tls_key",
        help_heading = "Security"
    )]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "OBS_COLLECT_TLS_KEY",
        requires = "tls_cert",
        help_heading = "Security"
    )]
    tls_key: Option<PathBuf>,
    /// Authority whose certificate clients must show (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "OBS_COLLECT_CLIENT_CA",
        requires = "tls_cert",
        help_heading = "Security"
    )]
    client_ca: Option<PathBuf>,
    /// File with the bearer token that senders must present
    #[arg(long, value_name = "FILE", env = "OBS_COLLECT_BEARER_TOKEN_FILE", help_heading = "Security")]
    bearer_token_file: Option<PathBuf>,
    /// Let pages of ORIGIN send from a browser, or * all; repeatable [default: none]
    #[arg(long, value_name = "ORIGIN", help_heading = "Security")]
    cors_origin: Vec<String>,
    /// Make traffic of so many spans a second
    #[arg(long, value_name = "RATE", value_parser = parse_spans_per_second, help_heading = "Synthetic traffic")]
    synthetic: Option<f64>,
    /// End after so many spans, with the trace that reaches them
    #[arg(long, value_name = "N", requires = "synthetic", help_heading = "Synthetic traffic")]
    spans: Option<u64>,
    /// Spread the traffic over so much past time
    #[arg(long, value_name = "DURATION", requires = "spans", value_parser = config::parse_duration, help_heading = "Synthetic traffic")]
    over: Option<Duration>,
    /// Choose the traffic
    #[arg(long, value_name = "N", env = "OBS_SEED", default_value_t = 1, help_heading = "Synthetic traffic")]
    seed: u64,
    /// Take this time (RFC 3339) for the present one
    #[arg(long, value_name = "TIME", env = "OBS_NOW", value_parser = parse_time, help_heading = "Synthetic traffic")]
    now: Option<SystemTime>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    stage: StageArgs,
}

fn parse_spans_per_second(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (1e-3..=1e9).contains(rate));
    rate.ok_or_else(|| "expected spans a second, from 0.001 to a billion".into())
}

fn parse_time(text: &str) -> Result<SystemTime, String> {
    /// Far from the end of 64-bit nanoseconds.
    const YEARS: std::ops::Range<&str> = "1971".."2500";
    let time = humantime::parse_rfc3339_weak(text)
        .map_err(|error| format!("{error}; expected a time such as 2026-01-31T12:00:00Z"))?;
    if YEARS.contains(&&text[..4]) { Ok(time) } else { Err("expected a time from 1971 to 2499".into()) }
}

/// Runs `obs collect`.
///
/// # Errors
/// Wrong arguments or configuration, or a failure outside; data that was not delivered is an outcome.
pub fn run(args: CollectArgs, config: &Config) -> Result<Outcome, CommandError> {
    let ledger = Arc::new(Ledger::new("collect"));
    let stop = args.stage.stop(&ledger)?;
    let admission = Arc::new(Admission::default());
    let out = stdout()?;
    let gone = reader_gone(&out)?;
    let (deliveries, queue) = mpsc::channel(QUEUE);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;

    let listeners = runtime.block_on(listeners(&args))?;
    let tls = tls_config(&args).map_err(CommandError::usage)?;
    let token = args.bearer_token_file.as_ref().map(read_token).transpose().map_err(CommandError::usage)?;
    let own = OwnTelemetry::configured(config)?;
    let cors = Cors(args.cors_origin.clone());
    let receiver =
        Receiver::new(admission.clone(), ledger.clone(), deliveries.clone(), token, cors, own.tracer());
    let mut servers = JoinSet::new();
    for (protocol, listener, local) in listeners {
        let scheme = if tls.is_some() { " with TLS" } else { "" };
        tracing::info!("listening for OTLP/{protocol} on {local}{scheme}");
        let receiver = receiver.clone();
        let server = server::serve(listener, tls.clone(), stop.clone(), move |request| {
            receiver.clone().answer(request)
        });
        servers.spawn_on(server, runtime.handle());
    }
    drop(receiver);

    let (waits, ready) = (admission.clone(), admission);
    let figures = Figures::new(
        ledger.clone(),
        move |samples| {
            samples.gauge("otlp_queue_length", "Requests that wait for the reader.", waits.waiting() as f64)
        },
        move || !ready.is_refusing(),
    );
    let (self_metrics, own) = own.start(&args.stage, &figures)?;
    if let Some(self_metrics) = self_metrics {
        runtime.spawn(send_self_metrics(self_metrics, ledger.clone(), deliveries.downgrade(), stop.clone()));
    }
    if let Some(traffic) = traffic(&args) {
        let (ledger, stop) = (ledger.clone(), stop.clone());
        std::thread::Builder::new()
            .name("synthetic".into())
            .spawn(move || synthetic::run(traffic, &ledger, &deliveries, &stop))?;
    } else {
        drop(deliveries);
    }

    let writer = StreamWriter::new(out, args.output.encoding(), ledger.clone());
    let terminal = StreamTerminal::new(writer);
    let written = runtime.block_on(write(terminal, queue, gone, &stop, &ledger));
    // Where writing has failed, senders are told so before the process goes.
    stop.request();
    runtime.block_on(async {
        let ended = async { while servers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, ended).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
    own.finish();
    let closed = args.stage.close(&ledger, None);
    written.and(closed)
}

/// Time to answer the requests under way when writing has failed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Threads that receive; the writer has its own.
const WORKERS: usize = 2;

type Listener = (&'static str, TcpListener, SocketAddr);

async fn listeners(args: &CollectArgs) -> Result<Vec<Listener>, CommandError> {
    let mut listeners = Vec::new();
    for (protocol, flag, default) in [("gRPC", &args.grpc, DEFAULT_GRPC), ("HTTP", &args.http, DEFAULT_HTTP)]
    {
        let address = match (flag.as_deref(), args.synthetic) {
            (Some("off"), _) | (None, Some(_)) => continue,
            (Some(address), _) => address,
            (None, None) => default,
        };
        let (listener, local) = server::bind(address).await.map_err(|error| {
            let hint =
                format!("--{} ADDR chooses another address, off switches it off", protocol.to_lowercase());
            CommandError::usage(
                anyhow::Error::new(error).context(format!("cannot listen for OTLP/{protocol} on {address}")),
            )
            .hint(hint)
        })?;
        listeners.push((protocol, listener, local));
    }
    if listeners.is_empty() && args.synthetic.is_none() {
        return Err(CommandError::usage(anyhow!("no source")).hint("set --grpc, --http or --synthetic"));
    }
    Ok(listeners)
}

fn tls_config(args: &CollectArgs) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => tls::server(certificate, key, args.client_ca.as_deref()).map(Some),
        _ => Ok(None),
    }
}

fn read_token(path: &PathBuf) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the bearer token from {}", path.display()))?;
    match text.trim() {
        "" => Err(anyhow!("{}: expected a bearer token, found an empty file", path.display())),
        token => Ok(token.into()),
    }
}

fn traffic(args: &CollectArgs) -> Option<Traffic> {
    let now = args.now.unwrap_or_else(SystemTime::now).duration_since(UNIX_EPOCH).unwrap_or_default();
    args.synthetic.map(|rate| {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Traffic::new(TrafficOptions { rate, spans: args.spans, over: args.over, seed: args.seed, now })
    })
}

/// Adds our own metrics to the stream until it ends.
async fn send_self_metrics(
    mut metrics: SelfMetrics,
    ledger: Arc<Ledger>,
    deliveries: mpsc::WeakSender<Delivery>,
    stop: Stop,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(metrics.due().into()) => {}
            () = stop.wait() => return,
        }
        let Some(deliveries) = deliveries.upgrade() else { return };
        let batch = metrics.read();
        ledger.received(batch.signal(), batch.items() as u64);
        if deliveries.send(Delivery::unacknowledged(batch)).await.is_err() {
            return;
        }
    }
}

/// Writes until all sources have ended, or the reader of stdout is gone.
async fn write(
    terminal: StreamTerminal,
    queue: mpsc::Receiver<Delivery>,
    gone: tokio::sync::oneshot::Receiver<()>,
    stop: &Stop,
    ledger: &Ledger,
) -> Result<(), CommandError> {
    let mut written = tokio::task::spawn_blocking(move || terminal.run(queue));
    let reader_gone = tokio::select! {
        Ok(()) = gone => {
            stop.request();
            Err(not_written(std::io::ErrorKind::BrokenPipe.into()))
        }
        written = &mut written => return ended(written),
        () = stop.drained_out() => Ok(()),
    };
    tokio::select! {
        written = written => ended(written).and(reader_gone),
        () = stop.drained_out() => {
            ledger.abandon(Reason::DrainTimeout);
            reader_gone.and(Err(CommandError::failure(anyhow!(
                "the reader of stdout did not take everything within the drain timeout"
            ))))
        }
    }
}

fn ended(written: Result<std::io::Result<()>, tokio::task::JoinError>) -> Result<(), CommandError> {
    written.map_err(|error| CommandError::failure(anyhow!(error)))?.map_err(not_written)
}
