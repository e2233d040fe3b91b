//! A source of decisions that is made of bytes, so that a failing case shrinks to few and small ones.

/// Consumes bytes; when they are used up every answer is the smallest, which ends all recursion.
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Choices { bytes }
    }

    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `bound`, which is at most 65536.
    pub fn below(&mut self, bound: usize) -> usize {
        let low = usize::from(self.byte());
        match bound {
            0 => 0,
            1..=256 => low % bound,
            _ => (low | usize::from(self.byte()) << 8) % bound,
        }
    }

    /// True once in `n` times, false when the bytes are used up.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn bool(&mut self) -> bool {
        self.one_in(2)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn bits(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    pub fn u64(&mut self) -> u64 {
        match self.below(8) {
            0 | 1 => 0,
            2..=4 => u64::from(self.byte()),
            // Whole numbers that a double cannot hold, and the largest.
            5 => self.pick(&[1 << 53, (1 << 53) + 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX]),
            _ => self.bits(),
        }
    }

    pub fn i64(&mut self) -> i64 {
        match self.one_in(8) {
            true => self.pick(&[-1, i64::MIN, i64::MAX]),
            false => self.u64() as i64,
        }
    }

    pub fn u32(&mut self) -> u32 {
        match self.one_in(8) {
            true => u32::MAX,
            false => self.u64() as u32,
        }
    }

    pub fn i32(&mut self) -> i32 {
        match self.one_in(8) {
            true => self.pick(&[-1, i32::MIN, i32::MAX]),
            false => self.u64() as i32,
        }
    }

    /// Any double but negative zero, which `prost` takes for the default and does not write.
    pub fn f64(&mut self) -> f64 {
        const SPECIAL: [f64; 10] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            1e21,
            1e-7,
            0.1,
        ];
        let value = match self.below(6) {
            0 => 0.0,
            1 => f64::from(self.byte()),
            2 => -f64::from(self.byte()) / 8.0,
            3 => self.pick(&SPECIAL),
            _ => f64::from_bits(self.bits()),
        };
        match value {
            _ if value.is_nan() => f64::NAN,
            _ if value == 0.0 => 0.0,
            _ => value,
        }
    }

    pub fn string(&mut self) -> String {
        const PIECES: [&str; 16] = [
            "http.method",
            "a",
            " ",
            "\"",
            "\\",
            "/",
            "\n\r\t",
            "\u{0}\u{1}\u{1f}",
            "\u{7f}\u{80}",
            "\u{8}\u{c}",
            "grüße",
            "日本語",
            "\u{2028}\u{2029}\u{feff}",
            "🦀\u{10ffff}",
            "\u{d7ff}\u{e000}\u{fffd}",
            "<&>'",
        ];
        match self.below(8) {
            0 => String::new(),
            // Lengths around those at which the length prefix grows by a byte.
            7 if self.one_in(16) => "x\u{e9}".repeat(self.pick(&[42, 43, 5461, 5462])),
            7 => "y".repeat(self.pick(&[1, 7, 8, 9, 127, 128])),
            pieces => (0..pieces).map(|_| self.pick(&PIECES)).collect(),
        }
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(12);
        (0..length).map(|_| self.byte()).collect()
    }

    /// An id of `size` bytes, or none.
    pub fn id(&mut self, size: usize) -> Vec<u8> {
        match self.below(8) {
            0 => Vec::new(),
            1 => vec![0; size],
            _ => (0..size).map(|_| self.byte()).collect(),
        }
    }

    /// Up to `most` elements.
    pub fn many<T>(&mut self, most: usize, mut element: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|_| element(self)).collect()
    }

    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.bool().then(|| value(self))
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last + 1);
            list.swap(last, other);
        }
    }
}
