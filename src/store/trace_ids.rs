//! Which traces a segment has spans or log records of.
//!
//! A set of trace ids is an ascending list of keys, numbers of 32 bits, little-endian: the first digits of the ids, so that
//! a prefix is a range. What was put in is always found; of what was not, one in a million is found too where there are
//! some thousand, as ids are random (W3C Trace Context, "Randomness of trace-id") or begin with a time. A search asks all
//! segments for each trace that it has found, so that a filter of the same size that is right in 999 of 1000 cases would
//! have it read several segments for nothing.

use std::ops::RangeInclusive;

use rusqlite::Connection;

use super::committer::checksum;
use super::database::Progress;
use super::filter;
use super::segment::Payload;
use crate::otlp::view::{Fields, Nested};
use crate::otlp::{Signal, field};

const BYTES: usize = 4;

/// A set in the place of a damaged one, in which anything may be.
pub const ANYTHING: &[u8] = &[0];

/// Ids of 64 bits have these zeros before them; their keys are hashes.
const PADDING: [u8; 8] = [0; 8];

/// A trace id as the sets hold it.
#[inline]
pub fn key(trace_id: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = *trace_id;
    if trace_id.starts_with(&PADDING) {
        return filter::hash(trace_id) as u32;
    }
    u32::from_be_bytes([a, b, c, d])
}

/// What was put into a set, in ascending order; `None` where it is damaged.
pub fn keys(set: &[u8]) -> Option<impl ExactSizeIterator<Item = u32>> {
    let (keys, rest) = set.as_chunks::<BYTES>();
    rest.is_empty().then(|| keys.iter().map(|bytes| u32::from_le_bytes(*bytes)))
}

/// The keys that trace ids with these first digits may have; hexadecimal, in lower case.
pub fn keys_of_prefix(prefix: &str) -> RangeInclusive<u32> {
    const DIGITS: usize = 2 * BYTES;
    let digits = prefix.get(..DIGITS).unwrap_or(prefix);
    let may_be_padding = prefix.bytes().take(2 * PADDING.len()).all(|digit| digit == b'0');
    match u32::from_str_radix(digits, 16) {
        Ok(number) if !may_be_padding => {
            let free = 4 * (DIGITS - digits.len());
            number << free..=number << free | ((1_u64 << free) - 1) as u32
        }
        _ => 0..=u32::MAX,
    }
}

