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
    let mut rest = if message.is_span { skip_span_head(bytes)? } else { bytes };
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
        // An attribute is two messages deep.
        if op == Op::Attribute && found == wire_type::LEN && depth > 2 {
            let behind = skip_plain_attributes(rest)?;
            if behind.len() < rest.len() {
                rest = behind;
                continue;
            }
        }
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

/// Skips attributes as nearly all are: a short key and a short string, a number or a truth value, in this order and
/// without anything else. `None` where their text is not UTF-8.
///
/// Half of all telemetry is attributes, so this decides the speed of the check. What stands between two strings are
/// tags and lengths below 128, which are characters by themselves: strings in a row are UTF-8 if all of it together is.
#[inline]
fn skip_plain_attributes(bytes: &[u8]) -> Option<&[u8]> {
    let mut unchecked = bytes;
    let mut rest = bytes;
    while let [tag @ 0..0x80, length @ 0..0x80, tail @ ..] = rest
        && *tag == bytes[0]
        && let Some((attribute, behind)) = tail.split_at_checked(usize::from(*length))
        && let Some((_, value)) = plain_attribute(attribute)
    {
        match value {
            [0x0a, length @ 0..0x80, text @ ..] if text.len() == usize::from(*length) => {}
            [0x10, 0 | 1] | [0x18, 0..0x80] => {}
            [0x18 | 0x21, number @ ..] if is_number(value) => {
                if !is_utf8(&unchecked[..unchecked.len() - behind.len() - number.len()]) {
                    return None;
                }
                unchecked = behind;
            }
            _ => break,
        }
        rest = behind;
    }
    is_utf8(&unchecked[..unchecked.len() - rest.len()]).then_some(rest)
}

#[inline]
fn is_number(value: &[u8]) -> bool {
    match value {
        [0x18, number @ ..] => {
            let mut position = 0;
            varint(number, &mut position).is_some() && position == number.len()
        }
        _ => value.len() == 9,
    }
}

/// Skips the fields before a span's attributes, as nearly all encoders write them: in their order, each once or not at
/// all. What is not so is left to the loop.
#[inline]
fn skip_span_head(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    if let [0x0a, 16, tail @ ..] = rest {
        rest = tail.get(16..)?;
    }
    if let [0x12, 8, tail @ ..] = rest {
        rest = tail.get(8..)?;
    }
    if let [0x22, 8, tail @ ..] = rest {
        rest = tail.get(8..)?;
    }
    if let [0x2a, length @ 0..0x80, tail @ ..] = rest {
        let (name, behind) = tail.split_at_checked(usize::from(*length))?;
        if !is_utf8(name) {
            return None;
        }
        rest = behind;
    }
    if let [0x30, 0..0x80, tail @ ..] = rest {
        rest = tail;
    }
    if let [0x39, tail @ ..] = rest {
        rest = tail.get(8..)?;
    }
    if let [0x41, tail @ ..] = rest {
        rest = tail.get(8..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check::{MAX_DEPTH, explain};
    use super::super::wire::{put_bytes, put_fixed64, put_message, put_uint};
    use super::check;
    use crate::otlp::Signal;

    fn attribute(out: &mut Vec<u8>, number: u32, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        put_message(out, number, |out| {
            put_bytes(out, 1, key.as_bytes());
            put_message(out, 2, write);
        });
    }

    /// A span with attributes of all kinds in all places.
    fn traces() -> Vec<u8> {
        let attributes = |out: &mut Vec<u8>, number| {
            attribute(out, number, "http.route", |out| put_bytes(out, 1, "/café/{id}".as_bytes()));
            attribute(out, number, "ok", |out| put_uint(out, 2, 1));
            attribute(out, number, "code", |out| put_uint(out, 3, 404));
            attribute(out, number, "share", |out| put_fixed64(out, 4, 0.5_f64.to_bits()));
            attribute(out, number, "list", |out| {
                put_message(out, 5, |out| put_bytes(out, 1, &[10, 1, b'x']))
            });
            attribute(out, number, "", |_| {});
        };
        let mut out = Vec::new();
        put_message(&mut out, 1, |out| {
            put_message(out, 1, |out| attributes(out, 1));
            put_message(out, 2, |out| {
                put_message(out, 1, |out| attributes(out, 3));
                put_message(out, 2, |out| {
                    put_bytes(out, 1, &[7; 16]);
                    put_bytes(out, 2, &[8; 8]);
                    put_bytes(out, 4, &[9; 8]);
                    put_bytes(out, 5, b"GET /caf\xc3\xa9");
                    put_uint(out, 6, 2);
                    put_fixed64(out, 7, 1);
                    put_fixed64(out, 8, 2);
                    attributes(out, 9);
                    put_message(out, 11, |out| attributes(out, 3));
                    put_message(out, 15, |out| put_uint(out, 3, 2));
                });
            });
        });
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is damaged: the quick check takes nothing that the other does not take, and counts the same.
        #[test]
        fn it_takes_nothing_that_the_other_check_rejects(
            damage in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8, any::<u8>()), 0..4),
        ) {
            let mut bytes = traces();
            for (place, how, value) in damage {
                let at = place.index(bytes.len());
                match how {
                    // Wire types, mostly.
                    0..4 => bytes[at] ^= 1 << (value & 3),
                    4 => bytes[at] = value,
                    5 => bytes[at] ^= 0x80,
                    6 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, value),
                }
            }
            let message = Signal::Traces.message();
            if let Some(items) = check(message, &bytes, MAX_DEPTH) {
                prop_assert_eq!(explain(message, &bytes).ok(), Some(items));
            }
        }
    }

    #[test]
    fn it_takes_what_is_as_it_should_be() {
        assert_eq!(check(Signal::Traces.message(), &traces(), MAX_DEPTH), Some(1));
    }
}
