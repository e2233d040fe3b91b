//! JSON text to wire bytes, in one pass: lengths are left open and patched when their message ends.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::attribute;
use super::lexer::{Lexer, Raw, integer, number, unescape};
use crate::otlp::check::{MAX_DEPTH, is_utf8};
use crate::otlp::fault::{Fault, Problem};
use crate::otlp::schema::{Field, Kind, Label, Message, wire_type};
use crate::otlp::wire::{Length, put_bytes, put_tag, put_varint};
use crate::otlp::{Batch, Signal};

type Result<T> = std::result::Result<T, Box<Fault>>;

/// A document and where it ended.
#[derive(Debug)]
pub struct Parsed {
    /// What the document said.
    pub batch: Batch,
    /// Bytes of text that it took.
    pub consumed: usize,
}

/// Reads the object at the beginning of `text`; what follows it is left alone.
///
/// # Errors
/// The first fault. [`Problem::EndOfText`] means that the object goes on behind the end of `text`.
pub fn read(text: &[u8]) -> Result<Parsed> {
    let mut reader = Reader::new(text);
    let signal = reader.document()?.ok_or_else(|| Fault::new(0, Problem::NoSignal))?;
    Ok(Parsed { consumed: reader.lexer.position, batch: reader.batch(signal) })
}