/// The set of trace ids with these keys.
pub(super) fn build(mut keys: Vec<u32>) -> Vec<u8> {
    keys.sort_unstable();
    keys.dedup();
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// Whether a trace may be in the set; in one that is damaged anything may be.
pub fn may_hold(set: &[u8], key: u32) -> bool {
    let (keys, rest) = set.as_chunks::<BYTES>();
    !rest.is_empty() || keys.binary_search_by_key(&key, |bytes| u32::from_le_bytes(*bytes)).is_ok()
}

/// Whether a trace with one of these keys may be in the set; in one that is damaged anything may be.
pub fn may_hold_within(set: &[u8], within: &RangeInclusive<u32>) -> bool {
    let (keys, rest) = set.as_chunks::<BYTES>();
    let first = keys.partition_point(|bytes| u32::from_le_bytes(*bytes) < *within.start());
    !rest.is_empty() || keys.get(first).is_some_and(|bytes| u32::from_le_bytes(*bytes) <= *within.end())
}

/// Whether any of some traces, given in ascending order, may be in the set.
pub fn may_hold_any(set: &[u8], keys: &[u32]) -> bool {
    let (of_set, _) = set.as_chunks::<BYTES>();
    match keys.len() <= of_set.len() {
        true => keys.iter().any(|key| may_hold(set, *key)),
        // The longer of the two is looked up in.
        false => self::keys(set).is_none_or(|mut of_set| of_set.any(|key| keys.binary_search(&key).is_ok())),
    }
}

/// The trace ids of spans or log records.
pub(super) fn of_batch(signal: Signal, bytes: &[u8]) -> impl Iterator<Item = &[u8; 16]> {
    let number = match signal {
        Signal::Traces => field::span::TRACE_ID,
        Signal::Logs => field::log::TRACE_ID,
        Signal::Metrics => 0,
    };
    let records = Nested::new(bytes, 1).flat_map(|container| Nested::new(container, 2));
    let records = records.flat_map(|scope| Nested::new(scope, 2));
    let ids = records.flat_map(move |record| Fields::new(record).filter(move |(found, _)| *found == number));
    ids.filter_map(|(_, value)| <&[u8; 16]>::try_from(value.bytes()).ok()).filter(|id| **id != [0; 16])
}

/// Fills the table from the payloads, for a database of a version that did not have it or had other keys; segments that
/// cannot be read get nothing, which costs nothing more.
pub(super) fn fill(connection: &Connection, progress: Progress<'_>) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM trace_ids", [])?;
    let total = connection.query_row("SELECT count(*) FROM payloads", [], |row| row.get(0))?;
    let mut payloads = connection.prepare(
        "SELECT segment, signal, data FROM payloads JOIN segments ON id = segment ORDER BY segment",
    )?;
    let mut insert =
        connection.prepare("INSERT INTO trace_ids (segment, checksum, data) VALUES (?1, ?2, ?3)")?;
    let mut payloads = payloads.query([])?;
    let mut done = 0;
    while let Some(row) = payloads.next()? {
        let signal: Option<Signal> = row.get_ref(1)?.as_str()?.parse().ok();
        if let (Some(signal), Ok(payload)) = (signal, Payload::of(row.get_ref(2)?.as_blob()?)) {
            let set = build(payload.batches().flat_map(|batch| of_batch(signal, batch)).map(key).collect());
            if !set.is_empty() {
                insert.execute((row.get::<_, i64>(0)?, checksum(&set), set))?;
            }
        }
        done += 1;
        progress(done, total);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = Vec<[u8; 16]>> {
        // Whole ones, those of 64 bits, and some that are alike.
        let id = (any::<[u8; 16]>(), 0..3_u8).prop_map(|(id, kind)| match kind {
            0 => id,
            1 => (u128::from_be_bytes(id) >> 64).to_be_bytes(),
            _ => ((u128::from_be_bytes(id) >> 122) << 100).to_be_bytes(),
        });
        prop::collection::vec(id, 0..100)
    }

    proptest! {
        #[test]
        fn what_was_put_in_is_found_and_nothing_else(ids in ids(), others in ids()) {
            let set = build(ids.iter().map(key).collect());
            let mut keys: Vec<u32> = others.iter().map(key).collect();
            keys.sort_unstable();
            prop_assert_eq!(may_hold_any(&set, &keys), keys.iter().any(|key| may_hold(&set, *key)));
            prop_assert!(ids.iter().all(|id| may_hold(&set, key(id))));
            let of_set: Vec<u32> = super::keys(&set).unwrap().collect();
            prop_assert!(of_set.is_sorted() && of_set.iter().all(|key| may_hold(&set, *key)));
            prop_assert!(ids.iter().all(|id| of_set.contains(&key(id))));
            for other in others.iter().map(key).filter(|other| !ids.iter().any(|id| key(id) == *other)) {
                prop_assert!(!may_hold(&set, other));
            }
        }

        #[test]
        fn every_prefix_finds_its_traces(ids in ids(), length in 1..32_usize) {
            let set = build(ids.iter().map(key).collect());
            for id in &ids {
                let within = keys_of_prefix(&const_hex::encode(id)[..length]);
                prop_assert!(within.contains(&key(id)));
                prop_assert!(may_hold_within(&set, &within));
            }
            let next = keys_of_prefix("8000");
            let expected = ids.iter().map(key).any(|key| next.contains(&key));
            prop_assert_eq!(may_hold_within(&set, &next), expected);
        }
    }

    #[test]
    fn a_prefix_is_a_range() {
        assert_eq!(keys_of_prefix("f"), 0xf000_0000..=0xffff_ffff);
        assert_eq!(keys_of_prefix("4bf92f35"), 0x4bf9_2f35..=0x4bf9_2f35);
        assert_eq!(keys_of_prefix("4bf92f3577b34da6a3ce929d"), 0x4bf9_2f35..=0x4bf9_2f35);
        assert_eq!(keys_of_prefix("000000001"), 0..=0);
        assert_eq!(keys_of_prefix("0000000000000000463a"), 0..=u32::MAX);
    }

    #[test]
    fn in_a_damaged_set_anything_may_be() {
        assert!(may_hold(&[0; 5], 1) && may_hold_within(&[0; 5], &(1..=1)) && keys(&[0; 5]).is_none());
        assert!(!may_hold(&[], 1));
    }
}
