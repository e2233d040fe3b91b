//! Files of spans in the two encodings of the stream.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use obs::otlp::{Batch, Signal, json};

use crate::generator::now;
use crate::scenario::Format;
use crate::spans::{Random, Template};

/// Writes `requests` batches of `spans` spans, one at a time: the memory of this process must stay small, see `one`.
pub fn write(path: &Path, format: Format, requests: u64, spans: usize) -> Result<()> {
    let template = Template::new(spans);
    let mut random = Random(11);
    let mut file = File::create(path)?;
    let mut out = Vec::new();
    for _ in 0..requests {
        let mut message = Vec::with_capacity(template.size());
        template.write(&mut message, now(), &mut random);
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
        file.write_all(&out)?;
    }
    Ok(())
}
