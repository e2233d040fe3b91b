//! Makes a plan of a pipeline's text.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;

use super::super::as_stage;
use super::super::closing::Account;
use super::super::own_telemetry::OwnTelemetry;
use super::super::stage::{Setting, Waiting, prepare};
use super::RunArgs;
use super::part::{self, Parsed};
use super::place;
use super::reload::Reloading;
use crate::config::Config;
use crate::error::CommandError;
use crate::pipeline::text::{Mistake, Part, Pipeline, Tee};
use crate::pipeline::{BranchPlan, End, Line, Plan, Room, Stage};
use crate::stream::{Input, Ledger, stdout};
use crate::telemetry::StageFigures;

/// A smaller item takes as much room in a branch's buffer.
const LEAST_BYTES: usize = 128;

/// Collects what belongs to the stages of a pipeline.
pub(super) struct Builder<'a> {
    args: &'a RunArgs,
    config: &'a Config,
    own: &'a OwnTelemetry,
    names: BTreeMap<&'static str, usize>,
    writes_to_stdout: bool,
    /// Files that are written to.
    written: Vec<Metadata>,
    pub(super) accounts: Vec<Account>,
    /// Of the first terminal.
    pub(super) waiting: Option<(Arc<Ledger>, Waiting)>,
    pub(super) reloads: Vec<Reloading>,
}

/// What is wrong with a pipeline: its text, or what a stage says about its arguments or the configuration.
pub(super) enum Problem {
    Text(Mistake),
    Stage(Mistake, CommandError),
}

impl From<Mistake> for Problem {
    fn from(mistake: Mistake) -> Problem {
        Problem::Text(mistake)
    }
}

impl Problem {
    /// As an error, with the place in the text as `explain` shows it.
    pub(super) fn explain(self, explain: impl FnOnce(Mistake) -> CommandError) -> CommandError {
        match self {
            Problem::Text(mistake) => explain(mistake),
            Problem::Stage(mistake, error) => {
                CommandError { class: error.class, ..explain(Mistake { hint: error.hint, ..mistake }) }
            }
        }
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(args: &'a RunArgs, config: &'a Config, own: &'a OwnTelemetry) -> Builder<'a> {
        Builder {
            args,
            config,
            own,
            names: BTreeMap::new(),
            writes_to_stdout: false,
            written: Vec::new(),
            accounts: Vec::new(),
            waiting: None,
            reloads: Vec::new(),
        }
    }

    pub(super) fn plan(&mut self, pipeline: &Pipeline) -> Result<Plan, Problem> {
        let mut inputs = Vec::new();
        let line = self.line(pipeline, Some(&mut inputs))?;
        Ok(Plan { inputs, line })
    }

    /// Prepares stages in a row; those of a whole pipeline may read `inputs`.
    fn line(&mut self, pipeline: &Pipeline, inputs: Option<&mut Vec<Input>>) -> Result<Line, Problem> {
        let parsed = pipeline.parts.iter().map(part::parse).collect::<Result<Vec<_>, _>>()?;
        place::check(pipeline, &parsed, inputs.is_some())?;
        let mut stages = Vec::new();
        for (part, parsed) in pipeline.parts.iter().zip(&parsed) {
            stages.push(self.stage(part, parsed)?);
        }
        let end = match (&pipeline.tee, pipeline.parts.last().zip(parsed.last())) {
            (Some(tee), _) => End::Branches(self.branches(tee)?),
            (None, Some((part, last))) => self.end(part, last)?,
            (None, None) => End::Nothing,
        };
        // Last, when all that is written to is known.
        if let (Some(inputs), Some(part), Some(first)) = (inputs, pipeline.parts.first(), parsed.first())
            && let Some(operands) = as_stage(&first.command).and_then(|stage| stage.ports().input)
        {
            let opened = match self.args.check {
                true => operands.look().map(|()| Vec::new()),
                false => operands.open(&self.written),
            };
            *inputs = opened.map_err(|error| stage_problem(part, error))?;
        }
        Ok(Line { stages, end })
    }

    fn stage(&mut self, part: &Part, parsed: &Parsed) -> Result<Stage, Problem> {
        let name = self.name(parsed.command.name());
        let problem = |error| stage_problem(part, error);
        let Some(command) = as_stage(&parsed.command) else {
            return Err(Mistake::new(part.span(), format!("{name} is no stage")).into());
        };
        let own_config = parsed.config.as_deref().map(|path| Config::load(Some(path))).transpose();
        let own_config = own_config.map_err(problem)?;
        let config = own_config.as_ref().map_or(self.config, |(config, _)| config);
        let setting = Setting { name: &name, config, own: self.own, ack: self.args.ack };
        let member = prepare(command, &setting).map_err(problem)?;
        if let Some(reload) = member.reload {
            self.reloads.push(Reloading { name, path: config.path().map(Path::to_path_buf), reload });
        }
        if self.waiting.is_none() {
            self.waiting = member.waiting;
        }
        self.written.extend(command.ports().appends_to.and_then(|path| path.metadata().ok()));
        self.accounts.push(member.account);
        Ok(member.stage)
    }

    /// What the name of a stage is made of: its subcommand, and a number from the second one on.
    fn name(&mut self, command: &'static str) -> String {
        let count = self.names.entry(command).or_default();
        *count += 1;
        if *count == 1 { command.into() } else { format!("{command}-{count}") }
    }

    fn end(&mut self, part: &Part, last: &Parsed) -> Result<End, Problem> {
        let Some(output) = as_stage(&last.command).and_then(|stage| stage.ports().output) else {
            return Ok(End::Nothing);
        };
        if std::mem::replace(&mut self.writes_to_stdout, true) {
            return Err(Mistake::new(part.span(), "a second branch that writes to stdout")
                .hint("end it with a terminal, such as relay")
                .into());
        }
        self.written.extend(stdout().and_then(|stdout| stdout.metadata()).ok());
        Ok(End::Stdout(output.encoding()))
    }

    fn branches(&mut self, tee: &Tee) -> Result<Vec<BranchPlan>, Problem> {
        let mut branches = Vec::new();
        for branch in &tee.branches {
            let number = self.names.entry("branch").and_modify(|count| *count += 1).or_insert(1);
            let ledger = Arc::new(Ledger::of_stage("tee", format!("branch-{number}")));
            let bytes = usize::try_from(self.args.branch_buffer.as_u64()).unwrap_or(usize::MAX);
            let room = Arc::new(Room::new((bytes / LEAST_BYTES).max(1), bytes));
            let (used, ready) = (room.clone(), room.clone());
            let figures = StageFigures::new(
                ledger.clone(),
                move |samples| {
                    const HELP: &str = "Share of the branch's buffer that is in use.";
                    samples.gauge("obs_branch_buffer_used_ratio", HELP, used.used());
                },
                move || !ready.is_full(),
            );
            self.accounts.push(Account { ledger, path: None, report: None });
            let line = self.line(branch, None)?;
            branches.push(BranchPlan { figures: Arc::new(figures), room, line });
        }
        Ok(branches)
    }
}

/// What a stage says, with its place and its name.
fn stage_problem(part: &Part, error: CommandError) -> Problem {
    let message = format!("{:#}", error.cause);
    Problem::Stage(Mistake::new(part.span(), message), error)
}
