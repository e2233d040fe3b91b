//! How often values are there.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// A value for each field; `None` where a record does not have it.
pub(super) type Key = Vec<Option<String>>;

/// As long as there are no more values than this, each has its counts over time.
const MOST_OVER_TIME: usize = 1000;

/// Counts by value and, while these are few, over time.
#[derive(Debug)]
pub(super) struct Tally {
    counts: HashMap<Key, Count, RandomState>,
    /// Values that are told apart.
    most: usize,
    /// Equal parts of the time.
    parts: usize,
    /// Records of further values.
    others: u64,
    has_over_time: bool,
}

#[derive(Debug)]
struct Count {
    count: u64,
    over_time: Box<[u64]>,
}

impl Tally {
    /// Tells the first `most` values apart.
    pub(super) fn new(most: usize, parts: usize) -> Tally {
        Tally { counts: HashMap::default(), most, parts, others: 0, has_over_time: parts > 0 }
    }

    /// Has a value even where it is never there.
    pub(super) fn touch(&mut self, key: Key) {
        let parts = self.parts();
        self.counts.entry(key).or_insert_with(|| Count::new(parts));
    }

    /// Counts a record.
    pub(super) fn add(&mut self, key: &Key, part: usize) {
        if !self.counts.contains_key(key) && !self.make_room() {
            self.others += 1;
            return;
        }
        let parts = self.parts();
        // A key is copied once.
        let count = match self.counts.get_mut(key) {
            Some(count) => count,
            None => self.counts.entry(key.clone()).or_insert_with(|| Count::new(parts)),
        };
        count.count += 1;
        if let Some(count) = count.over_time.get_mut(part) {
            *count += 1;
        }
    }

    /// Adds another one.
    pub(super) fn merge(&mut self, other: Tally) {
        self.others += other.others;
        if !other.has_over_time {
            self.forget_time();
        }
        for (key, more) in other.counts {
            if !self.counts.contains_key(&key) && !self.make_room() {
                self.others += more.count;
                continue;
            }
            let parts = self.parts();
            let count = self.counts.entry(key).or_insert_with(|| Count::new(parts));
            count.count += more.count;
            count.over_time.iter_mut().zip(&more.over_time).for_each(|(sum, count)| *sum += count);
        }
    }

    /// Whether there is room for one more value, for which the counts over time may have to go.
    fn make_room(&mut self) -> bool {
        if self.counts.len() >= self.most {
            return false;
        }
        if self.counts.len() >= MOST_OVER_TIME {
            self.forget_time();
        }
        true
    }

    fn parts(&self) -> usize {
        if self.has_over_time { self.parts } else { 0 }
    }

    fn forget_time(&mut self) {
        if std::mem::take(&mut self.has_over_time) {
            self.counts.values_mut().for_each(|count| count.over_time = Box::default());
        }
    }

    /// Records of values that are not told apart.
    pub(super) fn others(&self) -> u64 {
        self.others
    }

    /// Whether it has counts over time.
    pub(super) fn has_over_time(&self) -> bool {
        self.has_over_time
    }

    /// Values, how often they are there, and that over time where it is known; in no order.
    pub(super) fn into_counts(self) -> impl ExactSizeIterator<Item = (Key, u64, Box<[u64]>)> {
        self.counts.into_iter().map(|(key, count)| (key, count.count, count.over_time))
    }
}

impl Count {
    fn new(parts: usize) -> Count {
        Count { count: 0, over_time: vec![0; parts].into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        vec![Some(number.to_string())]
    }

    fn of(most: usize, numbers: impl IntoIterator<Item = usize>) -> Tally {
        let mut tally = Tally::new(most, 4);
        numbers.into_iter().for_each(|number| tally.add(&key(number), number % 4));
        tally
    }

    fn sorted(tally: Tally) -> Vec<(String, u64, Vec<u64>)> {
        let counts = tally.into_counts().map(|(key, count, over_time)| {
            (key.into_iter().flatten().collect::<String>(), count, over_time.into_vec())
        });
        let mut counts: Vec<_> = counts.collect();
        counts.sort();
        counts
    }

    #[test]
    fn values_beyond_the_most_are_counted_together() {
        let mut tally = of(3, [1, 2, 1, 3, 4, 5, 2, 4]);
        assert_eq!(tally.others(), 3);
        tally.merge(of(3, [3, 6, 6, 1]));
        assert_eq!(tally.others(), 5);
        tally.merge(of(2, [1, 7, 8]));
        assert_eq!(tally.others(), 7);
        let expected = [
            ("1".to_owned(), 4, vec![0, 4, 0, 0]),
            ("2".to_owned(), 2, vec![0, 0, 2, 0]),
            ("3".to_owned(), 2, vec![0, 0, 0, 2]),
        ];
        assert_eq!(sorted(tally), expected);
    }

    #[test]
    fn many_values_have_one_count_each() {
        let few = of(usize::MAX, 0..MOST_OVER_TIME);
        assert!(few.has_over_time() && few.counts.values().all(|count| count.over_time.len() == 4));
        let many = of(usize::MAX, 0..MOST_OVER_TIME + 1);
        assert!(!many.has_over_time() && many.counts.values().all(|count| count.over_time.is_empty()));
        // Together they are many too, in either order.
        let mut together = of(usize::MAX, 0..MOST_OVER_TIME);
        together.merge(of(usize::MAX, MOST_OVER_TIME - 1..MOST_OVER_TIME + 1));
        let mut other_way = of(usize::MAX, 0..1);
        other_way.merge(many);
        for tally in [together, other_way] {
            assert!(!tally.has_over_time());
            let counts = sorted(tally);
            assert_eq!(counts.len(), MOST_OVER_TIME + 1);
            assert!(counts.iter().all(|(_, _, over_time)| over_time.is_empty()));
            assert_eq!(counts.iter().map(|(_, count, _)| count).sum::<u64>(), MOST_OVER_TIME as u64 + 2);
        }
    }
}
