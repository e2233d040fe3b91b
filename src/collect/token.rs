use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use anyhow::{Context, anyhow};

/// The bearer token that senders must present, from a file that may be read again.
#[derive(Debug)]
pub struct BearerToken {
    path: PathBuf,
    token: RwLock<Secret>,
}

struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl BearerToken {
    /// Reads it.
    ///
    /// # Errors
    /// The file cannot be read or is empty.
    pub fn read(path: PathBuf) -> anyhow::Result<BearerToken> {
        let token = RwLock::new(read(&path)?);
        Ok(BearerToken { path, token })
    }

    /// Reads it again; after an error the old one holds.
    ///
    /// # Errors
    /// As [`BearerToken::read`].
    pub fn reload(&self) -> anyhow::Result<()> {
        let token = read(&self.path)?;
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = token;
        Ok(())
    }

    /// Compares without telling by the time where the difference is.
    pub(super) fn is(&self, given: &str) -> bool {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        let (one, other) = (given.as_bytes(), token.0.as_bytes());
        one.len() == other.len()
            && one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

fn read(path: &PathBuf) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the bearer token from {}", path.display()))?;
    match text.trim() {
        "" => Err(anyhow!("{}: expected a bearer token, found an empty file", path.display())),
        token => Ok(Secret(token.into())),
    }
}
