//! `obs run`.

mod build;
mod part;
mod place;
mod reload;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context, anyhow};
use bytesize::ByteSize;
use clap::Args;

use self::build::Builder;
use super::closing::Closing;
use super::one_of;
use super::own_telemetry::OwnTelemetry;
use super::process::Process;
use super::stream_args::StageArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::pipeline::AckOn;
use crate::pipeline::text::{self, Form, Mistake, Text};

const EXAMPLES: &str = "\
Examples:
  obs run 'collect --grpc 0.0.0.0:4317 | sample --rate 5% | relay --to https://gateway:4317'
  obs run --health 127.0.0.1:13133 --ack on-delivery pipeline.obs
  obs run 'collect | tee { sample --rate 0.1 | relay --to http://a:4317 } { relay --to http://b:4317 }'
  obs run --graph=mermaid pipeline.obs";

const DETAILS: &str = "\
The stages of a shell's pipe in one process: the same grammar without the processes, with quotes, escapes, $VARIABLES, \
and, in a file, comments and line ends. The first stage is a source or reads FILE operands (- is stdin); where the \
last one is no terminal the stream goes to stdout. A sender is told that its request is accepted when the terminals of \
all branches have it: with on-delivery (the default) when the peers of relays do, with on-accept when their queues do. \
Options of a stage mean what they mean in a pipe; --health, --drain-timeout, -v and -q belong to the whole. SIGHUP \
reads the configuration of samplers, and the bearer token and the certificates of collect, again.";

/// More threads seldom pay: each handles about three million spans a second.
const MOST_WORKERS: usize = 4;

/// Arguments of `obs run`.
#[derive(Debug, Clone, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub struct RunArgs {
    /// The stages, separated by |, or a file that holds them
    #[arg(value_name = "PIPELINE")]
    pipeline: String,
    /// When a sender is told that its request is accepted
    #[arg(long, value_name = "WHEN", env = "OBS_RUN_ACK", default_value = "on-delivery", value_parser = one_of::<AckOn>())]
    ack: AckOn,
    /// Bytes that may wait before each branch of tee, so that a slow one does not stop the others at once
    #[arg(long, value_name = "SIZE", default_value = "8MiB")]
    branch_buffer: ByteSize,
    /// Threads that receive, transform and send [default: one a core, at most 4]
    #[arg(long, value_name = "N", env = "OBS_RUN_WORKERS")]
    workers: Option<NonZeroUsize>,
    /// Only check the pipeline, its arguments and the configuration
    #[arg(long)]
    check: bool,
    /// Only draw the pipeline
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text", value_parser = one_of::<Form>())]
    graph: Option<Form>,
    #[command(flatten)]
    stage: StageArgs,
}

/// Runs `obs run`.
///
/// # Errors
/// Wrong arguments or configuration, or a stage has failed; data that was not delivered is an outcome.
pub(super) fn run(args: &RunArgs, config: &Config) -> Result<Outcome, CommandError> {
    let text = read(&args.pipeline)?;
    let explain = |mistake: Mistake| {
        let error = CommandError::usage(anyhow!(text.explain(&mistake)));
        mistake.hint.into_iter().fold(error, CommandError::hint)
    };
    let pipeline = text::parse(&text.text, &|name| std::env::var(name).ok()).map_err(explain)?;
    if let Some(form) = args.graph {
        std::io::stdout().write_all(text::draw(&pipeline, form).as_bytes())?;
        return Ok(Outcome::Ok);
    }
    let own = OwnTelemetry::configured(config)?;
    let mut builder = Builder::new(args, config, &own);
    let mut plan = builder.plan(&pipeline).map_err(|problem| problem.explain(explain))?;
    let Builder { accounts, waiting, reloads, .. } = builder;
    if args.check {
        tracing::info!("the pipeline is valid");
        return Ok(Outcome::Ok);
    }
    if let Some(interval) = args.stage.self_metrics {
        let metrics = own.self_metrics(&plan.figures("run"), interval);
        if let Some(first) = plan.line.stages.first_mut() {
            first.self_metrics = Some(metrics);
        }
    }
    reload::on_hangup(reloads)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = NonZeroUsize::new(cores.min(MOST_WORKERS)).unwrap_or(NonZeroUsize::MIN);
    let process = Process {
        command: "run",
        plan,
        closing: Closing { accounts, path: args.stage.ledger.clone() },
        waiting,
        own,
        args: &args.stage,
        workers: args.workers.unwrap_or(workers),
    };
    process.run()
}

/// The pipeline, or what the file of that name holds.
fn read(operand: &str) -> Result<Text, CommandError> {
    let is_one_word = !operand.contains(|c: char| c.is_whitespace() || c == '|');
    let is_path = is_one_word && operand.contains(['.', '/']);
    if !is_path && !Path::new(operand).is_file() {
        return Ok(Text { name: "pipeline".into(), text: operand.into() });
    }
    let text = std::fs::read_to_string(operand)
        .with_context(|| format!("cannot read the pipeline {operand}"))
        .map_err(CommandError::usage)?;
    Ok(Text { name: operand.into(), text: text.replace("\r\n", "\n") })
}
