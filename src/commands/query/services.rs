//! `obs query services`.

use clap::Args;
use serde_json::{Value, json};

use super::super::report_args::FormatArgs;
use super::super::time_args::TimeArgs;
use super::figures::{self, ListArgs};
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::{Measured, Order, Service, services, sort};
use crate::store::Contents;
use crate::ui::table::{Format, Table};

const EXAMPLES: &str = "\
Examples:
  obs query services
  obs query services --since 1h --sort error-rate --limit 5
  obs query services --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z --format json
  obs query services traces.jsonl";

const DETAILS: &str = "\
Counted are requests, that is, SERVER and CONSUMER spans; of a service that has none, all spans (\"measured\").
Counts are weighted by 1/p where a sampler ran. Durations are known within 4.4 %. The range of time is widened to whole
minutes; a span belongs to the minute in which it began.";

/// Arguments of `obs query services`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct ServicesArgs {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    time: TimeArgs,
}

impl ServicesArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let range = figures::minutes(&self.time)?;
        let data = self.source.open(config, Contents::All)?;
        let mut services = services(&data.reader.database(), range)?;
        if services.is_empty() {
            figures::say_nothing("spans", range, &self.time);
        }
        sort(&mut services, self.list.order(), |service| &service.figures);
        if self.list.order() == Order::Count {
            // A service without requests comes behind those that have some, however many spans it has.
            services.sort_by_key(|service| service.measured == Measured::Spans);
        }
        let total = services.len();
        self.list.cut(&mut services, "services");
        let (from, to) = figures::ends(range);
        let format = self.format.format();
        let table = Table {
            columns: &[
                ("service", false),
                ("spans", true),
                ("measured", false),
                ("requests", true),
                ("errors", true),
                ("error rate", true),
                ("p50", true),
                ("p95", true),
                ("p99", true),
                ("last seen", false),
            ],
            rows: services.iter().map(|service| row(service, format, &self.time)).collect(),
            json: json!({
                "schema": "obs.query.services/1",
                "from": from,
                "to": to,
                "total": total,
                "services": services.iter().map(service_json).collect::<Value>(),
            }),
        };
        self.format.print(&table, "services", self.time.now_ns())?;
        Ok(data.outcome())
    }
}

fn measured(service: &Service) -> &'static str {
    match service.measured {
        Measured::Requests => "requests",
        Measured::Spans => "spans",
    }
}

fn requests(service: &Service) -> f64 {
    match service.measured {
        Measured::Requests => service.figures.count,
        Measured::Spans => 0.0,
    }
}

fn row(service: &Service, format: Format, time: &TimeArgs) -> Vec<String> {
    let first = [
        service.name.clone(),
        figures::count_cell(service.spans, format),
        measured(service).into(),
        figures::count_cell(requests(service), format),
    ];
    let last = time.text(figures::start_ns(service.last_minute));
    first.into_iter().chain(figures::cells(&service.figures, format)).chain([last]).collect()
}

/// A service with what was measured.
pub(super) fn service_json(service: &Service) -> Value {
    let first = json!({
        "service": service.name,
        "spans": figures::number(service.spans),
        "requests": figures::number(requests(service)),
        "measured": measured(service),
        "last_seen": figures::minute(service.last_minute),
    });
    figures::object(first, "count", &service.figures)
}
