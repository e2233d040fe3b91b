//! Log records that were found.

use crate::expr::{Found, for_each_record};
use crate::otlp::proto::LogRecord;
use crate::otlp::tree::{CHILD, RESOURCE, Rebuild};
use crate::otlp::{Batch, Signal, semconv};
use crate::store::Payload;

/// Where a log record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its time in nanoseconds since the epoch, or when it was observed.
    pub time_ns: u64,
    /// The segment it is in.
    pub segment: i64,
    /// Its number there.
    pub row: i64,
}

/// A log record that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Where it is.
    pub place: Place,
    /// A batch that holds only this record, with its resource and its scope.
    pub batch: Batch,
}

impl Hit {
    /// The record with its resource and its scope.
    pub fn found(&self) -> Found<'_> {
        let mut only = None;
        for_each_record(self.batch.bytes(), |found| only = Some(found));
        // It was built with one.
        only.unwrap_or(Found { container: &[], scope: &[], record: &[] })
    }

    /// The record.
    pub fn record(&self) -> LogRecord<'_> {
        LogRecord(self.found().record)
    }

    /// The message of its resource.
    pub fn resource(&self) -> &[u8] {
        super::resource(self.found().container)
    }

    /// The service that wrote it.
    pub fn service(&self) -> &str {
        semconv::service_name(self.found().container)
    }
}

/// Copies the records at some places out of the batches of their segment.
pub(super) fn of_places(payload: &Payload, mut places: Vec<Place>) -> Vec<Hit> {
    places.sort_unstable_by_key(|place| place.row);
    let mut places = places.into_iter().peekable();
    let mut hits = Vec::with_capacity(places.len());
    let mut row = 0;
    for batch in payload.batches() {
        for_each_record(batch, |found| {
            if let Some(place) = places.next_if(|place| place.row == row) {
                hits.extend(alone(batch, found).map(|batch| Hit { place, batch }));
            }
            row += 1;
        });
    }
    hits
}

/// A batch that holds only one record of another.
fn alone(batch: &[u8], found: Found<'_>) -> Option<Batch> {
    let mut rebuild = Rebuild::over(batch, found.record.len() + 512);
    rebuild.enter(0, RESOURCE, CHILD, found.container);
    rebuild.enter(1, CHILD, CHILD, found.scope);
    rebuild.record(found.record, 1);
    rebuild.cut(Signal::Logs)
}
