//! The numbers of OpenTelemetry's consistent probability sampling.
//!
//! A trace has 56 bits of randomness R; a sampler has a rejection threshold T and keeps the trace if R ≥ T, so that
//! all samplers of one threshold agree and a lower rate keeps a subset of a higher one. T = (1 − p) · 2⁵⁶. Source:
//! OpenTelemetry specification, "TraceState: Probability Sampling".

/// 2⁵⁶: the number of values of R.
const RANGE: u64 = 1 << 56;

/// Hex digits of R and T.
pub(super) const DIGITS: usize = 14;

/// Significant hex digits of a threshold, as in the OpenTelemetry Collector.
pub const DEFAULT_PRECISION: usize = 4;

/// A rejection threshold: R below it is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// Keeps all.
    pub const ALWAYS: Threshold = Threshold(0);
    /// Keeps nothing; has no text.
    pub const NEVER: Threshold = Threshold(RANGE);

    /// The threshold of the probability `p` in [0, 1], rounded to `precision` hex digits behind the leading f's.
    ///
    /// Below 2⁻⁵⁶ nothing is kept.
    pub fn from_probability(p: f64, precision: usize) -> Threshold {
        let kept = (p * RANGE as f64).round() as u64;
        if kept == 0 {
            return Threshold::NEVER;
        }
        let exact = RANGE - kept.min(RANGE);
        // Each leading hex f (p < 1/16) or 0 (p > 15/16) is a digit that says nothing about p itself.
        let silent_digits = |x: f64| usize::try_from(-exponent(x)).unwrap_or(0) / 4;
        let digits = precision + silent_digits(p).max(silent_digits(1.0 - p));
        let Some(dropped) = DIGITS.checked_sub(digits.max(1)).filter(|dropped| *dropped > 0) else {
            return Threshold(exact);
        };
        let unit = 1 << (4 * dropped);
        let rounded = (exact + unit / 2) / unit * unit;
        Threshold(if rounded >= RANGE { exact } else { rounded })
    }

    /// Reads the value of `th`: 1 to 14 hex digits, zeros at the end left out.
    pub fn parse(text: &str) -> Option<Threshold> {
        if text.is_empty() || text.len() > DIGITS || !is_lower_hex(text) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(|value| Threshold(value << (4 * (DIGITS - text.len()))))
    }

    /// The value of `th`.
    pub fn text(self) -> String {
        let digits = format!("{:014x}", self.0);
        match digits.trim_end_matches('0') {
            "" => "0".into(),
            trimmed => trimmed.into(),
        }
    }

    /// Whether a trace of this randomness is kept.
    #[inline]
    pub fn keeps(self, randomness: u64) -> bool {
        randomness >= self.0
    }

    /// The share that is kept: 1 − T/2⁵⁶.
    pub fn probability(self) -> f64 {
        (RANGE - self.0) as f64 / RANGE as f64
    }

    /// How many a kept one stands for: 1/p; 0 where nothing is kept.
    #[inline]
    pub fn weight(self) -> f64 {
        let probability = self.probability();
        if probability > 0.0 { probability.recip() } else { 0.0 }
    }
}

/// The randomness of a trace id: its low 56 bits; `None` for an id that is not set.
#[inline]
pub fn randomness_of(trace_id: &[u8]) -> Option<u64> {
    let low = trace_id.get(8..16)?.first_chunk::<8>()?;
    if trace_id.iter().all(|byte| *byte == 0) {
        return None;
    }
    Some(u64::from_be_bytes(*low) & (RANGE - 1))
}

/// Reads the value of `rv`: exactly 14 hex digits.
pub(super) fn parse_randomness(text: &str) -> Option<u64> {
    if text.len() != DIGITS || !is_lower_hex(text) {
        return None;
    }
    u64::from_str_radix(text, 16).ok()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The exponent e of x = m · 2ᵉ with m in [0.5, 1), 0 for 0.
fn exponent(x: f64) -> i64 {
    if x == 0.0 { 0 } else { ((x.to_bits() >> 52) & 0x7ff) as i64 - 1022 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenTelemetry specification, "TraceState: Probability Sampling", table of 1-in-N thresholds with 3, 4 and 5
    /// digits of precision.
    const TABLE: [(u64, [&str; 3]); 13] = [
        (1, ["0", "0", "0"]),
        (2, ["8", "8", "8"]),
        (3, ["aab", "aaab", "aaaab"]),
        (4, ["c", "c", "c"]),
        (5, ["ccd", "cccd", "ccccd"]),
        (8, ["e", "e", "e"]),
        (10, ["e66", "e666", "e6666"]),
        (16, ["f", "f", "f"]),
        (100, ["fd71", "fd70a", "fd70a4"]),
        (1000, ["ffbe7", "ffbe77", "ffbe76d"]),
        (10_000, ["fff972", "fff9724", "fff97247"]),
        (100_000, ["ffff584", "ffff583a", "ffff583a5"]),
        (1_000_000, ["ffffef4", "ffffef39", "ffffef391"]),
    ];

    #[test]
    fn thresholds_of_the_specification() {
        for (n, texts) in TABLE {
            for (precision, text) in [3, 4, 5].into_iter().zip(texts) {
                let threshold = Threshold::from_probability(1.0 / n as f64, precision);
                assert_eq!(threshold.text(), text, "1 in {n}, precision {precision}");
                assert_eq!(Threshold::parse(text), Some(threshold));
            }
        }
    }

    #[test]
    fn five_percent() {
        let threshold = Threshold::from_probability(0.05, DEFAULT_PRECISION);
        assert_eq!(threshold.text(), "f3333");
        assert!((1.0 / threshold.probability() - 19.99992).abs() < 1e-5);
    }

    #[test]
    fn the_ends() {
        assert_eq!(Threshold::from_probability(0.0, 4), Threshold::NEVER);
        assert_eq!(Threshold::from_probability(1.0, 4), Threshold::ALWAYS);
        assert!(!Threshold::NEVER.keeps(RANGE - 1));
        let smallest = Threshold::from_probability(1.0 / RANGE as f64, 4);
        assert_eq!(smallest.text(), "ffffffffffffff");
        assert!(smallest.keeps(RANGE - 1) && !smallest.keeps(RANGE - 2));
        for text in ["", "g", "F", "123456789abcdef"] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }
}
