//! The short cut for attributes, which are half of all telemetry: `{"key":"k","value":{"stringValue":"v"}}` or an
//! `intValue`, without white space and escapes. Whatever is written otherwise takes the general way.

use super::lexer::{integer, specials};
use crate::otlp::check::is_utf8;
use crate::otlp::schema::wire_type;
use crate::otlp::wire::{put_tag, put_uint, put_varint, varint_len};

/// An attribute in its JSON text.
pub(super) struct Attribute<'a> {
    key: &'a [u8],
    value: Value<'a>,
    /// Bytes of text that it takes.
    pub(super) consumed: usize,
}

enum Value<'a> {
    Text(&'a [u8]),
    /// Two's complement.
    Int(u64),
}

/// Longest key or text whose message has a length of one byte.
const SHORT: usize = 0x7d;

/// Reads the attribute at the beginning of `text`; `None` where it is written in another way or is none.
#[inline]
pub(super) fn parse(text: &[u8]) -> Option<Attribute<'_>> {
    let rest = text.strip_prefix(b"{\"key\":\"")?;
    let (key @ [_, ..], rest) = plain_string(rest)? else { return None };
    let rest = rest.strip_prefix(b",\"value\":{\"")?;
    let (value, rest) = match rest.strip_prefix(b"stringValue\":\"") {
        Some(rest) => plain_string(rest).map(|(value, rest)| (Value::Text(value), rest))?,
        None => {
            let (digits, rest) = plain_string(rest.strip_prefix(b"intValue\":\"")?)?;
            (Value::Int(i64::try_from(integer(digits)?).ok()? as u64), rest)
        }
    };
    let rest = rest.strip_prefix(b"}}")?;
    Some(Attribute { key, value, consumed: text.len() - rest.len() })
}

/// Takes the rest of a short string that has no escapes, and what follows its closing quote.
#[inline]
fn plain_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut highs = 0;
    for start in (0..=SHORT).step_by(8) {
        let word = u64::from_le_bytes(*text.get(start..)?.first_chunk::<8>()?);
        highs |= word;
        let found = specials(word);
        if found != 0 {
            let end = start + found.trailing_zeros() as usize / 8;
            let (string, rest) = text.split_at_checked(end)?;
            // What follows the string may make it look as if it were no ASCII, never the other way round.
            let valid = end <= SHORT && (highs & HIGHS == 0 || is_utf8(string));
            return valid.then_some((string, rest.strip_prefix(b"\"")?));
        }
    }
    None
}

impl Attribute<'_> {
    /// Appends it as an element of the repeated field `number`.
    #[inline]
    pub(super) fn put(&self, number: u32, out: &mut Vec<u8>) {
        let value_length = match self.value {
            Value::Text(text) => 2 + text.len(),
            Value::Int(bits) => 1 + varint_len(bits),
        };
        put_tag(out, number, wire_type::LEN);
        put_varint(out, (2 + self.key.len() + 2 + value_length) as u64);
        out.extend_from_slice(&[0x0a, self.key.len() as u8]);
        out.extend_from_slice(self.key);
        match self.value {
            Value::Text(text) => {
                out.extend_from_slice(&[0x12, value_length as u8, 0x0a, text.len() as u8]);
                out.extend_from_slice(text);
            }
            Value::Int(bits) => {
                out.extend_from_slice(&[0x12, value_length as u8]);
                put_uint(out, 3, bits);
            }
        }
    }
}
