//! gRPC's framing of a message: one byte that says whether it is compressed, four of length.

/// Bytes before a message.
pub const PREFIX: usize = 5;

/// The content type of requests and responses.
pub const CONTENT_TYPE: &str = "application/grpc";

/// The prefix of a message.
pub fn prefix(compressed: bool, length: usize) -> Option<[u8; PREFIX]> {
    let [a, b, c, d] = u32::try_from(length).ok()?.to_be_bytes();
    Some([u8::from(compressed), a, b, c, d])
}

/// Reads a prefix: whether the message is compressed, and its length.
pub fn parse_prefix(bytes: &[u8]) -> Option<(bool, usize)> {
    let [compressed @ 0..=1, a, b, c, d] = *bytes.first_chunk::<PREFIX>()? else { return None };
    Some((compressed == 1, u32::from_be_bytes([a, b, c, d]) as usize))
}
