//! Our own log lines, on stderr: text for people, or JSON.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};
use crate::error::CommandError;
use crate::ui::progress;

/// Starts logging for the subcommand `command`.
///
/// `level` is that of the flags and outranks `RUST_LOG`, which outranks the configuration.
///
/// # Errors
/// A level that does not exist.
pub fn init(
    command: &'static str,
    level: Option<LevelFilter>,
    format: Option<LogFormat>,
    config: &Log,
) -> Result<(), CommandError> {
    let targets = match (level, std::env::var("RUST_LOG")) {
        (Some(level), _) => Targets::new().with_default(level),
        (None, Ok(directives)) if !directives.is_empty() => Targets::from_str(&directives)
            .map_err(|error| CommandError::usage(anyhow::anyhow!("RUST_LOG: {error}")))?,
        (None, _) => configured(config)?,
    };
    let registry = tracing_subscriber::registry().with(targets);
    let layer = tracing_subscriber::fmt::layer().with_writer(|| progress::Stderr).with_ansi(false);
    let result = match format.or(config.format).unwrap_or_default() {
        LogFormat::Text => registry.with(layer.event_format(Text { command })).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    result.map_err(|error| CommandError::failure(anyhow::Error::new(error)))
}

fn configured(config: &Log) -> Result<Targets, CommandError> {
    let level = |name: &str| {
        let parsed = LevelFilter::from_str(name);
        parsed.map_err(|_| {
            CommandError::usage(anyhow::anyhow!(
                "log: expected error, warn, info, debug or trace, found {name:?}"
            ))
        })
    };
    let mut targets = Targets::new().with_default(level(config.level.as_deref().unwrap_or("info"))?);
    if let Some(database) = &config.sqlx_level {
        targets = targets.with_target("sqlx", level(database)?);
    }
    for (component, name) in &config.components {
        let level = level(name)?;
        // Components of ours are named without the crate.
        targets = targets.with_target(component, level).with_target(format!("obs::{component}"), level);
    }
    Ok(targets)
}

/// `obs relay: warning: …`
struct Text {
    command: &'static str,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "obs {}: ", self.command)?;
        match *event.metadata().level() {
            Level::ERROR => writer.write_str("error: ")?,
            Level::WARN => writer.write_str("warning: ")?,
            Level::INFO => {}
            level => write!(writer, "{level} {}: ", event.metadata().target())?,
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
