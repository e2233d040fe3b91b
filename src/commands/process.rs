//! A pipeline as this process: its signals, its own telemetry, its progress and its last words.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::closing::Closing;
use super::own_telemetry::OwnTelemetry;
use super::stage::{Member, Setting, StageCommand, Waiting, prepare};
use super::stream_args::StageArgs;
use crate::config::Config;
use crate::error::{Class, CommandError, Outcome};
use crate::pipeline::{self, AckOn, End, Line, Plan};
use crate::stream::{Ledger, Reason, Stop, stdout};
use crate::ui::progress;

/// A pipeline and what the process that runs it needs.
pub(super) struct Process<'a> {
    pub(super) command: &'static str,
    pub(super) plan: Plan,
    pub(super) closing: Closing,
    pub(super) waiting: Option<(Arc<Ledger>, Waiting)>,
    pub(super) own: OwnTelemetry,
    pub(super) args: &'a StageArgs,
    pub(super) workers: NonZeroUsize,
}

impl Process<'_> {
    /// Runs the pipeline to its end.
    ///
    /// # Errors
    /// A stage has failed; data that was not delivered is an outcome.
    pub(super) fn run(self) -> Result<Outcome, CommandError> {
        let Process { command, plan, closing, waiting, own, args, workers } = self;
        let closing = Arc::new(closing);
        let stop: Stop = closing.stop(args.drain_timeout)?;
        let own = own.start(args.health.as_deref(), &plan.figures(command))?;
        if let Some((ledger, waiting)) = waiting {
            progress::show(ledger, waiting);
        }
        let result = pipeline::run(plan, &stop, workers.get());
        progress::clear();
        own.finish();
        if result.as_ref().is_err_and(|error| error.class == Class::Usage) {
            // It has not begun.
            return result.map(|()| Outcome::Ok);
        }
        // Nothing is left, unless a part was stuck or has panicked.
        closing.abandon(if stop.is_late() { Reason::DrainTimeout } else { Reason::Failed });
        let closed = closing.close();
        result.and(closed)
    }
}

/// Threads of a process that is one stage of a shell's pipe.
const WORKERS: NonZeroUsize = match NonZeroUsize::new(2) {
    Some(workers) => workers,
    None => NonZeroUsize::MIN,
};

/// Runs one stage between stdin and stdout.
///
/// # Errors
/// Wrong arguments or configuration, or a failure outside; data that was not delivered is an outcome.
pub(super) fn run_stage(
    name: &'static str,
    command: &dyn StageCommand,
    config: &Config,
) -> Result<Outcome, CommandError> {
    let own = OwnTelemetry::configured(config)?;
    let setting = Setting { name, config, own: &own, ack: AckOn::Accept };
    let Member { stage, account, waiting, .. } = prepare(command, &setting)?;
    let ports = command.ports();
    let (end, written) = match (ports.output, ports.appends_to) {
        (Some(output), _) => (End::Stdout(output.encoding()), stdout()?.metadata().ok()),
        (None, appends_to) => (End::Nothing, appends_to.and_then(|path| path.metadata().ok())),
    };
    let inputs = match ports.input {
        Some(input) => input.open(written.as_slice())?,
        None => Vec::new(),
    };
    let process = Process {
        command: name,
        plan: Plan { inputs, line: Line { stages: vec![stage], end } },
        closing: Closing { accounts: vec![account], path: None },
        waiting,
        own,
        args: command.stage_args(),
        workers: WORKERS,
    };
    process.run()
}
