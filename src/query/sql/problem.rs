//! What is wrong with a query: where, and what was perhaps meant.

use anyhow::anyhow;
use rusqlite::{Error, ErrorCode};

use super::text::{self, Query};
use crate::error::CommandError;

/// How alike a name must be to one that there is (Jaro-Winkler).
const ALIKE: f64 = 0.8;

/// Characters of a line that are shown before and behind a place.
const SHOWN: usize = 60;

/// A problem at a place of a text, in bytes.
pub(super) fn at(sql: &str, place: Option<usize>, what: &str) -> CommandError {
    let Some(place) = place.filter(|place| sql.is_char_boundary(*place)) else {
        return CommandError::usage(anyhow!("{what}"));
    };
    let (before, after) = sql.split_at(place);
    let number = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before[start..].chars().count() + 1;
    let behind = after.split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let skipped = (column - 1).saturating_sub(SHOWN);
    let flat = |character: char| if character.is_control() { ' ' } else { character };
    let head: String = before[start..].chars().skip(skipped).map(flat).collect();
    let tail: String = behind.chars().take(SHOWN).map(flat).collect();
    let indent = " ".repeat(unicode_width::UnicodeWidthStr::width(&*head));
    CommandError::usage(anyhow!("line {number}, column {column}: {what}\n  {head}{tail}\n  {indent}^"))
}

/// What SQLite's error means, unless it is about the database.
pub(super) fn of_query(sql: &str, query: &Query, names: &[String], error: &Error) -> Option<CommandError> {
    let (what, place) = match error {
        Error::SqlInputError { msg, offset, .. } => (msg.clone(), usize::try_from(*offset).ok()),
        Error::SqliteFailure(error, message) => {
            use ErrorCode::{ApiMisuse, ParameterOutOfRange, TooBig, TypeMismatch, Unknown};
            let is_about_it =
                matches!(error.code, Unknown | TooBig | TypeMismatch | ApiMisuse | ParameterOutOfRange);
            (message.clone().filter(|_| is_about_it)?, None)
        }
        Error::NulError(_) => ("the text holds a NUL character".to_owned(), None),
        _ => return None,
    };
    let unknown = ["no such column: ", "no such table: ", "no such function: "];
    let unknown = unknown
        .iter()
        .find_map(|prefix| what.strip_prefix(prefix))
        .map(|name| name.rsplit('.').next().unwrap_or(name));
    let place = match place.map(|place| query.original(place)) {
        Some((place, true)) => return Some(without_row(sql, place, &what)),
        Some((place, false)) => Some(place),
        None => unknown.and_then(|name| text::find(sql, name)),
    };
    let problem = at(sql, place, &what);
    Some(match unknown.and_then(|name| closest(name, names)) {
        Some(name) => problem.hint(format!("did you mean {name}?")),
        None if unknown.is_some() => {
            problem.hint("obs query sql --schema shows the tables and their columns")
        }
        None => problem,
    })
}

/// What is wrong with `attr('key')` where SQLite does not find the row.
fn without_row(sql: &str, place: usize, what: &str) -> CommandError {
    if what.starts_with("ambiguous") {
        return at(sql, Some(place), "attr: of which table?")
            .hint("say it: attr(s.row, 'key'), where s is spans or logs");
    }
    at(sql, Some(place), "attr: neither spans nor logs is in the FROM clause here")
        .hint("in a subquery select row, and say attr(q.row, 'key') outside of it")
}

/// The name that is most like another one.
fn closest<'a>(name: &str, names: &'a [String]) -> Option<&'a String> {
    let likeness = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let best = names.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= ALIKE).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let problem = at("SELECT 1,\n  größe FROM x", Some(19), "oh").to_string();
        assert_eq!(problem, "line 2, column 8: oh\n    größe FROM x\n         ^");
        assert_eq!(at("x", None, "oh").to_string(), "oh");
        assert_eq!(at("é", Some(1), "oh").to_string(), "oh");
        let long = format!("{}!{}", "a".repeat(200), "b".repeat(200));
        let problem = at(&long, Some(200), "oh").to_string();
        let expected =
            format!("line 1, column 201: oh\n  {}!{}\n  {}^", "a".repeat(60), "b".repeat(59), " ".repeat(60));
        assert_eq!(problem, expected);
    }
}
