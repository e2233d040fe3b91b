//! Bytes of JSON text: white space, strings, numbers, values that nobody wants.

use crate::otlp::fault::{Fault, Problem};

/// Position of the first byte that cannot stand for itself in a JSON string: a quote, a backslash or a control.
#[inline]
pub(super) fn special(text: &[u8]) -> Option<usize> {
    let mut chunks = text.chunks_exact(8);
    for (index, chunk) in chunks.by_ref().enumerate() {
        let found = specials(chunk.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk)));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let rest = chunks.remainder();
    // The last eight bytes at once, those that were seen already pushed out of the word.
    if let (Some(last), false) = (text.last_chunk::<8>(), rest.is_empty()) {
        let seen = 8 - rest.len();
        let found = specials(u64::from_le_bytes(*last)) >> (8 * seen);
        return (found != 0).then(|| text.len() - rest.len() + found.trailing_zeros() as usize / 8);
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(text.len() - rest.len() + found)
}

/// Marks the special bytes of a word in their highest bits. Marks above the first may be false: the subtraction
/// borrows from the next byte.
#[inline]
pub(super) fn specials(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
}

/// A place in JSON text.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a [u8],
    pub(super) position: usize,
}

/// A string as it stands between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) text: &'a [u8],
    pub(super) escaped: bool,
}

type Result<T> = std::result::Result<T, Box<Fault>>;

impl<'a> Lexer<'a> {
    /// The next byte that is not white space, without taking it.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8> {
        while let Some(byte) = self.text.get(self.position) {
            if *byte > b' ' {
                return Ok(*byte);
            }
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Err(self.expected("a JSON value"));
            }
            self.position += 1;
        }
        Err(Fault::new(self.position, Problem::EndOfText))
    }

    /// Takes `byte`, after white space.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Result<()> {
        if self.peek()? == byte {
            self.position += 1;
            return Ok(());
        }
        Err(self.expected(&format!("'{}'", byte as char)))
    }

    /// Takes a `,` and returns true, or takes `end` and returns false.
    #[inline]
    pub(super) fn more(&mut self, end: u8) -> Result<bool> {
        let found = self.peek()?;
        if found == b',' || found == end {
            self.position += 1;
            return Ok(found == b',');
        }
        Err(self.expected(&format!("',' or '{}'", end as char)))
    }

    /// Takes a string.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Raw<'a>> {
        if self.peek()? != b'"' {
            return Err(self.expected("a string"));
        }
        let start = self.position + 1;
        let mut end = start;
        let mut escaped = false;
        loop {
            match special(self.text.get(end..).unwrap_or_default()) {
                Some(clean) => end += clean,
                None => return Err(Fault::new(self.text.len(), Problem::EndOfText)),
            }
            match self.text[end] {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                control => {
                    self.position = end;
                    let line_ends = matches!(control, b'\n' | b'\r');
                    return Err(self.expected(if line_ends {
                        "the rest of the string"
                    } else {
                        "a control character to be escaped"
                    }));
                }
            }
        }
        self.position = end + 1;
        Ok(Raw { text: &self.text[start..end], escaped })
    }

    /// Takes a number or a literal: all up to the next delimiter.
    #[inline]
    pub(super) fn word(&mut self) -> Result<&'a [u8]> {
        self.peek()?;
        let rest = &self.text[self.position..];
        let end = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'));
        let Some(end) = end else {
            return Err(Fault::new(self.text.len(), Problem::EndOfText));
        };
        self.position += end;
        Ok(&rest[..end])
    }

    /// Takes `null` where it stands.
    #[inline]
    pub(super) fn null(&mut self) -> Result<bool> {
        if self.peek()? != b'n' {
            return Ok(false);
        }
        let start = self.position;
        if self.word()? == b"null" {
            return Ok(true);
        }
        self.position = start;
        Err(self.expected("a JSON value"))
    }

    /// Takes a value of any kind and drops it.
    pub(super) fn skip(&mut self, depth: u32) -> Result<()> {
        if depth == 0 {
            return Err(Fault::new(self.position, Problem::TooDeep));
        }
        let (open, close) = match self.peek()? {
            b'"' => return self.string().map(drop),
            b'{' => (b'{', b'}'),
            b'[' => (b'[', b']'),
            _ => return self.scalar(),
        };
        self.take(open)?;
        if self.peek()? == close {
            return self.take(close);
        }
        loop {
            if open == b'{' {
                self.string()?;
                self.take(b':')?;
            }
            self.skip(depth - 1)?;
            if !self.more(close)? {
                return Ok(());
            }
        }
    }

    fn scalar(&mut self) -> Result<()> {
        let start = self.position;
        let word = self.word()?;
        if matches!(word, b"true" | b"false" | b"null") || number(word).is_some() {
            return Ok(());
        }
        self.position = start;
        Err(self.expected("a JSON value"))
    }

    /// A fault here.
    #[cold]
    pub(super) fn expected(&self, expected: &str) -> Box<Fault> {
        const SHOWN: usize = 40;
        let rest = self.text.get(self.position..).unwrap_or_default();
        if rest.is_empty() {
            return Fault::new(self.position, Problem::EndOfText);
        }
        // A string to its end, a list or object to the end of the line, anything else to the next delimiter.
        let ends_here = |(index, byte): (usize, &u8)| match (rest[0], byte) {
            (_, b'\n' | b'\r') => Some(index),
            (b'"', b'"') if index > 0 => Some(index + 1),
            (b'"' | b'[' | b'{', _) => None,
            (_, b',' | b'}' | b']') => Some(index.max(1)),
            _ => None,
        };
        let end = rest.iter().enumerate().find_map(ends_here).unwrap_or(rest.len());
        let dots = if end > SHOWN { "…" } else { "" };
        let found = match String::from_utf8_lossy(&rest[..end.min(SHOWN)]).trim_end() {
            "" => "the end of the line".into(),
            text => format!("{}{dots}", text.replace(char::is_control, "\u{fffd}")),
        };
        Fault::new(self.position, Problem::Expected { expected: expected.into(), found })
    }
}

