//! Segments in memory: rows of a join ask for the same ones again and again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::segment::Segment;

/// Segments, of which those that were used longest ago are let go when there are too many bytes.
#[derive(Debug)]
pub(super) struct Cache {
    /// Bytes that there may be: of a few segments, as much as a walk from one to the next has use for, and twice as many
    /// each time that one is asked for which was let go.
    most_bytes: usize,
    limit_bytes: usize,
    bytes: usize,
    uses: u64,
    segments: HashMap<i64, Cached>,
    let_go: HashSet<i64>,
}

#[derive(Debug)]
struct Cached {
    segment: Arc<Segment>,
    bytes: usize,
    /// The number of its last use.
    used: u64,
}

impl Cache {
    /// A cache that grows from this many bytes up to a limit.
    pub(super) fn new(most_bytes: usize, limit_bytes: usize) -> Cache {
        let (segments, let_go) = (HashMap::new(), HashSet::new());
        Cache { most_bytes, limit_bytes, bytes: 0, uses: 0, segments, let_go }
    }

    /// A segment, if it is here.
    pub(super) fn get(&mut self, id: i64) -> Option<&Arc<Segment>> {
        let cached = self.segments.get_mut(&id)?;
        self.uses += 1;
        cached.used = self.uses;
        Some(&cached.segment)
    }

    /// Keeps a segment, in the place of what was known of it; those that somebody holds stay in any case.
    pub(super) fn put(&mut self, segment: &Arc<Segment>) {
        self.uses += 1;
        let cached = Cached { segment: segment.clone(), bytes: segment.bytes(), used: self.uses };
        self.bytes += cached.bytes;
        if let Some(before) = self.segments.insert(segment.id, cached) {
            self.bytes -= before.bytes;
        }
        if self.let_go.remove(&segment.id) {
            self.most_bytes = (2 * self.most_bytes).min(self.limit_bytes);
        }
        while self.bytes > self.most_bytes {
            let idle = self.segments.iter().filter(|(_, cached)| Arc::strong_count(&cached.segment) == 1);
            let Some(oldest) = idle.min_by_key(|(_, cached)| cached.used).map(|(id, _)| *id) else { return };
            if let Some(cached) = self.segments.remove(&oldest) {
                self.bytes -= cached.bytes;
                self.let_go.insert(oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::Signal;
    use crate::store::Columns;

    /// A segment of 1000 bytes.
    fn segment(id: i64) -> Arc<Segment> {
        let columns = Columns { levels: vec![0; 1000], ..Columns::default() };
        Arc::new(Segment { id, signal: Signal::Traces, columns: Arc::new(columns), records: None })
    }

    fn kept(cache: &Cache) -> Vec<i64> {
        let mut ids: Vec<i64> = cache.segments.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn those_used_longest_ago_are_let_go() {
        let mut cache = Cache::new(3500, 3500);
        (1..=3).for_each(|id| cache.put(&segment(id)));
        assert!(cache.get(1).is_some());
        cache.put(&segment(4));
        assert_eq!((kept(&cache), cache.bytes), (vec![1, 3, 4], 3000));
        // The same again takes no more room.
        cache.put(&segment(3));
        cache.put(&segment(5));
        assert_eq!((kept(&cache), cache.bytes), (vec![3, 4, 5], 3000));
        assert!(cache.get(2).is_none());
    }

    #[test]
    fn what_is_in_use_stays() {
        let mut cache = Cache::new(1500, 1500);
        let (one, two) = (segment(1), segment(2));
        cache.put(&one);
        cache.put(&two);
        assert_eq!(kept(&cache), [1, 2]);
        drop(one);
        let three = segment(3);
        cache.put(&three);
        assert_eq!(kept(&cache), [2, 3]);
        drop((two, three));
        cache.put(&segment(4));
        assert_eq!(kept(&cache), [4]);
    }

    #[test]
    fn it_grows_for_what_is_asked_for_again() {
        let mut cache = Cache::new(2000, 5000);
        let fill = |cache: &mut Cache, ids: [i64; 6]| {
            let absent = |id: &i64| cache.get(*id).is_none();
            let absent: Vec<i64> = ids.into_iter().filter(absent).collect();
            absent.iter().for_each(|id| cache.put(&segment(*id)));
            (kept(cache).len(), cache.most_bytes)
        };
        assert_eq!(fill(&mut cache, [1, 2, 3, 4, 5, 6]), (2, 2000));
        assert_eq!(fill(&mut cache, [7, 8, 9, 10, 11, 12]), (2, 2000));
        assert_eq!(fill(&mut cache, [1, 13, 14, 15, 16, 17]), (4, 4000));
        assert_eq!(fill(&mut cache, [1, 2, 3, 4, 5, 6]), (5, 5000));
    }
}
