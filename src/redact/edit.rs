//! A batch written anew around the fields that change: ranges between them are copied, lengths around them follow.

use std::ops::Range;

use crate::otlp::schema::wire_type;
use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::{Length, put_tag, varint_len};

/// Fields to replace, each in full: tag, length and payload.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
    /// What the edits put in.
    new: Vec<u8>,
}

#[derive(Debug)]
struct Edit {
    at: Range<usize>,
    new: Range<usize>,
}

impl Edits {
    /// Whether nothing changes.
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Puts what `write` appends in the place of the field that stands in the batch at `at`.
    pub(super) fn replace(&mut self, at: Range<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.new.len();
        write(&mut self.new);
        self.edits.push(Edit { at, new: start..self.new.len() });
    }

    /// Removes a field.
    pub(super) fn remove(&mut self, at: Range<usize>) {
        self.replace(at, |_| {});
    }

    /// The batch `bytes` with the edits made.
    pub(super) fn apply(mut self, bytes: &[u8]) -> Vec<u8> {
        self.edits.sort_unstable_by_key(|edit| edit.at.start);
        let mut out = Vec::with_capacity(bytes.len() + self.new.len());
        let mut rest = &self.edits[..];
        splice(bytes, 0, &mut rest, &self.new, &mut out);
        debug_assert!(rest.is_empty(), "{rest:?}");
        out
    }
}

/// Copies the message that stands in the batch at `base`, with those of the edits that are inside of it.
fn splice(bytes: &[u8], base: usize, edits: &mut &[Edit], new: &[u8], out: &mut Vec<u8>) {
    let mut fields = Fields::new(bytes);
    let mut copied = 0;
    while let [edit, behind @ ..] = *edits
        && edit.at.start < base + bytes.len()
    {
        let start = fields.position();
        let Some((number, value)) = fields.next() else { break };
        let end = fields.position();
        if edit.at.start >= base + end {
            continue;
        }
        out.extend_from_slice(&bytes[copied..start]);
        copied = end;
        if edit.at == (base + start..base + end) {
            out.extend_from_slice(&new[edit.new.clone()]);
            *edits = behind;
        } else if let Value::Len(payload) = value {
            put_tag(out, number, wire_type::LEN);
            let length = Length::reserve(out, varint_len(payload.len() as u64));
            splice(payload, base + end - payload.len(), edits, new, out);
            length.patch(out);
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}
