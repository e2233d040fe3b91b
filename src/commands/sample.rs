//! `obs sample`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::closing;
use super::stage::{Ports, Prepared, Reload, Setting, StageCommand};
use super::stream_args::{InputArgs, OutputArgs, StageArgs};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::pipeline::Role;
use crate::probability::Rate;
use crate::sample::{Policy, Reason, Report, Sampler};
use crate::stream::Ledger;
use crate::telemetry::{Samples, StageFigures};

const EXAMPLES: &str = "\
Examples:
  obs collect | obs sample --rate 5% | obs relay --to https://gateway:4317
  obs sample --rate 1/20 --slow 500ms --service checkout=1 traces.jsonl > sampled.jsonl
  obs sample --config production.yaml < traces.jsonl";

const DETAILS: &str = "\
Whether a trace is kept depends on its id alone (OpenTelemetry consistent probability sampling), so that all stages \
and machines with one rate keep the same traces. The threshold is written to the tracestate (ot=th:…): a span that \
was kept with probability p stands for 1/p spans. At rate 1 nothing is decided and nothing is written. Spans with an \
error and slow spans are kept in any case. Log records with a trace id are kept by the rate of their service; other \
log records and metrics pass.";

const DEFAULT_SLOW: Duration = Duration::from_secs(1);

/// Arguments of `obs sample`.
#[derive(Debug, Clone, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub struct SampleArgs {
    /// Share of the traces to keep: 0.05, 5% or 1/20
    #[arg(long, value_name = "RATE", env = "OBS_SAMPLE_RATE")]
    rate: Option<Rate>,
    /// Keep spans that take at least so long, or off [default: 1s]
    #[arg(long, value_name = "DURATION|off", env = "OBS_SAMPLE_SLOW", value_parser = parse_slow)]
    slow: Option<Slow>,
    /// Do not keep spans for being errors
    #[arg(long)]
    no_errors: bool,
    /// Share of the traces to keep of one service, by its service.name; repeatable
    #[arg(long, value_name = "NAME=RATE", value_parser = parse_service)]
    service: Vec<(String, Rate)>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    stage: StageArgs,
}

#[derive(Debug, Clone, Copy)]
struct Slow(Option<Duration>);

fn parse_slow(text: &str) -> Result<Slow, String> {
    match text {
        "off" => Ok(Slow(None)),
        _ => config::parse_interval(text)
            .map(|duration| Slow(Some(duration)))
            .map_err(|error| format!("{error}, or off")),
    }
}

fn parse_service(text: &str) -> Result<(String, Rate), String> {
    // A rate has no equals sign, a name may.
    let (name, rate) = text.rsplit_once('=').ok_or("expected NAME=RATE, such as checkout=0.5")?;
    Ok((name.into(), rate.parse()?))
}

/// The policy of the flags, else of the configuration.
fn policy(args: &SampleArgs, config: &Config) -> Result<Policy, CommandError> {
    let config: config::Sampling = config.section()?;
    let base = args.rate.or(config.base_rate).ok_or_else(|| {
        CommandError::usage(anyhow!("no rate"))
            .hint("set --rate, OBS_SAMPLE_RATE or sampling.base_rate in the configuration")
    })?;
    let configured_slow = match config.slow_threshold_ms {
        None => Slow(Some(DEFAULT_SLOW)),
        Some(0.0) => Slow(None),
        Some(milliseconds) => {
            Slow(Some(Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|error| {
                CommandError::usage(anyhow!(
                    "sampling.slow_threshold_ms: expected milliseconds, found {milliseconds}: {error}"
                ))
            })?))
        }
    };
    let slow = args.slow.unwrap_or(configured_slow).0;
    let errors = !args.no_errors && config.sample_errors.unwrap_or(true);
    let services = config.service_overrides.into_iter().chain(args.service.iter().cloned());
    Ok(Policy::new(base, services, errors, slow))
}

impl StageCommand for SampleArgs {
    fn ports(&self) -> Ports<'_> {
        Ports { input: Some(&self.input), output: Some(&self.output), appends_to: None }
    }

    fn stage_args(&self) -> &StageArgs {
        &self.stage
    }

    fn prepare(&self, setting: &Setting<'_>) -> Result<Prepared, CommandError> {
        let chosen = policy(self, setting.config)?;
        let ledger = Arc::new(Ledger::of_stage("sample", setting.name));
        let report = Arc::new(Report::default());
        let sampler = Arc::new(Sampler::new(chosen, ledger.clone(), report.clone()));
        let counted = report.clone();
        let figures = StageFigures::new(ledger, move |samples| count(&counted, samples), || true);
        let (lines, args, reloaded) = (report.clone(), self.clone(), sampler.clone());
        let closing = closing::Report {
            key: "sampling",
            json: Box::new(move || report.to_json()),
            lines: Box::new(move || lines.to_lines()),
        };
        let reload: Reload = Box::new(move |config| {
            reloaded.set_policy(policy(&args, config)?);
            Ok(())
        });
        Ok(Prepared {
            role: Role::Transform(sampler),
            figures,
            report: Some(closing),
            reload: Some(reload),
            waiting: None,
        })
    }
}

/// The sampler's own figures.
fn count(report: &Report, samples: &mut Samples) {
    const HELP: &str = "Spans decided on, by the reason they were kept for, or dropped.";
    let tally = report.total(Signal::Traces);
    for (reason, items) in
        Reason::ALL.into_iter().map(Reason::name).zip(tally.kept).chain([("dropped", tally.dropped)])
    {
        samples.counter("otlp_spans_sampled_total", HELP, &[("reason", reason)], items);
    }
}
