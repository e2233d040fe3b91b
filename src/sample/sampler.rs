use std::sync::{Arc, PoisonError, RwLock};

use super::policy::{Keep, Policy, SpanFacts};
use super::report::{Report, Tally};
use crate::otlp::field::{log, span};
use crate::otlp::proto::Status;
use crate::otlp::view::{Fields, Nested, text};
use crate::otlp::wire::put_bytes;
use crate::otlp::{Batch, Rebuild, Signal, semconv, tree};
use crate::pipeline::{Delivery, Transform};
use crate::probability::{Threshold, tracestate};
use crate::stream::{self, Ledger};

/// The sampler as a stage: spans and logs are decided on, metrics pass.
#[derive(Debug)]
pub struct Sampler {
    policy: RwLock<Arc<Policy>>,
    ledger: Arc<Ledger>,
    report: Arc<Report>,
}

/// A batch in the making.
struct Sampling<'a> {
    policy: &'a Policy,
    rebuild: Rebuild<'a>,
    /// The tracestate that is being written.
    scratch: String,
    /// Whether a record was changed.
    edited: bool,
}

impl Sampler {
    /// Samples by `policy`; drops are entered into `ledger`, details into `report`.
    pub fn new(policy: Policy, ledger: Arc<Ledger>, report: Arc<Report>) -> Self {
        Sampler { policy: RwLock::new(Arc::new(policy)), ledger, report }
    }

    /// Decides by `policy` from the next batch on.
    pub fn set_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    fn sample(&self, batch: &Batch) -> Option<Batch> {
        let signal = batch.signal();
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut sampling = Sampling {
            policy: &policy,
            rebuild: Rebuild::of(batch, batch.bytes().len() / 8),
            scratch: String::new(),
            edited: false,
        };
        let mut dropped = 0;
        for resource in Nested::new(batch.bytes(), tree::RESOURCE) {
            let service = semconv::service_name(resource).as_bytes();
            let own = policy.of_service(service);
            let mut tally = Tally::default();
            sampling.rebuild.enter(0, tree::RESOURCE, tree::CHILD, resource);
            for scope in Nested::new(resource, tree::CHILD) {
                sampling.rebuild.enter(1, tree::CHILD, tree::CHILD, scope);
                for record in Nested::new(scope, tree::CHILD) {
                    let reason = match signal {
                        Signal::Traces => sampling.span(own, record),
                        Signal::Logs | Signal::Metrics => sampling.log(own, record),
                    };
                    match reason {
                        Some(reason) => tally.kept[reason as usize] += 1,
                        None => tally.dropped += 1,
                    }
                }
            }
            dropped += tally.dropped;
            self.report.add(signal, service, &tally);
        }
        if dropped == 0 && !sampling.edited {
            return Some(batch.clone());
        }
        self.ledger.dropped(signal, stream::Reason::Probability, dropped);
        sampling.rebuild.cut(signal)
    }
}

impl Sampling<'_> {
    #[inline]
    fn span(&mut self, own: Threshold, record: &[u8]) -> Option<super::Reason> {
        let (facts, state_at) = span_facts(record);
        let Keep { reason, threshold } = self.policy.decide(own, &facts)?;
        // A stage that keeps everything has decided nothing and leaves the span as it is.
        if own == Threshold::ALWAYS {
            self.rebuild.record(record, 1);
            return Some(reason);
        }
        self.scratch.clear();
        tracestate::rewrite(facts.trace_state, threshold, &mut self.scratch);
        if self.scratch == facts.trace_state {
            self.rebuild.record(record, 1);
        } else {
            self.edited = true;
            self.rebuild.edited(|out| {
                out.extend_from_slice(&record[..state_at.start]);
                if !self.scratch.is_empty() {
                    put_bytes(out, span::TRACE_STATE, self.scratch.as_bytes());
                }
                out.extend_from_slice(&record[state_at.end..]);
            });
        }
        Some(reason)
    }

    fn log(&mut self, own: Threshold, record: &[u8]) -> Option<super::Reason> {
        let trace_id = Fields::new(record)
            .find(|(number, _)| *number == log::TRACE_ID)
            .map_or(&[][..], |(_, value)| value.bytes());
        let reason = self.policy.decide_log(own, trace_id)?;
        self.rebuild.record(record, 1);
        Some(reason)
    }
}

impl Transform for Sampler {
    fn push(&self, delivery: Delivery, next: &mut dyn FnMut(Delivery)) {
        let Delivery { batch, receipt } = delivery;
        if batch.signal() == Signal::Metrics {
            return next(Delivery { batch, receipt });
        }
        match self.sample(&batch) {
            Some(sampled) => next(Delivery { batch: sampled, receipt }),
            None => receipt.accept(),
        }
    }
}

/// Reads a span once; also returns where its tracestate stands, or would stand.
#[inline]
fn span_facts(record: &[u8]) -> (SpanFacts<'_>, std::ops::Range<usize>) {
    let mut facts = SpanFacts::default();
    let mut state_at = None;
    let mut fields = Fields::new(record);
    loop {
        let start = fields.position();
        let Some((number, value)) = fields.next() else { break };
        match number {
            span::TRACE_ID => facts.trace_id = value.bytes(),
            span::TRACE_STATE => {
                facts.trace_state = text(value.bytes());
                state_at = Some(start..fields.position());
            }
            span::START => facts.start = value.bits(),
            span::END => facts.end = value.bits(),
            span::STATUS => facts.status = Status(value.bytes()).code(),
            _ => {}
        }
    }
    (facts, state_at.unwrap_or(record.len()..record.len()))
}
