//! What was measured on a machine, as a file that plans use.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use crate::error::CommandError;

/// The schema of the file.
pub const SCHEMA: &str = "obs.capacity.profile/1";

/// What was measured: where, when, with which spans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// [`SCHEMA`].
    pub schema: String,
    /// When, RFC 3339.
    pub measured_at: String,
    /// The version of obs.
    pub version: String,
    /// Which machine.
    pub host: Host,
    /// Which spans.
    pub sample: Sample,
    /// How fast each stage is.
    pub stages: Stages,
    /// How large a span is on its way.
    pub bytes: Bytes,
    /// How much memory a span takes while it is under way, in bytes.
    pub memory_bytes_per_span: Measured,
    /// How long an export takes, by load.
    pub latency: Vec<Latency>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// The model of its processor.
    pub cpu: String,
    /// Cores that the process may use.
    pub cores: usize,
    /// The operating system and its version.
    pub system: String,
}

/// Spans that were used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Where they are from: files, a database or `synthetic`.
    pub source: String,
    /// How many different ones there were.
    pub spans: u64,
    /// Spans in a request as they came; they are measured in requests of 1000.
    #[serde(default)]
    pub spans_per_request: f64,
}

/// Spans a second that one core handles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// `obs collect`, gRPC in, frames out.
    pub collect: Measured,
    /// `obs sample`, frames in and out.
    pub sample: Measured,
    /// `obs relay`, frames in, gRPC out.
    pub relay: Measured,
    /// `obs store`, frames in.
    pub store: Measured,
}

/// The median of several measurements, and their extremes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The median.
    pub median: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

/// Bytes a span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bytes {
    /// In requests, uncompressed.
    pub wire: f64,
    /// In requests, with gzip.
    pub gzip: f64,
    /// In requests, with zstd.
    pub zstd: f64,
    /// In the store, with all that belongs to it.
    pub stored: f64,
}

/// How long an export takes at a load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Of the highest rate that was reached, from 0 to 1.
    pub load: f64,
    /// Spans a second.
    pub spans_per_second: f64,
    /// The median in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile in milliseconds.
    pub p99_ms: f64,
}

impl Measured {
    /// Of several measurements; `None` of none.
    pub fn of(mut values: Vec<f64>) -> Option<Measured> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => return None,
            count if count.is_multiple_of(2) => (values[middle - 1] + values[middle]) / 2.0,
            _ => values[middle],
        };
        Some(Measured { median, min: *values.first()?, max: *values.last()? })
    }

    /// How far the extremes are apart, as a share of the median.
    pub fn spread(&self) -> f64 {
        (self.max - self.min) / self.median
    }
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// The file cannot be read or is no profile, with the place.
    pub fn read(path: &Path) -> Result<Profile, CommandError> {
        let hint = "obs capacity calibrate writes one";
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the profile {}", path.display()))
            .map_err(|error| CommandError::usage(error).hint(hint))?;
        let profile: Profile = serde_json::from_str(&text)
            .map_err(|error| CommandError::usage(anyhow!("{}: {error}", path.display())).hint(hint))?;
        if profile.schema != SCHEMA {
            let (path, schema) = (path.display(), profile.schema);
            return Err(CommandError::usage(anyhow!("{path}: expected the schema {SCHEMA}, found {schema}"))
                .hint(hint));
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_extremes() {
        let measured = Measured::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!(measured, Measured { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(measured.spread(), 1.0);
        assert_eq!(Measured::of(vec![4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Measured::of(Vec::new()), None);
    }
}