/// Reads a text that is one object of a known signal, as the body of an OTLP/HTTP request is; `{}` is empty.
///
/// # Errors
/// The first fault; text behind the object and an object of another signal are faults too.
pub fn read_as(signal: Signal, text: &[u8]) -> Result<Batch> {
    let mut reader = Reader::new(text);
    let found = reader.document()?.unwrap_or(signal);
    if found != signal {
        let name = |signal: Signal| signal.message().fields[0].json.to_string();
        return Err(Fault::new(0, Problem::Expected { expected: name(signal), found: name(found) }));
    }
    match reader.lexer.peek() {
        Err(fault) if fault.problem == Problem::EndOfText => Ok(reader.batch(signal)),
        _ => Err(reader.lexer.expected("the end of the document")),
    }
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    out: Vec<u8>,
    items: usize,
    /// Width of the length that was last written at each depth, which is the best guess for the next.
    widths: [u8; MAX_DEPTH as usize + 1],
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        let lexer = Lexer { text, position: 0 };
        Reader { lexer, out: Vec::new(), items: 0, widths: [1; MAX_DEPTH as usize + 1] }
    }

    fn batch(self, signal: Signal) -> Batch {
        Batch::built(signal, self.out, self.items)
    }

    fn document(&mut self) -> Result<Option<Signal>> {
        let mut named = None;
        let mut filled = None;
        self.lexer.take(b'{')?;
        if self.lexer.peek()? == b'}' {
            self.lexer.take(b'}')?;
            return Ok(None);
        }
        loop {
            self.lexer.peek()?;
            let at = self.lexer.position;
            let key = self.lexer.string()?;
            self.lexer.take(b':')?;
            let signal =
                Signal::ALL.into_iter().find(|signal| is_named(&signal.message().fields[0], key.text));
            match signal {
                None => self.lexer.skip(MAX_DEPTH)?,
                Some(signal) if self.lexer.null()? => named = named.or(Some(signal)),
                Some(signal) if filled.is_none_or(|filled| filled == signal) => {
                    filled = Some(signal);
                    // A document is about twice as long as its wire encoding.
                    let text = self.lexer.text;
                    self.out.reserve(memchr::memchr(b'\n', text).unwrap_or(text.len()) / 2);
                    self.field(&signal.message().fields[0], MAX_DEPTH)?;
                }
                Some(_) => return Err(Fault::new(at, Problem::SeveralSignals)),
            }
            if !self.lexer.more(b'}')? {
                return Ok(filled.or(named));
            }
        }
    }

    fn object(&mut self, message: &'static Message, depth: u32) -> Result<()> {
        if depth == 0 {
            return Err(Fault::new(self.lexer.position, Problem::TooDeep));
        }
        self.items += usize::from(message.item);
        if self.lexer.peek()? != b'{' {
            return Err(self.lexer.expected(&Kind::Message(message).expected()));
        }
        self.lexer.position += 1;
        if self.lexer.peek()? == b'}' {
            self.lexer.position += 1;
            return Ok(());
        }
        let mut guess = 0;
        loop {
            match self.key(message, guess)? {
                Some(position) => {
                    guess = position + 1;
                    self.field(&message.fields[position], depth)?;
                }
                None => self.lexer.skip(depth)?,
            }
            if !self.lexer.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Takes a key with its colon; the position of its field, or `None` where the protocol has no such field.
    #[inline]
    fn key(&mut self, message: &'static Message, guess: usize) -> Result<Option<usize>> {
        /// Writers keep to one order and leave out what is not set.
        const LIKELY: usize = 3;
        let rest = &self.lexer.text[self.lexer.position..];
        let likely = message.fields.iter().enumerate().skip(guess).take(LIKELY);
        for (position, field) in likely {
            let key = &field.key.as_bytes()[1..];
            if rest.starts_with(key) {
                self.lexer.position += key.len();
                return Ok(Some(position));
            }
        }
        let key = self.lexer.string()?;
        self.lexer.take(b':')?;
        Ok(find(message, key))
    }

    #[inline]
    fn field(&mut self, field: &'static Field, depth: u32) -> Result<()> {
        if self.lexer.null().map_err(|fault| fault.inside(field.json))? {
            return Ok(());
        }
        if field.label != Label::Repeated {
            return self.value(field, depth).map_err(|fault| fault.inside(field.json));
        }
        self.lexer.take(b'[').map_err(|fault| fault.inside(field.json))?;
        if self.lexer.peek()? == b']' {
            return self.lexer.take(b']');
        }
        if field.kind.wire_type() == wire_type::LEN {
            return match self.plain_attributes(field, depth)? {
                Some(before) => self.elements(field, before, |reader| reader.value(field, depth)),
                None => Ok(()),
            };
        }
        put_tag(&mut self.out, field.number, wire_type::LEN);
        let length = Length::reserve(&mut self.out, 1);
        self.elements(field, 0, |reader| {
            reader.scalar(field.kind).map(|bits| reader.put_scalar(field.kind, bits))
        })?;
        length.patch(&mut self.out);
        Ok(())
    }

    /// Reads attributes as long as they are plain; returns how many where another element follows.
    #[inline]
    fn plain_attributes(&mut self, field: &'static Field, depth: u32) -> Result<Option<usize>> {
        let mut element = 0;
        // An attribute is two messages deep.
        if !matches!(field.kind, Kind::Message(message) if message.is_attribute && depth > 2) {
            return Ok(Some(element));
        }
        while let Some(attribute) = attribute::parse(&self.lexer.text[self.lexer.position..]) {
            attribute.put(field.number, &mut self.out);
            self.lexer.position += attribute.consumed;
            element += 1;
            if !self.lexer.more(b']').map_err(|fault| fault.inside_element(field.json, element))? {
                return Ok(None);
            }
        }
        Ok(Some(element))
    }

    /// Reads the elements of a list behind the first `element` ones.
    #[inline]
    fn elements(
        &mut self,
        field: &'static Field,
        mut element: usize,
        mut read: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        loop {
            read(self).map_err(|fault| fault.inside_element(field.json, element))?;
            element += 1;
            if !self.lexer.more(b']').map_err(|fault| fault.inside_element(field.json, element))? {
                return Ok(());
            }
        }
    }

    #[inline]
    fn value(&mut self, field: &'static Field, depth: u32) -> Result<()> {
        // Proto3: the default of a field that does not track presence is not written.
        let omit_default = field.label == Label::Single;
        match field.kind {
            Kind::Message(message) => {
                put_tag(&mut self.out, field.number, wire_type::LEN);
                let width = usize::from(self.widths[depth as usize]);
                let length = Length::reserve(&mut self.out, width);
                // A list may hold null, which stands for an empty message.
                if field.label == Label::Repeated && self.lexer.null()? {
                    self.items += usize::from(message.item);
                } else {
                    self.object(message, depth - 1)?;
                }
                self.widths[depth as usize] = length.patch(&mut self.out) as u8;
            }
            Kind::String => self.string(field, omit_default)?,
            Kind::Bytes => {
                let bytes = self.base64(field.kind)?;
                if !(omit_default && bytes.is_empty()) {
                    put_bytes(&mut self.out, field.number, &bytes);
                }
            }
            Kind::Id(size) => self.id(field, size)?,
            kind => {
                let bits = self.scalar(kind)?;
                if !(omit_default && bits == 0) {
                    put_tag(&mut self.out, field.number, kind.wire_type());
                    self.put_scalar(kind, bits);
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, field: &Field, omit_default: bool) -> Result<()> {
        self.expect_quote(field.kind)?;
        let at = self.lexer.position;
        let raw = self.lexer.string()?;
        if !is_utf8(raw.text) {
            return Err(Fault::new(at, Problem::Utf8));
        }
        if omit_default && raw.text.is_empty() {
            return Ok(());
        }
        if !raw.escaped {
            put_bytes(&mut self.out, field.number, raw.text);
            return Ok(());
        }
        put_tag(&mut self.out, field.number, wire_type::LEN);
        let length = Length::reserve(&mut self.out, 1);
        unescape(raw.text, &mut self.out).map_err(|offset| self.bad_escape(at + 1 + offset))?;
        length.patch(&mut self.out);
        Ok(())
    }

    fn id(&mut self, field: &Field, size: usize) -> Result<()> {
        self.expect_quote(field.kind)?;
        let at = self.lexer.position;
        let text = &*encoded(self.lexer.string()?);
        if text.is_empty() {
            return Ok(());
        }
        // Base64 is decoded by threes: the text of 16 bytes, without its padding, is that of 18.
        let mut id = [0; 18];
        let decoded = if text.len() == size * 2 {
            const_hex::decode_to_slice(text, &mut id[..size]).is_ok()
        } else {
            // A padded length, so that neither a longer nor a shorter id passes.
            text.len() == size.div_ceil(3) * 4 && BASE64.decode_slice(text, &mut id).ok() == Some(size)
        };
        if !decoded {
            self.lexer.position = at;
            return Err(self.lexer.expected(&field.kind.expected()));
        }
        put_bytes(&mut self.out, field.number, &id[..size]);
        Ok(())
    }

    fn base64(&mut self, kind: Kind) -> Result<Vec<u8>> {
        self.expect_quote(kind)?;
        let at = self.lexer.position;
        let text = &*encoded(self.lexer.string()?);
        let engine = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { &BASE64_URL } else { &BASE64 };
        engine.decode(text).map_err(|_| {
            self.lexer.position = at;
            self.lexer.expected(&kind.expected())
        })
    }

    /// Reads a number, a truth value or an enum as the bits that the wire has.
    fn scalar(&mut self, kind: Kind) -> Result<u64> {
        if matches!(kind, Kind::Fixed64 | Kind::Uint64)
            && let Some(value) = self.quoted_digits()
        {
            return Ok(value);
        }
        let quoted = self.lexer.peek()? == b'"';
        let at = self.lexer.position;
        let word = if quoted { self.lexer.string()?.text } else { self.lexer.word()? };
        let bits = match kind {
            Kind::Bool if !quoted => boolean(word),
            Kind::Double => double(word, quoted),
            Kind::Enum(names) => match integer(word) {
                None if quoted => names
                    .iter()
                    .find(|(name, _)| name.as_bytes() == word)
                    .map(|(_, value)| i128::from(*value)),
                found => found.filter(|value| i32::try_from(*value).is_ok()),
            }
            .map(|value| value as u64),
            Kind::Uint64 | Kind::Fixed64 => integer(word).and_then(|value| u64::try_from(value).ok()),
            Kind::Int64 | Kind::Sfixed64 => {
                integer(word).and_then(|value| i64::try_from(value).ok()).map(|value| value as u64)
            }
            Kind::Uint32 | Kind::Fixed32 => {
                integer(word).and_then(|value| u32::try_from(value).ok()).map(u64::from)
            }
            Kind::Int32 => {
                integer(word).and_then(|value| i32::try_from(value).ok()).map(|value| value as u64)
            }
            Kind::Sint32 => integer(word)
                .and_then(|value| i32::try_from(value).ok())
                .map(|value| u64::from(((value << 1) ^ (value >> 31)) as u32)),
            _ => None,
        };
        bits.ok_or_else(|| {
            self.lexer.position = at;
            self.lexer.expected(&kind.expected())
        })
    }

    /// Takes a string of digits, as 64-bit numbers are written; no nineteen of them overflow.
    #[inline]
    fn quoted_digits(&mut self) -> Option<u64> {
        let digits = self.lexer.text.get(self.lexer.position..)?.strip_prefix(b"\"")?;
        let mut value = 0;
        for (index, byte) in digits.iter().enumerate().take(20) {
            match byte {
                b'0'..=b'9' if index < 19 => value = value * 10 + u64::from(byte - b'0'),
                b'"' if index > 0 => {
                    self.lexer.position += index + 2;
                    return Some(value);
                }
                _ => return None,
            }
        }
        None
    }

    #[inline]
    fn put_scalar(&mut self, kind: Kind, bits: u64) {
        match kind.wire_type() {
            wire_type::I64 => self.out.extend_from_slice(&bits.to_le_bytes()),
            wire_type::I32 => self.out.extend_from_slice(&(bits as u32).to_le_bytes()),
            _ => put_varint(&mut self.out, bits),
        }
    }

    #[inline]
    fn expect_quote(&mut self, kind: Kind) -> Result<()> {
        match self.lexer.peek()? {
            b'"' => Ok(()),
            _ => Err(self.lexer.expected(&kind.expected())),
        }
    }

    #[cold]
    fn bad_escape(&mut self, at: usize) -> Box<Fault> {
        self.lexer.position = at;
        self.lexer.expected(r#"an escape such as \n, \" or \u00e9"#)
    }
}

/// The text of hex or base64, of which some JSON writers escape the slashes.
#[inline]
fn encoded(raw: Raw<'_>) -> Cow<'_, [u8]> {
    let mut plain = Vec::new();
    if raw.escaped && unescape(raw.text, &mut plain).is_ok() { plain.into() } else { raw.text.into() }
}

/// Position of the field that `key` names.
fn find(message: &'static Message, key: Raw) -> Option<usize> {
    let mut plain = Vec::new();
    let mut name = key.text;
    if key.escaped {
        unescape(key.text, &mut plain).ok()?;
        name = &plain;
    }
    message.fields.iter().position(|field| is_named(field, name))
}

fn is_named(field: &Field, name: &[u8]) -> bool {
    field.json.as_bytes() == name || field.snake.as_bytes() == name
}

fn boolean(word: &[u8]) -> Option<u64> {
    match word {
        b"true" => Some(1),
        b"false" => Some(0),
        _ => None,
    }
}

fn double(word: &[u8], quoted: bool) -> Option<u64> {
    let value = match word {
        b"NaN" if quoted => f64::NAN,
        b"Infinity" if quoted => f64::INFINITY,
        b"-Infinity" if quoted => f64::NEG_INFINITY,
        _ => number(word).filter(|value| value.is_finite())?,
    };
    Some(value.to_bits())
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
