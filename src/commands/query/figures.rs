//! What reports about the rollups share: flags, and figures as cells and as JSON.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::super::time_args::{TimeArgs, utc};
use crate::error::CommandError;
pub(super) use crate::query::units::number;
use crate::query::{Figures, Order, units};
use crate::store::Minutes;
use crate::ui::duration;
use crate::ui::table::Format;

/// Which rows come first, and how many.
#[derive(Debug, Clone, Args)]
pub(super) struct ListArgs {
    /// What comes first
    #[arg(long, value_name = "ORDER", default_value = "requests")]
    sort: Sort,
    /// Rows at the most; 0 is all [default: 20]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// The names of orders.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    /// The most requests, calls or spans
    Requests,
    /// The most errors
    Errors,
    /// The highest share of errors
    ErrorRate,
    /// The highest median
    P50,
    /// The highest 95th percentile
    P95,
    /// The highest 99th percentile
    P99,
    /// The name
    Name,
}

/// Rows of a list unless more are wanted.
const ROWS: usize = 20;

impl ListArgs {
    pub(super) fn order(&self) -> Order {
        match self.sort {
            Sort::Requests => Order::Count,
            Sort::Errors => Order::Errors,
            Sort::ErrorRate => Order::ErrorRate,
            Sort::P50 => Order::P50,
            Sort::P95 => Order::P95,
            Sort::P99 => Order::P99,
            Sort::Name => Order::Name,
        }
    }

    /// Leaves the first rows, and says how many there were more.
    pub(super) fn cut<T>(&self, rows: &mut Vec<T>, what: &str) {
        let limit = self.limit.unwrap_or(ROWS);
        if limit > 0 && rows.len() > limit {
            tracing::info!("{} more {what}; --limit 0 shows all", rows.len() - limit);
            rows.truncate(limit);
        }
    }
}

/// The minutes that are asked about.
pub(super) fn minutes(time: &TimeArgs) -> Result<Minutes, CommandError> {
    let (from, to) = time.range_ns()?;
    Ok(Minutes::around(from, to))
}

/// Says that there is nothing.
pub(super) fn say_nothing(what: &str, range: Minutes, time: &TimeArgs) {
    let end = |word: &str, minute: u32| format!(" {word} {}", time.text(start_ns(minute)));
    let from = Some(range.from).filter(|from| *from > 0).map(|from| end("from", from));
    let to = Some(range.to).filter(|to| *to < u32::MAX).map(|to| end("to", to));
    tracing::info!("no {what}{}{}", from.unwrap_or_default(), to.unwrap_or_default());
}

/// Both ends of a range as RFC 3339 in UTC, null where it has none.
pub(super) fn ends(range: Minutes) -> (Value, Value) {
    (
        if range.from == 0 { Value::Null } else { minute(range.from).into() },
        if range.to == u32::MAX { Value::Null } else { minute(range.to).into() },
    )
}

/// The beginning of a minute since the epoch, as RFC 3339 in UTC.
pub(super) fn minute(minute: u32) -> String {
    utc(start_ns(minute))
}

/// The beginning of a minute since the epoch, in nanoseconds.
pub(super) fn start_ns(minute: u32) -> u64 {
    u64::from(minute) * 60_000_000_000
}

/// A count: whole for people, as it is for programs.
pub(super) fn count_cell(count: f64, format: Format) -> String {
    if format == Format::Table { format!("{count:.0}") } else { number(count).to_string() }
}

/// Errors, error rate and quantiles: for people, or for programs with durations in nanoseconds.
pub(super) fn cells(figures: &Figures, format: Format) -> [String; 5] {
    let is_table = format == Format::Table;
    let duration = |ns: Option<u64>| match ns {
        None => String::new(),
        Some(ns) if is_table => duration::duration(ns),
        Some(ns) => ns.to_string(),
    };
    let rate = figures.error_rate();
    [
        count_cell(figures.errors, format),
        if is_table { units::percent(rate) } else { number(rate).to_string() },
        duration(figures.p50_ns),
        duration(figures.p95_ns),
        duration(figures.p99_ns),
    ]
}

/// Figures as members of an object, behind others; `count` is the key of the count.
pub(super) fn object(first: Value, count: &str, figures: &Figures) -> Value {
    let mut object: Map<String, Value> = match first {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert(count.into(), number(figures.count));
    for (key, value) in [
        ("stored", number(figures.stored)),
        ("margin", number(figures.margin)),
        ("errors", number(figures.errors)),
        ("error_rate", json!(figures.error_rate())),
        ("p50_ns", json!(figures.p50_ns)),
        ("p95_ns", json!(figures.p95_ns)),
        ("p99_ns", json!(figures.p99_ns)),
    ] {
        object.insert(key.into(), value);
    }
    Value::Object(object)
}
