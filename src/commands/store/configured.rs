//! The section `storage` of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;

use super::super::db_args::DbArgs;
use crate::config::{Config, Storage};
use crate::error::CommandError;
use crate::redact::Rule;

const DAY_S: f64 = 86_400.0;

/// What the configuration says about the store.
pub(super) struct Configured {
    db: Option<PathBuf>,
    pub(super) retention: Option<Duration>,
    pub(super) redact: Vec<Rule>,
    /// Backends that are named and not there.
    others: Vec<String>,
}

impl Configured {
    pub(super) fn read(config: &Config) -> Result<Configured, CommandError> {
        let storage: Storage = config.section()?;
        let tiers = [("hot", &storage.hot), ("warm", &storage.warm), ("cold", &storage.cold)];
        let named = tiers.iter().filter_map(|(name, tier)| {
            let backend = tier.as_ref()?.backend.as_ref()?;
            Some((format!("{backend} ({name})"), backend))
        });
        let whole = storage.backend.iter().map(|backend| (backend.clone(), backend));
        let others = whole.chain(named).filter(|(_, backend)| !backend.eq_ignore_ascii_case("sqlite"));
        let others = others.map(|(name, _)| name).collect();
        let (key, days) = match &storage.hot {
            Some(hot) if storage.retention_days.is_none() => ("hot.retention_days", hot.retention_days),
            _ => ("retention_days", storage.retention_days),
        };
        let retention = days.map(|days| {
            let retention =
                Duration::try_from_secs_f64(days * DAY_S).ok().filter(|retention| !retention.is_zero());
            retention.ok_or_else(|| {
                CommandError::usage(anyhow!("storage.{key}: expected days above zero, found {days}"))
            })
        });
        Ok(Configured { db: storage.path, retention: retention.transpose()?, redact: storage.redact, others })
    }

    /// The database: by flag or environment, configuration, default.
    pub(super) fn path(&self, args: &DbArgs) -> PathBuf {
        args.path(self.db.as_ref())
    }

    /// Says what is used instead of other backends.
    pub(super) fn warn_of_others(&self, path: &std::path::Path) {
        if !self.others.is_empty() {
            tracing::warn!(
                "storage: {} cannot be used; everything is kept in the SQLite file {}",
                self.others.join(", "),
                path.display()
            );
        }
    }
}
