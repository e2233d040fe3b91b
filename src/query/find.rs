//! Finds what the database holds of a trace.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use anyhow::anyhow;
use foldhash::fast::RandomState;

use super::reader::{Reader, TraceIndex};
use super::trace::part;
use crate::error::CommandError;
use crate::expr::for_each_record;
use crate::otlp::proto::Span;
use crate::otlp::{Batch, Signal};
use crate::store::{Selection, Stored, trace_ids};

/// Ids that an error names.
const NAMED: usize = 5;

/// Ids that are looked for; whoever gave so short a prefix must give more digits anyway.
const MOST: usize = 1000;

/// Digits of an id of 64 bits.
const SHORT_ID: usize = 16;

/// The first digits of a trace's id, as they are written here.
///
/// # Errors
/// They are none.
pub fn prefix(text: &str) -> Result<String, CommandError> {
    let prefix = text.to_ascii_lowercase();
    let is_hex = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || prefix.len() > 32 {
        return Err(CommandError::usage(anyhow!("{prefix:?} is no trace id")).hint(
            "a trace id is 32 hexadecimal digits; its first digits are enough where no other has them",
        ));
    }
    Ok(prefix)
}

/// The id of the trace that begins with `prefix`, in hexadecimal digits.
///
/// # Errors
/// It is none, no trace begins with it, or several do.
pub fn trace_id(reader: &Reader, prefix: &str) -> Result<[u8; 16], CommandError> {
    let prefix = self::prefix(prefix)?;
    if let Ok(id) = const_hex::decode_to_array(&prefix) {
        return Ok(id);
    }
    let mut ids = ids_with(reader, &prefix)?;
    if ids.is_empty() && prefix.len() == SHORT_ID {
        // An id of 64 bits, as other systems show it.
        ids = ids_with(reader, &format!("{prefix:0>32}"))?;
    }
    let ids: Vec<[u8; 16]> = ids.into_iter().collect();
    match ids.as_slice() {
        [] => Err(unknown(reader, &prefix)),
        [id] => Ok(*id),
        ids => {
            let named: Vec<String> = ids.iter().take(NAMED).map(const_hex::encode).collect();
            let more = if ids.len() > NAMED { ", …" } else { "" };
            let count = if ids.len() >= MOST { format!("{MOST} and more") } else { ids.len().to_string() };
            Err(CommandError::usage(anyhow!("{count} traces begin with {prefix}"))
                .hint(format!("give more digits of one of {}{more}", named.join(", "))))
        }
    }
}

/// What is wrong where nothing is known of a trace.
pub fn unknown(reader: &Reader, id: &str) -> CommandError {
    let name = reader.name();
    let hint = match reader.is_of_stream() {
        true => "obs query traces lists those that are there",
        false => {
            "obs query traces lists those that are stored; it may have been pruned, or not have arrived yet"
        }
    };
    CommandError::usage(anyhow!("{name}: no trace has the id {id}")).hint(hint)
}

fn ids_with(reader: &Reader, prefix: &str) -> Result<BTreeSet<[u8; 16]>, CommandError> {
    let keys = trace_ids::keys_of_prefix(prefix);
    let segments = reader.segments_holding(Signal::Traces, |set| trace_ids::may_hold_within(set, &keys))?;
    let of_segment = |segment: &Stored| {
        let mut found = BTreeSet::new();
        let payload = reader.payload(segment).unwrap_or_default();
        let mut last = [0; 16];
        for batch in payload.batches() {
            for_each_record(batch, |record| {
                // Neighbours are often of one trace.
                if let Ok(id) = <[u8; 16]>::try_from(Span(record.record).trace_id())
                    && id != last
                {
                    last = id;
                    let mut hex = [0; 32];
                    let begins = const_hex::encode_to_slice(id, &mut hex).is_ok()
                        && hex.starts_with(prefix.as_bytes());
                    if begins && found.len() < MOST {
                        found.insert(id);
                    }
                }
            });
        }
        found
    };
    let mut ids = BTreeSet::new();
    reader.in_order(&segments, of_segment, |_, found| {
        ids.extend(found);
        if ids.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    Ok(ids)
}

/// What batches hold of a trace: its spans or its log records.
///
/// # Errors
/// The database cannot be read.
pub fn of_trace(reader: &Reader, signal: Signal, id: [u8; 16]) -> Result<Vec<Batch>, CommandError> {
    let key = trace_ids::key(&id);
    let segments = reader.segments_holding(signal, |set| trace_ids::may_hold(set, key))?;
    Ok(of_segments(reader, signal, &segments, |found| *found == id))
}

/// What batches in some segments hold of traces.
fn of_segments(
    reader: &Reader,
    signal: Signal,
    segments: &[Stored],
    is_wanted: impl Fn(&[u8]) -> bool + Sync,
) -> Vec<Batch> {
    let mut found = Vec::new();
    let of_segment = |segment: &Stored| {
        let payload = reader.payload(segment).unwrap_or_default();
        let parts = payload.batches().filter_map(|batch| part::of_traces(&is_wanted, signal, batch));
        parts.collect::<Vec<_>>()
    };
    reader.in_order(segments, of_segment, |_, batches| {
        found.extend(batches);
        ControlFlow::Continue(())
    });
    found
}

/// The parts of traces that a database holds, of one signal.
pub struct Parts<'a> {
    reader: &'a Reader,
    index: TraceIndex,
    segments: Vec<Stored>,
    signal: Signal,
}

impl<'a> Parts<'a> {
    /// Reads which segments there are.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn new(reader: &'a Reader, signal: Signal) -> Result<Parts<'a>, CommandError> {
        let segments = reader.segments(&Selection { signal: Some(signal), ..Selection::default() })?;
        Ok(Parts { reader, index: TraceIndex::read(reader, signal)?, segments, signal })
    }

    /// What batches hold of some traces.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn of(&self, ids: &[[u8; 16]]) -> Result<Vec<Batch>, CommandError> {
        let holding = self.index.segments_of(ids.iter().map(trace_ids::key).collect());
        let mut segments = self.segments.clone();
        segments.retain(|segment| holding.binary_search(&segment.id).is_ok());
        let ids: HashSet<&[u8], RandomState> = ids.iter().map(|id| id.as_slice()).collect();
        Ok(of_segments(self.reader, self.signal, &segments, |id| ids.contains(id)))
    }
}
