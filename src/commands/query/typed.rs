//! Queries that were typed.

use anyhow::anyhow;
use jiff::Timestamp;

use crate::error::CommandError;
use crate::expr::{self, Clock, Comparison, Matcher, Name, Query, Search, Test, Text};
use crate::mistake::{self, Mistake};
use crate::otlp::Signal;

/// Parses a query that was typed, and checks its values.
///
/// # Errors
/// What is wrong with it, with a caret under the place.
pub(super) fn parse(text: &str, signal: Signal, clock: &Clock) -> Result<Search, CommandError> {
    let explain = |mistake: Mistake| {
        let text = mistake::Text { name: "query".into(), text: text.to_owned() };
        let error = CommandError::usage(anyhow!(text.explain(&mistake)));
        mistake.hint.into_iter().fold(error, CommandError::hint)
    };
    let search = expr::parse(text).map_err(explain)?;
    Matcher::compile(&search.query, signal, clock).map_err(explain)?;
    for note in &search.notes {
        let hint = note.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let text = mistake::Text { name: "query".into(), text: text.to_owned() };
        tracing::warn!("{}{hint}", text.explain(note));
    }
    Ok(search)
}

/// The conditions of a range of time, in nanoseconds since the epoch.
pub(super) fn time_query(range_ns: (Option<i64>, Option<i64>)) -> Vec<Query> {
    let ends = [(range_ns.0, Comparison::AtLeast), (range_ns.1, Comparison::Less)];
    let end = |(time, comparison): (Option<i64>, Comparison)| {
        // As a text, because small numbers are seconds there.
        let time = Timestamp::from_nanosecond(time?.into()).ok()?;
        let text = Text::literal(&time.to_string());
        Some(Query::Is(Some(Name::given("timestamp")), Test::Compares(comparison, text)))
    };
    ends.into_iter().filter_map(end).collect()
}

/// The names of fields in a query, each once.
pub(super) fn names(query: &Query) -> Vec<String> {
    let mut names = Vec::new();
    for name in query.names() {
        names.extend(name.pattern.as_literal().map(str::to_owned).filter(|name| !names.contains(name)));
    }
    names
}
