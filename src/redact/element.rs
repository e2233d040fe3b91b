//! `KeyValue` and `AnyValue` as any encoder may write them, and written anew.

use std::borrow::Cow;
use std::ops::Range;

use crate::otlp::plain_attribute;
use crate::otlp::proto::schema::AnyValue;
use crate::otlp::schema::wire_type;
use crate::otlp::view::{Fields, Nested, Value, text};
use crate::otlp::wire::{Length, put_bytes, put_tag, varint_len};

/// Fields of a `KeyValue`.
mod key_value {
    pub(super) const KEY: u32 = 1;
    pub(super) const VALUE: u32 = 2;
}

/// Fields of an `AnyValue`, members of one `oneof`.
pub(super) mod any_value {
    pub(crate) const STRING: u32 = 1;
    pub(crate) const BOOL: u32 = 2;
    pub(crate) const INT: u32 = 3;
    pub(crate) const DOUBLE: u32 = 4;
    pub(crate) const ARRAY: u32 = 5;
    pub(crate) const KVLIST: u32 = 6;
    pub(crate) const STRINDEX: u32 = 8;
}

/// Field of the elements in an `ArrayValue` and in a `KeyValueList`.
pub(super) const ELEMENT: u32 = 1;

/// The name and the `AnyValue` of a `KeyValue`: of names the last counts, pieces of a value are one.
#[inline]
pub(super) fn name_and_value(pair: &[u8]) -> (&[u8], Cow<'_, [u8]>) {
    if let Some((name, value)) = plain_attribute(pair) {
        return (name, Cow::Borrowed(value));
    }
    let mut name = &[][..];
    let mut value = Cow::Borrowed(&[][..]);
    for (number, field) in Fields::new(pair) {
        match number {
            key_value::KEY => name = field.bytes(),
            key_value::VALUE => append(&mut value, field.bytes()),
            _ => {}
        }
    }
    (name, value)
}

/// Joins the pieces of a message; a piece that stays alone is not copied.
pub(super) fn append<'a>(whole: &mut Cow<'a, [u8]>, piece: &'a [u8]) {
    if whole.is_empty() {
        *whole = Cow::Borrowed(piece);
    } else {
        whole.to_mut().extend_from_slice(piece);
    }
}

/// Appends the `KeyValue` with another value as field `number`.
pub(super) fn put_pair(out: &mut Vec<u8>, number: u32, pair: &[u8], value: &[u8]) {
    put_tag(out, number, wire_type::LEN);
    let length = Length::reserve(out, varint_len(pair.len() as u64));
    put_others(out, pair, |number| number == key_value::VALUE);
    put_bytes(out, key_value::VALUE, value);
    length.patch(out);
}

/// Copies all fields but some.
fn put_others(out: &mut Vec<u8>, message: &[u8], left_out: impl Fn(u32) -> bool) {
    let mut fields = Fields::new(message);
    loop {
        let start = fields.position();
        let Some((number, _)) = fields.next() else { break };
        if !left_out(number) {
            out.extend_from_slice(&message[start..fields.position()]);
        }
    }
}

/// An `AnyValue` that is a string.
pub(super) fn string_value(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 4);
    put_bytes(&mut out, any_value::STRING, text.as_bytes());
    out
}

/// The member of an `AnyValue` that counts: the last one, which clears those before it.
#[derive(Debug)]
pub(super) struct Member<'a> {
    /// 0 where there is none.
    pub(super) number: u32,
    value: Value<'a>,
    /// Of a list all pieces.
    pub(super) payload: Cow<'a, [u8]>,
}

impl<'a> Member<'a> {
    #[inline]
    pub(super) fn of(value: &'a [u8]) -> Self {
        let mut member = Member { number: 0, value: Value::Varint(0), payload: Cow::Borrowed(&[]) };
        for (number, value) in Fields::new(value) {
            if !is_member(number) {
                continue;
            }
            if number == member.number && matches!(number, any_value::ARRAY | any_value::KVLIST) {
                append(&mut member.payload, value.bytes());
            } else {
                member = Member { number, value, payload: Cow::Borrowed(value.bytes()) };
            }
        }
        member
    }

    /// The text of a string, the decimal text of a number or truth value.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self.number {
            any_value::STRING => Cow::Borrowed(text(&self.payload)),
            any_value::BOOL => Cow::Borrowed(if self.value.bool() { "true" } else { "false" }),
            any_value::INT => Cow::Owned(self.value.int64().to_string()),
            // Unlike the text in JSON this one has no exponent, in which a card's number would hide.
            any_value::DOUBLE => Cow::Owned(self.value.double().to_string()),
            any_value::STRINDEX => Cow::Owned(self.value.int32().to_string()),
            _ => return None,
        })
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Nested<'_> {
        Nested::new(&self.payload, ELEMENT)
    }
}

fn is_member(number: u32) -> bool {
    AnyValue.field(number).is_some()
}

/// An `AnyValue` with another member, and with the fields of `value` that the protocol does not know.
pub(super) fn with_member(value: &[u8], number: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 8);
    put_others(&mut out, value, is_member);
    put_bytes(&mut out, number, payload);
    out
}

/// A message that is copied when its first field changes.
#[derive(Debug)]
pub(super) struct Rewrite<'a> {
    bytes: &'a [u8],
    copied: usize,
    out: Option<Vec<u8>>,
}

impl<'a> Rewrite<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Rewrite { bytes, copied: 0, out: None }
    }

    /// Puts what `write` appends in the place of a field; fields come in their order.
    pub(super) fn replace(&mut self, field: Range<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        let out = self.out.get_or_insert_with(|| Vec::with_capacity(self.bytes.len()));
        out.extend_from_slice(&self.bytes[self.copied..field.start]);
        write(out);
        self.copied = field.end;
    }

    /// The new message; `None` where nothing was replaced.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        let mut out = self.out?;
        out.extend_from_slice(&self.bytes[self.copied..]);
        Some(out)
    }
}
