//! Wire bytes to compact JSON: defaults left out, ids in lower-case hex, 64-bit integers as strings, enums as numbers.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::lexer::special;
use crate::otlp::check::plain_attribute;
use crate::otlp::schema::{Field, Kind, Label, Message};
use crate::otlp::view::{Fields, Value, unpack};
use crate::otlp::wire::{put_bytes, put_tag, put_varint, varint};
use crate::otlp::{Batch, schema};

/// Appends a batch as one JSON object without a line end; returns how many fields JSON cannot carry because the
/// protocol does not know them.
pub fn write(batch: &Batch, out: &mut Vec<u8>) -> u64 {
    let mut found = Found::default();
    let message = batch.signal().message();
    let start = out.len();
    // A document is about twice as long as its wire encoding.
    out.reserve(batch.bytes().len() * 5 / 2);
    object(message, batch.bytes(), out, &mut found);
    if out.len() == start + b"{}".len() {
        // Even an empty batch says which signal it is of.
        out.truncate(start);
        let list = message.fields[0].json;
        out.extend_from_slice(format!("{{\"{list}\":[]}}").as_bytes());
    }
    found.unknown
}

/// What has come up so far in a batch.
#[derive(Default)]
struct Found {
    /// Fields that the protocol does not know.
    unknown: u64,
    /// Whether a message could not be written in order.
    disorder: bool,
}

fn object(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>, found: &mut Found) {
    // Once one message has begun in vain, others look first: a beginning includes all that is nested in it, so
    // that disorder at every level would double the work with each.
    if !(found.disorder && is_disordered(message, bytes)) {
        let start = out.len();
        let unknown_before = found.unknown;
        if in_order(message, bytes, out, found) {
            return;
        }
        out.truncate(start);
        found.unknown = unknown_before;
        found.disorder = true;
    }
    in_order(message, &canonical(message, bytes), out, found);
}

/// Tells whether fields, as they come, make a valid JSON object.
struct Order {
    seen: u32,
    list: usize,
}

/// Where a field stands in its object.
#[derive(PartialEq, Eq)]
enum Place {
    /// In the list that is open.
    InList,
    /// Behind all that has been written.
    Next,
    /// It, or another member of its `oneof`, has been closed already.
    Taken,
}

const NO_LIST: usize = usize::MAX;

impl Order {
    fn new() -> Self {
        Order { seen: 0, list: NO_LIST }
    }

    #[inline]
    fn place(&mut self, message: &Message, position: usize, field: &Field) -> Place {
        if self.list == position {
            return Place::InList;
        }
        let bit = 1 << position;
        let rivals = if field.label == Label::Oneof { message.oneof } else { bit };
        if self.seen & rivals != 0 {
            return Place::Taken;
        }
        self.seen |= bit;
        Place::Next
    }
}

/// Whether the field begins a list; an empty run does not, as empty lists are left out.
#[inline]
fn begins_list(field: &Field, value: Value) -> bool {
    field.label == Label::Repeated && (is_len(field.kind) || !matches!(value, Value::Len([])))
}

/// Whether a field comes twice or a list is interrupted.
fn is_disordered(message: &Message, bytes: &[u8]) -> bool {
    let mut order = Order::new();
    Fields::new(bytes).any(|(number, value)| {
        let Some((position, field)) = message.field(number) else {
            return false;
        };
        let place = order.place(message, position, field);
        if place == Place::Next {
            order.list = if begins_list(field, value) { position } else { NO_LIST };
        }
        place == Place::Taken
    })
}

/// Writes the fields as they come; false where that is no valid JSON object.
#[inline]
fn in_order(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>, found: &mut Found) -> bool {
    let mut order = Order::new();
    let start = out.len();
    out.push(b'{');
    for (number, value) in Fields::new(bytes) {
        let Some((position, field)) = message.field(number) else {
            found.unknown += 1;
            continue;
        };
        match order.place(message, position, field) {
            Place::InList => {
                out.push(b',');
                element(field, value, out, found);
                continue;
            }
            Place::Taken => return false,
            Place::Next => {}
        }
        if order.list != NO_LIST {
            out.push(b']');
            order.list = NO_LIST;
        }
        if begins_list(field, value) {
            key(field, start, out);
            out.push(b'[');
            order.list = position;
            element(field, value, out, found);
        } else if field.label == Label::Optional || field.label == Label::Oneof || !is_default(field, value) {
            key(field, start, out);
            single(field.kind, value, out, found);
        }
    }
    if order.list != NO_LIST {
        out.push(b']');
    }
    out.push(b'}');
    true
}

#[inline]
fn key(field: &Field, start: usize, out: &mut Vec<u8>) {
    let first = usize::from(out.len() == start + 1);
    out.extend_from_slice(&field.key.as_bytes()[first..]);
}

fn is_len(kind: Kind) -> bool {
    kind.wire_type() == schema::wire_type::LEN
}

/// Whether a field that is set says no more than one that is not; of a list it is an empty run that does not.
fn is_default(field: &Field, value: Value) -> bool {
    match (field.kind, value) {
        (Kind::Message(_), _) => false,
        (_, Value::Len(bytes)) => bytes.is_empty(),
        // Of a varint that is longer than its type the low bits count.
        (Kind::Uint32 | Kind::Int32 | Kind::Sint32 | Kind::Enum(_), _) => value.uint32() == 0,
        _ => value.bits() == 0,
    }
}

/// One element of a list; a packed run is several.
#[inline]
fn element(field: &Field, value: Value, out: &mut Vec<u8>, found: &mut Found) {
    match value {
        Value::Len(mut run) if !is_len(field.kind) => {
            let before = out.len();
            while let Some(value) = unpack(&mut run, field.kind.wire_type()) {
                if out.len() > before {
                    out.push(b',');
                }
                single(field.kind, value, out, found);
            }
            if out.len() == before && out.last() == Some(&b',') {
                out.pop();
            }
        }
        value => single(field.kind, value, out, found),
    }
}

