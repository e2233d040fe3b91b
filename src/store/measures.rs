//! What spans add to the rollups: counted by minute, series, outcome and duration.
//!
//! A *series* is an operation or an edge, by a number that is small in a segment and the catalog's in the database. All
//! that a count stands under fits into one word, so that sorting words groups them: minute, series, failed, bucket.

use super::histogram;
use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::{put_bytes, put_varint, varint};

/// Nanoseconds of a minute.
pub(super) const MINUTE_NS: u64 = 60_000_000_000;

const BUCKET_BITS: u32 = 11;
const SERIES_BITS: u32 = 24;
const MINUTE_BITS: u32 = 28;
const SERIES_AT: u32 = BUCKET_BITS + 1;
const MINUTE_AT: u32 = SERIES_AT + SERIES_BITS;

/// Most series that a word can tell apart.
pub(super) const MAX_SERIES: u32 = (1 << SERIES_BITS) - 1;

/// A span as it is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    /// Minutes since the epoch.
    pub(super) minute: u32,
    pub(super) series: u32,
    pub(super) failed: bool,
    /// Of [`histogram::bucket`].
    pub(super) bucket: u16,
    /// How many spans it stands for: 1/p where a sampler kept it with the probability p.
    pub(super) weight: f64,
    /// Tells traces apart; spans of one trace are kept or dropped together.
    pub(super) trace: u64,
}

/// Where a count belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

impl Place {
    #[inline]
    pub(super) fn new(minute: u32, series: u32, failed: bool, bucket: u16) -> Place {
        let minute = u64::from(minute.min((1 << MINUTE_BITS) - 1));
        let series = u64::from(series.min(MAX_SERIES));
        Place(
            minute << MINUTE_AT | series << SERIES_AT | u64::from(failed) << BUCKET_BITS | u64::from(bucket),
        )
    }

    pub(super) fn minute(self) -> u32 {
        (self.0 >> MINUTE_AT) as u32
    }

    pub(super) fn series(self) -> u32 {
        (self.0 >> SERIES_AT) as u32 & MAX_SERIES
    }

    pub(super) fn failed(self) -> bool {
        self.0 >> BUCKET_BITS & 1 == 1
    }

    pub(super) fn bucket(self) -> u16 {
        (self.0 & ((1 << BUCKET_BITS) - 1)) as u16
    }

    /// The same for all outcomes and durations.
    pub(super) fn cell(self) -> Place {
        Place(self.0 >> SERIES_AT << SERIES_AT)
    }

    /// The same of another series, in a span of time that is `minutes` long.
    pub(super) fn moved(self, series: u32, minutes: u32) -> Place {
        Place::new(self.minute() / minutes, series, self.failed(), self.bucket())
    }
}

/// What sampling has done to a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sampled {
    /// Spans that stand for others.
    pub(super) spans: u64,
    /// Spans that they stand for.
    pub(super) weight: f64,
    /// The variance of the count.
    pub(super) variance: f64,
    /// The variance of the count of those that have failed.
    pub(super) error_variance: f64,
}

/// Counts by place, in ascending order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) counts: Vec<(Place, f64)>,
    /// By cell, of those cells that a sampler had a part in.
    pub(super) sampled: Vec<(Place, Sampled)>,
}

impl Sampled {
    pub(super) fn add(&mut self, other: &Sampled) {
        self.spans += other.spans;
        self.weight += other.weight;
        self.variance += other.variance;
        self.error_variance += other.error_variance;
    }
}

impl Measures {
    /// Counts spans; those of weight 1 are given by their places alone.
    pub(super) fn of(mut plain: Vec<Place>, weighted: Vec<Measure>) -> Measures {
        plain.sort_unstable();
        let mut counts: Vec<(Place, f64)> = Vec::new();
        for place in plain {
            match counts.last_mut() {
                Some((last, count)) if *last == place => *count += 1.0,
                _ => counts.push((place, 1.0)),
            }
        }
        let mut measures = Measures { counts, sampled: Vec::new() };
        if !weighted.is_empty() {
            measures.sampled = sampled(&weighted);
            let place = |m: &Measure| Place::new(m.minute, m.series, m.failed, m.bucket);
            measures.counts.extend(weighted.iter().map(|measure| (place(measure), measure.weight)));
            measures.sort();
        }
        measures
    }

