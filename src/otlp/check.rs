//! Validation of wire bytes against the schema, in one pass that also counts the items.
//!
//! Everything behind it (views, edits, the JSON writer) relies on what is established here: tags and lengths are in
//! bounds, wire types match, strings are UTF-8, ids have their length, nesting is bounded.

use super::fault::{Fault, Problem};
use super::quick;
use super::schema::{Field, Kind, Label, Message, wire_type};
use super::view::{Fields, unpack};
use super::wire::varint;

/// How deep messages may nest; protobuf implementations agree on 100.
pub(crate) const MAX_DEPTH: u32 = 100;

/// Checks that `bytes` are a valid `message` and returns the number of items in it.
///
/// # Errors
/// The first fault, with its offset in `bytes` and the path of the field.
pub(crate) fn check(message: &'static Message, bytes: &[u8]) -> Result<usize, Box<Fault>> {
    quick::check(message, bytes, MAX_DEPTH).map_or_else(|| explain(message, bytes), Ok)
}

/// The same, slowly and with a reason.
pub(super) fn explain(message: &'static Message, bytes: &[u8]) -> Result<usize, Box<Fault>> {
    let mut checker = Checker { bytes, items: 0 };
    checker.message(message, 0, bytes.len(), MAX_DEPTH)?;
    Ok(checker.items)
}

struct Checker<'a> {
    bytes: &'a [u8],
    items: usize,
}

impl Checker<'_> {
    fn message(
        &mut self,
        message: &'static Message,
        start: usize,
        end: usize,
        depth: u32,
    ) -> Result<(), Box<Fault>> {
        if depth == 0 {
            return Err(Fault::new(start, Problem::TooDeep));
        }
        let mut position = start;
        self.items += usize::from(message.item);
        let bytes = &self.bytes[..end];
        while position < end {
            let at = position;
            let tag = match varint(bytes, &mut position).map(u32::try_from) {
                Some(Ok(tag)) if tag >> 3 != 0 => tag,
                _ => return Err(Fault::new(at, Problem::BadTag)),
            };
            let known = message.field(tag >> 3);
            match tag & 7 {
                wire_type::LEN => {
                    let length = varint(bytes, &mut position);
                    let payload_end = match length.and_then(|length| position.checked_add(length as usize)) {
                        Some(payload_end) if payload_end <= end => payload_end,
                        _ => return Err(Fault::new(at, Problem::Truncated).inside_known(known)),
                    };
                    if let Some((_, field)) = known {
                        self.payload(field, position, payload_end, depth)
                            .map_err(|fault| self.located(fault, field, start, at))?;
                    }
                    position = payload_end;
                    continue;
                }
                wire_type::VARINT => {
                    if varint(bytes, &mut position).is_none() {
                        return Err(Fault::new(at, Problem::Truncated).inside_known(known));
                    }
                }
                wire_type::I64 => position += 8,
                wire_type::I32 => position += 4,
                other => return Err(Fault::new(at, Problem::WireType(other)).inside_known(known)),
            }
            if position > end {
                return Err(Fault::new(at, Problem::Truncated).inside_known(known));
            }
            if let Some((_, field)) = known
                && field.kind.wire_type() != tag & 7
            {
                return Err(Fault::new(at, Problem::WireType(tag & 7)).inside_known(known));
            }
        }
        Ok(())
    }

    #[inline]
    fn payload(
        &mut self,
        field: &'static Field,
        start: usize,
        end: usize,
        depth: u32,
    ) -> Result<(), Box<Fault>> {
        match field.kind {
            Kind::Message(message) => self.message(message, start, end, depth - 1),
            Kind::String => match is_utf8(&self.bytes[start..end]) {
                true => Ok(()),
                false => Err(Fault::new(start, Problem::Utf8)),
            },
            Kind::Bytes => Ok(()),
            Kind::Id(size) if end - start == size || end == start => Ok(()),
            Kind::Id(size) => {
                Err(Fault::new(start, Problem::IdLength { found: end - start, expected: size }))
            }
            kind if field.label == Label::Repeated => {
                let mut run = &self.bytes[start..end];
                while unpack(&mut run, kind.wire_type()).is_some() {}
                if run.is_empty() { Ok(()) } else { Err(Fault::new(end - run.len(), Problem::Truncated)) }
            }
            _ => Err(Fault::new(start, Problem::WireType(wire_type::LEN))),
        }
    }

    /// Adds the step to a fault's path; which element of a repeated field it was is counted only now.
    #[cold]
    fn located(&self, fault: Box<Fault>, field: &'static Field, start: usize, at: usize) -> Box<Fault> {
        if field.label != Label::Repeated {
            return fault.inside(field.json);
        }
        let before =
            Fields::new(&self.bytes[start..at]).filter(|(number, _)| *number == field.number).count();
        fault.inside_element(field.json, before)
    }
}

/// The key of a `KeyValue` and the bytes of its `AnyValue`, where both are shorter than 128 bytes and in this order.
#[inline]
pub(crate) fn plain_attribute(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0a, length @ 0..0x80, rest @ ..] = bytes else { return None };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    let [0x12, length @ 0..0x80, value @ ..] = rest else { return None };
    (value.len() == usize::from(*length)).then_some((key, value))
}

/// Whether bytes are UTF-8; ASCII, as nearly all is, is told eight bytes at a time.
#[inline]
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    is_ascii(bytes) || simdutf8::basic::from_utf8(bytes).is_ok()
}

#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    if let Some(last) = bytes.last_chunk::<8>() {
        let highs = bytes.chunks_exact(8).fold(u64::from_le_bytes(*last), |highs, chunk| {
            highs | chunk.first_chunk().map_or(HIGHS, |chunk| u64::from_le_bytes(*chunk))
        });
        return highs & HIGHS == 0;
    }
    // Shorter ones in overlapping pieces too.
    let highs = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first) | u32::from_le_bytes(*last)),
        _ => bytes.iter().fold(0, |highs, byte| highs | u64::from(*byte)),
    };
    highs & HIGHS == 0
}