#[inline]
fn single(kind: Kind, value: Value, out: &mut Vec<u8>, found: &mut Found) {
    match kind {
        Kind::Message(message) if message.is_attribute && attribute(value.bytes(), out) => {}
        Kind::Message(message) => object(message, value.bytes(), out, found),
        Kind::String => string(value.bytes(), out),
        Kind::Id(_) => hex(value.bytes(), out),
        Kind::Bytes => {
            out.push(b'"');
            out.extend_from_slice(STANDARD.encode(value.bytes()).as_bytes());
            out.push(b'"');
        }
        Kind::Fixed64 | Kind::Uint64 => quoted(value.uint64(), out),
        Kind::Int64 | Kind::Sfixed64 => quoted(value.int64(), out),
        Kind::Uint32 | Kind::Fixed32 => number(value.uint32(), out),
        Kind::Int32 | Kind::Enum(_) => number(value.int32(), out),
        Kind::Sint32 => number(value.sint32(), out),
        Kind::Bool => out.extend_from_slice(if value.bool() { b"true" } else { b"false" }),
        Kind::Double => double(value.double(), out),
    }
}

/// Writes an attribute as nearly all are; false, and nothing written, for any other.
#[inline]
fn attribute(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((key @ [_, ..], value)) = plain_attribute(bytes) else { return false };
    if special(key).is_some() {
        return false;
    }
    match value {
        [0x0a, length @ 0..0x80, text @ ..]
            if text.len() == usize::from(*length) && special(text).is_none() =>
        {
            out.extend_from_slice(b"{\"key\":\"");
            out.extend_from_slice(key);
            out.extend_from_slice(b"\",\"value\":{\"stringValue\":\"");
            out.extend_from_slice(text);
        }
        [0x18, number @ ..] => {
            let mut position = 0;
            let Some(value) = varint(number, &mut position).filter(|_| position == number.len()) else {
                return false;
            };
            out.extend_from_slice(b"{\"key\":\"");
            out.extend_from_slice(key);
            out.extend_from_slice(b"\",\"value\":{\"intValue\":\"");
            out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
        }
        _ => return false,
    }
    out.extend_from_slice(b"\"}}");
    true
}

fn number(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn quoted(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.push(b'"');
    number(value, out);
    out.push(b'"');
}

fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else {
        out.extend_from_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    }
}

#[inline]
fn hex(id: &[u8], out: &mut Vec<u8>) {
    let mut digits = [0; 34];
    let end = id.len() * 2 + 1;
    match digits.get_mut(1..end).map(|room| const_hex::encode_to_slice(id, room)) {
        Some(Ok(())) => {
            digits[0] = b'"';
            digits[end] = b'"';
            out.extend_from_slice(&digits[..=end]);
        }
        _ => out.extend_from_slice(b"\"\""),
    }
}

#[inline]
fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(clean) = special(rest) {
        out.extend_from_slice(&rest[..clean]);
        escape(rest[clean], out);
        rest = &rest[clean + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cold]
fn escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// The message with each field in one place: of a scalar that comes twice the last counts, messages merge, and the
/// last member of a `oneof` clears the others (protobuf's rules for parsers).
fn canonical(message: &'static Message, bytes: &[u8]) -> Vec<u8> {
    // What was found of each: of a message the payload, else fields.
    let mut fields: Vec<(&Field, Cow<[u8]>)> = Vec::with_capacity(message.fields.len());
    let mut out = Vec::with_capacity(bytes.len());
    let mut scan = Fields::new(bytes);
    loop {
        let start = scan.position();
        let Some((number, value)) = scan.next() else {
            break;
        };
        let raw = &bytes[start..scan.position()];
        let Some((_, field)) = message.field(number) else {
            out.extend_from_slice(raw);
            continue;
        };
        if field.label == Label::Oneof {
            fields.retain(|(other, _)| other.label != Label::Oneof || other.number == number);
        }
        let part = if merges(field) { value.bytes() } else { raw };
        match fields.iter_mut().find(|(known, _)| known.number == number) {
            None => fields.push((field, Cow::Borrowed(part))),
            Some((_, whole)) if merges(field) || field.label == Label::Repeated => {
                whole.to_mut().extend_from_slice(part);
            }
            Some((_, whole)) => *whole = Cow::Borrowed(part),
        }
    }
    for (field, whole) in fields {
        if merges(field) {
            put_bytes(&mut out, field.number, &whole);
        } else if field.label == Label::Repeated && !is_len(field.kind) {
            pack(field, &whole, &mut out);
        } else {
            out.extend_from_slice(&whole);
        }
    }
    out
}

/// Whether occurrences of the field are pieces of one message.
fn merges(field: &Field) -> bool {
    field.label != Label::Repeated && matches!(field.kind, Kind::Message(_))
}

/// Makes one packed run of all runs and single elements.
fn pack(field: &Field, raw: &[u8], out: &mut Vec<u8>) {
    let mut run = Vec::with_capacity(raw.len());
    for (_, value) in Fields::new(raw) {
        match value {
            Value::Len(bytes) => run.extend_from_slice(bytes),
            Value::Varint(value) => put_varint(&mut run, value),
            Value::I64(bits) => run.extend_from_slice(&bits.to_le_bytes()),
            Value::I32(bits) => run.extend_from_slice(&bits.to_le_bytes()),
        }
    }
    put_tag(out, field.number, schema::wire_type::LEN);
    put_varint(out, run.len() as u64);
    out.extend_from_slice(&run);
}
