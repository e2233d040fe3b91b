use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::edit::Edits;
use super::element::{append, put_pair};
use super::layout::{Holds, Layouts, holds};
use super::names::{Matches, Memory, Names};
use super::rule::Rule;
use super::value::{Values, Verdict};
use crate::otlp::Batch;
use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::put_bytes;

/// The name that the body of a log record has for rules.
const BODY: &[u8] = b"body";

/// Hides values in batches by rules; many threads may use one at once.
#[derive(Debug)]
pub struct Redactor {
    rules: Vec<Rule>,
    layouts: Layouts,
    memory: Memory,
    body: Matches,
    /// Values changed, by rule.
    changed: Vec<AtomicU64>,
}

impl Redactor {
    /// Hides what `rules` say; without rules nothing.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Redactor {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let changed = rules.iter().map(|_| AtomicU64::new(0)).collect();
        let body = Matches::of(&rules, BODY);
        Redactor { rules, layouts: Layouts::new(), memory: Memory::default(), body, changed }
    }

    /// The batch with its values hidden; where no rule matches anything, the same batch, which shares its bytes.
    pub fn redact(&self, batch: &Batch) -> Batch {
        let Some(layout) = self.layouts.root(batch.signal()).filter(|_| !self.rules.is_empty()) else {
            return batch.clone();
        };
        let known = self.memory.recall();
        let names = Names::new(&self.rules, &known);
        let mut walk = Walk {
            layouts: &self.layouts,
            body: &self.body,
            values: Values { rules: &self.rules, names, acted: Vec::new() },
            edits: Edits::default(),
        };
        walk.message(layout, batch.bytes(), 0);
        let Walk { values, edits, .. } = walk;
        values.names.end(&self.memory);
        if edits.is_empty() {
            return batch.clone();
        }
        for rule in values.acted {
            if let Some(changed) = self.changed.get(rule) {
                changed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Batch::built(batch.signal(), edits.apply(batch.bytes()), batch.items())
    }

    /// Each rule with the number of values that it has changed or dropped so far. A string in which several rules
    /// found something counts for each of them.
    pub fn changed(&self) -> impl Iterator<Item = (&Rule, u64)> {
        self.rules.iter().zip(self.changed.iter().map(|changed| changed.load(Ordering::Relaxed)))
    }

    /// All values changed or dropped so far, the sum over [`Redactor::changed`].
    pub fn changed_total(&self) -> u64 {
        self.changed().map(|(_, changed)| changed).sum()
    }
}

/// One pass over a batch, which finds what to edit.
struct Walk<'k> {
    layouts: &'k Layouts,
    body: &'k Matches,
    values: Values<'k>,
    edits: Edits,
}

/// The body of a log record, which may come in pieces.
struct Body<'a> {
    number: u32,
    at: Range<usize>,
    more: Vec<Range<usize>>,
    value: Cow<'a, [u8]>,
}

impl Walk<'_> {
    /// The message that stands in the batch at `base`.
    fn message(&mut self, layout: usize, bytes: &[u8], base: usize) {
        let layout = self.layouts.get(layout);
        let mut body: Option<Body> = None;
        let mut fields = Fields::new(bytes);
        loop {
            let start = fields.position();
            let Some((number, value)) = fields.next() else { break };
            let Value::Len(payload) = value else { continue };
            let end = base + fields.position();
            match holds(layout, number) {
                Holds::Nothing => {}
                Holds::Message(inner) => self.message(inner, payload, end - payload.len()),
                Holds::Attribute => self.attribute(number, payload, base + start..end),
                Holds::Body => match &mut body {
                    None => {
                        let (at, value) = (base + start..end, Cow::Borrowed(payload));
                        body = Some(Body { number, at, more: Vec::new(), value });
                    }
                    Some(body) => {
                        body.more.push(base + start..end);
                        append(&mut body.value, payload);
                    }
                },
            }
        }
        if let Some(body) = body {
            self.body(body);
        }
    }

    #[inline]
    fn attribute(&mut self, number: u32, pair: &[u8], at: Range<usize>) {
        match self.values.pair(pair, &[]) {
            Verdict::Same => {}
            Verdict::Changed(value) => self.edits.replace(at, |out| put_pair(out, number, pair, &value)),
            Verdict::Drop(_) => self.edits.remove(at),
        }
    }

    fn body(&mut self, body: Body<'_>) {
        match self.values.named(self.body, &body.value, &[]) {
            Verdict::Same => return,
            Verdict::Changed(value) => self.edits.replace(body.at, |out| put_bytes(out, body.number, &value)),
            Verdict::Drop(_) => self.edits.remove(body.at),
        }
        body.more.into_iter().for_each(|piece| self.edits.remove(piece));
    }
}
