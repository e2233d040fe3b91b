//! What nothing has that is searched for: that is no error, because one may come.

use crate::error::CommandError;
use crate::expr::{self, Matcher};
use crate::otlp::Signal;
use crate::query::{Reader, unknown_services};

/// Tells of names that no span or log record has.
///
/// # Errors
/// The database cannot be read.
pub(super) fn warn_of_fields(reader: &Reader, signal: Signal, names: &[String]) -> Result<(), CommandError> {
    if names.iter().all(|name| expr::is_known(name, signal, &[])) {
        return Ok(());
    }
    let Some(keys) = reader.database().attribute_keys(signal)? else { return Ok(()) };
    for name in names.iter().filter(|name| !expr::is_known(name, signal, &keys)) {
        let meant = expr::suggest(name, signal, &keys);
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        tracing::warn!("none of the {} has the field {name:?}{meant}", signal.items());
    }
    Ok(())
}

/// Tells of services that there are not.
///
/// # Errors
/// The database cannot be read.
pub(super) fn warn_of_services(reader: &Reader, matcher: &Matcher) -> Result<(), CommandError> {
    let known = reader.database().service_names()?;
    for (name, hint) in unknown_services(matcher, &known) {
        tracing::warn!("there is no service {name:?}; {hint}");
    }
    Ok(())
}
