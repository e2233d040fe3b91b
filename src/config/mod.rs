//! The configuration file: one YAML document whose sections belong to subcommands.
//!
//! A subcommand reads the sections that it knows; in these a key that does not exist is an error with its line and
//! column. The other sections are ignored, and one that no subcommand has is a warning.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_saphyr::Spanned;

use crate::error::CommandError;

mod duration;
mod sections;
mod time;

pub use duration::{parse_duration, parse_interval};
pub use sections::{Agent, Log, LogFormat, Metrics, Sampling, Storage, Telemetry, Tracing};
pub use time::Moment;

/// The file that is read when neither flag nor environment names one.
const DEFAULT_FILE: &str = "obs.yaml";

/// Every section and the subcommands that read it.
const SECTIONS: [(&str, &str); 17] = [
    ("collectors", "collect"),
    ("scrape_configs", "collect"),
    ("global", "collect"),
    ("logs", "collect"),
    ("sampling", "sample"),
    ("agent", "relay"),
    ("storage", "store, query"),
    ("alert_rules", "alert"),
    ("channels", "alert"),
    ("rule_files", "alert"),
    ("alerting", "alert"),
    ("slo", "slo"),
    ("capacity", "capacity"),
    ("tracing", "all"),
    ("telemetry", "all"),
    ("metrics", "all"),
    ("log", "all"),
];

/// A section as a type.
pub trait Section: for<'de> Deserialize<'de> {
    /// Its key in the file.
    const NAME: &'static str;
}

/// A configuration file, or none.
#[derive(Debug, Default)]
pub struct Config {
    path: PathBuf,
    text: String,
}

impl Config {
    /// Reads `path`, or `obs.yaml` in the current directory if there is one; returns it with the warnings.
    ///
    /// # Errors
    /// The file cannot be read or is no YAML mapping.
    pub fn load(path: Option<&Path>) -> Result<(Config, Vec<String>), CommandError> {
        let path = match path {
            Some(path) => path,
            None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
            None => return Ok(Default::default()),
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))
            .map_err(CommandError::usage)?;
        let config = Config { path: path.into(), text };
        let names: Names = config.parse()?;
        let warnings = names.0.iter().filter(|name| SECTIONS.iter().all(|(known, _)| *known != name.value));
        let warnings = warnings.map(|name| {
            let (line, column) = (name.referenced.line(), name.referenced.column());
            format!(
                "{}:{line}:{column}: no subcommand has a section {:?}; it is ignored",
                path.display(),
                name.value
            )
        });
        let warnings = warnings.collect();
        Ok((config, warnings))
    }

    /// The file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        (!self.path.as_os_str().is_empty()).then_some(&*self.path)
    }

    /// The section `T`, or its default where the file does not have it.
    ///
    /// # Errors
    /// A key that does not exist or a value that does not fit, with its line and column.
    pub fn section<T: Section + Default>(&self) -> Result<T, CommandError> {
        let only: Only<T> = self.parse()?;
        Ok(only.0.unwrap_or_default())
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, CommandError> {
        serde_saphyr::from_str(&self.text).map_err(|error| {
            CommandError::usage(anyhow!(yaml_error(&self.path.display().to_string(), &error)))
        })
    }
}

/// What is wrong with a YAML file of that name, behind its place.
pub(crate) fn yaml_error(name: &str, error: &serde_saphyr::Error) -> String {
    let message = error.without_snippet().to_string();
    match error.location() {
        Some(location) => {
            let (line, column) = (location.line(), location.column());
            let message = message.replace(&format!(" at line {line}, column {column}"), "");
            format!("{name}:{line}:{column}: {message}")
        }
        None => format!("{name}: {message}"),
    }
}

/// The keys of the document.
struct Names(Vec<Spanned<String>>);

/// One section of the document.
struct Only<T>(Option<T>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping of sections")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = map.next_key()? {
                    map.next_value::<IgnoredAny>()?;
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(NamesVisitor)
    }
}

impl<'de, T: Section> Deserialize<'de> for Only<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyVisitor<T>(PhantomData<T>);
        impl<'de, T: Section> Visitor<'de> for OnlyVisitor<T> {
            type Value = Only<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping of sections")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Only<T>, A::Error> {
                let mut found = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name == T::NAME {
                        found = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Only(found))
            }
        }
        deserializer.deserialize_map(OnlyVisitor(PhantomData))
    }
}
