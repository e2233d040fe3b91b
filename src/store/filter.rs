//! Filters: whether a segment may hold a trace id or a word, in a byte or two for each.
//!
//! The layout is the split-block Bloom filter of the Parquet format (parquet-format, `BloomFilter.md`): blocks of 256
//! bits, of which a hash sets eight, one in each 32-bit word. What was put in is always found; of what was not, about
//! one in 600 is found too with 16 bits a key, one in 60 with 10.

use twox_hash::XxHash3_64;

/// Bits of a block are chosen by multiplying with these odd numbers, which the Parquet format gives.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Bytes of a block.
const BLOCK: usize = 32;

/// The hash of a key: XXH3 with 64 bits and the seed 0.
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    XxHash3_64::oneshot(key)
}

/// A filter over `hashes` with `bits` for each of them.
pub fn build(hashes: &[u64], bits: usize) -> Vec<u8> {
    let mut filter = vec![0; (hashes.len() * bits).div_ceil(BLOCK * 8).max(1) * BLOCK];
    for hash in hashes {
        let at = block_of(&filter, *hash);
        for (word, mask) in filter[at..at + BLOCK].chunks_exact_mut(4).zip(masks(*hash)) {
            for (byte, mask) in word.iter_mut().zip(mask.to_le_bytes()) {
                *byte |= mask;
            }
        }
    }
    filter
}

/// Whether `hash` may have been put into the filter; a filter that is damaged may hold anything.
pub fn may_hold(filter: &[u8], hash: u64) -> bool {
    if filter.is_empty() || !filter.len().is_multiple_of(BLOCK) {
        return true;
    }
    let at = block_of(filter, hash);
    let words = filter[at..at + BLOCK].chunks_exact(4);
    words.zip(masks(hash)).all(|(word, mask)| {
        let word = word.try_into().map_or(0, u32::from_le_bytes);
        word & mask == mask
    })
}

/// Where the block of a hash begins.
#[inline]
fn block_of(filter: &[u8], hash: u64) -> usize {
    let blocks = (filter.len() / BLOCK) as u64;
    (((hash >> 32) * blocks) >> 32) as usize * BLOCK
}

/// The bit of a hash in each word of its block.
#[inline]
fn masks(hash: u64) -> [u32; 8] {
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_little_else() {
        for (bits, most) in [(16, 40), (10, 400)] {
            let hashes: Vec<u64> = (0..10_000_u64).map(|key| hash(&key.to_le_bytes())).collect();
            let filter = build(&hashes, bits);
            assert_eq!(filter.len(), (10_000 * bits / 8).div_ceil(BLOCK) * BLOCK);
            assert!(hashes.iter().all(|hash| may_hold(&filter, *hash)));
            let others = (10_000..20_000_u64).map(|key| hash(&key.to_le_bytes()));
            let found = others.filter(|hash| may_hold(&filter, *hash)).count();
            assert!(found < most, "{found} with {bits} bits");
        }
    }

    #[test]
    fn a_filter_of_nothing_holds_nothing() {
        assert!(!may_hold(&build(&[], 16), hash(b"x")));
    }

    #[test]
    fn a_damaged_filter_may_hold_anything() {
        assert!(may_hold(&[], 1));
        assert!(may_hold(&[0; 33], 1));
    }
}
