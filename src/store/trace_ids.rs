//! Which traces a segment has spans or log records of.
//!
//! A set of trace ids is an ascending list of numbers of 32 bits, little-endian: the lower halves of their hashes. What
//! was put in is always found; of what was not, one in a million is found too where there are some thousand. A search
//! asks all segments for each trace that it has found, so that a filter of the same size that is right in 999 of 1000
//! cases would have it read several segments for nothing.

use rusqlite::Connection;

use super::committer::checksum;
use super::database::Progress;
use super::filter;
use super::segment::{self, Payload};
use crate::otlp::Signal;
use crate::otlp::view::{Fields, Nested};

const BYTES: usize = 4;

/// A set in the place of a damaged one, in which anything may be.
pub const ANYTHING: &[u8] = &[0];

/// A trace id as the sets hold it.
pub fn key(trace_id: &[u8]) -> u32 {
    filter::hash(trace_id) as u32
}

/// What was put into a set, in ascending order; `None` where it is damaged.
pub fn keys(set: &[u8]) -> Option<impl ExactSizeIterator<Item = u32>> {
    let (keys, rest) = set.as_chunks::<BYTES>();
    rest.is_empty().then(|| keys.iter().map(|bytes| u32::from_le_bytes(*bytes)))
}

/// The set of trace ids with these hashes.
pub(super) fn build(hashes: &[u64]) -> Vec<u8> {
    let mut keys: Vec<u32> = hashes.iter().map(|hash| *hash as u32).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// Whether a trace may be in the set; in one that is damaged anything may be.
pub fn may_hold(set: &[u8], key: u32) -> bool {
    let (keys, rest) = set.as_chunks::<BYTES>();
    !rest.is_empty() || keys.binary_search_by_key(&key, |bytes| u32::from_le_bytes(*bytes)).is_ok()
}

/// Whether any of some traces, given in ascending order, may be in the set.
pub fn may_hold_any(set: &[u8], keys: &[u32]) -> bool {
    let (of_set, _) = set.as_chunks::<BYTES>();
    match keys.len() <= of_set.len() {
        true => keys.iter().any(|key| may_hold(set, *key)),
        // The longer of the two is looked up in.
        false => {
            !set.len().is_multiple_of(BYTES)
                || of_set.iter().any(|bytes| keys.binary_search(&u32::from_le_bytes(*bytes)).is_ok())
        }
    }
}

/// The trace ids of spans or log records.
pub(super) fn of_batch(signal: Signal, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let field = match signal {
        Signal::Traces => 1,
        Signal::Logs => 9,
        Signal::Metrics => 0,
    };
    let records = Nested::new(bytes, 1).flat_map(|container| Nested::new(container, 2));
    let records = records.flat_map(|scope| Nested::new(scope, 2));
    let ids = records.flat_map(move |record| Fields::new(record).filter(move |(number, _)| *number == field));
    ids.map(|(_, value)| value.bytes()).filter(|id| id.len() == 16 && id.iter().any(|byte| *byte != 0))
}

/// Fills the table from the payloads, for a database of a version that did not have it; segments that cannot be read
/// get nothing, which costs nothing more.
pub(super) fn fill(connection: &Connection, progress: Progress<'_>) -> rusqlite::Result<()> {
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
        if let (Some(signal), Ok(payload)) = (signal, segment::decompress(row.get_ref(2)?.as_blob()?)) {
            let payload = Payload(payload);
            let ids = payload.batches().flat_map(|batch| of_batch(signal, batch));
            let set = build(&ids.map(filter::hash).collect::<Vec<_>>());
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

    proptest! {
        #[test]
        fn what_was_put_in_is_found_and_nothing_else(
            hashes in prop::collection::vec(any::<u64>(), 0..200), others in prop::collection::vec(any::<u32>(), 0..50),
        ) {
            let set = build(&hashes);
            let mut keys = others.clone();
            keys.sort_unstable();
            prop_assert_eq!(may_hold_any(&set, &keys), keys.iter().any(|key| may_hold(&set, *key)));
            prop_assert!(hashes.iter().all(|hash| may_hold(&set, *hash as u32)));
            let of_set: Vec<u32> = super::keys(&set).unwrap().collect();
            prop_assert!(of_set.is_sorted() && of_set.iter().all(|key| may_hold(&set, *key)));
            prop_assert!(hashes.iter().all(|hash| of_set.contains(&(*hash as u32))));
            for other in others.into_iter().filter(|other| !hashes.iter().any(|hash| *hash as u32 == *other)) {
                prop_assert!(!may_hold(&set, other));
            }
        }
    }

    #[test]
    fn in_a_damaged_set_anything_may_be() {
        assert!(may_hold(&[0; 5], 1) && keys(&[0; 5]).is_none());
        assert!(!may_hold(&[], 1));
    }
}
