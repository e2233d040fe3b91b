//! Which database.

use std::path::PathBuf;

use clap::Args;

const DEFAULT_DB: &str = "obs.db";

/// Names the database.
#[derive(Debug, Clone, Args)]
pub(super) struct DbArgs {
    /// The database [default: obs.db]
    #[arg(long, value_name = "FILE", env = "OBS_DB")]
    db: Option<PathBuf>,
}

impl DbArgs {
    /// The database: by flag or environment, configuration, default.
    pub(super) fn path(&self, configured: Option<&PathBuf>) -> PathBuf {
        self.db.as_ref().or(configured).cloned().unwrap_or_else(|| DEFAULT_DB.into())
    }
}
