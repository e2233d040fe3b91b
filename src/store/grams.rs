//! Which runs of four bytes stand in the texts of log records, so that a search for a part of a word need not read where
//! they are not.
//!
//! A set of bits, of which a run sets one, chosen by its hash: a power of two of them, of which between an eighth and a
//! quarter are set where the texts let it. ASCII letters count in lower case.

/// Bytes of a run.
const RUN: usize = 4;

/// Bits before the set is folded, as a power of two: few enough to stay in a core's cache while it is filled.
const BITS: u32 = 20;
const BYTES: usize = 1 << (BITS - 3);

/// A set takes no less.
const FEWEST_BYTES: usize = 1 << 10;

/// A set that is being filled.
pub(super) struct Grams(Box<[u8; BYTES]>);

impl Default for Grams {
    fn default() -> Grams {
        Grams(Box::new([0; BYTES]))
    }
}

impl std::fmt::Debug for Grams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grams")
    }
}

/// Where the bit of a run is, in a set with the most bits; in others, the last bits of that.
#[inline]
fn place(run: u32) -> u32 {
    const ODD: u32 = 0x9e37_79b1;
    run.wrapping_mul(ODD) >> (u32::BITS - BITS)
}

/// The runs of a text, in lower case where they are ASCII.
#[inline]
fn runs(text: &[u8]) -> impl Iterator<Item = u32> {
    let longer = |run: u32, byte: &u8| run << 8 | u32::from(byte.to_ascii_lowercase());
    let (begin, rest) = text.split_at_checked(RUN - 1).unwrap_or_default();
    let begin = begin.iter().fold(0, longer);
    rest.iter().scan(begin, move |run, byte| {
        *run = longer(*run, byte);
        Some(*run)
    })
}

impl Grams {
    /// Adds the runs of a text.
    #[inline]
    pub(super) fn add(&mut self, text: &str) {
        for run in runs(text.as_bytes()) {
            let place = place(run);
            self.0[(place >> 3) as usize] |= 1 << (place & 7);
        }
    }

    /// The set as it is stored; nothing where nothing was added.
    pub(super) fn build(&self) -> Vec<u8> {
        let set = |bytes: &[u8]| bytes.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
        let mut bytes = self.0.to_vec();
        let mut count = set(&bytes);
        if count == 0 {
            return Vec::new();
        }
        while count < bytes.len() && bytes.len() > FEWEST_BYTES {
            let half = bytes.split_off(bytes.len() / 2);
            bytes.iter_mut().zip(half).for_each(|(byte, other)| *byte |= other);
            count = set(&bytes);
        }
        bytes
    }
}

/// The runs that a text must have that holds `part`; with `in_either_case`, whatever the case of its letters.
pub fn necessary(part: &str, in_either_case: bool) -> Vec<u32> {
    // Of ASCII, k has a third form, the Kelvin sign; ſ is a form of s, which searches tell apart from it. Letters of
    // other scripts with two cases are longer or otherwise written in the other one.
    let may_differ = |c: char| {
        in_either_case && (matches!(c, 'k' | 'K') || (!c.is_ascii() && !crate::expr::words::is_unspaced(c)))
    };
    part.split(may_differ).flat_map(|part| runs(part.as_bytes())).collect()
}

/// Whether a run may be in a set; in one that is damaged anything may be.
pub fn may_hold(set: &[u8], run: u32) -> bool {
    if !set.len().is_power_of_two() {
        return true;
    }
    let place = place(run) as usize & (set.len() * 8 - 1);
    set[place >> 3] & 1 << (place & 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> Vec<u8> {
        let mut grams = Grams::default();
        texts.iter().for_each(|text| grams.add(text));
        grams.build()
    }

    fn holds(set: &[u8], part: &str, in_either_case: bool) -> bool {
        necessary(part, in_either_case).into_iter().all(|run| may_hold(set, run))
    }

    #[test]
    fn parts_of_what_was_added_are_found_and_little_else() {
        let set = set(&["Connection REFUSED by host-17", "数据库连接失败", "Ärger im Büro", "abc"]);
        assert_eq!(set.len(), FEWEST_BYTES);
        for part in ["nnectio", "refused", "REFUSED by", "host-17", "库连接", "rger", "abc", "", "im Büro"]
        {
            assert!(holds(&set, part, false) && holds(&set, part, true), "{part}");
        }
        for part in ["disconnected", "accused", "host-18", "数据丢失"] {
            assert!(!holds(&set, part, false) && !holds(&set, part, true), "{part}");
        }
        assert!(holds(&set, "IM BÜRO", true) && !holds(&set, "im büro!", false));
    }

    #[test]
    fn letters_of_more_than_two_forms_are_not_asked_for() {
        let set = set(&["20 \u{212a}elvin"]);
        assert!(holds(&set, "20 Kelvin", true) && !holds(&set, "20 kelvin", false));
    }

    #[test]
    fn a_set_is_as_large_as_what_is_in_it() {
        let texts: Vec<String> =
            (0..20_000_u32).map(|number| format!("{:08x}", number.wrapping_mul(0x9e37_79b1))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for count in [10, 1000, texts.len()] {
            let set = set(&texts[..count]);
            let ones: u32 = set.iter().map(|byte| byte.count_ones()).sum();
            assert!(
                set.len() == FEWEST_BYTES || ones as usize * 8 >= set.len() * 8,
                "{count}: {ones} of {}",
                set.len() * 8
            );
            assert!(texts[..count].iter().all(|text| holds(&set, text, false)));
        }
        assert!(super::tests::set(&["abc"]).is_empty());
    }

    #[test]
    fn in_a_damaged_set_anything_may_be() {
        assert!(may_hold(&[0; 3], 1) && may_hold(&[], 1) && !may_hold(&[0; 4], 1));
    }
}
