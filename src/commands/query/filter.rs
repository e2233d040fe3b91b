//! What spans are searched for, by flags and by a query.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::super::time_args::TimeArgs;
use super::tag::Tag;
use super::typed::{names, parse, time_query};
use super::unknown;
use crate::config;
use crate::error::CommandError;
use crate::expr::{Comparison, Intrinsic, Matcher, Name, Query, Search, Test, Text};
use crate::mistake::Mistake;
use crate::otlp::Signal;
use crate::query::Reader;

/// What a span of a trace must be.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filter")]
pub(super) struct FilterArgs {
    /// Of this service
    #[arg(long, short, value_name = "NAME")]
    service: Option<String>,
    /// Of this operation
    #[arg(long, short, value_name = "NAME")]
    operation: Option<String>,
    /// With this attribute; repeatable
    ///
    /// KEY=VALUE, KEY!=VALUE, KEY=~REGEX, KEY<NUMBER, KEY<=NUMBER, KEY>NUMBER or KEY>=NUMBER; of the span, its resource,
    /// scope, events or links. VALUE is the whole value, of any type; * in it is the character.
    #[arg(long, short, value_name = "TAG")]
    tag: Vec<Tag>,
    /// With the status ERROR
    #[arg(long)]
    errors: bool,
    /// What passes this query, in the language of obs query logs
    #[arg(long, value_name = "QUERY")]
    r#where: Option<String>,
    #[command(flatten)]
    pub(super) time: TimeArgs,
}

/// Durations of traces or of spans.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filter")]
pub(super) struct DurationArgs {
    /// Traces that take so long, or longer
    #[arg(long, value_name = "DURATION", value_parser = config::parse_duration)]
    min_duration: Option<Duration>,
    /// Traces that take so long, or shorter
    #[arg(long, value_name = "DURATION", value_parser = config::parse_duration)]
    max_duration: Option<Duration>,
    /// Take these for durations of the span instead of the whole trace
    #[arg(long)]
    span_duration: bool,
}

/// A compiled filter.
pub(super) struct Filter {
    pub(super) matcher: Matcher,
    /// From this time on, and before this one, in nanoseconds since the epoch.
    pub(super) range_ns: (Option<i64>, Option<i64>),
    /// The names of fields in it.
    names: Vec<String>,
}

impl FilterArgs {
    /// Compiles the filter.
    ///
    /// # Errors
    /// The query or a value in it is wrong.
    pub(super) fn compile(&self, duration: &DurationArgs) -> Result<Filter, CommandError> {
        let range_ns = self.time.range_ns()?;
        let signal = Signal::Traces;
        let clock = self.time.clock();
        let mut given: Vec<Query> = time_query(range_ns);
        let is = |name: &str, test| Query::Is(Some(Name::given(name)), test);
        given.extend(self.service.iter().map(|name| is("service", Test::Equals(Text::literal(name)))));
        given.extend(self.operation.iter().map(|name| is("operation", Test::Equals(Text::literal(name)))));
        // As errors are counted everywhere: an attribute "error" is another thing.
        given.extend(self.errors.then(|| Query::Own(Intrinsic::Error, Test::Equals(Text::literal("true")))));
        given.extend(duration.of_spans());
        for tag in &self.tag {
            let whole = |mistake: Mistake| {
                let error = CommandError::usage(anyhow!("--tag {}: {}", tag.name, mistake.message));
                mistake.hint.into_iter().fold(error, CommandError::hint)
            };
            Matcher::compile(&tag.query(), signal, &clock).map_err(whole)?;
            given.push(tag.query());
        }
        let typed = match &self.r#where {
            Some(text) => match parse(text, signal, &clock)? {
                Search { query, count_by: None, .. } => query,
                Search { .. } => {
                    return Err(CommandError::usage(anyhow!("--where finds spans, it does not count them"))
                        .hint("leave | count out; obs query operations counts the spans of each operation"));
                }
            },
            None => Query::All,
        };
        let query = Query::all(given.into_iter().chain([typed]));
        let matcher = Matcher::compile(&query, signal, &clock)
            .map_err(|mistake| CommandError::usage(anyhow!(mistake.message)))?;
        Ok(Filter { names: names(&query), matcher, range_ns })
    }
}

impl Filter {
    /// Tells of fields that no span has and, where nothing is found, of services that there are not.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn explain(&self, reader: &Reader, is_empty: bool) -> Result<(), CommandError> {
        unknown::warn_of_fields(reader, Signal::Traces, &self.names)?;
        if is_empty { unknown::warn_of_services(reader, &self.matcher) } else { Ok(()) }
    }
}

impl DurationArgs {
    /// Shortest and longest duration of the whole trace, in nanoseconds.
    pub(super) fn of_trace_ns(&self) -> (Option<u64>, Option<u64>) {
        let ns = |duration: Option<Duration>| {
            duration.filter(|_| !self.span_duration).map(|duration| duration.as_nanos() as u64)
        };
        (ns(self.min_duration), ns(self.max_duration))
    }

    fn of_spans(&self) -> Vec<Query> {
        let limits = [(self.min_duration, Comparison::AtLeast), (self.max_duration, Comparison::AtMost)];
        let limit = |(duration, comparison): (Option<Duration>, Comparison)| {
            let text = Text::literal(&format!("{}ns", duration?.as_nanos()));
            Some(Query::Is(Some(Name::given("duration")), Test::Compares(comparison, text)))
        };
        if self.span_duration { limits.into_iter().filter_map(limit).collect() } else { Vec::new() }
    }
}
