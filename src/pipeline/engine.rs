//! Starts a pipeline, feeds it, and ends it in order.

use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::{Builder, Handle};

use super::branch::Branch;
use super::delivery::Delivery;
use super::direct;
use super::feed::{self, Sink};
use super::node::{Next, Node, Outlet, Work};
use super::plan::{End, Line, Plan};
use super::stage::{Intake, Role, Source, Terminal, named};
use super::stdout::Stdout;
use crate::error::CommandError;
use crate::otlp::Batch;
use crate::stream::{Ledger, Stop, StreamWriter, stdout};
use crate::telemetry::SelfMetrics;

/// Runs a pipeline on `workers` threads until its source ends or `stop` is requested, and drains it.
///
/// # Errors
/// The first stage that has failed, in the order of the pipeline.
pub fn run(plan: Plan, stop: &Stop, workers: usize) -> Result<(), CommandError> {
    if plan.line.is_direct() {
        return direct::run(plan, stop);
    }
    let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let entered = runtime.enter();
    let is_one_stage = plan.stages().len() == 1;
    let mut starting =
        Starting { stop, is_one_stage, source: None, self_metrics: Vec::new(), ends: Vec::new() };
    let entrance = starting.line(plan.line)?;
    let Starting { source, self_metrics, ends, .. } = starting;
    drop(entered);

    let (outlet, closed) = Outlet::new(entrance.clone(), stop.clone());
    let mut read_metrics = None;
    for (node, metrics) in self_metrics {
        match &source {
            // Whoever reads the inputs reads the clock too.
            None if Arc::ptr_eq(&node, &entrance) => read_metrics = Some(metrics),
            _ => drop(runtime.spawn(outlet.weak_at(node).add_self_metrics(metrics, stop.clone()))),
        }
    }
    let fed = match source {
        Some((name, source)) => named(runtime.block_on(source.run(outlet, stop.clone())), name),
        None => {
            let mut sink = Feed { outlet, runtime: runtime.handle() };
            feed::read(plan.inputs, &mut sink, entrance.ledger(), stop, read_metrics)
        }
    };
    let ended = runtime.block_on(async {
        if fed.is_err() {
            stop.request();
        }
        closed.wait().await;
        entrance.end().await;
        // At once, so that none waits for a slower one.
        let finishing: Vec<_> = ends
            .into_iter()
            .map(|(name, end)| (name, tokio::spawn(async move { end.finish().await })))
            .collect();
        let mut ended = Ok(());
        for (name, end) in finishing {
            let end = end.await.map_err(|error| CommandError::failure(anyhow::Error::new(error)));
            ended = ended.and(named(end.flatten(), name));
        }
        ended
    });
    runtime.shutdown_background();
    fed.and(ended)
}

struct Feed<'a> {
    outlet: Outlet,
    runtime: &'a Handle,
}

impl Sink for Feed<'_> {
    fn push(&mut self, batch: Batch) -> Result<(), CommandError> {
        self.runtime.block_on(self.outlet.hand_on(Delivery::unacknowledged(batch)));
        Ok(())
    }

    fn idle(&mut self) -> Result<(), CommandError> {
        Ok(())
    }

    fn fail(&self) -> Result<(), CommandError> {
        // The end that has failed says why.
        Ok(())
    }
}

/// A pipeline in the making, from its ends to its source.
struct Starting<'a> {
    stop: &'a Stop,
    is_one_stage: bool,
    source: Option<(Option<String>, Box<dyn Source>)>,
    self_metrics: Vec<(Arc<Node>, SelfMetrics)>,
    ends: Vec<(Option<String>, Arc<dyn Intake>)>,
}

impl Starting<'_> {
    /// Starts a line; returns its first stage.
    fn line(&mut self, line: Line) -> Result<Arc<Node>, CommandError> {
        let mut next = None;
        let mut stages = line.stages;
        let Some(last) = stages.last() else {
            return Err(CommandError::usage(anyhow::anyhow!("a pipeline without a stage")));
        };
        if !matches!(last.role, Role::Terminal(_)) {
            next = Some(self.end(line.end, last.ledger().clone())?);
        }
        let mut entrance = None;
        while let Some(stage) = stages.pop() {
            let ledger = stage.ledger().clone();
            let name = (!self.is_one_stage).then(|| ledger.stage().to_owned());
            let work = match (stage.role, next.take()) {
                (Role::Source(source), Some(next)) => {
                    self.source = Some((name, source));
                    Work::Pass(next)
                }
                (Role::Transform(transform), Some(next)) => Work::Transform(transform, next),
                (Role::Terminal(terminal), None) => self.terminal(terminal, name)?,
                _ => {
                    return Err(CommandError::usage(anyhow::anyhow!("{}: not in its place", ledger.stage())));
                }
            };
            let node = Node::new(ledger, work);
            if let Some(metrics) = stage.self_metrics {
                self.self_metrics.push((node.clone(), metrics));
            }
            next = Some(Next::Stage(node.clone()));
            entrance = Some(node);
        }
        entrance.context("a pipeline without a stage").map_err(CommandError::usage)
    }

    fn terminal(&mut self, terminal: Box<dyn Terminal>, name: Option<String>) -> Result<Work, CommandError> {
        let intake = named(terminal.start(self.stop), name.clone())?;
        self.ends.push((name, intake.clone()));
        Ok(Work::Terminal(intake))
    }

    /// Starts what follows the last stage of a line, whose `ledger` it is.
    fn end(&mut self, end: End, ledger: Arc<Ledger>) -> Result<Next, CommandError> {
        match end {
            End::Nothing => Err(CommandError::usage(anyhow::anyhow!("{}: nothing follows", ledger.stage()))),
            End::Stdout(encoding) => {
                let name = (!self.is_one_stage).then(|| ledger.stage().to_owned());
                let out = stdout()?;
                let writer = StreamWriter::new(out.try_clone()?, encoding, ledger.clone());
                let stdout = Arc::new(Stdout::start(out, writer, ledger, self.stop)?);
                self.ends.push((name, stdout.clone()));
                Ok(Next::Stdout(stdout))
            }
            End::Branches(plans) => {
                let mut branches = Vec::new();
                for plan in plans {
                    let next = Next::Stage(self.line(plan.line)?);
                    let ledger = plan.figures.ledger.clone();
                    branches.push(Branch::start(plan.room, next, ledger, self.stop.clone()));
                }
                Ok(Next::Branches(branches))
            }
        }
    }
}
