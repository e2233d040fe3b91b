//! Who calls whom: a CLIENT or PRODUCER span and its child, which are matched also when they arrive minutes and segments
//! apart.
//!
//! Spans of a segment are matched among each other when it is built. What is left of them, callers that may still get
//! children and children whose parent has not been seen, waits in the database; see [`super::pending`].

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::histogram;
use super::measures::{Measure, Measures, Place};
use crate::otlp::wire::{put_varint, varint};

/// Bits of a key: a short one takes less room, and of the millions of spans that wait for each other, two have the same
/// by an accident of some percent for all of them together.
pub(super) const KEY_BITS: u32 = 48;

/// Tells a span from all others; `None` for an id that is not set.
#[inline]
pub(super) fn span_key(trace: u64, span_id: &[u8]) -> Option<u64> {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let id = u64::from_le_bytes(span_id.try_into().ok()?);
    if id == 0 || trace == 0 {
        return None;
    }
    // Folded multiplication: every bit of both bears on every bit of the key.
    let product = u128::from(id ^ trace) * u128::from(ODD);
    Some((product as u64 ^ (product >> 64) as u64) >> (64 - KEY_BITS))
}

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    /// How many spans.
    pub(super) weight: f32,
    /// Tells traces apart; it is not stored where the weight is 1.
    pub(super) trace: u32,
}

impl Share {
    const WHOLE: Share = Share { weight: 1.0, trace: 0 };
}

/// A CLIENT or PRODUCER span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Caller {
    pub(super) key: u64,
    pub(super) service: u32,
    pub(super) minute: u32,
    pub(super) failed: bool,
    pub(super) bucket: u16,
    pub(super) share: Share,
}

/// A span with a parent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Child {
    /// The key of its parent.
    pub(super) parent: u64,
    pub(super) service: u32,
    pub(super) share: Share,
}

/// Spans that may be the ends of edges.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Calls {
    pub(super) callers: Vec<Caller>,
    pub(super) children: Vec<Child>,
    /// Keys of spans of other kinds, which are parents of no edge.
    pub(super) others: Vec<u64>,
}

/// Edges and what was counted on them.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// The services of the caller and of the child, by the number of the edge.
    pub(super) pairs: Vec<(u32, u32)>,
    numbers: HashMap<(u32, u32), u32, RandomState>,
    plain: Vec<Place>,
    weighted: Vec<Measure>,
}

impl Edges {
    /// Counts a call, as the caller saw it.
    pub(super) fn add(&mut self, caller: &Caller, child: &Child) {
        let pair = (caller.service, child.service);
        let number = *self.numbers.entry(pair).or_insert_with(|| {
            self.pairs.push(pair);
            self.pairs.len() as u32 - 1
        });
        // Both are there if the trace was chosen by the stricter of both.
        let weight = f64::from(caller.share.weight.max(child.share.weight));
        let Caller { minute, failed, bucket, .. } = *caller;
        if weight == 1.0 {
            self.plain.push(Place::new(minute, number, failed, bucket));
        } else {
            // It is the same of both where both know it.
            let trace = u64::from(caller.share.trace.max(child.share.trace));
            self.weighted.push(Measure { minute, series: number, failed, bucket, weight, trace });
        }
    }

    /// What was counted, by the number of the edge.
    pub(super) fn measures(&mut self) -> Measures {
        Measures::of(std::mem::take(&mut self.plain), std::mem::take(&mut self.weighted))
    }
}

impl Calls {
    /// Counts the calls within the segment; what stays is what may be a part of others.
    pub(super) fn settle(&mut self, edges: &mut Edges) {
        if self.children.is_empty() {
            return self.others.clear();
        }
        const OTHER: u32 = u32::MAX;
        let capacity = self.callers.len() + self.others.len();
        let mut parents = HashMap::with_capacity_and_hasher(capacity, RandomState::default());
        parents.extend(self.others.drain(..).map(|key| (key, OTHER)));
        parents.extend(self.callers.iter().enumerate().map(|(number, caller)| (caller.key, number as u32)));
        let callers = &self.callers;
        self.children.retain(|child| match parents.get(&child.parent) {
            None => true,
            Some(&OTHER) => false,
            Some(number) => {
                edges.add(&callers[*number as usize], child);
                false
            }
        });
    }

