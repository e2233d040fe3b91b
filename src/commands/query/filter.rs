//! What spans are searched for, by flags and by a query.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::super::time_args::TimeArgs;
use super::source::Data;
use crate::config;
use crate::error::CommandError;
use crate::expr::{self, Comparison, Intrinsic, Matcher, Name, Query, Search, Test, Text};
use crate::mistake;
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

/// A condition on an attribute.
#[derive(Debug, Clone)]
struct Tag {
    name: String,
    test: Test,
}

impl std::str::FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Tag, String> {
        let at = text.find(['=', '!', '<', '>']).filter(|at| *at > 0);
        let at = at.ok_or_else(|| format!("expected KEY=VALUE, such as http.route=/pay, found {text:?}"))?;
        let (name, rest) = text.split_at(at);
        let number = |comparison, value: &str| Test::Compares(comparison, Text::literal(value));
        // Longer signs before those that they begin with.
        let test = if let Some(regex) = rest.strip_prefix("=~") {
            Test::Finds(regex.to_owned(), 0..regex.len())
        } else if let Some(value) = rest.strip_prefix("!=") {
            Test::Differs(Text::literal(value))
        } else if let Some(value) = rest.strip_prefix("<=") {
            number(Comparison::AtMost, value)
        } else if let Some(value) = rest.strip_prefix(">=") {
            number(Comparison::AtLeast, value)
        } else if let Some(value) = rest.strip_prefix('<') {
            number(Comparison::Less, value)
        } else if let Some(value) = rest.strip_prefix('>') {
            number(Comparison::Greater, value)
        } else if let Some(value) = rest.strip_prefix('=') {
            Test::Equals(Text::literal(value))
        } else {
            return Err(format!("expected one of = != =~ < <= > >= behind {name}, found {rest:?}"));
        };
        Ok(Tag { name: name.to_owned(), test })
    }
}

/// A compiled filter.
pub(super) struct Filter {
    pub(super) matcher: Matcher,
    /// From this time on, and before this one, in nanoseconds since the epoch.
    pub(super) range_ns: (Option<i64>, Option<i64>),
}

impl FilterArgs {
    /// Compiles the filter, and tells of names that nothing has.
    ///
    /// # Errors
    /// The query or a value in it is wrong.
    pub(super) fn compile(
        &self,
        data: &Data,
        duration: Option<&DurationArgs>,
    ) -> Result<Filter, CommandError> {
        let range_ns = self.time.range_ns()?;
        let signal = Signal::Traces;
        let now_ns = self.time.now_ns();
        let mut given: Vec<Query> = time_query(range_ns);
        let is = |name: &str, test| Query::Is(Some(Name::given(name)), test);
        given.extend(self.service.iter().map(|name| is("service", Test::Equals(Text::literal(name)))));
        given.extend(self.operation.iter().map(|name| is("operation", Test::Equals(Text::literal(name)))));
        // As errors are counted everywhere: an attribute "error" is another thing.
        given.extend(self.errors.then(|| Query::Own(Intrinsic::Error, Test::Equals(Text::literal("true")))));
        given.extend(duration.into_iter().flat_map(DurationArgs::of_spans));
        for tag in &self.tag {
            let query = is(&tag.name, tag.test.clone());
            let whole = |mistake: mistake::Mistake| {
                let error = CommandError::usage(anyhow!("--tag {}: {}", tag.name, mistake.message));
                mistake.hint.into_iter().fold(error, CommandError::hint)
            };
            Matcher::compile(&query, signal, now_ns).map_err(whole)?;
            given.push(query);
        }
        let typed = match &self.r#where {
            Some(text) => match parse(text, signal, now_ns)? {
                Search { query, count_by: None } => query,
                Search { .. } => {
                    return Err(CommandError::usage(anyhow!("--where finds spans, it does not count them"))
                        .hint("leave | count out; obs query operations counts the spans of each operation"));
                }
            },
            None => Query::All,
        };
        let query = Query::all(given.into_iter().chain([typed]));
        warn_of_unknown(&data.reader, &query, signal)?;
        let matcher = Matcher::compile(&query, signal, now_ns)
            .map_err(|mistake| CommandError::usage(anyhow!(mistake.message)))?;
        Ok(Filter { matcher, range_ns })
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

/// The conditions of a range of time.
pub(super) fn time_query(range_ns: (Option<i64>, Option<i64>)) -> Vec<Query> {
    let ends = [(range_ns.0, Comparison::AtLeast), (range_ns.1, Comparison::Less)];
    let end = |(time, comparison): (Option<i64>, Comparison)| {
        Some(Query::Is(
            Some(Name::given("timestamp")),
            Test::Compares(comparison, Text::literal(&time?.to_string())),
        ))
    };
    ends.into_iter().filter_map(end).collect()
}

/// Parses a query that was typed, and checks its values.
///
/// # Errors
/// What is wrong with it, with a caret under the place.
pub(super) fn parse(text: &str, signal: Signal, now_ns: i64) -> Result<expr::Search, CommandError> {
    let explain = |mistake: mistake::Mistake| {
        let text = mistake::Text { name: "query".into(), text: text.to_owned() };
        let error = CommandError::usage(anyhow!(text.explain(&mistake)));
        mistake.hint.into_iter().fold(error, CommandError::hint)
    };
    let search = expr::parse(text).map_err(explain)?;
    Matcher::compile(&search.query, signal, now_ns).map_err(explain)?;
    Ok(search)
}

/// Tells of names in a query that no span or log record has; that is no error, because one may come.
///
/// # Errors
/// The database cannot be read.
pub(super) fn warn_of_unknown(reader: &Reader, query: &Query, signal: Signal) -> Result<(), CommandError> {
    let names = query.names();
    let names: Vec<&str> = names.into_iter().filter_map(|name| name.pattern.as_literal()).collect();
    if names.iter().all(|name| expr::is_known(name, signal, &[])) {
        return Ok(());
    }
    let Some(keys) = reader.database().attribute_keys(signal)? else { return Ok(()) };
    for name in names.into_iter().filter(|name| !expr::is_known(name, signal, &keys)) {
        let meant = expr::suggest(name, signal, &keys);
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        tracing::warn!("none of the {} has the field {name:?}{meant}", signal.items());
    }
    Ok(())
}
