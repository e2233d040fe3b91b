use std::sync::Arc;

use super::room::Room;
use super::stage::{Role, Stage};
use crate::stream::{Encoding, Input, Ledger};
use crate::telemetry::{Figures, StageFigures};

/// A pipeline that has not started yet.
#[derive(Debug)]
pub struct Plan {
    /// What the first stage reads, where it is no source.
    pub inputs: Vec<Input>,
    /// The stages.
    pub line: Line,
}

/// Stages in a row.
#[derive(Debug)]
pub struct Line {
    /// At least one; only the first of a pipeline may be a source, only the last a terminal.
    pub stages: Vec<Stage>,
    /// What follows them.
    pub end: End,
}

/// What follows the last stage of a line.
#[derive(Debug)]
pub enum End {
    /// Nothing: it is a terminal.
    Nothing,
    /// The stream on stdout.
    Stdout(Encoding),
    /// Every branch gets everything.
    Branches(Vec<BranchPlan>),
}

/// One of several ways that the stream goes.
#[derive(Debug)]
pub struct BranchPlan {
    /// The account of its queue.
    pub figures: Arc<StageFigures>,
    /// The bound of its queue.
    pub room: Arc<Room>,
    /// What follows the queue.
    pub line: Line,
}

impl Plan {
    /// What all stages say about themselves, in the order of the pipeline.
    pub fn stages(&self) -> Vec<Arc<StageFigures>> {
        let mut stages = Vec::new();
        self.line.each(&mut |stage| stages.push(stage.clone()));
        stages
    }

    /// What the process that runs it says about itself.
    pub fn figures(&self, command: &str) -> Arc<Figures> {
        let mut ends = Vec::new();
        self.line.ends(&mut ends);
        Figures::new(command, self.stages(), ends)
    }
}

impl Line {
    fn each(&self, visit: &mut dyn FnMut(&Arc<StageFigures>)) {
        self.stages.iter().for_each(|stage| visit(&stage.figures));
        if let End::Branches(branches) = &self.end {
            for branch in branches {
                visit(&branch.figures);
                branch.line.each(visit);
            }
        }
    }

    fn ends(&self, ends: &mut Vec<Arc<Ledger>>) {
        match &self.end {
            End::Nothing | End::Stdout(_) => {
                ends.extend(self.stages.last().map(|stage| stage.ledger().clone()))
            }
            End::Branches(branches) => branches.iter().for_each(|branch| branch.line.ends(ends)),
        }
    }

    /// Whether it is transforms alone that write to stdout, for which one thread and no queue will do.
    pub(super) fn is_direct(&self) -> bool {
        let is_transform = |stage: &Stage| matches!(stage.role, Role::Transform(_));
        let mut behind = self.stages.iter().skip(1);
        matches!(self.end, End::Stdout(_))
            && self.stages.iter().all(is_transform)
            && behind.all(|stage| stage.self_metrics.is_none())
    }
}