    pub(super) fn clear(&mut self) {
        self.callers.clear();
        self.children.clear();
        self.others.clear();
    }

    /// Puts both kinds in the order of their keys; by merging, where they are runs in order.
    pub(super) fn sort(&mut self) {
        self.callers.sort_by_key(|caller| caller.key);
        self.children.sort_by_key(|child| child.parent);
    }
}

/// Appends the stored form of callers in the order of their keys.
pub(super) fn encode_callers(callers: &[Caller], out: &mut Vec<u8>) {
    let base = callers.iter().map(|caller| caller.minute).min().unwrap_or_default();
    put_varint(out, u64::from(base));
    let mut before = 0;
    for caller in callers {
        put_varint(out, caller.key - before);
        before = caller.key;
        put_service(out, caller.service, caller.share);
        put_varint(out, u64::from(caller.minute - base));
        put_varint(out, u64::from(caller.bucket) << 1 | u64::from(caller.failed));
    }
}

/// Appends the stored form of children in the order of the keys of their parents.
pub(super) fn encode_children(children: &[Child], out: &mut Vec<u8>) {
    let mut before = 0;
    for child in children {
        put_varint(out, child.parent - before);
        before = child.parent;
        put_service(out, child.service, child.share);
    }
}

/// Reads callers, with their services by `services`; `None` where they are damaged.
pub(super) fn read_callers(
    bytes: &[u8],
    services: impl Fn(u32) -> Option<u32>,
    callers: &mut Vec<Caller>,
) -> Option<()> {
    let (mut at, mut key) = (0, 0_u64);
    let base = varint(bytes, &mut at)?;
    while at < bytes.len() {
        key = key.checked_add(varint(bytes, &mut at)?)?;
        let (service, share) = service(bytes, &mut at)?;
        let minute = u32::try_from(base.checked_add(varint(bytes, &mut at)?)?).ok()?;
        let bucket = varint(bytes, &mut at)?;
        let failed = bucket & 1 == 1;
        let bucket = u16::try_from(bucket >> 1).ok().filter(|bucket| *bucket < histogram::LIMIT)?;
        callers.push(Caller { key, service: services(service)?, minute, failed, bucket, share });
    }
    Some(())
}

/// Reads children, with their services by `services`; `None` where they are damaged.
pub(super) fn read_children(
    bytes: &[u8],
    services: impl Fn(u32) -> Option<u32>,
    children: &mut Vec<Child>,
) -> Option<()> {
    let (mut at, mut parent) = (0, 0_u64);
    while at < bytes.len() {
        parent = parent.checked_add(varint(bytes, &mut at)?)?;
        let (service, share) = service(bytes, &mut at)?;
        children.push(Child { parent, service: services(service)?, share });
    }
    Some(())
}

/// Appends a service and, where the weight is not 1, the share.
fn put_service(out: &mut Vec<u8>, service: u32, Share { weight, trace }: Share) {
    put_varint(out, u64::from(service) << 1 | u64::from(weight != 1.0));
    if weight != 1.0 {
        out.extend_from_slice(&weight.to_le_bytes());
        out.extend_from_slice(&trace.to_le_bytes());
    }
}

fn service(bytes: &[u8], at: &mut usize) -> Option<(u32, Share)> {
    let service = varint(bytes, at)?;
    let number = u32::try_from(service >> 1).ok()?;
    if service & 1 == 0 {
        return Some((number, Share::WHOLE));
    }
    let (weight, rest) = bytes.get(*at..)?.split_first_chunk()?;
    let trace = rest.first_chunk()?;
    *at += weight.len() + trace.len();
    Some((number, Share { weight: f32::from_le_bytes(*weight), trace: u32::from_le_bytes(*trace) }))
}
