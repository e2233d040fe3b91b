//! A file of frames for the stages that read one: the sample, over and over, each time as other spans.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::sample::Sample;
use super::sandbox::Sandbox;
use crate::error::CommandError;
use crate::otlp::field::span;
use crate::otlp::tree::{CHILD, RESOURCE};
use crate::otlp::view::{Fields, Nested, Value};
use crate::otlp::{Batch, Signal};
use crate::stream::{Encoding, Ledger, StreamWriter};

/// Bytes of a sample, and of the file, at the most; one request more if it is not reached exactly.
pub const MAX_BYTES: u64 = 256 << 20;

/// Files for each byte of the sample: the file, a database with its log, and what was left of the one before.
const FILES: u64 = 3;
const RESERVE: u64 = 64 << 20;

/// A file of frames.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) path: String,
    pub(super) spans: u64,
}

impl Frames {
    /// Writes the sample as often as it takes to reach `spans`, at least once.
    pub(super) fn write(
        sandbox: &Sandbox,
        sample: &Sample,
        spans: u64,
        seed: u64,
    ) -> Result<Frames, CommandError> {
        let passes = spans.div_ceil(sample.spans).min(MAX_BYTES / sample.bytes.max(1)).max(1);
        check_room(sandbox.path(), passes * sample.bytes * FILES + RESERVE)?;
        let mut random = fastrand::Rng::with_seed(seed);
        let frames = Frames { path: sandbox.file("spans.frames"), spans: passes * sample.spans };
        write(
            &frames.path,
            (0..passes).flat_map(|pass| {
                let key = if pass == 0 { Key::default() } else { Key::random(&mut random) };
                sample.requests.iter().map(move |request| key.change(request))
            }),
        )?;
        Ok(frames)
    }

    /// Writes one pass of the sample.
    pub(super) fn write_once(sandbox: &Sandbox, sample: &Sample) -> Result<Frames, CommandError> {
        let frames = Frames { path: sandbox.file("sample.frames"), spans: sample.spans };
        write(&frames.path, sample.requests.iter().cloned())?;
        Ok(frames)
    }
}

fn write(path: &str, requests: impl Iterator<Item = Batch>) -> Result<(), CommandError> {
    let write = || {
        let file = File::create(path)?;
        let mut writer =
            StreamWriter::new(file.try_clone()?, Encoding::Frames, Arc::new(Ledger::new("calibrate")));
        for request in requests {
            writer.write(&request)?;
        }
        writer.flush()?;
        // To be written to the disk later would take time from what is measured; it stays in the page cache.
        file.sync_all()
    };
    write()
        .with_context(|| format!("cannot write {path}"))
        .map_err(|error| CommandError::failure(error).hint("TMPDIR names another directory"))
}

/// Complains where fewer bytes are free: a full disk would harm others too.
fn check_room(directory: &Path, needed: u64) -> Result<(), CommandError> {
    let disk = rustix::fs::statvfs(directory).map_err(std::io::Error::from)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= needed {
        return Ok(());
    }
    let (free, needed, directory) = (free >> 20, needed.div_ceil(1 << 20), directory.display());
    Err(CommandError::failure(anyhow!("{directory}: expected {needed} MiB of free space, found {free} MiB"))
        .hint("TMPDIR names another directory; a smaller sample takes less"))
}

/// What ids are combined with by exclusive or: those that were equal still are, so that spans keep their traces and
/// parents.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    /// Not of the last seven bytes, on which a sampler that has run before decided.
    trace: [u8; 9],
    span: [u8; 8],
}

impl Key {
    fn random(random: &mut fastrand::Rng) -> Key {
        let mut trace = [0; 9];
        random.fill(&mut trace);
        Key { trace, span: random.u64(..).to_ne_bytes() }
    }

    /// The same spans with other ids.
    fn change(&self, request: &Batch) -> Batch {
        let original = request.bytes();
        let mut bytes = original.to_vec();
        for resource in Nested::new(original, RESOURCE) {
            for span in Nested::new(resource, CHILD).flat_map(|scope| Nested::new(scope, CHILD)) {
                for (number, value) in Fields::new(span) {
                    let key = match number {
                        span::TRACE_ID => &self.trace[..],
                        span::SPAN_ID | span::PARENT_SPAN_ID => &self.span[..],
                        _ => continue,
                    };
                    let Value::Len(id) = value else { continue };
                    let at = id.as_ptr().addr() - original.as_ptr().addr();
                    bytes[at..at + id.len()].iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
                }
            }
        }
        Batch::built(Signal::Traces, bytes, request.items())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_ids_and_all_else_as_it_was() {
        let sample = Sample::synthetic(500, 3, 1_700_000_000_000_000_000).unwrap();
        let request = &sample.requests[0];
        assert_eq!(Key::default().change(request), *request);
        let key = Key::random(&mut fastrand::Rng::with_seed(1));
        let changed = key.change(request);
        assert_ne!(changed, *request);
        assert_eq!(key.change(&changed), *request);
        let ids = |batch: &Batch, number: u32| -> Vec<Vec<u8>> {
            Nested::new(batch.bytes(), RESOURCE)
                .flat_map(|resource| Nested::new(resource, CHILD))
                .flat_map(|scope| Nested::new(scope, CHILD))
                .map(|span| Nested::new(span, number).flatten().copied().collect())
                .collect()
        };
        for (number, key) in
            [(span::TRACE_ID, &key.trace[..]), (span::SPAN_ID, &key.span), (span::PARENT_SPAN_ID, &key.span)]
        {
            let expected: Vec<Vec<u8>> = ids(request, number)
                .into_iter()
                .map(|id| {
                    id.iter().zip(key.iter().chain([0; 7].iter())).map(|(byte, key)| byte ^ key).collect()
                })
                .collect();
            assert_eq!(ids(&changed, number), expected, "field {number}");
        }
        assert_eq!(ids(&changed, span::NAME), ids(request, span::NAME));
    }
}
