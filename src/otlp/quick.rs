//! The check of [`crate::otlp::check`] without the explanation: a yes for nearly all messages, at a third of the
//! cost. What gets a no is looked at again, by the check that can say why.

use super::check::{is_utf8, plain_attribute};
use super::schema::{Message, wire_type};
use super::view::unpack;
use super::wire::varint;

/// What to check about a field, by its number: the schema boiled down to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Op {
    /// The protocol has no such field.
    Unknown,
    Varint,
    I64,
    I32,
    String,
    Bytes,
    TraceId,
    SpanId,
    Attribute,
    Message,
    /// Numbers of eight bytes in a row; one for itself is left to the other check.
    PackedI64,
    /// Varints in a row; one for itself is left to the other check.
    PackedVarint,
}

/// The number of items in a valid message; `None` where it is not valid, or too unusual to tell.
pub(crate) fn check(message: &'static Message, bytes: &[u8], depth: u32) -> Option<usize> {
    let mut items = usize::from(message.item);
    let mut rest = bytes;
    while let [tag, ..] = rest {
        let (number, found, tail) = match tag {
            0x08..0x80 => (u32::from(tag >> 3), u32::from(tag & 7), &rest[1..]),
            _ => {
                let mut position = 0;
                let tag = u32::try_from(varint(rest, &mut position)?).ok()?;
                (tag >> 3, tag & 7, &rest[position..])
            }
        };
        let op = message.ops.get(number as usize).copied().unwrap_or(Op::Unknown);
        rest = match found {
            wire_type::LEN => {
                let (payload, behind) = take(tail)?;
                items += payload_items(message, number, op, payload, depth)?;
                behind
            }
            wire_type::VARINT if matches!(op, Op::Varint | Op::Unknown) => match tail {
                [0..0x80, behind @ ..] => behind,
                _ => {
                    let mut position = 0;
                    varint(tail, &mut position)?;
                    &tail[position..]
                }
            },
            wire_type::I64 if matches!(op, Op::I64 | Op::Unknown) => tail.get(8..)?,
            wire_type::I32 if matches!(op, Op::I32 | Op::Unknown) => tail.get(4..)?,
            _ => return None,
        };
        if number == 0 {
            return None;
        }
    }
    Some(items)
}

/// Splits a length-delimited payload off.
#[inline]
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [length @ 0..0x80, tail @ ..] => tail.split_at_checked(usize::from(*length)),
        _ => {
            let mut position = 0;
            let length = usize::try_from(varint(bytes, &mut position)?).ok()?;
            bytes[position..].split_at_checked(length)
        }
    }
}

/// The number of items in a payload, if it is valid.
#[inline]
fn payload_items(
    message: &'static Message,
    number: u32,
    op: Op,
    payload: &[u8],
    depth: u32,
) -> Option<usize> {
    let valid = match op {
        // An attribute is two messages deep.
        Op::Attribute if depth > 2 && is_plain_attribute(payload) => true,
        Op::Attribute | Op::Message => return nested(message, number, payload, depth),
        Op::String => is_utf8(payload),
        Op::TraceId => matches!(payload.len(), 0 | 16),
        Op::SpanId => matches!(payload.len(), 0 | 8),
        Op::Bytes | Op::Unknown => true,
        Op::PackedI64 => payload.len().is_multiple_of(8),
        Op::PackedVarint => {
            let mut run = payload;
            while unpack(&mut run, wire_type::VARINT).is_some() {}
            run.is_empty()
        }
        Op::Varint | Op::I64 | Op::I32 => false,
    };
    valid.then_some(0)
}

fn nested(message: &'static Message, number: u32, payload: &[u8], depth: u32) -> Option<usize> {
    let (_, field) = message.field(number)?;
    match field.kind {
        super::schema::Kind::Message(nested) if depth > 1 => check(nested, payload, depth - 1),
        _ => None,
    }
}

/// Whether bytes are an attribute as nearly all are: a short key and a short string, a number or a truth value, in
/// this order and without anything else. Half of all telemetry is attributes, so this decides the speed of the check.
#[inline]
fn is_plain_attribute(bytes: &[u8]) -> bool {
    let Some((key, value)) = plain_attribute(bytes) else { return false };
    is_utf8(key)
        && match value {
            [0x0a, length @ 0..0x80, text @ ..] => text.len() == usize::from(*length) && is_utf8(text),
            [0x10, 0 | 1] => true,
            [0x18, number @ ..] => {
                let mut position = 0;
                varint(number, &mut position).is_some() && position == number.len()
            }
            [0x21, number @ ..] => number.len() == 8,
            _ => false,
        }
}
