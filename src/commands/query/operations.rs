//! `obs query operations`.

use clap::Args;
use serde_json::{Value, json};

use super::super::report_args::FormatArgs;
use super::super::time_args::TimeArgs;
use super::figures::{self, ListArgs};
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::{Operation, expect_service, kind_name, operations, sort};
use crate::store::Contents;
use crate::ui::table::{Format, Table};

const EXAMPLES: &str = "\
Examples:
  obs query operations checkout
  obs query operations checkout --since 24h --sort p99
  obs query operations checkout traces.jsonl";

const DETAILS: &str = "\
An operation is the name of spans of one kind. Of a service with more than 5000, those that came later are counted
together as (other). Counts are weighted by 1/p where a sampler ran. Durations are known within 4.4 %. The range of time
is widened to whole minutes; a span belongs to the minute in which it began.";

/// Arguments of `obs query operations`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct OperationsArgs {
    /// The service
    service: String,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    time: TimeArgs,
}

impl OperationsArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        self.source.expect_no_file("a service", &self.service, "obs query operations SERVICE")?;
        let range = figures::minutes(&self.time)?;
        let data = self.source.open(config, Contents::All)?;
        expect_service(&self.service, &data.reader.database().service_names()?)?;
        let mut operations = operations(&data.reader.database(), &self.service, range)?;
        if operations.is_empty() {
            figures::say_nothing(&format!("spans of {:?}", self.service), range, &self.time);
        }
        sort(&mut operations, self.list.order(), |operation| &operation.figures);
        let total = operations.len();
        self.list.cut(&mut operations, "operations");
        let (from, to) = figures::ends(range);
        let format = self.format.format();
        let table = Table {
            columns: &[
                ("kind", false),
                ("operation", false),
                ("count", true),
                ("errors", true),
                ("error rate", true),
                ("p50", true),
                ("p95", true),
                ("p99", true),
            ],
            rows: operations.iter().map(|operation| row(operation, format)).collect(),
            json: json!({
                "schema": "obs.query.operations/1",
                "service": self.service,
                "from": from,
                "to": to,
                "total": total,
                "operations": operations.iter().map(operation_json).collect::<Value>(),
            }),
        };
        self.format.print(&table, "operations", self.time.now_ns())?;
        Ok(data.outcome())
    }
}

fn row(operation: &Operation, format: Format) -> Vec<String> {
    let count = figures::count_cell(operation.figures.count, format);
    let first = [kind_name(operation.kind).into(), operation.name.clone(), count];
    first.into_iter().chain(figures::cells(&operation.figures, format)).collect()
}

fn operation_json(operation: &Operation) -> Value {
    let first = json!({ "kind": kind_name(operation.kind), "operation": operation.name });
    figures::object(first, "count", &operation.figures)
}
