//! The body of an export request, made once and sent as often as it takes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::endpoint::{Compression, Protocol};
use crate::net::grpc;
use crate::otlp::{Batch, Signal, join, json};

/// zstd's and gzip's fastest levels that still compress telemetry about as well as the next ones.
const ZSTD_LEVEL: i32 = 1;
const GZIP_LEVEL: u32 = 1;

/// Chunks that make up a body; a clone shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Payload {
    chunks: VecDeque<Bytes>,
    unknown_fields: u64,
}

impl Payload {
    /// Encodes batches of one signal as one request.
    ///
    /// # Errors
    /// Compression failed, or the message is too large for its length.
    pub(super) fn encode(
        signal: Signal,
        batches: &[Batch],
        protocol: Protocol,
        compression: Compression,
    ) -> io::Result<Payload> {
        let mut unknown_fields = 0;
        let mut chunks: VecDeque<Bytes> = match protocol {
            Protocol::HttpJson => {
                let mut text = Vec::new();
                unknown_fields = json::write(&join(signal, batches), &mut text);
                [text.into()].into()
            }
            // Repeated fields concatenate, so the batches in a row are one message.
            Protocol::Grpc | Protocol::HttpProtobuf => {
                batches.iter().map(|batch| batch.bytes().clone()).collect()
            }
        };
        match compression {
            Compression::None => {}
            Compression::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut encoder = flate2::write::GzEncoder::new(room_for(&chunks), level);
                chunks.iter().try_for_each(|chunk| encoder.write_all(chunk))?;
                chunks = [encoder.finish()?.into()].into();
            }
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(room_for(&chunks), ZSTD_LEVEL)?;
                chunks.iter().try_for_each(|chunk| encoder.write_all(chunk))?;
                chunks = [encoder.finish()?.into()].into();
            }
        }
        if protocol == Protocol::Grpc {
            let length = chunks.iter().map(Bytes::len).sum();
            let prefix = grpc::prefix(compression != Compression::None, length);
            let prefix = prefix.ok_or_else(|| io::Error::other("the message is over 4 GiB"))?;
            chunks.push_front(Bytes::copy_from_slice(&prefix));
        }
        Ok(Payload { chunks, unknown_fields })
    }

    /// Fields that JSON could not carry.
    pub(super) fn unknown_fields(&self) -> u64 {
        self.unknown_fields
    }
}

/// Bytes of the message with which batches of one signal are sent.
///
/// # Errors
/// Compression failed.
pub fn compressed_bytes(signal: Signal, batches: &[Batch], compression: Compression) -> io::Result<u64> {
    let payload = Payload::encode(signal, batches, Protocol::HttpProtobuf, compression)?;
    Ok(payload.chunks.iter().map(|chunk| chunk.len() as u64).sum())
}

fn room_for(chunks: &VecDeque<Bytes>) -> Vec<u8> {
    // Telemetry compresses to less than a quarter.
    Vec::with_capacity(chunks.iter().map(Bytes::len).sum::<usize>() / 4)
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.chunks.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.chunks.iter().map(|chunk| chunk.len() as u64).sum())
    }
}
