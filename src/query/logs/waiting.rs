//! What was found and waits for its turn.

use std::collections::BTreeMap;

/// The first of what was found, as many as are still wanted.
#[derive(Debug)]
pub(super) struct Waiting<K, T> {
    found: BTreeMap<K, T>,
    wanted: usize,
}

impl<K: Ord, T> Waiting<K, T> {
    /// For so many at the most.
    pub(super) fn new(wanted: usize) -> Waiting<K, T> {
        Waiting { found: BTreeMap::new(), wanted }
    }

    /// Adds what was found; what cannot have its turn any more is left out.
    pub(super) fn add(&mut self, found: impl IntoIterator<Item = (K, T)>) {
        for (rank, hit) in found {
            self.found.insert(rank, hit);
            if self.found.len() > self.wanted {
                self.found.pop_last();
            }
        }
    }

    /// The next one, if it comes before whatever `is_before` tells it from.
    pub(super) fn next(&mut self, is_before: impl FnOnce(&K) -> bool) -> Option<T> {
        let first = self.found.first_entry().filter(|first| is_before(first.key()))?;
        self.wanted -= 1;
        Some(first.remove())
    }

    /// Whether no more are wanted.
    pub(super) fn is_done(&self) -> bool {
        self.wanted == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_wait_than_are_wanted() {
        let mut waiting = Waiting::new(4);
        // From segments of the same time, each of which has as many as are wanted.
        for segment in 0..16_u32 {
            waiting.add((0..4).map(|number| (number * 16 + 15 - segment, segment)));
            assert!(waiting.found.len() <= 4, "{} wait", waiting.found.len());
        }
        assert_eq!(waiting.next(|rank| *rank < 2), Some(15));
        assert_eq!(waiting.next(|rank| *rank < 2), Some(14));
        assert_eq!(waiting.next(|rank| *rank < 2), None);
        // Two are wanted yet.
        waiting.add([(1, 0), (7, 0), (8, 0)]);
        assert!(!waiting.is_done() && waiting.found.keys().eq([&1, &2]), "{waiting:?}");
        assert_eq!(waiting.next(|_| true), Some(0));
        assert_eq!(waiting.next(|_| true), Some(13));
        assert!(waiting.is_done() && waiting.next(|_| true).is_none());
    }
}
