//! `obs capacity`: a plan.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::emit::EmitArgs;
use super::input_args::InputArgs;
use super::limit_args::LimitArgs;
use super::observe::{ObserveArgs, Seen};
use super::output::{Output, OutputArgs};
use super::plan_report::{Answer, said};
use super::plan_rows::flat;
use super::price_args::PriceArgs;
use super::{explain, growth, simple_report, whatif_report};
use crate::capacity::whatif::{self, Variation};
use crate::capacity::{Configured, Input, Inputs, Limit, Limits, Origin, Plan, Prices, Profile, services};
use crate::choice::Choice;
use crate::commands::one_of;
use crate::config::Config;
use crate::error::{CommandError, Outcome};

/// Arguments of a plan.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    observe: ObserveArgs,
    /// The formulas: those with peaks, failures and stock, or simple ones in common use
    #[arg(long, value_name = "MODEL", default_value = "full", help_heading = "Model", value_parser = one_of::<Model>())]
    model: Model,
    /// What obs capacity calibrate has measured
    #[arg(long, value_name = "FILE", env = "OBS_CAPACITY_PROFILE", help_heading = "Model")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Compare values of an input, such as rate=0.01,0.05,1; repeated, all combinations
    #[arg(long, value_name = "INPUT=VALUES", help_heading = "Report", conflicts_with_all = ["explain", "all", "emit"])]
    what_if: Vec<Variation>,
    /// Show all inputs and what each does to the cost
    #[arg(long, help_heading = "Report", conflicts_with_all = ["explain", "emit"])]
    all: bool,
    /// Show every formula with its numbers
    #[arg(long, help_heading = "Report", conflicts_with = "emit")]
    explain: bool,
    #[command(flatten)]
    emit: EmitArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Full,
    Simple,
}

impl Choice for Model {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("full", "Peaks, failures, queues, stock, sampling and compression on the way", Model::Full),
        ("simple", "Planning formulas in common use, for comparison", Model::Simple),
    ];
}

