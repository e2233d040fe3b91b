//! How large spans are on the wire: a walk over a sample of segments, scaled to what all of them take.

use std::collections::{HashMap, HashSet};

use crate::error::CommandError;
use crate::otlp::Signal;
use crate::otlp::proto::{STATUS_CODE_ERROR, Span, Status};
use crate::otlp::semconv::service_name;
use crate::otlp::tree;
use crate::otlp::view::Nested;
use crate::otlp::wire::varint_len;
use crate::probability::tracestate;
use crate::query::Reader;
use crate::store::{Selection, Stored};

/// Segments that are walked over, evenly spread over the time.
const SAMPLE: usize = 16;

/// Bytes of the spans of a service, those that a sampler has kept for others weighted by 1/p.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Of a span.
    pub(super) mean: f64,
    /// Of a span with an error.
    pub(super) with_error: Option<f64>,
}

/// Bytes of spans by service.
#[derive(Debug, Default)]
pub(super) struct Sizes(HashMap<String, Size>);

/// What was found of a service.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// As they stand there.
    plain: Sum,
    weighted: Sum,
    /// Of `weighted`, those with an error.
    failed: Sum,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    spans: f64,
    bytes: f64,
}

impl Sizes {
    /// Of the spans in the segments that are selected.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn of(reader: &Reader, selection: &Selection) -> Result<Sizes, CommandError> {
        let selection = Selection { signal: Some(Signal::Traces), ..selection.clone() };
        let segments = reader.segments(&selection)?;
        let mut found: HashMap<String, Sums> = HashMap::new();
        for segment in sample(&segments) {
            if let Some(payload) = reader.payload(segment) {
                payload.batches().for_each(|batch| add_batch(batch, &mut found));
            }
        }
        let scale = scale(reader, &segments, &found)?;
        let size = |sums: Sums| Size {
            mean: sums.weighted.mean().unwrap_or_default() * scale,
            with_error: sums.failed.mean().map(|mean| mean * scale),
        };
        Ok(Sizes(found.into_iter().map(|(name, sums)| (name, size(sums))).collect()))
    }

    /// Of a service; `None` where none of its spans were seen.
    pub(super) fn get(&self, service: &str) -> Option<Size> {
        self.0.get(service).copied().filter(|size| size.mean > 0.0)
    }
}

/// What the bytes of all segments are to those that the sample foretells.
fn scale(reader: &Reader, segments: &[Stored], found: &HashMap<String, Sums>) -> Result<f64, CommandError> {
    let ids: HashSet<i64> = segments.iter().map(|segment| segment.id).collect();
    let (mut items, mut foretold) = (0.0, 0.0);
    reader.database().each_share(|segment, service, count| {
        let mean = found.get(service).and_then(|sums| sums.plain.mean());
        if let Some(mean) = mean.filter(|_| ids.contains(&segment)) {
            items += count as f64;
            foretold += count as f64 * mean;
        }
    })?;
    let all = |of: fn(&Stored) -> u64| segments.iter().map(of).sum::<u64>() as f64;
    let actual = all(|segment| segment.raw_bytes) * items / all(|segment| segment.items);
    let scale = actual / foretold;
    Ok(if scale.is_finite() && scale > 0.0 { scale } else { 1.0 })
}

/// Some of them, evenly spread.
fn sample(segments: &[Stored]) -> impl Iterator<Item = &Stored> {
    let count = segments.len().min(SAMPLE);
    (0..count).map(move |index| &segments[(2 * index + 1) * segments.len() / (2 * count)])
}

/// Bytes of a field that holds so many.
fn field_bytes(length: usize) -> f64 {
    const TAG: usize = 1;
    (TAG + varint_len(length as u64) + length) as f64
}

fn add_batch(batch: &[u8], found: &mut HashMap<String, Sums>) {
    let mut spans: Vec<(f64, Span<'_>)> = Vec::new();
    for container in Nested::new(batch, tree::RESOURCE) {
        spans.clear();
        for scope in Nested::new(container, tree::CHILD) {
            let spans_in = Nested::new(scope, tree::CHILD);
            spans.extend(spans_in.map(|span| (field_bytes(span.len()), Span(span))));
        }
        if spans.is_empty() {
            continue;
        }
        let own: f64 = spans.iter().map(|(bytes, _)| bytes).sum();
        // Each has its share of what stands there once for all.
        let share = (field_bytes(container.len()) - own) / spans.len() as f64;
        let name = service_name(container);
        if !found.contains_key(name) {
            found.insert(name.to_owned(), Sums::default());
        }
        let Some(sums) = found.get_mut(name) else { continue };
        for (bytes, span) in &spans {
            let weight = tracestate::kept_by(span.trace_state(), span.trace_id()).weight();
            sums.plain.add(bytes + share, 1.0);
            sums.weighted.add(bytes + share, weight);
            if span.status().map_or(0, |status: Status<'_>| status.code()) == STATUS_CODE_ERROR {
                sums.failed.add(bytes + share, weight);
            }
        }
    }
}

impl Sum {
    fn add(&mut self, bytes: f64, weight: f64) {
        self.spans += weight;
        self.bytes += bytes * weight;
    }

    fn mean(self) -> Option<f64> {
        (self.spans > 0.0).then(|| self.bytes / self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_evenly_spread() {
        let stored = |id: i64| Stored {
            id,
            signal: Signal::Traces,
            batches: 1,
            items: 1,
            raw_bytes: 1,
            stored_bytes: 1,
            range: None,
            written_ns: 0,
        };
        let ids = |count: i64| {
            let segments: Vec<Stored> = (0..count).map(stored).collect();
            sample(&segments).map(|segment| segment.id).collect::<Vec<_>>()
        };
        assert!(ids(0).is_empty());
        assert_eq!(ids(3), [0, 1, 2]);
        assert_eq!(ids(16), (0..16).collect::<Vec<_>>());
        assert_eq!(ids(160), (0..16).map(|index| 10 * index + 5).collect::<Vec<_>>());
    }
}
