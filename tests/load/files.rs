//! Streams of spans in their two encodings, mostly in files.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use obs::otlp::{Batch, Signal, json};

use crate::generator::now;
use crate::scenario::Format;
use crate::spans::{Random, Template};

/// Writes a file, see [`stream`].
pub fn write(path: &Path, format: Format, requests: u64, spans: usize, over: Duration) -> Result<()> {
    let mut file = File::create(path)?;
    stream(&mut file, format, requests, spans, over)?;
    // What is written to the disk later would take time from what is measured; the file stays in the page cache.
    file.sync_all()?;
    Ok(())
}

/// Writes `requests` batches of `spans` spans, spread evenly over a time that ends now, one at a time: the memory of
/// this process must stay small, see `one`.
pub fn stream(
    to: &mut impl Write,
    format: Format,
    requests: u64,
    spans: usize,
    over: Duration,
) -> Result<()> {
    let template = Template::new(spans);
    let mut random = Random(11);
    let mut out = Vec::new();
    let step = over.as_nanos() as u64 / requests.max(1);
    let begin = now() - step * requests;
    for request in 0..requests {
        let mut message = Vec::with_capacity(template.size());
        template.write(&mut message, begin + step * request, &mut random);
        out.clear();
        match format {
            Format::Proto => {
                let header = 1 << 24 | message.len() as u32;
                out.extend_from_slice(&header.to_be_bytes());
                out.extend_from_slice(&message);
            }
            Format::Ndjson => {
                json::write(&Batch::parse(Signal::Traces, message.into())?, &mut out);
                out.push(b'\n');
            }
        }
        to.write_all(&out)?;
    }
    Ok(())
}
