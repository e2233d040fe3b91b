use std::collections::HashMap;
use std::time::Duration;

use crate::otlp::proto::STATUS_CODE_ERROR;
use crate::probability::{DEFAULT_PRECISION, Rate, Threshold, randomness_of, tracestate};

/// Why a span or log record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its status is `error`.
    Error,
    /// It took long.
    Slow,
    /// Its trace was chosen.
    Probability,
    /// It has no trace id to decide by.
    NoTraceId,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 4] = [Reason::Error, Reason::Slow, Reason::Probability, Reason::NoTraceId];

    /// The name in ledgers and metrics.
    pub fn name(self) -> &'static str {
        ["error", "slow", "probability", "no_trace_id"][self as usize]
    }
}

/// What to keep.
#[derive(Debug, Clone)]
pub struct Policy {
    base: Threshold,
    services: HashMap<Vec<u8>, Threshold>,
    errors: bool,
    /// Nanoseconds.
    slow: Option<u64>,
}

/// What a decision about a span looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpanFacts<'a> {
    pub(super) trace_id: &'a [u8],
    pub(super) trace_state: &'a str,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) status: i32,
}

/// A decision to keep a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keep {
    pub(super) reason: Reason,
    /// The threshold that the span goes on with: all stages so far kept such spans with this probability.
    pub(super) threshold: Option<Threshold>,
}

impl Policy {
    /// Keeps `base` of the traces, `services` by `service.name`, all spans with an error if `errors`, and all that
    /// take `slow` or longer.
    pub fn new(
        base: Rate,
        services: impl IntoIterator<Item = (String, Rate)>,
        errors: bool,
        slow: Option<Duration>,
    ) -> Policy {
        let threshold = |rate: Rate| Threshold::from_probability(rate.share(), DEFAULT_PRECISION);
        Policy {
            base: threshold(base),
            services: services.into_iter().map(|(name, rate)| (name.into_bytes(), threshold(rate))).collect(),
            errors,
            slow: slow.map(|slow| u64::try_from(slow.as_nanos()).unwrap_or(u64::MAX)),
        }
    }

    /// The threshold of a service.
    pub(super) fn of_service(&self, service: &[u8]) -> Threshold {
        self.services.get(service).copied().unwrap_or(self.base)
    }

    /// Decides about a span of a service with the threshold `own`; `None` drops it.
    ///
    /// A span that this stage keeps in any case keeps the threshold it came with. One that it chose has the higher
    /// of both, which is what makes two samplers in a row keep what the stricter one alone keeps.
    #[inline]
    pub(super) fn decide(&self, own: Threshold, span: &SpanFacts) -> Option<Keep> {
        let before = if span.trace_state.is_empty() {
            Default::default()
        } else {
            tracestate::parse(span.trace_state)
        };
        let randomness = before.randomness.or_else(|| randomness_of(span.trace_id));
        let Some(randomness) = randomness else {
            return Some(Keep { reason: Reason::NoTraceId, threshold: before.threshold });
        };
        // A threshold that would have dropped the span says nothing about the probability that it came with.
        let inconsistent = before.threshold.is_some_and(|threshold| !threshold.keeps(randomness));
        let came_with = before.threshold.unwrap_or(Threshold::ALWAYS);
        let goes_with = |threshold| (!inconsistent).then_some(threshold);
        let always = if self.errors && span.status == STATUS_CODE_ERROR {
            Some(Reason::Error)
        } else if self.slow.is_some_and(|slow| span.end.saturating_sub(span.start) >= slow) {
            Some(Reason::Slow)
        } else {
            None
        };
        match always {
            Some(reason) => Some(Keep { reason, threshold: goes_with(came_with) }),
            None => own
                .keeps(randomness)
                .then(|| Keep { reason: Reason::Probability, threshold: goes_with(own.max(came_with)) }),
        }
    }

    /// Decides about a log record, by its trace id alone.
    pub(super) fn decide_log(&self, own: Threshold, trace_id: &[u8]) -> Option<Reason> {
        match randomness_of(trace_id) {
            None => Some(Reason::NoTraceId),
            Some(randomness) => own.keeps(randomness).then_some(Reason::Probability),
        }
    }
}
