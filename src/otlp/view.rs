//! Views: reading fields straight from wire bytes.
//!
//! A view borrows the bytes of a message and decodes a field when it is asked for. Views stand on bytes that
//! the check of [`crate::otlp::Batch::parse`] has seen; on anything else they end early and never
//! panic. The typed views are declared in [`crate::otlp::proto`].

use super::schema::wire_type;
use super::wire::varint;

/// A field's value as the wire has it; the schema says what it means.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1, little-endian.
    I64(u64),
    /// Wire type 5, little-endian.
    I32(u32),
    /// Wire type 2.
    Len(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The payload of a length-delimited field; empty for any other.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Value::Len(bytes) => bytes,
            _ => &[],
        }
    }

    /// The bits of a number; 0 for a length-delimited field.
    #[inline]
    pub fn bits(self) -> u64 {
        match self {
            Value::Varint(bits) | Value::I64(bits) => bits,
            Value::I32(bits) => u64::from(bits),
            Value::Len(_) => 0,
        }
    }

    pub(crate) fn str(self) -> &'a str {
        text(self.bytes())
    }
    pub(crate) fn bool(self) -> bool {
        self.bits() != 0
    }
    pub(crate) fn uint32(self) -> u32 {
        self.bits() as u32
    }
    pub(crate) fn int32(self) -> i32 {
        self.bits() as i32
    }
    pub(crate) fn sint32(self) -> i32 {
        let bits = self.bits() as u32;
        (bits >> 1) as i32 ^ -((bits & 1) as i32)
    }
    pub(crate) fn uint64(self) -> u64 {
        self.bits()
    }
    pub(crate) fn fixed64(self) -> u64 {
        self.bits()
    }
    pub(crate) fn int64(self) -> i64 {
        self.bits() as i64
    }
    pub(crate) fn double(self) -> f64 {
        f64::from_bits(self.bits())
    }
}

/// The text of a checked string.
pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

/// The fields of a message in wire order, with their numbers.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the message that `bytes` hold.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Fields { bytes, position: 0 }
    }

    /// Offset in the message at which the next field begins.
    #[inline]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Value<'a>);

    // A call for each field would cost as much as the field itself.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.bytes.len() {
            return None;
        }
        let tag = varint(self.bytes, &mut self.position)? as u32;
        let value = match tag & 7 {
            wire_type::VARINT => Value::Varint(varint(self.bytes, &mut self.position)?),
            wire_type::LEN => {
                let length = usize::try_from(varint(self.bytes, &mut self.position)?).ok()?;
                let end = self.position.checked_add(length)?;
                let payload = self.bytes.get(self.position..end)?;
                self.position = end;
                Value::Len(payload)
            }
            wire_type::I64 => {
                let bytes = self.bytes.get(self.position..)?.first_chunk::<8>()?;
                self.position += 8;
                Value::I64(u64::from_le_bytes(*bytes))
            }
            wire_type::I32 => {
                let bytes = self.bytes.get(self.position..)?.first_chunk::<4>()?;
                self.position += 4;
                Value::I32(u32::from_le_bytes(*bytes))
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

/// The last occurrence of a field, which is the one that counts.
pub(crate) fn last(bytes: &[u8], number: u32) -> Option<Value<'_>> {
    Fields::new(bytes).filter(|(found, _)| *found == number).last().map(|(_, value)| value)
}

/// The payloads of a repeated, length-delimited field.
#[derive(Debug, Clone)]
pub struct Nested<'a> {
    fields: Fields<'a>,
    number: u32,
}

impl<'a> Nested<'a> {
    /// The occurrences of the field `number` in the message that `bytes` hold.
    #[inline]
    pub fn new(bytes: &'a [u8], number: u32) -> Self {
        Nested { fields: Fields::new(bytes), number }
    }
}

impl<'a> Iterator for Nested<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.fields.next()? {
                (number, Value::Len(payload)) if number == self.number => return Some(payload),
                _ => {}
            }
        }
    }
}

/// The elements of a repeated number, packed or one field each.
pub(crate) struct Packed<'a> {
    fields: Fields<'a>,
    number: u32,
    wire_type: u32,
    run: &'a [u8],
}

/// The wire type of a packed element, by the name of the conversion that reads it.
pub(crate) fn element_wire_type(conversion: &str) -> u32 {
    if matches!(conversion, "fixed64" | "double") { wire_type::I64 } else { wire_type::VARINT }
}

impl<'a> Packed<'a> {
    pub(crate) fn new(bytes: &'a [u8], number: u32, wire_type: u32) -> Self {
        Packed { fields: Fields::new(bytes), number, wire_type, run: &[] }
    }
}

impl<'a> Iterator for Packed<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        loop {
            if let Some(value) = unpack(&mut self.run, self.wire_type) {
                return Some(value);
            }
            match self.fields.next()? {
                (number, Value::Len(run)) if number == self.number => self.run = run,
                (number, value) if number == self.number => return Some(value),
                _ => {}
            }
        }
    }
}

/// Takes one element off a packed run.
#[inline]
pub(crate) fn unpack<'a>(run: &mut &'a [u8], wire_type: u32) -> Option<Value<'a>> {
    if wire_type == wire_type::I64 {
        let (bytes, rest) = run.split_first_chunk::<8>()?;
        *run = rest;
        Some(Value::I64(u64::from_le_bytes(*bytes)))
    } else {
        let mut position = 0;
        let value = varint(run, &mut position)?;
        *run = run.get(position..)?;
        Some(Value::Varint(value))
    }
}
