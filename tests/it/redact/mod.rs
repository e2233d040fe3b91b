//! Redaction of values in batches.

mod examples;
mod properties;
mod reference;

use obs::redact::{Redactor, Rule};

fn redactor(rules: &[&str]) -> Redactor {
    Redactor::new(rules.iter().map(|rule| -> Rule { rule.parse().unwrap_or_else(|error| panic!("{error}")) }))
}
