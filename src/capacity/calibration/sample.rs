//! The spans that are measured with, in requests as relays send them.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use super::frames::MAX_BYTES;
use crate::collect::synthetic::{Traffic, TrafficOptions};
use crate::error::CommandError;
use crate::otlp::{Batch, Signal, join};
use crate::store::{Database, Selection};
use crate::stream::{Event, Input, Stop};

/// Synthetic spans: enough for the store to be as good as with more.
const SYNTHETIC_SPANS: u64 = 100_000;
const SYNTHETIC_RATE: f64 = 10_000.0;

/// Spans, and how many they are.
#[derive(Debug)]
pub struct Sample {
    /// Where they are from.
    pub source: String,
    /// Their requests; small ones that came in a row are one.
    pub requests: Vec<Batch>,
    /// Requests in which they came.
    pub came: u64,
    /// Spans in them.
    pub spans: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// What was there but is not in it.
    pub left_out: LeftOut,
    max_spans: u64,
}

/// What is not in a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Data points and log records.
    pub others: u64,
    /// Objects that could not be read.
    pub rejected: u64,
    /// Whether there were more spans than it may have.
    pub spans: bool,
}

impl Sample {
    fn new(source: String, max_spans: u64) -> Sample {
        Sample {
            source,
            requests: Vec::new(),
            came: 0,
            spans: 0,
            bytes: 0,
            left_out: LeftOut::default(),
            max_spans,
        }
    }

    /// The first spans of streams, so many at the most; objects that cannot be read are told to `rejected`.
    ///
    /// # Errors
    /// Reading failed, or there are no spans.
    pub fn of_streams(
        inputs: Vec<Input>,
        max_spans: u64,
        rejected: &mut dyn FnMut(String),
    ) -> Result<Sample, CommandError> {
        let names: Vec<_> = inputs.iter().map(|input| input.name().to_owned()).collect();
        let mut sample = Sample::new(names.join(", "), max_spans);
        let never = Stop::never()?;
        for mut input in inputs {
            while !sample.left_out.spans {
                match input.next_event() {
                    Ok(Event::Batch(batch)) => sample.add(batch),
                    Ok(Event::Rejected(rejection)) => {
                        sample.left_out.rejected += 1;
                        rejected(rejection.to_string());
                    }
                    Ok(Event::Idle) => drop(input.wait(&never, None)),
                    Ok(Event::End) => break,
                    Err(error) => {
                        let context = format!("cannot read {}", input.name());
                        return Err(CommandError::failure(anyhow::Error::new(error).context(context)));
                    }
                }
            }
        }
        sample.expect_spans()
    }

    /// The first spans of a database, so many at the most.
    ///
    /// # Errors
    /// It cannot be read, or there are no spans.
    pub fn of_database(path: &Path, max_spans: u64) -> Result<Sample, CommandError> {
        let database = Database::read(path, &mut |_, _| {})?;
        let mut sample = Sample::new(path.display().to_string(), max_spans);
        let selection = Selection { signal: Some(Signal::Traces), ..Selection::default() };
        for segment in database.segments(&selection)? {
            let batches = database.batches(segment.id);
            let batches = batches.map_err(|damage| {
                CommandError::failure(anyhow!("{}: segment {}: {damage}", path.display(), segment.id))
                    .hint("obs store check finds all that is damaged")
            })?;
            batches.into_iter().for_each(|batch| sample.add(batch));
            if sample.left_out.spans {
                break;
            }
        }
        sample.expect_spans()
    }

    /// Spans of a small shop.
    ///
    /// # Errors
    /// None are wanted.
    pub fn synthetic(max_spans: u64, seed: u64, now_ns: u64) -> Result<Sample, CommandError> {
        let mut sample = Sample::new("synthetic".into(), max_spans);
        let spans = SYNTHETIC_SPANS.min(max_spans);
        let options =
            TrafficOptions { rate: SYNTHETIC_RATE, spans: Some(spans), over: None, seed, now: now_ns };
        let mut traffic = Traffic::new(options);
        while traffic.next_due().is_some() {
            let batches = traffic.next_batches(Duration::from_secs(1));
            batches
                .into_iter()
                .filter(|batch| batch.signal() == Signal::Traces)
                .for_each(|batch| sample.add(batch));
        }
        sample.left_out = LeftOut::default();
        sample.expect_spans()
    }

