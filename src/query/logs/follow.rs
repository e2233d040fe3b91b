//! New log records as they are stored.

use std::collections::BTreeMap;

use super::hit::{self, Hit, Place};
use super::{LogSearch, Plan};
use crate::error::CommandError;
use crate::expr::log_time;
use crate::otlp::Signal;
use crate::query::Reader;
use crate::store::{Selection, Stored};

/// Remembers which segments were there, and what was in them.
#[derive(Debug, Default)]
pub struct Follower {
    /// Items of the segments that were seen, by their ids.
    known: BTreeMap<i64, u64>,
}

impl Follower {
    /// Begins behind all that is there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn new(reader: &Reader) -> Result<Follower, CommandError> {
        Ok(Follower { known: items(&segments(reader)?) })
    }

    /// What is there now that was not before and is searched for, in the order in which it was stored. Order, limit and
    /// cursor of the search do not matter.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn new_hits(&mut self, reader: &Reader, search: &LogSearch) -> Result<Vec<Hit>, CommandError> {
        reader.refresh()?;
        let segments = segments(reader)?;
        let plan = Plan::of(&search.matcher);
        let mut hits = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            if self.known.get(&segment.id) == Some(&segment.items) {
                continue;
            }
            // Merged segments have the id of the first of them, and their records in the same order.
            let next = segments.get(index + 1).map_or(i64::MAX, |next| next.id);
            let seen: u64 = self.known.range(segment.id..next).map(|(_, items)| items).sum();
            let mut places = Vec::new();
            let payload = plan.each(reader, segment, &search.matcher, |row, found| {
                if row as u64 >= seen {
                    places.push(Place {
                        time_ns: log_time(found.record),
                        segment: segment.id,
                        row: row as i64,
                    });
                }
            });
            hits.extend(
                payload.into_iter().flat_map(|payload| hit::of_places(&payload, std::mem::take(&mut places))),
            );
        }
        self.known = items(&segments);
        Ok(hits)
    }
}

fn segments(reader: &Reader) -> Result<Vec<Stored>, CommandError> {
    reader.segments(&Selection { signal: Some(Signal::Logs), ..Selection::default() })
}

fn items(segments: &[Stored]) -> BTreeMap<i64, u64> {
    segments.iter().map(|segment| (segment.id, segment.items)).collect()
}
