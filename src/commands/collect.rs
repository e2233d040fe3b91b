//! `obs collect`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use clap::Args;

use super::stage::{Ports, Prepared, Reload, Setting, StageCommand};
use super::stream_args::{OutputArgs, StageArgs};
use crate::collect::synthetic::{Traffic, TrafficOptions};
use crate::collect::{Admission, BearerToken, Collector, Cors, Listener, Reception};
use crate::config;
use crate::error::CommandError;
use crate::net::tls::{ServerFiles, ServerTls};
use crate::pipeline::{AckOn, Role};
use crate::stream::Ledger;
use crate::telemetry::StageFigures;

const EXAMPLES: &str = "\
Examples:
  obs collect | jq                                    watch what an SDK sends
  obs collect --grpc 0.0.0.0:4317 --http off | obs relay --to https://gateway:4317
  obs collect --synthetic 100 | obs sample --rate 5%  traffic of a small shop
  obs collect --synthetic 1000000 --spans 100000 --over 30d --seed 7 > month.jsonl";

const DETAILS: &str = "\
A request is acknowledged when its bytes are on stdout. While the reader of stdout is slow up to 64 requests wait (1024 \
in obs run with --ack on-delivery); further ones are refused with RESOURCE_EXHAUSTED or 429 and told when to try again. \
Requests over 64 MiB, also after decompression, are refused for good. Both listeners speak both protocols, compressed with gzip, zstd or not at all.";

/// Requests that may wait for the stages behind.
const MAX_WAITING: usize = 64;
/// A peer takes milliseconds; senders of small requests are many.
const MAX_WAITING_FOR_DELIVERY: usize = 1024;

const DEFAULT_GRPC: &str = "127.0.0.1:4317";
const DEFAULT_HTTP: &str = "127.0.0.1:4318";

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

impl StageCommand for CollectArgs {
    fn ports(&self) -> Ports<'_> {
        Ports { input: None, output: Some(&self.output), appends_to: None }
    }

    fn stage_args(&self) -> &StageArgs {
        &self.stage
    }

    fn prepare(&self, setting: &Setting<'_>) -> Result<Prepared, CommandError> {
        let ledger = Arc::new(Ledger::of_stage("collect", setting.name));
        let max_waiting = match setting.ack {
            AckOn::Accept => MAX_WAITING,
            AckOn::Delivery => MAX_WAITING_FOR_DELIVERY,
        };
        let admission = Arc::new(Admission::new(max_waiting));
        let token = self.bearer_token_file.clone().map(BearerToken::read).transpose();
        let token = token.map_err(CommandError::usage)?.map(Arc::new);
        let tls = tls(self).map_err(CommandError::usage)?;
        let collector = Collector {
            listeners: listeners(self)?,
            tls: tls.clone(),
            reception: Reception {
                admission: admission.clone(),
                ledger: ledger.clone(),
                bearer_token: token.clone(),
                cors: Cors(self.cors_origin.clone()),
                tracer: setting.own.tracer(),
            },
            traffic: traffic(self),
        };
        let waits = admission.clone();
        let figures = StageFigures::new(
            ledger,
            move |samples| {
                const HELP: &str = "Requests that wait for the stages behind.";
                samples.gauge("otlp_queue_length", HELP, waits.waiting() as f64);
            },
            move || !admission.is_refusing(),
        );
        let reload: Reload = Box::new(move |_| {
            token.as_ref().map_or(Ok(()), |token| token.reload()).map_err(CommandError::usage)?;
            tls.as_ref().map_or(Ok(()), |tls| tls.reload()).map_err(CommandError::usage)
        });
        let role = Role::Source(Box::new(collector));
        Ok(Prepared { role, figures, report: None, reload: Some(reload), waiting: None })
    }
}

fn listeners(args: &CollectArgs) -> Result<Vec<Listener>, CommandError> {
    let choices = [("gRPC", &args.grpc, DEFAULT_GRPC), ("HTTP", &args.http, DEFAULT_HTTP)];
    let listeners = choices.into_iter().filter_map(|(protocol, flag, default)| {
        let address = match (flag.as_deref(), args.synthetic) {
            (Some("off"), _) | (None, Some(_)) => return None,
            (Some(address), _) => address,
            (None, None) => default,
        };
        Some(Listener { protocol, address: address.to_owned() })
    });
    let listeners: Vec<_> = listeners.collect();
    if listeners.is_empty() && args.synthetic.is_none() {
        return Err(CommandError::usage(anyhow!("no source")).hint("set --grpc, --http or --synthetic"));
    }
    Ok(listeners)
}

fn tls(args: &CollectArgs) -> anyhow::Result<Option<Arc<ServerTls>>> {
    let files = args.tls_cert.clone().zip(args.tls_key.clone()).map(|(certificate, key)| ServerFiles {
        certificate,
        key,
        client_authority: args.client_ca.clone(),
    });
    Ok(files.map(ServerTls::read).transpose()?.map(Arc::new))
}

fn traffic(args: &CollectArgs) -> Option<Traffic> {
    let now = args.now.unwrap_or_else(SystemTime::now).duration_since(UNIX_EPOCH).unwrap_or_default();
    args.synthetic.map(|rate| {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Traffic::new(TrafficOptions { rate, spans: args.spans, over: args.over, seed: args.seed, now })
    })
}
