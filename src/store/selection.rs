//! Parts of the store by signal, service and time.

use super::reading::Stored;
use crate::otlp::field::{log, point, span};
use crate::otlp::tree::{self, METRIC_DATA, POINT, Rebuild};
use crate::otlp::view::{Fields, Nested, Value};
use crate::otlp::{Batch, Signal, semconv};

/// What is wanted: everything, unless something is said.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Of this signal.
    pub signal: Option<Signal>,
    /// Of these services.
    pub services: Vec<String>,
    /// From this time on (of spans: the start), in nanoseconds since the epoch.
    pub from_ns: Option<i64>,
    /// Before this time.
    pub to_ns: Option<i64>,
}

/// Fields that hold the time of a record, the first that is set.
const SPAN_TIME: &[u32] = &[span::START];
const LOG_TIME: &[u32] = &[log::TIME, log::OBSERVED];
const POINT_TIME: &[u32] = &[point::TIME];

impl Selection {
    /// Whether all of a segment is wanted.
    pub(super) fn covers(&self, segment: &Stored) -> bool {
        let is_in_time = match segment.range {
            Some((first, last)) => {
                self.from_ns.is_none_or(|from| from <= first) && self.to_ns.is_none_or(|to| last < to)
            }
            None => self.from_ns.is_none() && self.to_ns.is_none(),
        };
        self.services.is_empty() && is_in_time
    }

    /// The part of a batch that is wanted, if there is any.
    pub fn of(&self, batch: &Batch) -> Option<Batch> {
        let signal = batch.signal();
        let mut rebuild = Rebuild::of(batch, batch.bytes().len() / 4);
        for container in Nested::new(batch.bytes(), tree::RESOURCE) {
            let service = semconv::service_name(container);
            if !self.services.is_empty() && !self.services.iter().any(|wanted| wanted == service) {
                continue;
            }
            rebuild.enter(0, tree::RESOURCE, tree::CHILD, container);
            for scope in Nested::new(container, tree::CHILD) {
                rebuild.enter(1, tree::CHILD, tree::CHILD, scope);
                for record in Nested::new(scope, tree::CHILD) {
                    match signal {
                        Signal::Metrics => self.metric(&mut rebuild, record),
                        Signal::Traces if self.holds(record, SPAN_TIME) => rebuild.record(record, 1),
                        Signal::Logs if self.holds(record, LOG_TIME) => rebuild.record(record, 1),
                        Signal::Traces | Signal::Logs => {}
                    }
                }
            }
        }
        rebuild.cut(signal)
    }

    fn metric<'a>(&self, rebuild: &mut Rebuild<'a>, metric: &'a [u8]) {
        for (number, value) in Fields::new(metric) {
            let Value::Len(data) = value else { continue };
            if METRIC_DATA.contains(&number) {
                rebuild.enter(2, tree::CHILD, number, metric);
                rebuild.enter(3, number, POINT, data);
                for point in Nested::new(data, POINT).filter(|point| self.holds(point, POINT_TIME)) {
                    rebuild.record(point, 1);
                }
                rebuild.leave(2);
            }
        }
    }

    fn holds(&self, record: &[u8], times: &[u32]) -> bool {
        if self.from_ns.is_none() && self.to_ns.is_none() {
            return true;
        }
        let time_in = |field: u32| {
            Fields::new(record).filter(|(number, _)| *number == field).last().map(|(_, value)| value.bits())
        };
        let time = times.iter().filter_map(|field| time_in(*field)).find(|time| *time > 0);
        let Some(time) = time else { return false };
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        self.from_ns.is_none_or(|from| from <= time) && self.to_ns.is_none_or(|to| time < to)
    }
}
