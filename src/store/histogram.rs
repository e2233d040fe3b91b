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
    let mut counts = Vec::new();
    each(bytes, |bucket, count| counts.push((bucket, count)))?;
    Some(counts)
}

/// Calls `take` for every bucket of a stored histogram and its count, until it is found to be none.
#[inline]
fn each(bytes: &[u8], mut take: impl FnMut(u16, f64)) -> Option<()> {
    let (mut buckets, mut whole, mut weighted) = (&[][..], &[][..], &[][..]);
    for (number, value) in Fields::new(bytes) {
        match (number, value) {
            (field::BUCKETS, Value::Len(packed)) => buckets = packed,
            (field::COUNTS, Value::Len(packed)) => whole = packed,
            (field::WEIGHTED_COUNTS, Value::Len(packed)) => weighted = packed,
            _ => return None,
        }
    }
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
        if bucket >= LIMIT {
            return None;
        }
        take(bucket, count);
    }
    Some(())
}

/// A count for every bucket there is, which many histograms are added to without any room of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets(Box<[f64]>);

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets(vec![0.0; usize::from(LIMIT)].into())
    }
}

impl Buckets {
    /// Adds to the count of one bucket.
    #[inline]
    pub fn add(&mut self, bucket: u16, count: f64) {
        if let Some(sum) = self.0.get_mut(usize::from(bucket)) {
            *sum += count;
        }
    }

    /// Adds a histogram in its stored form; `None` where it is damaged, of which some may have been added.
    #[inline]
    pub fn add_stored(&mut self, bytes: &[u8]) -> Option<()> {
        each(bytes, |bucket, count| self.add(bucket, count))
    }

    /// The counts that are not zero.
    pub fn counts(&self) -> Counts {
        (0..LIMIT).zip(self.0.iter().copied()).filter(|(_, count)| *count != 0.0).collect()
    }
}

/// The duration in nanoseconds that the share `q` of all is not longer than; `None` where there are none.
///
/// Between the bounds of the bucket that it is in, it is interpolated as if the logarithms of durations were spread
/// evenly, as Prometheus' `histogram_quantile` does for native histograms. It is in the same bucket as the exact one,
/// that is, at most 2^(1/16) = 4.4 % from it, and on average a quarter of that.
pub fn quantile(counts: &[(u16, f64)], q: f64) -> Option<u64> {
    let rank = q.clamp(0.0, 1.0) * counts.iter().map(|(_, count)| count).sum::<f64>();
    let mut below = 0.0;
    let mut found = None;
    for (bucket, count) in counts.iter().filter(|(_, count)| *count > 0.0) {
        found = Some((*bucket, ((rank - below) / count).clamp(0.0, 1.0)));
        below += count;
        if below >= rank {
            break;
        }
    }
    let (bucket, share) = found?;
    let (above, up_to) = bounds_ns(bucket);
    // A bucket that holds no time has no ratio of bounds.
    Some(if bucket == 0 { 0 } else { (above * (up_to / above).powf(share)).round() as u64 })
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

    #[test]
    fn quantiles_are_interpolated_between_the_bounds_of_a_bucket() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[(0, 3.0), (1, 1.0)], 0.75), Some(0));
        assert_eq!(quantile(&[(0, 3.0), (1, 1.0)], 0.9), Some(1));
        // Up to 2^20 in one bucket, up to 2^30 in the other.
        let [low, high] = [bucket(1 << 20), bucket(1 << 30)];
        let counts = [(low, 2.5), (high, 7.5)];
        assert_eq!(quantile(&counts, 0.25), Some(1 << 20));
        assert_eq!(quantile(&counts, 1.0), Some(1 << 30));
        // A third of the bucket is below: 2^(30 - 1/16 · 2/3).
        assert_eq!(quantile(&counts, 0.5), Some((30.0 - 2.0 / 48.0_f64).exp2().round() as u64));
        assert_eq!(quantile(&counts, 0.0), Some(((20.0 - 1.0 / 16.0_f64).exp2()).round() as u64));
        assert_eq!(
            [quantile(&counts, -1.0), quantile(&counts, 2.0)],
            [quantile(&counts, 0.0), Some(1 << 30)]
        );
    }

    proptest! {
        #[test]
        fn a_quantile_is_in_the_bucket_of_the_exact_one(
            mut durations in prop::collection::vec(prop_oneof![0..10_u64, 1..1_000_000_u64, 1..1_u64 << 50], 1..200),
            q in prop_oneof![0.0..=1.0, Just(0.5), Just(0.95), Just(0.99), Just(1.0)],
        ) {
            durations.sort_unstable();
            let mut buckets = Buckets::default();
            durations.iter().for_each(|ns| buckets.add(bucket(*ns), 1.0));
            let found = quantile(&buckets.counts(), q).unwrap() as f64;
            // The nearest rank, of which the product is a little too high or low at times.
            let exact = |nudge: f64| {
                let rank = (q * durations.len() as f64 + nudge).ceil().max(1.0) as usize;
                durations[rank.min(durations.len()) - 1] as f64
            };
            let is_near = |exact: f64| {
                (found == 0.0) == (exact == 0.0) && found <= exact * 1.0443 && exact <= found * 1.0443
            };
            prop_assert!(is_near(exact(-1e-9)) || is_near(exact(1e-9)), "{} {}", found, exact(0.0));
        }

        #[test]
        fn histograms_that_are_added_up_are_their_sum(
            one in prop::collection::btree_map(0..LIMIT, 0.5..1e9, 0..20),
            other in prop::collection::btree_map(0..LIMIT, 1..100_u64, 0..20),
        ) {
            let one: Counts = one.into_iter().collect();
            let other: Counts = other.into_iter().map(|(bucket, count)| (bucket, count as f64)).collect();
            let mut buckets = Buckets::default();
            for counts in [&one, &other] {
                let mut bytes = Vec::new();
                encode(counts, &mut bytes);
                prop_assert_eq!(buckets.add_stored(&bytes), Some(()));
            }
            prop_assert_eq!(buckets.counts(), merge(&one, &other));
        }

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
