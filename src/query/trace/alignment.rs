//! Which of two rows of durations belong together.

use std::cmp::Ordering;

/// Cells of the table beyond which the first are paired with the first.
const MOST_CELLS: usize = 1 << 18;

/// Pairs of places in both rows, in ascending order: all of the shorter row, with those of the longer that differ the
/// least in all from them; of several ways the one that pairs the first.
pub(super) fn align(one_ns: &[u64], other_ns: &[u64]) -> Vec<(usize, usize)> {
    match one_ns.len().cmp(&other_ns.len()) {
        Ordering::Less => within(one_ns, other_ns),
        Ordering::Equal => (0..one_ns.len()).map(|place| (place, place)).collect(),
        Ordering::Greater => within(other_ns, one_ns).into_iter().map(|(other, one)| (one, other)).collect(),
    }
}

fn within(short_ns: &[u64], long_ns: &[u64]) -> Vec<(usize, usize)> {
    let rest = long_ns.len() - short_ns.len();
    if short_ns.len().saturating_mul(rest + 1) > MOST_CELLS {
        return (0..short_ns.len()).map(|place| (place, place)).collect();
    }
    // The least difference of the first of both rows, by how many of the longer are left out; and for each cell whether
    // the last of the longer is.
    let mut least: Vec<u128> = vec![0; rest + 1];
    let mut is_left_out = Vec::with_capacity(short_ns.len() * (rest + 1));
    for (place, ns) in short_ns.iter().enumerate() {
        for left_out in 0..=rest {
            let paired = least[left_out] + u128::from(ns.abs_diff(long_ns[place + left_out]));
            let before =
                left_out.checked_sub(1).map(|before| least[before]).filter(|before| *before <= paired);
            least[left_out] = before.unwrap_or(paired);
            is_left_out.push(before.is_some());
        }
    }
    let mut pairs = Vec::with_capacity(short_ns.len());
    let mut left_out = rest;
    for place in (0..short_ns.len()).rev() {
        while is_left_out[place * (rest + 1) + left_out] {
            left_out -= 1;
        }
        pairs.push((place, place + left_out));
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_what_is_like_no_other() {
        assert_eq!(align(&[1, 8, 2], &[8, 2]), [(1, 0), (2, 1)]);
        assert_eq!(align(&[8, 2], &[1, 8, 2]), [(0, 1), (1, 2)]);
        assert_eq!(align(&[5, 5, 5], &[5]), [(0, 0)]);
        assert_eq!(align(&[1, 9], &[9, 1]), [(0, 0), (1, 1)]);
        assert_eq!(align(&[], &[1]), []);
        let many = vec![1; 600];
        assert_eq!(align(&many, &[vec![7; 600], many.clone()].concat())[0], (0, 0));
    }

    /// Of all ways.
    fn least(short_ns: &[u64], long_ns: &[u64]) -> u64 {
        let Some((first, rest)) = short_ns.split_first() else { return 0 };
        (0..=long_ns.len() - short_ns.len())
            .map(|place| first.abs_diff(long_ns[place]) + least(rest, &long_ns[place + 1..]))
            .min()
            .unwrap()
    }

    proptest! {
        #[test]
        fn no_other_way_differs_less(
            one in prop::collection::vec(0..20_u64, 0..5),
            other in prop::collection::vec(0..20_u64, 5..9),
        ) {
            let pairs = align(&one, &other);
            prop_assert!(pairs.iter().map(|(place, _)| *place).eq(0..one.len()));
            prop_assert!(pairs.is_sorted_by(|one, other| one.1 < other.1));
            let sum: u64 = pairs.iter().map(|(place, in_other)| one[*place].abs_diff(other[*in_other])).sum();
            prop_assert_eq!(sum, least(&one, &other));
            let turned: Vec<_> = align(&other, &one).into_iter().map(|(in_other, place)| (place, in_other)).collect();
            prop_assert_eq!(turned, pairs);
        }
    }
}
