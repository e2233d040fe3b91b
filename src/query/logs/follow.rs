//! New log records as they are stored.

use std::collections::BTreeMap;

use super::hit::{self, Copier, Hit, Place};
use super::{LogSearch, Plan};
use crate::error::CommandError;
use crate::expr::{Matcher, log_time};
use crate::otlp::{Batch, Signal};
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
    /// cursor of the search do not matter. The database is let go of when that is known.
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
            let Some(opened) = plan.open(reader, segment, &search.matcher) else { continue };
            let mut places = Vec::new();
            opened.each(&search.matcher, |row, found| {
                if row as u64 >= seen {
                    let time_ns = log_time(found.record);
                    places.push(Place { time_ns, segment: segment.id, row: row as i64 });
                }
            });
            hits.extend(hit::of_places(&opened.payload, places));
        }
        // Whoever holds on to what was there keeps the log of the writer from being brought into the file.
        reader.release()?;
        self.known = items(&segments);
        Ok(hits)
    }
}

/// What of a batch that has just come is searched for.
pub fn hits_of(batch: &Batch, matcher: &Matcher) -> Vec<Hit> {
    let mut copier = Copier::default();
    let mut hits = Vec::new();
    let mut row = 0;
    matcher.find(
        batch.bytes(),
        &mut row,
        |_| true,
        |found| {
            let place = Place { time_ns: log_time(found.record), segment: 0, row: hits.len() as i64 };
            hits.push(copier.copy(batch.bytes(), &found, place));
        },
    );
    hits
}

fn segments(reader: &Reader) -> Result<Vec<Stored>, CommandError> {
    reader.segments(&Selection { signal: Some(Signal::Logs), ..Selection::default() })
}

fn items(segments: &[Stored]) -> BTreeMap<i64, u64> {
    segments.iter().map(|segment| (segment.id, segment.items)).collect()
}
