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
const MAX_TRUSTED: usize = 4 << 20;

/// Reads the body.
pub(super) async fn read(mut body: Incoming, reservation: &mut Reservation) -> Result<Bytes, Refusal> {
    let late = |_| Err(Refusal::Incomplete(format!("no end after {} s", BODY_TIMEOUT.as_secs())));
    let whole = async {
        let first = next(&mut body, reservation).await?.unwrap_or_default();
        if body.is_end_stream() {
            return Ok(first);
        }
        let announced = grpc::parse_prefix(&first).map_or(0, |(_, length)| grpc::PREFIX + length);
        let announced = body.size_hint().exact().map_or(announced, |rest| first.len() + rest as usize);
        let mut whole = BytesMut::with_capacity(announced.clamp(first.len(), MAX_TRUSTED));
        whole.extend_from_slice(&first);
        while let Some(data) = next(&mut body, reservation).await? {
            if whole.len() + data.len() > MAX_REQUEST + grpc::PREFIX {
                return Err(Refusal::TooLarge);
            }
            whole.extend_from_slice(&data);
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

async fn next(body: &mut Incoming, reservation: &mut Reservation) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Incomplete(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            reservation.grow(data.len())?;
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
        "gzip" => inflate(flate2::bufread::MultiGzDecoder::new(&bytes[..]), encoding, reservation),
        "zstd" => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..]).map_err(bad)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(bad)?;
            inflate(decoder, encoding, reservation)
        }
        other => Err(Refusal::UnsupportedCompression(other.into())),
    }
}

fn inflate(mut decoder: impl Read, encoding: &str, reservation: &mut Reservation) -> Result<Bytes, Refusal> {
    const STEP: usize = 1 << 20;
    // Steps of their own, because one growing buffer would take up to three times its length.
    let mut steps = Vec::new();
    loop {
        // Most bodies are done with the first.
        let mut step = if steps.is_empty() { Vec::new() } else { Vec::with_capacity(STEP) };
        let count = decoder.by_ref().take(STEP as u64).read_to_end(&mut step);
        let count =
            count.map_err(|error| Refusal::Invalid(format!("the body is not {encoding}: {error}")))?;
        reservation.grow(count)?;
        if steps.len() * STEP + count > MAX_REQUEST {
            return Err(Refusal::TooLarge);
        }
        match steps.is_empty() && count < STEP {
            true => return Ok(step.into()),
            false => steps.push(step),
        }
        if count < STEP {
            return Ok(steps.concat().into());
        }
    }
}
