//! The stream into the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::super::closing::Report;
use super::super::db_args::DbArgs;
use super::super::stage::{Prepared, Setting};
use super::super::stream_args::{InputArgs, StageArgs};
use super::StoreCommand;
use super::configured::Configured;
use crate::config;
use crate::error::CommandError;
use crate::pipeline::Role;
use crate::redact::{Redactor, Rule};
use crate::store::{Contents, Durability, Meters, Options, Start};
use crate::stream::Ledger;
use crate::telemetry::StageFigures;
use crate::ui::progress;

/// Arguments of `obs store` without a subcommand.
#[derive(Debug, Args)]
pub(super) struct IngestArgs {
    /// Mask what must not be kept: [ACTION:]NAME[=~REGEX]; repeatable
    ///
    /// ACTION is mask, hash or drop; NAME the name of an attribute, with * and ?, or body; REGEX what is masked in its
    /// value.
    #[arg(long, value_name = "RULE")]
    redact: Vec<Rule>,
    /// Commit items that nobody waits for after so long; others at once
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = config::parse_interval)]
    flush_interval: Duration,
    /// What a committed item survives
    #[arg(long, value_name = "WHAT", default_value = "process")]
    durability: DurabilityArg,
    /// Record every commit in FILE, as a line of JSON a segment
    #[arg(long, value_name = "FILE")]
    commit_log: Option<PathBuf>,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) stage: StageArgs,
}

/// The names of what an item survives.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DurabilityArg {
    /// A killed process
    Process,
    /// A power cut too: every commit waits for the disk
    Power,
}

impl IngestArgs {
    pub(super) fn prepare(
        &self,
        db: &DbArgs,
        configured: &Configured,
        setting: &Setting<'_>,
    ) -> Result<Prepared, CommandError> {
        misplaced_subcommand(&self.input.files)?;
        let ledger = Arc::new(Ledger::of_stage("store", setting.name));
        let rules: Vec<Rule> = self.redact.iter().chain(&configured.redact).cloned().collect();
        let redactor = (!rules.is_empty()).then(|| Arc::new(Redactor::new(rules)));
        let path = configured.path(db);
        configured.warn_of_others(&path);
        if let Some(retention) = configured.retention {
            tracing::info!("items older than {} are deleted", humantime::format_duration(retention));
        }
        let options = Options {
            path,
            flush_interval: self.flush_interval,
            durability: match self.durability {
                DurabilityArg::Process => Durability::Process,
                DurabilityArg::Power => Durability::Power,
            },
            contents: Contents::All,
            commit_log: self.commit_log.clone(),
            retention: configured.retention,
            redactor: redactor.clone(),
            ack: setting.ack,
        };
        let (room, meters) = (Arc::new(options.room()), Arc::new(Meters::default()));
        let (counted, ready) = (meters.clone(), room.clone());
        let figures = StageFigures::new(
            ledger.clone(),
            move |samples| counted.samples(samples),
            move || !ready.is_full(),
        );
        let waiting = meters.clone();
        let mut bar = progress::Bar::new("migrating", "rows");
        let progress = Box::new(move |done, of| bar.show(done, of));
        Ok(Prepared {
            role: Role::Terminal(Box::new(Start { options, room, meters, ledger, progress })),
            figures,
            report: redactor.map(redacted),
            reload: None,
            waiting: Some(Box::new(move || waiting.waiting())),
        })
    }
}

/// Options before the name of a subcommand make it an operand.
fn misplaced_subcommand(files: &[String]) -> Result<(), CommandError> {
    let is_subcommand = |file: &&String| StoreCommand::has_subcommand(file) && !Path::new(file).exists();
    match files.iter().find(is_subcommand) {
        Some(name) => Err(CommandError::usage(anyhow!("{name} is no file but a subcommand"))
            .hint(format!("options follow it: obs store {name} --db FILE"))),
        None => Ok(()),
    }
}

/// How many values were redacted.
fn redacted(redactor: Arc<Redactor>) -> Report {
    let lines = redactor.clone();
    Report {
        key: "redacted",
        json: Box::new(move || {
            redactor
                .changed()
                .map(|(rule, values)| json!({"rule": rule.to_string(), "values": values}))
                .collect()
        }),
        lines: Box::new(move || {
            let changed = lines.changed().map(|(rule, values)| format!("{values} values redacted by {rule}"));
            changed.collect()
        }),
    }
}
