//! Finding the next object behind one that could not be read.
//!
//! The object ends where its braces balance. Where they never do, because it was cut off, the next line that begins
//! with a brace begins a new object: nobody indents the top level.

/// Passes over a broken object, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Resync {
    depth: usize,
    in_string: bool,
    escaped: bool,
    line_started: bool,
    found: bool,
}

impl Resync {
    /// Whether the end of the object has been seen.
    pub(super) fn found(&self) -> bool {
        self.found
    }

    /// Bytes of `text` that belong to the broken object.
    pub(super) fn skip(&mut self, text: &[u8]) -> usize {
        for (index, byte) in text.iter().enumerate() {
            if self.line_started && *byte == b'{' {
                self.found = true;
                return index;
            }
            self.line_started = false;
            match byte {
                // No string goes on in the next line.
                b'\n' => {
                    (self.in_string, self.escaped, self.line_started) = (false, false, true);
                    self.found = self.depth == 0;
                }
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' if !self.in_string => self.depth += 1,
                b'}' if !self.in_string => {
                    self.depth = self.depth.saturating_sub(1);
                    self.found = self.depth == 0;
                }
                _ => {}
            }
            if self.found {
                return index + 1;
            }
        }
        text.len()
    }
}