impl PlanArgs {
    /// Plans, and prints what was asked for.
    ///
    /// # Errors
    /// Wrong arguments or configuration, or a limit that no plan keeps.
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let configured: Configured = config.section()?;
        let file = config.path().map(|path| path.display().to_string()).unwrap_or_default();
        let mut inputs = self.inputs.with(&configured, &file);
        // Loads that are compared need no other one beside them.
        let loads = self.what_if.iter().find(|variation| variation.input.key == "spans");
        if let Some(loads) = loads.filter(|_| inputs.values.spans.is_nan()) {
            inputs.set(loads.input, loads.values.first().copied().unwrap_or(f64::NAN), Origin::Flag);
        }
        let profile = match self.profile.as_deref().or(configured.profile.as_deref()) {
            None => None,
            Some(path) => {
                let profile = Profile::read(path)?;
                inputs.measure(&profile, &format!("{} of {}", path.display(), profile.measured_at));
                Some(profile)
            }
        };
        let seen = self.observe.observe(config, inputs.values.spans.is_nan())?;
        let (seen, outcome) =
            seen.map_or((None, Outcome::Ok), |Seen { observation, outcome }| (Some(observation), outcome));
        if let Some(seen) = &seen {
            inputs.observe(seen);
        }
        let prices = self.prices.prices(configured.prices.as_deref())?;
        let now_ns = self.observe.time().now_ns();
        let print = |output: &Output<'_>| self.output.print(output, now_ns);
        if self.model == Model::Simple {
            self.expect_full()?;
            simple_report::report(&inputs.values, print)?;
            return Ok(outcome);
        }
        let limits = self.limits.limits();
        if self.limits.check && limits.is_empty() {
            return Err(CommandError::usage(anyhow!("--check: expected a limit to check"))
                .hint("--max-cost USD, --max-cores N or --max-storage SIZE"));
        }
        let is_free = Input::of("rate").is_some_and(|rate| *inputs.origin(rate) == Origin::Default);
        if !limits.is_empty() && !self.limits.check && is_free && self.what_if.is_empty() {
            solve(&mut inputs, &prices, &limits)?;
        }
        let values = inputs.values;
        let plan = Plan::of(&values, &prices);
        expect_computable(&plan)?;
        let verdict = self.verdict(&limits.of(&plan));
        if let Some(target) = self.emit.emit {
            // What exceeds a limit that is checked must not be deployed.
            if verdict == Outcome::Ok {
                self.emit.write(&plan, &inputs, target)?;
            }
        } else if !self.what_if.is_empty() {
            let grid = whatif::grid(&values, &prices, &self.what_if);
            let grid = grid.map_err(|error| CommandError::usage(anyhow!(error)))?;
            grid.iter().try_for_each(|(_, plan)| expect_computable(plan))?;
            whatif_report::report(&self.what_if, &grid, &limits, print)?;
        } else if self.explain {
            explain::report(&inputs, &plan, &prices, print)?;
        } else {
            let answer = Answer {
                inputs: &inputs,
                plan: &plan,
                prices: &prices,
                profile: profile.as_ref(),
                limits: limits.of(&plan),
                growth: growth::of(&values, &prices, &limits, now_ns),
                services: seen.as_ref().map(|seen| services::costs(&plan, seen, &prices)).unwrap_or_default(),
                is_whole: self.all,
            };
            print(&Output {
                document: &|| answer.document(),
                json: &|| answer.json(),
                rows: &|| answer.rows(),
                objects: &|| answer.objects(),
                metrics: &|| ("capacity", vec![flat(&plan)]),
            })?;
        }
        Ok(verdict.max(outcome))
    }

    /// Whether limits that are to be checked are kept.
    fn verdict(&self, limits: &[Limit]) -> Outcome {
        let exceeded: Vec<&Limit> = limits.iter().filter(|limit| limit.is_exceeded()).collect();
        if !self.limits.check || exceeded.is_empty() {
            return Outcome::Ok;
        }
        exceeded.iter().for_each(|limit| tracing::error!("{}", said(limit)));
        Outcome::No
    }

    fn expect_full(&self) -> Result<(), CommandError> {
        let others = [
            ("--explain", self.explain),
            ("--all", self.all),
            ("--emit", self.emit.emit.is_some()),
            ("--what-if", !self.what_if.is_empty()),
            ("limits", !self.limits.limits().is_empty() || self.limits.check),
        ];
        match others.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((other, _)) => {
                Err(CommandError::usage(anyhow!("{other} cannot be used with --model simple"))
                    .hint("the full model, the default, has it"))
            }
        }
    }
}

/// Expects numbers.
fn expect_computable(plan: &Plan) -> Result<(), CommandError> {
    match plan.beyond() {
        None => Ok(()),
        Some(step) => Err(CommandError::usage(anyhow!(
            "the load is beyond what can be planned: {} ({}) is no number any more",
            step.name,
            step.title
        ))
        .hint("--growth and --horizon multiply; a smaller one of them, or of what else is given, is what it takes")),
    }
}

/// Sets the highest sampling rate that keeps within limits.
fn solve(inputs: &mut Inputs, prices: &Prices, limits: &Limits) -> Result<(), CommandError> {
    let rate = limits.solve(&inputs.values, prices).map_err(|floor| {
        let what: Vec<&str> = floor
            .iter()
            .map(|limit| match limit.name {
                "cost" => "this budget",
                "cores" => "this number of cores",
                _ => "this storage",
            })
            .collect();
        let least: Vec<String> = floor
            .iter()
            .map(|limit| {
                let (least, most) = (limit.unit.show(limit.value), limit.unit.show(limit.limit));
                format!("{least} where {most} are allowed")
            })
            .collect();
        CommandError::usage(anyhow!(
            "no sampling rate meets {}: the floor is {}",
            what.join(" and "),
            least.join(", ")
        ))
        .hint(
            "a sampler has to take in what it drops, and keeps errors; --explain shows what that takes, and \
             --errors, --retention or --price change it",
        )
    })?;
    if let Some(input) = Input::of("rate") {
        inputs.set(input, rate, Origin::Solved);
    }
    Ok(())
}
