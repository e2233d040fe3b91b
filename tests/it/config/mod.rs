//! The configuration file: sections, errors with their place, precedence.

mod precedence;
mod problems;
mod production;
mod service;