    /// Restores the order, and adds up what is of one place; by merging, where there are runs in order.
    pub(super) fn sort(&mut self) {
        self.counts.sort_by_key(|(place, _)| *place);
        self.counts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        self.sampled.sort_unstable_by_key(|(cell, _)| *cell);
        self.sampled.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1.add(&next.1);
            }
            same
        });
    }

    pub(super) fn clear(&mut self) {
        self.counts.clear();
        self.sampled.clear();
    }

    /// Takes measures in, with their series by the numbers in `series`; the order is lost.
    pub(super) fn append(&mut self, other: Measures, series: &[u32]) {
        let moved = |place: Place| {
            let series = series.get(place.series() as usize).copied();
            place.moved(series.unwrap_or(MAX_SERIES), 1)
        };
        self.counts.extend(other.counts.into_iter().map(|(place, count)| (moved(place), count)));
        self.sampled.extend(other.sampled.into_iter().map(|(cell, sampled)| (moved(cell), sampled)));
    }

    /// Appends the stored form.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut packed = Vec::with_capacity(self.counts.len() * 6);
        let whole = self.counts.iter().all(|(_, count)| count.fract() == 0.0 && *count < 9e15);
        let mut before = 0;
        for (place, count) in &self.counts {
            put_varint(&mut packed, place.0 - before);
            before = place.0;
            match whole {
                true => put_varint(&mut packed, *count as u64),
                false => packed.extend_from_slice(&count.to_le_bytes()),
            }
        }
        put_bytes(out, if whole { field::COUNTS } else { field::WEIGHTED_COUNTS }, &packed);
        packed.clear();
        for (cell, sampled) in &self.sampled {
            put_varint(&mut packed, cell.0);
            put_varint(&mut packed, sampled.spans);
            for number in [sampled.weight, sampled.variance, sampled.error_variance] {
                packed.extend_from_slice(&number.to_le_bytes());
            }
        }
        put_bytes(out, field::SAMPLED, &packed);
    }

    /// Appends what was stored, with its series by the numbers in `series`; `None` where it is damaged.
    pub(super) fn read(&mut self, bytes: &[u8], series: &[u32]) -> Option<()> {
        let moved = |place: u64| {
            let place = Place(place);
            let series = series.get(place.series() as usize)?;
            (place.bucket() < histogram::LIMIT).then(|| place.moved(*series, 1))
        };
        for (number, value) in Fields::new(bytes) {
            let Value::Len(packed) = value else { return None };
            let mut at = 0;
            let mut before = 0_u64;
            while at < packed.len() {
                let distance = varint(packed, &mut at)?;
                match number {
                    field::COUNTS | field::WEIGHTED_COUNTS => {
                        before = before.checked_add(distance)?;
                        let count = match number {
                            field::COUNTS => varint(packed, &mut at)? as f64,
                            _ => double(packed, &mut at)?,
                        };
                        self.counts.push((moved(before)?, count));
                    }
                    field::SAMPLED => {
                        let sampled = Sampled {
                            spans: varint(packed, &mut at)?,
                            weight: double(packed, &mut at)?,
                            variance: double(packed, &mut at)?,
                            error_variance: double(packed, &mut at)?,
                        };
                        self.sampled.push((moved(distance)?, sampled));
                    }
                    _ => return None,
                }
            }
        }
        Some(())
    }
}

/// Fields of the stored form, whose values are numbers in a row.
mod field {
    /// Places, each the distance to the one before, with counts.
    pub(super) const COUNTS: u32 = 1;
    /// The same with doubles.
    pub(super) const WEIGHTED_COUNTS: u32 = 2;
    /// Cells with what sampling has done to them.
    pub(super) const SAMPLED: u32 = 3;
}

