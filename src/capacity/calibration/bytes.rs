//! Bytes a span, of one pass of the sample: in requests, compressed or not, and in the store.

use anyhow::Context;

use super::frames::Frames;
use super::sample::{Sample, grouped};
use super::sandbox::Sandbox;
use crate::capacity::profile::Bytes;
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::relay::{Compression, compressed_bytes};

/// What obs relay joins to one request by itself.
const REQUEST_SPANS: usize = 8192;
const REQUEST_BYTES: usize = 2 << 20;

/// Measures them.
pub(super) fn measure(sandbox: &Sandbox, sample: &Sample) -> Result<Bytes, CommandError> {
    let requests = grouped(&sample.requests, REQUEST_SPANS, REQUEST_BYTES);
    let a_span = |bytes: u64| bytes as f64 / sample.spans as f64;
    let compressed = |compression| -> Result<f64, CommandError> {
        let mut bytes = 0;
        for request in &requests {
            bytes += compressed_bytes(Signal::Traces, request, compression).context("cannot compress")?;
        }
        Ok(a_span(bytes))
    };
    let frames = Frames::write_once(sandbox, sample)?;
    let empty = stored(sandbox, &[])?;
    let stored = a_span(stored(sandbox, &[&frames.path])?.saturating_sub(empty));
    let zstd = compressed(Compression::Zstd)?;
    Ok(Bytes {
        wire: a_span(sample.bytes),
        gzip: compressed(Compression::Gzip)?,
        zstd,
        // A few spans may find room in what an empty database has, but they are compressed like that at the best.
        stored: stored.max(zstd),
    })
}

/// Bytes of a new database, and of the files that belong to it, with what these files hold.
fn stored(sandbox: &Sandbox, files: &[&str]) -> Result<u64, CommandError> {
    let directory = sandbox.directory("stored")?;
    let database = directory.join("spans.db").display().to_string();
    sandbox.run(&[&["store", "--db", &database], files].concat())?;
    let mut bytes = 0;
    for entry in directory.read_dir()? {
        bytes += entry?.metadata()?.len();
    }
    std::fs::remove_dir_all(directory)?;
    Ok(bytes)
}