/// A JSON number.
pub(super) fn number(word: &[u8]) -> Option<f64> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    // Rust also reads "inf", "nan", "+1" and ".5", which are no JSON.
    if !digits.first()?.is_ascii_digit() {
        return None;
    }
    str::from_utf8(word).ok()?.parse().ok()
}

/// A whole number, also one that is written `1e3` or `2.0`.
#[inline]
pub(super) fn integer(word: &[u8]) -> Option<i128> {
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // No nineteen digits overflow.
    if digits.len() <= 19 && digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() {
        let value =
            i128::from(digits.iter().fold(0, |value: u64, digit| value * 10 + u64::from(digit - b'0')));
        return Some(if negative { -value } else { value });
    }
    let mut value: u64 = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        match value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit))) {
            Some(next) if digit < 10 => value = next,
            _ => return fractional(word),
        }
    }
    let value = i128::from(value);
    (!digits.is_empty()).then_some(if negative { -value } else { value })
}

#[cold]
fn fractional(word: &[u8]) -> Option<i128> {
    // Above 2^53 a double no longer tells whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number(word)?;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i128)
}

/// Appends the text of a string with its escapes resolved; half a surrogate pair becomes U+FFFD, as in the
/// OpenTelemetry Collector. Returns the offset of a wrong escape.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) -> std::result::Result<(), usize> {
    let mut position = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[position..]) {
        out.extend_from_slice(&text[position..position + found]);
        let at = position + found;
        position = at + 2;
        match text.get(at + 1).ok_or(at)? {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            byte @ (b'"' | b'\\' | b'/') => out.push(*byte),
            b'u' => {
                let high = code_unit(text, position).ok_or(at)?;
                position += 4;
                let low = match text.get(position..position + 2) {
                    Some(b"\\u") if (0xd800..0xdc00).contains(&high) => code_unit(text, position + 2),
                    _ => None,
                };
                let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
                if pair.is_some() {
                    position += 6;
                }
                let symbol = pair.or(char::from_u32(u32::from(high))).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return Err(at),
        }
    }
    out.extend_from_slice(&text[position..]);
    Ok(())
}

fn code_unit(text: &[u8], position: usize) -> Option<u16> {
    let digits = text.get(position..position + 4)?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
