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
    // Up to eight bytes at once, as nearly all are: seven bits of each move together in three steps.
    const ENDS: u64 = 0x8080_8080_8080_8080;
    let rest = bytes.get(*position..)?;
    if let Some(next) = rest.first_chunk() {
        let next = u64::from_le_bytes(*next);
        let ends = !next & ENDS;
        if ends != 0 {
            *position += ends.trailing_zeros() as usize / 8 + 1;
            let value = next & (ends ^ (ends - 1)) & !ENDS;
            let value = (value & 0x7f00_7f00_7f00_7f00) >> 1 | value & 0x007f_007f_007f_007f;
            let value = (value & 0xffff_0000_ffff_0000) >> 2 | value & 0x0000_ffff_0000_ffff;
            return Some((value & 0xffff_ffff_0000_0000) >> 4 | value & 0x0000_0000_ffff_ffff);
        }
    }
    let mut value = 0;
    for (index, byte) in rest.iter().take(10).enumerate() {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn varints_are_read_as_they_were_written(
            numbers in prop::collection::vec((any::<u64>(), 0..64_u32), 1..20),
        ) {
            let numbers: Vec<u64> = numbers.into_iter().map(|(number, shift)| number >> shift).collect();
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| put_varint(&mut bytes, *number));
            let mut at = 0;
            for number in numbers {
                let before = at;
                prop_assert_eq!(varint(&bytes, &mut at), Some(number));
                prop_assert_eq!(at - before, varint_len(number));
                // At the end of the bytes, and cut.
                prop_assert_eq!(varint(&bytes[before..at], &mut 0), Some(number));
                prop_assert_eq!(varint(&bytes[before..at - 1], &mut 0), None);
            }
            prop_assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn longer_than_64_bits_is_none() {
        for (bytes, expected) in [
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01][..], Some(1 << 63)),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02][..], None),
            (&[0xff; 12][..], None),
            // Longer than it need be.
            (&[0x81, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff][..], Some(1)),
        ] {
            let mut at = 0;
            assert_eq!(varint(bytes, &mut at), expected, "{bytes:x?}");
        }
    }
}
