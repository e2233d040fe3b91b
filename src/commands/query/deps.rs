//! `obs query deps`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::report_args::{FormatArgs, ReportFormat};
use super::super::time_args::TimeArgs;
use super::figures::{self, ListArgs};
use super::services::service_json;
use super::source::SourceArgs;
use crate::config::Config;
use crate::error::{CommandError, Outcome};
use crate::query::{Dependencies, Edge, Service, dot, expect_service, mermaid, sort};
use crate::store::{Contents, Minutes};
use crate::ui::table::{self, Format, Table};

const EXAMPLES: &str = "\
Examples:
  obs query deps
  obs query deps --service checkout --since 1h --sort error-rate
  obs query deps --format dot | dot -Tsvg > services.svg
  obs query deps --service checkout --depth 2 --format mermaid";

const DETAILS: &str = "\
A call is a CLIENT or PRODUCER span with its child; errors and durations are those that the caller saw. Diagrams have
all services and calls, whatever --limit says. Counts are weighted by 1/p where a sampler ran. Durations are known
within 4.4 %. The range of time is widened to whole minutes; a call belongs to the minute in which it began.";

/// Arguments of `obs query deps`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct DepsArgs {
    /// Only calls of this service and to it
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Also those of its neighbours: up to so many calls away
    #[arg(long, value_name = "N", requires = "service", default_value_t = 1)]
    depth: u32,
    #[command(flatten)]
    list: ListArgs,
    /// Form of the report [default: table on a terminal, tsv elsewhere]
    #[arg(long, value_name = "FORMAT")]
    format: Option<DepsFormat>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    time: TimeArgs,
}

/// The names of the forms.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DepsFormat {
    /// Aligned, for people
    Table,
    /// One JSON document
    Json,
    /// A line of JSON a call
    Ndjson,
    /// A diagram for Graphviz
    Dot,
    /// A diagram for Mermaid, which Markdown may hold
    Mermaid,
    /// Comma-separated
    Csv,
    /// Tab-separated
    Tsv,
    /// A stream of metrics, encoded as OBS_FORMAT says
    Otlp,
}

impl DepsArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let range = figures::minutes(&self.time)?;
        let data = self.source.open(config, Contents::All)?;
        if let Some(service) = &self.service {
            expect_service(service, &data.reader.database().service_names()?)?;
        }
        let mut dependencies = Dependencies::read(&data.reader.database(), range)?;
        if let Some(service) = &self.service {
            dependencies = dependencies.near(service, self.depth);
        }
        if dependencies.edges.is_empty() {
            figures::say_nothing("calls", range, &self.time);
        }
        let format = match self.format {
            Some(DepsFormat::Dot) => return table::print(&dot(&dependencies)).map(|()| data.outcome()),
            Some(DepsFormat::Mermaid) => {
                return table::print(&mermaid(&dependencies)).map(|()| data.outcome());
            }
            None => None,
            Some(DepsFormat::Table) => Some(ReportFormat::Table),
            Some(DepsFormat::Json) => Some(ReportFormat::Json),
            Some(DepsFormat::Ndjson) => Some(ReportFormat::Ndjson),
            Some(DepsFormat::Csv) => Some(ReportFormat::Csv),
            Some(DepsFormat::Tsv) => Some(ReportFormat::Tsv),
            Some(DepsFormat::Otlp) => Some(ReportFormat::Otlp),
        };
        let form = FormatArgs::from(format);
        form.print(&self.table(dependencies, range, form.format()), "edges", self.time.now_ns())?;
        Ok(data.outcome())
    }

    fn table(&self, dependencies: Dependencies, range: Minutes, format: Format) -> Table {
        let Dependencies { services, mut edges } = dependencies;
        sort(&mut edges, self.list.order(), |edge| &edge.figures);
        let total = edges.len();
        self.list.cut(&mut edges, "edges");
        let (from, to) = figures::ends(range);
        Table {
            columns: &[
                ("caller", false),
                ("callee", false),
                ("calls", true),
                ("errors", true),
                ("error rate", true),
                ("p50", true),
                ("p95", true),
                ("p99", true),
            ],
            rows: edges.iter().map(|edge| row(edge, format)).collect(),
            json: json!({
                "schema": "obs.query.deps/1",
                "from": from,
                "to": to,
                "total": total,
                "services": services.iter().map(node_json).collect::<Value>(),
                "edges": edges.iter().map(edge_json).collect::<Value>(),
            }),
        }
    }
}

fn row(edge: &Edge, format: Format) -> Vec<String> {
    let first =
        [edge.name.caller.clone(), edge.name.callee.clone(), figures::count_cell(edge.figures.count, format)];
    first.into_iter().chain(figures::cells(&edge.figures, format)).collect()
}

/// A service; nothing but its name where it had no spans in the range of time.
fn node_json((name, service): (&String, &Option<Service>)) -> Value {
    service.as_ref().map_or_else(|| json!({ "service": name }), service_json)
}

fn edge_json(edge: &Edge) -> Value {
    let first = json!({ "caller": edge.name.caller, "callee": edge.name.callee });
    figures::object(first, "calls", &edge.figures)
}