    fn add(&mut self, batch: Batch) {
        let (items, bytes) = (batch.items() as u64, batch.bytes().len() as u64);
        if batch.signal() != Signal::Traces {
            self.left_out.others += items;
        } else if self.spans >= self.max_spans || self.bytes >= MAX_BYTES {
            self.left_out.spans = true;
        } else if items > 0 {
            self.spans += items;
            self.bytes += bytes;
            self.came += 1;
            self.requests.push(batch);
        }
    }

    fn expect_spans(mut self) -> Result<Sample, CommandError> {
        if !self.requests.is_empty() {
            self.requests = joined(&self.requests);
            return Ok(self);
        }
        let found = match self.left_out {
            LeftOut { others: 0, rejected: 0, .. } => "nothing".to_owned(),
            LeftOut { others, rejected: 0, .. } => format!("{others} data points or log records"),
            LeftOut { others, rejected, .. } => {
                format!("{others} data points or log records and {rejected} objects that cannot be read")
            }
        };
        Err(CommandError::usage(anyhow!("{}: expected spans, found {found}", self.source)).hint(
            "name files of traces or a database that holds some; without either synthetic ones are used",
        ))
    }
}

/// Small requests in a row as one, as agents send them on: gateways see no others.
fn joined(requests: &[Batch]) -> Vec<Batch> {
    /// As many as the generator of `scripts/bench` sends.
    const SPANS: usize = 1000;
    let groups = grouped(requests, SPANS, usize::MAX).into_iter();
    groups.map(|group| if let [one] = group { one.clone() } else { join(Signal::Traces, group) }).collect()
}

/// Batches in a row that have so many spans and bytes together at the most; a larger one is alone.
pub(super) fn grouped(batches: &[Batch], most_spans: usize, most_bytes: usize) -> Vec<&[Batch]> {
    let (mut spans, mut bytes) = (0, 0);
    let fits = |one: &Batch, next: &Batch| {
        spans += one.items();
        bytes += one.bytes().len();
        let fits = spans + next.items() <= most_spans && bytes + next.bytes().len() <= most_bytes;
        if !fits {
            (spans, bytes) = (0, 0);
        }
        fits
    };
    batches.chunk_by(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_grouped_as_far_as_they_fit() {
        const SPANS: usize = 8192;
        const BYTES: usize = 2 << 20;
        let sample = Sample::synthetic(20_000, 1, 1_700_000_000_000_000_000).unwrap();
        let groups = grouped(&sample.requests, SPANS, BYTES);
        assert_eq!(groups.concat(), sample.requests);
        let sum = |group: &[Batch]| {
            let spans: usize = group.iter().map(Batch::items).sum();
            (spans, group.iter().map(|batch| batch.bytes().len()).sum::<usize>())
        };
        assert!(groups.len() > 1);
        for pair in groups.windows(2) {
            let ((spans, bytes), (next_spans, next_bytes)) = (sum(pair[0]), sum(&pair[1][..1]));
            assert!(spans <= SPANS && bytes <= BYTES, "{spans} spans, {bytes} bytes");
            assert!(spans + next_spans > SPANS || bytes + next_bytes > BYTES, "{spans} spans, {bytes} bytes");
        }
        assert_eq!(grouped(&sample.requests[..1], 1, 1).len(), 1);
    }

    #[test]
    fn small_requests_are_joined() {
        // Fields of their number and of bytes.
        let field = |number: u8, content: Vec<u8>| {
            let mut bytes = vec![number << 3 | 2];
            let mut length = content.len();
            while length > 0x7f {
                bytes.push(length as u8 | 0x80);
                length >>= 7;
            }
            bytes.push(length as u8);
            bytes.extend(content);
            bytes
        };
        let batch = |items: usize| {
            let spans = field(2, Vec::new()).repeat(items);
            Batch::built(Signal::Traces, field(1, field(2, spans)), items)
        };
        let items = |requests: &[usize]| -> Vec<usize> {
            let requests: Vec<Batch> = requests.iter().map(|items| batch(*items)).collect();
            let joined = joined(&requests);
            let bytes = |batches: &[Batch]| batches.iter().map(|batch| batch.bytes().len()).sum::<usize>();
            assert_eq!(bytes(&joined), bytes(&requests));
            joined.iter().map(Batch::items).collect()
        };
        assert_eq!(items(&[400, 400, 300, 5000, 1, 999, 1]), [800, 300, 5000, 1000, 1]);
        assert_eq!(items(&[1000, 1000]), [1000, 1000]);
        assert_eq!(items(&[9; 300]), [999, 999, 702]);
    }
}
