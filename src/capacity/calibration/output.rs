//! The file that a profile is written to.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;

use crate::capacity::Profile;
use crate::error::CommandError;

/// A file that can be written.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
}

impl Output {
    /// Looks whether a file can be written, before time is spent on what goes into it.
    ///
    /// # Errors
    /// It cannot, or is no file.
    pub fn check(path: &Path) -> Result<Output, CommandError> {
        if path.exists() && !path.is_file() {
            return Err(CommandError::usage(anyhow!("{}: expected the name of a file", path.display()))
                .hint("such as --output profile.json"));
        }
        // What a link points to is replaced, not the link.
        let output = Output { path: path.canonicalize().unwrap_or_else(|_| path.to_owned()) };
        output.beside()?;
        Ok(output)
    }

    /// Writes the profile, all of it or nothing.
    ///
    /// # Errors
    /// The disk is full, or the directory has gone.
    pub fn write(&self, profile: &Profile) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(profile).context("cannot write the profile as JSON")?;
        let mut file = self.beside()?;
        file.write_all(format!("{text}\n").as_bytes())
            .and_then(|()| file.persist(&self.path).map_err(|error| error.error))
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(())
    }

    /// A file beside it that will take its place.
    fn beside(&self) -> Result<NamedTempFile, CommandError> {
        let directory = self.path.parent().filter(|directory| *directory != Path::new(""));
        tempfile::Builder::new()
            .prefix(".obs-profile-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory.unwrap_or(Path::new(".")))
            .with_context(|| format!("cannot write {}", self.path.display()))
            .map_err(|error| CommandError::failure(error).hint("--output names another file"))
    }
}
