//! Bytes a span, of one pass of the sample: in requests, compressed or not, and in the store.

use anyhow::Context;

use super::frames::Frames;
use super::sample::Sample;
use super::sandbox::Sandbox;
use crate::capacity::profile::Bytes;
use crate::error::CommandError;
use crate::otlp::{Batch, Signal};
use crate::relay::{Compression, compressed_bytes};

/// What obs relay joins to one request by itself.
const REQUEST_SPANS: usize = 8192;
const REQUEST_BYTES: usize = 2 << 20;

/// Measures them.
pub(super) fn measure(sandbox: &Sandbox, sample: &Sample) -> Result<Bytes, CommandError> {
    let requests = joined(&sample.requests);
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

/// Batches that a busy relay sends together.
fn joined(batches: &[Batch]) -> Vec<&[Batch]> {
    let mut requests = Vec::new();
    let (mut first, mut spans, mut bytes) = (0, 0, 0);
    for (index, batch) in batches.iter().enumerate() {
        let fits = spans + batch.items() <= REQUEST_SPANS && bytes + batch.bytes().len() <= REQUEST_BYTES;
        if !fits && index > first {
            requests.push(&batches[first..index]);
            (first, spans, bytes) = (index, 0, 0);
        }
        spans += batch.items();
        bytes += batch.bytes().len();
    }
    requests.push(&batches[first..]);
    requests
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_joined_as_far_as_they_fit() {
        let sample = Sample::synthetic(20_000, 1, 1_700_000_000_000_000_000).unwrap();
        let requests = joined(&sample.requests);
        assert_eq!(requests.concat(), sample.requests);
        let (last, full) = requests.split_last().unwrap();
        let sum = |request: &[Batch]| {
            let spans: usize = request.iter().map(Batch::items).sum();
            (spans, request.iter().map(|batch| batch.bytes().len()).sum::<usize>())
        };
        for request in full {
            let (spans, bytes) = sum(request);
            assert!(spans <= REQUEST_SPANS && bytes <= REQUEST_BYTES, "{spans} spans, {bytes} bytes");
            // Another batch has about 1000 spans.
            assert!(
                spans + 1100 > REQUEST_SPANS || bytes * 5 > REQUEST_BYTES * 4,
                "{spans} spans, {bytes} bytes"
            );
        }
        assert!(!last.is_empty() && !full.is_empty());
        assert_eq!(joined(&sample.requests[..1]).len(), 1);
    }
}
