//! Log records that were found.

use std::sync::Arc;

use crate::expr::{Found, Once, for_each_record};
use crate::otlp::proto::LogRecord;
use crate::otlp::tree::{CHILD, RESOURCE, Rebuild, header};
use crate::otlp::{Batch, Signal, join, semconv};
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
    source: Arc<Source>,
    record: Box<[u8]>,
}

/// What stands around the records of a scope.
#[derive(Debug)]
struct Source {
    /// The fields of their batch beside its containers.
    batch: Arc<[u8]>,
    /// Their `ResourceLogs` without its scopes.
    container: Arc<[u8]>,
    /// Their `ScopeLogs` without its records.
    scope: Box<[u8]>,
}

impl Hit {
    /// The record with its resource and its scope, which have no other records.
    pub fn found(&self) -> Found<'_> {
        Found { container: &self.source.container, scope: &self.source.scope, record: &self.record }
    }

    /// The record.
    pub fn record(&self) -> LogRecord<'_> {
        LogRecord(&self.record)
    }

    /// The message of its resource.
    pub fn resource(&self) -> &[u8] {
        super::resource(&self.source.container)
    }

    /// The service that wrote it.
    pub fn service(&self) -> &str {
        semconv::service_name(&self.source.container)
    }
}

/// A batch of records; those in a row that are of one scope share it.
pub fn batch(hits: &[Hit]) -> Batch {
    let of_one_scope = hits.chunk_by(|one, other| Arc::ptr_eq(&one.source, &other.source));
    let batches = of_one_scope.filter_map(|hits| {
        let source = &hits.first()?.source;
        let length: usize = hits.iter().map(|hit| hit.record.len() + 8).sum();
        let mut rebuild = Rebuild::over(&source.batch, length + source.container.len() + source.scope.len());
        rebuild.enter(0, RESOURCE, CHILD, &source.container);
        rebuild.enter(1, CHILD, CHILD, &source.scope);
        hits.iter().for_each(|hit| rebuild.record(&hit.record, 1));
        rebuild.cut(Signal::Logs)
    });
    join(Signal::Logs, &batches.collect::<Vec<_>>())
}

/// Copies records out of batches.
#[derive(Debug, Default)]
pub(super) struct Copier<'a> {
    batch: Once<'a, Arc<[u8]>>,
    container: Once<'a, Arc<[u8]>>,
    source: Once<'a, Arc<Source>>,
}

impl<'a> Copier<'a> {
    /// Copies what was found in a batch.
    pub(super) fn copy(&mut self, batch: &'a [u8], found: &Found<'a>, place: Place) -> Hit {
        let beside = |message: &'a [u8], list| header(message, list).flatten().copied();
        let source = self.source.of(found.scope, || {
            let batch = self.batch.of(batch, || beside(batch, RESOURCE).collect());
            let container = self.container.of(found.container, || beside(found.container, CHILD).collect());
            Arc::new(Source {
                batch: batch.clone(),
                container: container.clone(),
                scope: beside(found.scope, CHILD).collect(),
            })
        });
        Hit { place, source: source.clone(), record: found.record.into() }
    }
}

/// Copies the records at some places out of the batches of their segment.
pub(super) fn of_places(payload: &Payload, mut places: Vec<Place>) -> Vec<Hit> {
    places.sort_unstable_by_key(|place| place.row);
    let mut places = places.into_iter().peekable();
    let mut hits = Vec::with_capacity(places.len());
    let mut copier = Copier::default();
    let mut row = 0;
    for batch in payload.batches() {
        if places.peek().is_none() {
            break;
        }
        for_each_record(batch, |found| {
            if let Some(place) = places.next_if(|place| place.row == row) {
                hits.push(copier.copy(batch, &found, place));
            }
            row += 1;
        });
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::json;

    const TEXT: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"scopeLogs":[{"scope":{"name":"x"},"logRecords":[{"timeUnixNano":"1"},{"timeUnixNano":"2"},{"timeUnixNano":"3"}],"schemaUrl":"of x"},{"scope":{"name":"y"},"logRecords":[{"timeUnixNano":"4"}]}],"schemaUrl":"of a"}]}"#;

    fn copied() -> Vec<Hit> {
        let batch = json::read(TEXT.as_bytes()).unwrap().batch;
        let mut copier = Copier::default();
        let mut hits = Vec::new();
        for_each_record(batch.bytes(), |found| {
            let place = Place { time_ns: 0, segment: 1, row: hits.len() as i64 };
            hits.push(copier.copy(batch.bytes(), &found, place));
        });
        hits
    }

    #[test]
    fn records_share_what_stands_around_them() {
        let hits = copied();
        assert_eq!(hits.len(), 4);
        assert!(
            Arc::ptr_eq(&hits[0].source, &hits[1].source) && Arc::ptr_eq(&hits[1].source, &hits[2].source)
        );
        assert!(!Arc::ptr_eq(&hits[2].source, &hits[3].source));
        assert!(Arc::ptr_eq(&hits[2].source.container, &hits[3].source.container));
        assert_eq!((hits[3].service(), hits[3].record().time_unix_nano()), ("a", 4));
        // However many records were beside them.
        assert!(hits[0].source.scope.len() < 20 && hits[0].source.container.len() < 40);
    }

    #[test]
    fn batches_of_records_have_all_that_stood_around_them() {
        let text = |hits: &[Hit]| {
            let mut text = Vec::new();
            json::write(&batch(hits), &mut text);
            String::from_utf8(text).unwrap()
        };
        let hits = copied();
        let last = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"schemaUrl":"of a","scopeLogs":[{"scope":{"name":"y"},"logRecords":[{"timeUnixNano":"4"}]}]}]}"#;
        assert_eq!(text(&hits[3..]), last);
        let both = text(&[hits[0].clone(), hits[2].clone(), hits[3].clone()]);
        assert!(
            both.contains(r#""schemaUrl":"of x","logRecords":[{"timeUnixNano":"1"},{"timeUnixNano":"3"}]}]"#),
            "{both}"
        );
        assert_eq!(both.matches("service.name").count(), 2, "{both}");
        assert_eq!(batch(&hits).items(), 4);
    }
}
