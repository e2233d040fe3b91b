//! Durations as an exponential histogram, as OpenTelemetry defines it, of scale 4: a bucket's bounds are 2^(1/16) apart,
//! so that a quantile is known within 2.2 %.
//!
//! Source: OpenTelemetry metrics data model, "ExponentialHistogram". Bucket `i` holds durations in
//! (2^(i/16), 2^((i+1)/16)] nanoseconds. Here a bucket is numbered `i + 2`; 0 is for spans that took no time, or that
//! ended before they began.

use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::{put_bytes, put_varint, varint};

/// Buckets to a power of two.
const BUCKETS: u64 = 16;

/// One more than the highest number of a bucket.
pub const LIMIT: u16 = 64 * 16 + 2;

/// 2⁶³ · 2^(k/16), rounded down.
const BOUNDS: [u64; BUCKETS as usize] = [
    0x8000_0000_0000_0000,
    0x85aa_c367_cc48_7b14,
    0x8b95_c1e3_ea8b_d6e6,
    0x91c3_d373_ab11_c336,
    0x9837_f051_8db8_a96f,
    0x9ef5_3260_91a1_11ad,
    0xa5fe_d6a9_b151_38ea,
    0xad58_3eea_42a1_4ac6,
    0xb504_f333_f9de_6484,
    0xbd08_a39f_580c_36be,
    0xc567_2a11_5506_dadd,
    0xce24_8c15_1f84_80e3,
    0xd744_fcca_d69d_6af4,
    0xe0cc_deec_2a94_e111,
    0xeac0_c6e7_dd24_392e,
    0xf525_7d15_2486_cc2c,
];

/// The bucket of a duration in nanoseconds.
#[inline]
pub fn bucket(duration_ns: u64) -> u16 {
    if duration_ns == 0 {
        return 0;
    }
    let zeros = u64::from(duration_ns.leading_zeros());
    let mantissa = duration_ns << zeros;
    let above = BOUNDS.iter().map(|bound| u64::from(mantissa > *bound)).sum::<u64>();
    ((63 - zeros) * BUCKETS + above + 1) as u16
}

/// The bounds of a bucket in nanoseconds: above the first, up to the second.
pub fn bounds_ns(bucket: u16) -> (f64, f64) {
    match bucket {
        0 => (0.0, 0.0),
        _ => {
            let bound = |number: f64| ((number - 2.0) / BUCKETS as f64).exp2();
            (bound(f64::from(bucket)), bound(f64::from(bucket) + 1.0))
        }
    }
}

/// Fields of the protobuf message that a histogram is stored as: packed numbers of buckets, each the distance to the
/// one before, and packed counts, of which there is one of both kinds.
mod field {
    pub(super) const BUCKETS: u32 = 1;
    pub(super) const COUNTS: u32 = 2;
    pub(super) const WEIGHTED_COUNTS: u32 = 3;
}

/// Counts by bucket, in ascending order of the buckets.
pub type Counts = Vec<(u16, f64)>;

/// Appends a histogram in its stored form.
pub fn encode(counts: &[(u16, f64)], out: &mut Vec<u8>) {
    let mut before = 0;
    let mut packed = Vec::with_capacity(counts.len() * 2);
    for (bucket, _) in counts {
        put_varint(&mut packed, u64::from(bucket - before));
        before = *bucket;
    }
    put_bytes(out, field::BUCKETS, &packed);
    packed.clear();
    // Beyond 2⁵³ a double has no ones.
    let whole = counts.iter().all(|(_, count)| count.fract() == 0.0 && (0.0..9e15).contains(count));
    if whole {
        counts.iter().for_each(|(_, count)| put_varint(&mut packed, *count as u64));
        put_bytes(out, field::COUNTS, &packed);
    } else {
        counts.iter().for_each(|(_, count)| packed.extend_from_slice(&count.to_le_bytes()));
        put_bytes(out, field::WEIGHTED_COUNTS, &packed);
    }
}

/// Reads a histogram in its stored form; `None` where it is none.
pub fn decode(bytes: &[u8]) -> Option<Counts> {
    let (mut buckets, mut whole, mut weighted) = (&[][..], &[][..], &[][..]);
    for (number, value) in Fields::new(bytes) {
        match (number, value) {
            (field::BUCKETS, Value::Len(packed)) => buckets = packed,
            (field::COUNTS, Value::Len(packed)) => whole = packed,
            (field::WEIGHTED_COUNTS, Value::Len(packed)) => weighted = packed,
            _ => return None,
        }
    }
    let mut counts = Vec::new();
    let mut bucket = 0_u16;
    let (mut at, mut at_whole, mut at_weighted) = (0, 0, 0);
    while at < buckets.len() {
        bucket = bucket.checked_add(u16::try_from(varint(buckets, &mut at)?).ok()?)?;
        let count = match weighted.is_empty() {
            true => varint(whole, &mut at_whole)? as f64,
            false => {
                let bytes = weighted.get(at_weighted..)?.first_chunk()?;
                at_weighted += bytes.len();
                f64::from_le_bytes(*bytes)
            }
        };
        counts.push((bucket, count));
    }
    (bucket < LIMIT).then_some(counts)
}

/// The sum of two histograms, in ascending order of the buckets.
pub fn merge(one: &[(u16, f64)], other: &[(u16, f64)]) -> Counts {
    let mut merged: Counts = Vec::with_capacity(one.len() + other.len());
    let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) if one.0 <= other.0 => left.next(),
            (_, Some(_)) => right.next(),
            (_, None) => left.next(),
        };
        let Some((bucket, count)) = next.copied() else { return merged };
        match merged.last_mut() {
            Some(last) if last.0 == bucket => last.1 += count,
            _ => merged.push((bucket, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_of_round_durations() {
        let of = |ns| bucket(ns);
        assert_eq!([of(0), of(1), of(2), of(3), of(4)], [0, 1, 17, 27, 33]);
        assert_eq!(of(u64::MAX), LIMIT - 1);
    }

    proptest! {
        #[test]
        fn a_duration_is_within_the_bounds_of_its_bucket(ns in prop_oneof![1..100_000_u64, 1..1_u64 << 52]) {
            let (above, up_to) = bounds_ns(bucket(ns));
            // The bounds are rounded here, the buckets are not.
            let ns = ns as f64;
            prop_assert!(above * (1.0 - 1e-12) < ns && ns <= up_to * (1.0 + 1e-12), "{above} {ns} {up_to}");
        }

        #[test]
        fn a_histogram_is_read_as_it_was_written(
            counts in prop::collection::btree_map(0..LIMIT, prop_oneof![
                (0..1_u64 << 50).prop_map(|count| count as f64), 0.0..1e9
            ], 0..20),
        ) {
            let counts: Counts = counts.into_iter().collect();
            let mut bytes = Vec::new();
            encode(&counts, &mut bytes);
            prop_assert_eq!(decode(&bytes), Some(counts));
        }

        #[test]
        fn any_bytes_are_a_histogram_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn merged_histograms_count_all_of_both(
            one in prop::collection::btree_map(0..40_u16, 1..100_u64, 0..20),
            other in prop::collection::btree_map(0..40_u16, 1..100_u64, 0..20),
        ) {
            let counts = |map: &std::collections::BTreeMap<u16, u64>| -> Counts {
                map.iter().map(|(bucket, count)| (*bucket, *count as f64)).collect()
            };
            let mut both = one.clone();
            other.iter().for_each(|(bucket, count)| *both.entry(*bucket).or_default() += count);
            prop_assert_eq!(merge(&counts(&one), &counts(&other)), counts(&both));
        }
    }
}
