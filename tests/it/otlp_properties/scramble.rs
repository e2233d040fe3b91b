//! The same kind of message as other encoders may write it: any order, fields in pieces, several times, or unknown.

use obs::otlp::schema::{Field, Kind, Label, Message};

use super::choices::Choices;

/// A field's value as the wire has it.
#[derive(Debug, Clone)]
pub enum Raw {
    Varint(u64),
    I64(u64),
    I32(u32),
    Len(Vec<u8>),
}

/// What may be done to a message.
pub struct Scrambler<'c, 'b> {
    pub choices: &'c mut Choices<'b>,
    /// Unknown fields that were added.
    pub unknown: u64,
    /// Whether values that do not count may stand beside those that do: scalars and members of a oneof set twice.
    pub overrides: bool,
    /// Whether a message that is no element of a list may come in several occurrences, which merge.
    pub halves: bool,
}

impl Scrambler<'_, '_> {
    pub fn message(&mut self, message: &'static Message, bytes: &[u8]) -> Vec<u8> {
        let mut fields = Vec::new();
        for (number, value) in parse(bytes) {
            let field = message.fields.iter().find(|field| field.number == number);
            self.field(field.expect("the original has only known fields"), value, &mut fields);
        }
        if self.overrides && self.choices.one_in(4) {
            let field = &message.fields[self.choices.below(message.fields.len())];
            if let Some(value) = self.another(field) {
                fields.insert(self.choices.below(fields.len() + 1), (field.number, value));
            }
        }
        if self.choices.one_in(6) {
            self.unknown += 1;
            let unknown = self.unknown_field(message);
            fields.insert(self.choices.below(fields.len() + 1), unknown);
        }
        if self.choices.one_in(3) {
            self.choices.shuffle(&mut fields);
        }
        let mut out = Vec::with_capacity(bytes.len());
        for (number, value) in &fields {
            let longer = self.choices.one_in(16);
            put(&mut out, *number, value, longer);
        }
        out
    }

    /// Adds the field in one or several pieces.
    fn field(&mut self, field: &'static Field, value: Raw, out: &mut Vec<(u32, Raw)>) {
        let mut put = |value| out.push((field.number, value));
        match (field.kind, value) {
            (Kind::Message(message), Raw::Len(bytes)) if field.label == Label::Repeated => {
                put(Raw::Len(self.message(message, &bytes)));
            }
            (Kind::Message(message), Raw::Len(bytes)) => {
                let fields = parse(&bytes);
                let cut = match self.halves && self.choices.one_in(4) {
                    true => self.choices.below(fields.len() + 1),
                    false => 0,
                };
                // Occurrences of a message merge, so halves are as good as the whole.
                let (first, second) = fields.split_at(cut);
                if cut > 0 {
                    put(Raw::Len(self.message(message, &build(first))));
                }
                put(Raw::Len(self.message(message, &build(second))));
            }
            (Kind::String | Kind::Bytes | Kind::Id(_), value) => put(value),
            (kind, Raw::Len(run)) => {
                for piece in self.unpack(kind, &run) {
                    put(piece);
                }
            }
            (_, value) => {
                if self.overrides && self.choices.one_in(8) {
                    put(self.scalar(field.kind));
                }
                put(value);
            }
        }
    }

    /// A packed run in pieces: runs, empty runs and single elements.
    fn unpack(&mut self, kind: Kind, mut run: &[u8]) -> Vec<Raw> {
        if !self.choices.bool() {
            return vec![Raw::Len(run.to_vec())];
        }
        let mut pieces = Vec::new();
        let mut packed = Vec::new();
        while !run.is_empty() {
            let element = element(kind, &mut run);
            if self.choices.bool() {
                let (bits, wide) = element;
                pieces.push(if wide { Raw::I64(bits) } else { Raw::Varint(bits) });
                continue;
            }
            match element {
                (bits, true) => packed.extend_from_slice(&bits.to_le_bytes()),
                (bits, false) => put_varint(&mut packed, bits),
            }
            if self.choices.bool() {
                pieces.push(Raw::Len(std::mem::take(&mut packed)));
            }
        }
        // Possibly empty.
        pieces.push(Raw::Len(packed));
        pieces
    }

