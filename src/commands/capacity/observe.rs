//! Where a load is seen: in the database, in streams, or by a Prometheus server.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::super::query::SourceArgs;
use super::super::time_args::TimeArgs;
use crate::capacity::Observation;
use crate::capacity::observation::{Server, of_database, of_prometheus};
use crate::config::Config;
use crate::error::{Class, CommandError, Outcome};
use crate::relay::read_headers;
use crate::store::{Contents, Minutes};

/// A Prometheus server is asked about so much, unless something is said.
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

/// Where to look, and when.
#[derive(Debug, Clone, Args)]
pub(super) struct ObserveArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Ask a Prometheus server, such as http://localhost:9090, what it has seen, of the last day unless a time is given
    #[arg(long, value_name = "URL", help_heading = "Prometheus")]
    prometheus: Option<String>,
    /// Only series with these labels, such as 'job="agent"': spans that pass several collectors are counted by each
    #[arg(long, value_name = "LABELS", requires = "prometheus", help_heading = "Prometheus")]
    prometheus_match: Option<String>,
    /// File with headers for it, a line each: NAME: VALUE
    #[arg(long, value_name = "FILE", requires = "prometheus", help_heading = "Prometheus")]
    prometheus_headers_file: Option<PathBuf>,
    #[command(flatten)]
    time: TimeArgs,
}

/// What to try where nobody says how large the load is.
const NO_LOAD: &str =
    "how large is the load? --spans 100k says it; --db FILE, --prometheus URL or a stream show it";

/// What was seen, and whether all of it could be read.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) observation: Observation,
    pub(super) outcome: Outcome,
}

/// Whether there is no file where it was looked for.
fn is_missing(error: &CommandError) -> bool {
    let is_missing = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<std::io::Error>();
        error.is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    error.cause.chain().any(is_missing)
}

impl ObserveArgs {
    /// When.
    pub(super) fn time(&self) -> &TimeArgs {
        &self.time
    }

    /// Looks where the command line says; where it does not, into the database if `must` be, else nowhere.
    ///
    /// # Errors
    /// There is more than one place to look, it cannot be read, or there are no spans.
    pub(super) fn observe(&self, config: &Config, must: bool) -> Result<Option<Seen>, CommandError> {
        match &self.prometheus {
            Some(_) if self.source.is_given() => {
                Err(CommandError::usage(anyhow!("expected one place to look: --prometheus, --db or FILE"))
                    .hint("what is given as a flag, such as --size 2KiB, holds whatever is seen"))
            }
            Some(url) => self.ask(url).map(Some),
            None if self.source.is_given() => self.read(config).map(Some),
            None if must => self.read(config).map(Some).map_err(|error| match is_missing(&error) {
                true => CommandError { class: Class::Usage, ..error.hint(NO_LOAD) },
                false => error,
            }),
            None if self.time.is_given() => {
                Err(CommandError::usage(anyhow!("a range of time, and nowhere to look"))
                    .hint("--db FILE, --prometheus URL or a stream"))
            }
            None => Ok(None),
        }
    }

    fn read(&self, config: &Config) -> Result<Seen, CommandError> {
        let (from, to) = self.time.range_ns()?;
        let data = self.source.open(config, Contents::All)?;
        let text = |ns: u64| self.time.text(ns);
        let observation = of_database(&data.reader, Minutes::around(from, to), text)?;
        let observation = observation.ok_or_else(|| {
            let end =
                |word: &str, ns: Option<i64>| ns.map(|ns| format!(" {word} {}", text(ns.max(0) as u64)));
            let range = [end("from", from), end("to", to)].map(Option::unwrap_or_default).concat();
            CommandError::failure(anyhow!("{} holds no spans{range}", data.reader.name()))
                .hint("--spans N plans without looking")
        })?;
        Ok(Seen { observation, outcome: data.outcome() })
    }

    fn ask(&self, url: &str) -> Result<Seen, CommandError> {
        let headers = self.prometheus_headers_file.as_deref().map(read_headers).transpose();
        let server = Server::new(url, headers.map_err(CommandError::usage)?.unwrap_or_default())?;
        let (from, to) = self.time.range_ns()?;
        let to = to.unwrap_or_else(|| self.time.now_ns());
        let from = from.unwrap_or_else(|| to.saturating_sub(DAY_NS));
        let matchers = self.prometheus_match.as_deref().unwrap_or_default();
        let matchers = matchers.trim().trim_start_matches('{').trim_end_matches('}');
        let observation = of_prometheus(&server, matchers, [from, to], |ns| self.time.text(ns))?;
        Ok(Seen { observation, outcome: Outcome::Ok })
    }
}