fn double(bytes: &[u8], at: &mut usize) -> Option<f64> {
    let bytes = bytes.get(*at..)?.first_chunk()?;
    *at += bytes.len();
    Some(f64::from_le_bytes(*bytes))
}

/// What sampling has done, by cell.
///
/// A span that was kept with the probability p = 1/w stands for w, and adds w(w − 1) to the variance of the count
/// (Horvitz and Thompson 1952: the estimate of a total from units that are drawn with unequal probabilities). Spans of
/// one trace are drawn together, so it is their standard deviations that add up, not their variances.
fn sampled(weighted: &[Measure]) -> Vec<(Place, Sampled)> {
    let cell = |measure: &Measure| Place::new(measure.minute, measure.series, false, 0).cell();
    let mut measures: Vec<&Measure> = weighted.iter().collect();
    measures.sort_unstable_by_key(|measure| (cell(measure), measure.trace));
    let mut cells: Vec<(Place, Sampled)> = Vec::new();
    for trace in measures.chunk_by(|one, other| cell(one) == cell(other) && one.trace == other.trace) {
        let deviation = |measure: &&Measure| (measure.weight * (measure.weight - 1.0)).max(0.0).sqrt();
        let all: f64 = trace.iter().map(deviation).sum();
        let failed: f64 = trace.iter().filter(|measure| measure.failed).map(deviation).sum();
        let sampled = Sampled {
            spans: trace.len() as u64,
            weight: trace.iter().map(|measure| measure.weight).sum(),
            variance: all * all,
            error_variance: failed * failed,
        };
        let cell = cell(trace[0]);
        match cells.last_mut() {
            Some((last, sum)) if *last == cell => sum.add(&sampled),
            _ => cells.push((cell, sampled)),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measure(minute: u32, series: u32, failed: bool, weight: f64, trace: u64) -> Measure {
        Measure { minute, series, failed, bucket: 40, weight, trace }
    }

    #[test]
    fn spans_of_one_trace_vary_together() {
        let alone =
            Measures::of(Vec::new(), vec![measure(1, 0, false, 10.0, 1), measure(1, 0, true, 10.0, 2)]);
        let expected = Sampled { spans: 2, weight: 20.0, variance: 180.0, error_variance: 90.0 };
        assert_eq!(alone.sampled, [(Place::new(1, 0, false, 0), expected)]);
        let together =
            Measures::of(Vec::new(), vec![measure(1, 0, false, 10.0, 1), measure(1, 0, true, 10.0, 1)]);
        assert!((together.sampled[0].1.variance - 360.0).abs() < 1e-9);
    }

    #[test]
    fn what_stands_for_itself_alone_has_no_variance() {
        let measures = Measures::of(Vec::new(), vec![measure(1, 0, false, 1.0, 1)]);
        assert_eq!(measures.sampled[0].1.variance, 0.0);
    }

    proptest! {
        #[test]
        fn what_was_stored_is_read(
            spans in prop::collection::vec(
                (0..1_u32 << 28, 0..5_u32, any::<bool>(), 0..histogram::LIMIT, prop_oneof![Just(1.0), 1.5..100.0]),
                0..40,
            ),
        ) {
            let (mut plain, mut weighted) = (Vec::new(), Vec::new());
            for (minute, series, failed, bucket, weight) in spans {
                match weight {
                    1.0 => plain.push(Place::new(minute, series, failed, bucket)),
                    _ => weighted.push(Measure { minute, series, failed, bucket, weight, trace: 0 }),
                }
            }
            let measures = Measures::of(plain, weighted);
            let mut bytes = Vec::new();
            measures.encode(&mut bytes);
            let mut read = Measures::default();
            prop_assert_eq!(read.read(&bytes, &[0, 1, 2, 3, 4]), Some(()));
            prop_assert_eq!(read, measures);
        }

        #[test]
        fn any_bytes_are_measures_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Measures::default().read(&bytes, &[1]);
        }
    }
}