    /// Any value of a field that is no list; messages are empty.
    fn another(&mut self, field: &Field) -> Option<Raw> {
        match field.kind {
            _ if field.label == Label::Repeated => None,
            Kind::Message(_) => Some(Raw::Len(Vec::new())),
            kind => Some(self.scalar(kind)),
        }
    }

    fn scalar(&mut self, kind: Kind) -> Raw {
        match kind {
            Kind::String => Raw::Len(self.choices.string().into_bytes()),
            Kind::Bytes => Raw::Len(self.choices.bytes()),
            Kind::Id(size) => Raw::Len(self.choices.id(size)),
            Kind::Double => Raw::I64(self.choices.f64().to_bits()),
            Kind::Fixed64 | Kind::Sfixed64 => Raw::I64(self.choices.u64()),
            Kind::Fixed32 => Raw::I32(self.choices.u32()),
            // Also where 32 bits are enough decoders take all 64 and cut them.
            _ => Raw::Varint(self.choices.u64()),
        }
    }

    fn unknown_field(&mut self, message: &Message) -> (u32, Raw) {
        let taken = |number: &u32| message.fields.iter().any(|field| field.number == *number);
        let free: Vec<u32> = (1..20).chain([1000, (1 << 29) - 1]).filter(|number| !taken(number)).collect();
        let value = match self.choices.below(4) {
            0 => Raw::Varint(self.choices.u64()),
            1 => Raw::I64(self.choices.u64()),
            2 => Raw::I32(self.choices.u32()),
            _ => Raw::Len(self.choices.bytes()),
        };
        (self.choices.pick(&free), value)
    }
}

fn element(kind: Kind, run: &mut &[u8]) -> (u64, bool) {
    if matches!(kind, Kind::Double | Kind::Fixed64 | Kind::Sfixed64) {
        let (bytes, rest) = run.split_first_chunk().expect("eight bytes an element");
        *run = rest;
        return (u64::from_le_bytes(*bytes), true);
    }
    (varint(run), false)
}

fn varint(bytes: &mut &[u8]) -> u64 {
    prost::encoding::decode_varint(bytes).expect("prost wrote a varint")
}

/// The fields of a message that `prost` wrote.
pub fn parse(mut bytes: &[u8]) -> Vec<(u32, Raw)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes) as u32;
        let value = match tag & 7 {
            0 => Raw::Varint(varint(&mut bytes)),
            1 => {
                let (value, rest) = bytes.split_first_chunk().expect("eight bytes");
                bytes = rest;
                Raw::I64(u64::from_le_bytes(*value))
            }
            5 => {
                let (value, rest) = bytes.split_first_chunk().expect("four bytes");
                bytes = rest;
                Raw::I32(u32::from_le_bytes(*value))
            }
            2 => {
                let length = varint(&mut bytes) as usize;
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Raw::Len(value.to_vec())
            }
            other => panic!("prost does not write wire type {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

/// The message of those fields.
pub fn build(fields: &[(u32, Raw)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, value) in fields {
        put(&mut out, *number, value, false);
    }
    out
}

/// Appends a field; `longer` spends bytes that a varint does not need, which decoders accept.
fn put(out: &mut Vec<u8>, number: u32, value: &Raw, longer: bool) {
    let put_varint = if longer { put_long_varint } else { put_varint };
    let mut tag = |wire_type| put_varint(out, u64::from(number << 3 | wire_type));
    match value {
        Raw::Varint(bits) => {
            tag(0);
            put_varint(out, *bits);
        }
        Raw::I64(bits) => {
            tag(1);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Raw::I32(bits) => {
            tag(5);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Raw::Len(bytes) => {
            tag(2);
            put_varint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
    }
}

fn put_varint(out: &mut Vec<u8>, value: u64) {
    prost::encoding::encode_varint(value, out);
}

fn put_long_varint(out: &mut Vec<u8>, value: u64) {
    let start = out.len();
    put_varint(out, value);
    if out.len() < start + 9 {
        *out.last_mut().expect("a varint has a byte") |= 0x80;
        out.push(0);
    }
}
