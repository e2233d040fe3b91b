//! When spans were, of which some do not say it.

use crate::otlp::field::span;
use crate::otlp::view::Fields;

/// Start and end of a span in nanoseconds since the epoch, where 0 is no time; `None` where it has neither.
///
/// Without a start it starts when it ends, and without an end, or with one before its start, it ends when it starts.
pub fn span_times(record: &[u8]) -> Option<(u64, u64)> {
    let (mut start_ns, mut end_ns) = (0, 0);
    for (number, value) in Fields::new(record) {
        match number {
            span::START => start_ns = value.bits(),
            span::END => end_ns = value.bits(),
            _ => {}
        }
    }
    known_times(start_ns, end_ns)
}

/// The same of a span with this start and this end, where 0 is none.
pub fn known_times(start_ns: u64, end_ns: u64) -> Option<(u64, u64)> {
    let start_ns = if start_ns == 0 { end_ns } else { start_ns };
    (start_ns > 0).then(|| (start_ns, end_ns.max(start_ns)))
}

/// From the start of the first span to the end of the last, in nanoseconds since the epoch; of no span yet, `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent(pub Option<(u64, u64)>);

impl Extent {
    /// Extends it to a span, or to another extent.
    pub fn add(&mut self, times: Option<(u64, u64)>) {
        self.0 = match (self.0, times) {
            (Some((start, end)), Some((from, to))) => Some((start.min(from), end.max(to))),
            (known, times) => known.or(times),
        };
    }

    /// When the first span started; 0 where none says it.
    pub fn start_ns(self) -> u64 {
        self.0.map_or(0, |(start_ns, _)| start_ns)
    }

    /// When the last span ended; 0 where none says it.
    pub fn end_ns(self) -> u64 {
        self.0.map_or(0, |(_, end_ns)| end_ns)
    }

    /// From the start of the first span to the end of the last.
    pub fn duration_ns(self) -> u64 {
        self.end_ns() - self.start_ns()
    }
}

impl FromIterator<Option<(u64, u64)>> for Extent {
    fn from_iter<I: IntoIterator<Item = Option<(u64, u64)>>>(times: I) -> Extent {
        let mut extent = Extent::default();
        times.into_iter().for_each(|times| extent.add(times));
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::wire::put_fixed64;

    fn times(start_ns: u64, end_ns: u64) -> Option<(u64, u64)> {
        let mut record = Vec::new();
        for (field, ns) in [(span::START, start_ns), (span::END, end_ns)] {
            if ns > 0 {
                put_fixed64(&mut record, field, ns);
            }
        }
        span_times(&record)
    }

    #[test]
    fn a_span_may_not_say_when_it_was() {
        assert_eq!(times(5, 9), Some((5, 9)));
        assert_eq!(times(0, 9), Some((9, 9)));
        assert_eq!(times(5, 0), Some((5, 5)));
        assert_eq!(times(9, 5), Some((9, 9)));
        assert_eq!(times(0, 0), None);
    }

    #[test]
    fn a_span_without_times_extends_nothing() {
        let extent = |times: &[(u64, u64)]| -> Extent {
            times.iter().map(|(start_ns, end_ns)| super::tests::times(*start_ns, *end_ns)).collect()
        };
        let all = extent(&[(0, 0), (50, 70), (0, 60), (40, 45), (0, 0)]);
        assert_eq!((all, all.start_ns(), all.duration_ns()), (Extent(Some((40, 70))), 40, 30));
        let none = extent(&[(0, 0)]);
        assert_eq!((none, none.start_ns(), none.duration_ns()), (Extent(None), 0, 0));
    }
}
