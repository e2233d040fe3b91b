//! What the protocol says about a message, as data.
//!
//! One table a message (declared in [`crate::otlp::proto`]) drives validation, both directions of JSON and the
//! views, so that the three cannot disagree about a field.

use super::quick::Op;

/// A message type of the protocol.
#[derive(Debug)]
pub struct Message {
    /// Name in the `.proto` files, without its package.
    pub name: &'static str,
    /// Fields in the order of their declaration.
    pub fields: &'static [Field],
    /// Position in `fields` plus one by field number, 0 where the number is unknown.
    pub(crate) by_number: [u8; MAX_FIELD_NUMBER + 1],
    /// What to check, by field number.
    pub(crate) ops: [Op; MAX_FIELD_NUMBER + 1],
    /// Bit set of the positions of the members of the message's one `oneof`.
    pub(crate) oneof: u32,
    /// Whether the ledger counts this message: a span, a data point, a log record.
    pub item: bool,
    /// Whether it is a `KeyValue`, for which there are short cuts.
    pub(crate) is_attribute: bool,
    /// Whether it is a `Span`, likewise.
    pub(crate) is_span: bool,
}

/// The highest field number that the protocol uses.
pub const MAX_FIELD_NUMBER: usize = 16;

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// Number on the wire, 1 to [`MAX_FIELD_NUMBER`].
    pub number: u32,
    /// lowerCamelCase name, as OTLP/JSON writes it.
    pub json: &'static str,
    /// snake_case name, as the `.proto` files and lenient JSON have it.
    pub snake: &'static str,
    /// `,"name":`, so that a writer copies one string.
    pub(crate) key: &'static str,
    /// Type of the value.
    pub kind: Kind,
    /// How often it may stand there and what its absence means.
    pub label: Label,
}

/// The type of a field's value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Varint, 0 or 1.
    Bool,
    /// Varint; a number in JSON.
    Uint32,
    /// Varint, sign-extended to 64 bits; a number in JSON.
    Int32,
    /// Zigzag varint; a number in JSON.
    Sint32,
    /// Varint; a string in JSON.
    Uint64,
    /// Varint in two's complement; a string in JSON.
    Int64,
    /// Four bytes, little-endian; a number in JSON.
    Fixed32,
    /// Eight bytes; a string in JSON.
    Fixed64,
    /// Eight bytes, signed; a string in JSON.
    Sfixed64,
    /// Eight bytes, IEEE 754; a number or `"NaN"`, `"Infinity"`, `"-Infinity"` in JSON.
    Double,
    /// UTF-8.
    String,
    /// Bytes; base64 in JSON.
    Bytes,
    /// Exactly so many bytes, or none; hex in JSON.
    Id(usize),
    /// Varint; a number in JSON, where the names are understood too.
    Enum(&'static [(&'static str, i32)]),
    /// A nested message.
    Message(&'static Message),
}

/// How often a field may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// At most once; absent means the default value, which is never written.
    Single,
    /// At most once; absence is told apart from the default value.
    Optional,
    /// One of several of which at most one is set.
    Oneof,
    /// Any number of times; numbers are packed.
    Repeated,
}

/// Wire types of the protobuf encoding, <https://protobuf.dev/programming-guides/encoding/>.
pub(crate) mod wire_type {
    pub const VARINT: u32 = 0;
    pub const I64: u32 = 1;
    pub const LEN: u32 = 2;
    pub const I32: u32 = 5;
}

impl Kind {
    /// The wire type of one value.
    pub(crate) const fn wire_type(self) -> u32 {
        match self {
            Kind::Bool
            | Kind::Uint32
            | Kind::Int32
            | Kind::Sint32
            | Kind::Uint64
            | Kind::Int64
            | Kind::Enum(_) => wire_type::VARINT,
            Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => wire_type::I64,
            Kind::Fixed32 => wire_type::I32,
            Kind::String | Kind::Bytes | Kind::Id(_) | Kind::Message(_) => wire_type::LEN,
        }
    }

    /// What an error message calls such a value.
    pub(crate) fn expected(self) -> String {
        match self {
            Kind::Bool => "true or false".into(),
            Kind::Uint32 | Kind::Fixed32 => "a whole number from 0 to 4294967295".into(),
            Kind::Int32 | Kind::Sint32 => "a whole number of 32 bits".into(),
            Kind::Uint64 | Kind::Fixed64 => "a whole number from 0 to 18446744073709551615".into(),
            Kind::Int64 | Kind::Sfixed64 => "a whole number of 64 bits".into(),
            Kind::Double => r#"a number, "NaN", "Infinity" or "-Infinity""#.into(),
            Kind::String => "a string".into(),
            Kind::Bytes => "a string of base64".into(),
            Kind::Id(size) => {
                format!("{} hex digits or {} characters of base64", size * 2, size.div_ceil(3) * 4)
            }
            Kind::Enum(names) => {
                let example = names.get(1).or(names.first()).map_or("", |(name, _)| name);
                format!("a number or a name such as {example}")
            }
            Kind::Message(message) => format!("an object ({})", message.name),
        }
    }
}

impl Message {
    /// The field of that number, with its position in `fields`.
    #[inline]
    pub(crate) fn field(&self, number: u32) -> Option<(usize, &'static Field)> {
        let position = usize::from(*self.by_number.get(number as usize)?).checked_sub(1)?;
        self.fields.get(position).map(|field| (position, field))
    }
}

/// Fills [`Message::by_number`].
pub(crate) const fn index(numbers: &[usize]) -> [u8; MAX_FIELD_NUMBER + 1] {
    let mut by_number = [0; MAX_FIELD_NUMBER + 1];
    let mut position = 0;
    while position < numbers.len() {
        by_number[numbers[position]] = position as u8 + 1;
        position += 1;
    }
    by_number
}

/// A name without the `r#` that Rust's keywords need.
pub(crate) const fn unraw(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Fills [`Message::is_span`].
pub(crate) const fn is_span(name: &str) -> bool {
    matches!(name.as_bytes(), b"Span")
}

/// Fills [`Message::is_attribute`].
pub(crate) const fn is_attribute(name: &str) -> bool {
    matches!(name.as_bytes(), b"KeyValue")
}

/// Fills [`Message::ops`].
pub(crate) const fn ops(numbers: &[usize], of_fields: &[Op]) -> [Op; MAX_FIELD_NUMBER + 1] {
    let mut ops = [Op::Unknown; MAX_FIELD_NUMBER + 1];
    let mut position = 0;
    while position < numbers.len() {
        ops[numbers[position]] = of_fields[position];
        position += 1;
    }
    ops
}

/// Fills [`Message::oneof`].
pub(crate) const fn oneof(labels: &[Label]) -> u32 {
    let mut mask = 0;
    let mut position = 0;
    while position < labels.len() {
        if matches!(labels[position], Label::Oneof) {
            mask |= 1 << position;
        }
        position += 1;
    }
    mask
}
