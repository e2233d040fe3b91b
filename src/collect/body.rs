//! Reading a request's body and undoing its compression, both within limits.

use std::io::Read;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::MAX_REQUEST;
use super::admission::Reservation;
use super::refusal::Refusal;
use crate::net::grpc;

/// A body must have come whole after so long.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Reserved in one go on the word of a client, in bytes.
const MAX_TRUSTED: usize = 1 << 20;
/// So many times what has come is reserved, of what is announced.
const TRUST: usize = 8;

/// Reads the body.
pub(super) async fn read(mut body: Incoming, reservation: &mut Reservation) -> Result<Bytes, Refusal> {
    let late = |_| Err(Refusal::Incomplete(format!("no end after {} s", BODY_TIMEOUT.as_secs())));
    let whole = async {
        let first = next(&mut body).await?.unwrap_or_default();
        reservation.grow_to(first.len())?;
        if body.is_end_stream() {
            return Ok(first);
        }
        let announced = grpc::parse_prefix(&first).map_or(0, |(_, length)| grpc::PREFIX + length);
        let announced = body.size_hint().exact().map_or(announced, |rest| first.len() + rest as usize);
        let announced = announced.min(MAX_REQUEST + grpc::PREFIX);
        let mut whole = BytesMut::new();
        let mut next_data = Some(first);
        while let Some(data) = next_data {
            let length = whole.len() + data.len();
            if length > MAX_REQUEST + grpc::PREFIX {
                return Err(Refusal::TooLarge);
            }
            if length > whole.capacity() {
                let capacity = announced.min(MAX_TRUSTED.max(length * TRUST)).max(length);
                reservation.grow_to(capacity)?;
                whole.reserve(capacity - whole.len());
            }
            whole.extend_from_slice(&data);
            next_data = next(&mut body).await?;
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(BODY_TIMEOUT, whole).await.unwrap_or_else(late)
}

/// Reads what is left of the body of a refused request, as far as that is cheap: an HTTP/1.1 connection with an unread
/// body is closed, and the client would lose the answer or the connection.
pub(super) async fn discard(mut body: Incoming) {
    const CHEAP: usize = 1 << 16;
    const PATIENCE: Duration = Duration::from_secs(1);
    let reading = async {
        let mut total = 0;
        while let Some(Ok(frame)) = body.frame().await {
            total += frame.data_ref().map_or(0, Bytes::len);
            if total > CHEAP {
                break;
            }
        }
    };
    // A client that is slower loses the connection.
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Incomplete(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Undoes the compression that a header names.
pub(super) fn decompress(
    encoding: &str,
    bytes: Bytes,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    /// The window that every decoder must support (RFC 8878, 3.1.1.1.2), as a power of two.
    const ZSTD_WINDOW: u32 = 23;
    let bad = |error: std::io::Error| Refusal::Invalid(format!("the body is not {encoding}: {error}"));
    match encoding {
        "" | "identity" => Ok(bytes),
        "gzip" => {
            // The last word says how long the member was. Source: RFC 1952, 2.3.1, ISIZE.
            let length = bytes.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
            inflate(flate2::bufread::MultiGzDecoder::new(&bytes[..]), length, encoding, reservation)
        }
        "zstd" => {
            let length = zstd::zstd_safe::get_frame_content_size(&bytes).ok().flatten().unwrap_or_default();
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..]).map_err(bad)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(bad)?;
            inflate(decoder, usize::try_from(length).unwrap_or(usize::MAX), encoding, reservation)
        }
        other => Err(Refusal::UnsupportedCompression(other.into())),
    }
}

/// Reads all that comes out of `decoder`, which is said to be `length` bytes.
fn inflate(
    mut decoder: impl Read,
    length: usize,
    encoding: &str,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    const STEP: usize = 1 << 20;
    let trusted = length.min(MAX_TRUSTED);
    // Steps of their own, because one growing buffer would take up to three times its length.
    let mut steps = Vec::new();
    let mut total = 0;
    loop {
        // Most bodies are what they are said to be, and done with the first.
        let (capacity, most) = if steps.is_empty() { (trusted, trusted.max(STEP) + 1) } else { (STEP, STEP) };
        let mut step = Vec::with_capacity(capacity);
        let count = decoder.by_ref().take(most as u64).read_to_end(&mut step);
        let count =
            count.map_err(|error| Refusal::Invalid(format!("the body is not {encoding}: {error}")))?;
        reservation.grow(count)?;
        total += count;
        if total > MAX_REQUEST {
            return Err(Refusal::TooLarge);
        }
        let is_end = count < most;
        if steps.is_empty() && is_end {
            return Ok(step.into());
        }
        steps.push(step);
        if is_end {
            return Ok(steps.concat().into());
        }
    }
}
