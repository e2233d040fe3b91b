//! The protobuf wire encoding: varints, tags and lengths, <https://protobuf.dev/programming-guides/encoding/>.

use super::schema::wire_type;

/// Reads a varint at `position` and moves it past; `None` where the bytes end or it is longer than ten bytes.
#[inline]
pub(crate) fn varint(bytes: &[u8], position: &mut usize) -> Option<u64> {
    let first = *bytes.get(*position)?;
    if first < 0x80 {
        *position += 1;
        return Some(u64::from(first));
    }
    varint_long(bytes, position)
}

fn varint_long(bytes: &[u8], position: &mut usize) -> Option<u64> {
    let mut value = 0;
    for (index, byte) in bytes.get(*position..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            // The tenth byte has room for one bit.
            if index == 9 && *byte > 1 {
                return None;
            }
            *position += index + 1;
            return Some(value);
        }
    }
    None
}

/// Bytes that a varint takes.
#[inline]
pub(crate) fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Appends a varint.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the tag of a field.
#[inline]
pub(crate) fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u32) {
    put_varint(out, u64::from(number << 3 | wire_type));
}

/// Appends a length-delimited field.
#[inline]
pub fn put_bytes(out: &mut Vec<u8>, number: u32, payload: &[u8]) {
    put_tag(out, number, wire_type::LEN);
    put_varint(out, payload.len() as u64);
    out.extend_from_slice(payload);
}

/// Appends a varint field.
pub fn put_uint(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, wire_type::VARINT);
    put_varint(out, value);
}

/// Appends an eight-byte field (fixed64, sfixed64, or the bits of a double).
pub fn put_fixed64(out: &mut Vec<u8>, number: u32, bits: u64) {
    put_tag(out, number, wire_type::I64);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Appends a four-byte field.
pub fn put_fixed32(out: &mut Vec<u8>, number: u32, bits: u32) {
    put_tag(out, number, wire_type::I32);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Appends a nested message that `write` fills.
pub fn put_message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    put_tag(out, number, wire_type::LEN);
    let length = Length::reserve(out, 1);
    write(out);
    length.patch(out);
}

/// A length that is written before what it measures is known.
#[derive(Debug)]
pub(crate) struct Length {
    start: usize,
    width: usize,
}

impl Length {
    /// Leaves room for a length of `width` bytes; a wrong guess costs one move of the payload.
    #[inline]
    pub(crate) fn reserve(out: &mut Vec<u8>, width: usize) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; 10][..width.min(10)]);
        Length { start, width: width.min(10) }
    }

    /// Writes the length of all that was appended since, always in its shortest form; returns that form's width.
    #[inline]
    pub(crate) fn patch(self, out: &mut Vec<u8>) -> usize {
        let payload = self.start + self.width;
        let length = out.len() - payload;
        let width = varint_len(length as u64);
        if width != self.width {
            let end = out.len();
            if width > self.width {
                out.resize(end + width - self.width, 0);
            }
            out.copy_within(payload..end, self.start + width);
            out.truncate(self.start + width + length);
        }
        let mut value = length;
        for byte in &mut out[self.start..self.start + width - 1] {
            *byte = value as u8 | 0x80;
            value >>= 7;
        }
        out[self.start + width - 1] = value as u8;
        width
    }
}
