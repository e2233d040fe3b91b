//! What a subcommand must be to stand in a pipeline.

use std::path::Path;
use std::sync::Arc;

use super::closing::{Account, Report};
use super::own_telemetry::OwnTelemetry;
use super::stream_args::{InputArgs, OutputArgs, StageArgs};
use crate::config::Config;
use crate::error::CommandError;
use crate::pipeline::{AckOn, Role, Stage};
use crate::stream::Ledger;
use crate::telemetry::{Figures, StageFigures};

/// A subcommand that is a stage of a pipeline.
pub(super) trait StageCommand {
    /// What it reads and writes.
    fn ports(&self) -> Ports<'_>;

    /// Its options that every stage has.
    fn stage_args(&self) -> &StageArgs;

    /// Checks its arguments and its configuration. Nothing is opened for writing, listened on or sent before the
    /// stage is started.
    ///
    /// # Errors
    /// Wrong arguments or configuration.
    fn prepare(&self, setting: &Setting<'_>) -> Result<Prepared, CommandError>;
}

/// What a stage reads and writes.
pub(super) struct Ports<'a> {
    /// `None` for a source.
    pub(super) input: Option<&'a InputArgs>,
    /// `None` for a terminal.
    pub(super) output: Option<&'a OutputArgs>,
    /// A file that it appends to.
    pub(super) appends_to: Option<&'a Path>,
}

/// What a stage is prepared for.
pub(super) struct Setting<'a> {
    /// What it is called in its pipeline.
    pub(super) name: &'a str,
    pub(super) config: &'a Config,
    pub(super) own: &'a OwnTelemetry,
    pub(super) ack: AckOn,
}

/// Reads the parts of a configuration again that a running stage can change.
pub(super) type Reload = Box<dyn Fn(&Config) -> Result<(), CommandError> + Send>;

/// Counts items that wait in a stage.
pub(super) type Waiting = Box<dyn Fn() -> usize + Send>;

/// A stage that can be started.
pub(super) struct Prepared {
    pub(super) role: Role,
    pub(super) figures: StageFigures,
    pub(super) report: Option<Report>,
    pub(super) reload: Option<Reload>,
    pub(super) waiting: Option<Waiting>,
}

/// A stage with what belongs to its process.
pub(super) struct Member {
    pub(super) stage: Stage,
    pub(super) account: Account,
    pub(super) reload: Option<Reload>,
    pub(super) waiting: Option<(Arc<Ledger>, Waiting)>,
}

/// Prepares a subcommand.
///
/// # Errors
/// Wrong arguments or configuration.
pub(super) fn prepare(command: &dyn StageCommand, setting: &Setting<'_>) -> Result<Member, CommandError> {
    let args = command.stage_args();
    let Prepared { role, figures, report, reload, waiting } = command.prepare(setting)?;
    let figures = Arc::new(figures);
    let ledger = figures.ledger.clone();
    let self_metrics = args.self_metrics.map(|interval| {
        let figures = Figures::new(setting.name, vec![figures.clone()], vec![ledger.clone()]);
        setting.own.self_metrics(&figures, interval)
    });
    Ok(Member {
        account: Account { ledger: ledger.clone(), path: args.ledger.clone(), report },
        stage: Stage { role, figures, self_metrics },
        reload,
        waiting: waiting.map(|waiting| (ledger, waiting)),
    })
}
