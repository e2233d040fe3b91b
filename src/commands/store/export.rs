//! The database as a stream.

use std::sync::Arc;

use clap::Args;

use super::super::db_args::DbArgs;
use super::super::stage::{Prepared, Setting};
use super::super::stream_args::{OutputArgs, StageArgs};
use super::super::time_args::TimeArgs;
use super::configured::Configured;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::pipeline::Role;
use crate::store::{Export, Selection};
use crate::stream::Ledger;
use crate::telemetry::StageFigures;

const EXAMPLES: &str = "\
Examples:
  obs store export | obs relay --to http://localhost:4317
  obs store export --signal logs --service checkout --since 1h > logs.jsonl
  obs run 'store export --db yesterday.db | sample --rate 5% | relay --to https://gateway:4317'";

/// Arguments of `obs store export`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    db: DbArgs,
    /// Only this signal
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,
    /// Only this service; repeatable
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) stage: StageArgs,
}

impl ExportArgs {
    pub(super) fn prepare(
        &self,
        configured: &Configured,
        setting: &Setting<'_>,
    ) -> Result<Prepared, CommandError> {
        let ledger = Arc::new(Ledger::of_stage("store", setting.name));
        let (from_ns, to_ns) = self.time.range_ns()?;
        let selection = Selection { signal: self.signal, services: self.service.clone(), from_ns, to_ns };
        let export = Export { path: configured.path(&self.db), selection, ledger: ledger.clone() };
        Ok(Prepared {
            role: Role::Source(Box::new(export)),
            figures: StageFigures::new(ledger, |_| {}, || true),
            report: None,
            reload: None,
            waiting: None,
        })
    }
}
