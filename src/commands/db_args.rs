//! Which database.

use std::path::{Path, PathBuf};

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
    /// The database that the command line names, which the environment does not.
    pub(super) fn given(&self) -> Option<&Path> {
        let of_environment = std::env::var_os("OBS_DB");
        self.db.as_deref().filter(|db| Some(db.as_os_str()) != of_environment.as_deref())
    }

    /// The database: by flag or environment, configuration, default.
    pub(super) fn path(&self, configured: Option<&PathBuf>) -> PathBuf {
        self.db.as_ref().or(configured).cloned().unwrap_or_else(|| DEFAULT_DB.into())
    }
}
