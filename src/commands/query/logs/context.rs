//! The neighbours of log records.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::anyhow;

use super::super::typed::time_query;
use super::line::Mark;
use crate::error::CommandError;
use crate::expr::{Clock, Matcher, Name, Query, Test, Text};
use crate::query::Reader;
use crate::query::logs::{Hit, LogSearch, Order, Place};

/// Finds the neighbours of records that are handed over in the order of a search, each of them once.
pub(super) struct Context<'a> {
    reader: &'a Reader,
    search: &'a LogSearch,
    /// Neighbours on each side.
    count: usize,
    /// The last record of each resource that was handed over: with it, all its neighbours in front of it were.
    last_of: HashMap<Vec<u8>, Place>,
    /// The last record that was handed over.
    last: Option<Place>,
}

/// A record and its neighbours, without those that were there before.
pub(super) struct Block {
    pub(super) records: Vec<(Hit, Mark)>,
    /// Whether it goes on where the one before has ended.
    pub(super) is_continued: bool,
}

impl<'a> Context<'a> {
    pub(super) fn new(reader: &'a Reader, search: &'a LogSearch, count: usize) -> Context<'a> {
        Context { reader, search, count, last_of: HashMap::new(), last: None }
    }

    /// The next record with its neighbours.
    pub(super) fn block(&mut self, hit: &Hit) -> Result<Block, CommandError> {
        let order = self.search.order;
        let (front, back) = match order {
            Order::Newest => (Order::Oldest, Order::Newest),
            Order::Oldest => (Order::Newest, Order::Oldest),
        };
        // One more, to know what stands in front of the block.
        let mut records = self.side(hit, front, self.count.saturating_add(1))?;
        records.reverse();
        let mut before = (records.len() > self.count).then(|| records.remove(0).place);
        records.push(hit.clone());
        records.extend(self.side(hit, back, self.count)?);
        let last = self.last_of.get(hit.resource()).map(|last| order.rank(*last));
        let old = records.partition_point(|record| last.is_some_and(|last| order.rank(record.place) <= last));
        before = records.drain(..old).next_back().map(|record| record.place).or(before);
        let is_continued = before.is_some() && before == self.last;
        if let Some(record) = records.last() {
            self.last = Some(record.place);
            self.last_of.insert(hit.resource().to_vec(), record.place);
        }
        let mark = |record: Hit| {
            let is_found = self.search.matcher.is_match(&record.found());
            (record, if is_found { Mark::Hit } else { Mark::Context })
        };
        Ok(Block { records: records.into_iter().map(mark).collect(), is_continued })
    }

    /// Records of the same source before a record, in the order of time.
    pub(super) fn before(&self, hit: &Hit) -> Result<Vec<Hit>, CommandError> {
        let mut before = self.side(hit, Order::Newest, self.count)?;
        before.reverse();
        Ok(before)
    }

    /// Records of the same source behind a record, in the order of time.
    pub(super) fn behind(&self, hit: &Hit) -> Result<Vec<Hit>, CommandError> {
        self.side(hit, Order::Oldest, self.count)
    }

    /// The records of the same source that come next in an order, the nearest first.
    fn side(&self, hit: &Hit, side: Order, count: usize) -> Result<Vec<Hit>, CommandError> {
        let service = Query::Is(Some(Name::given("service")), Test::Equals(Text::literal(hit.service())));
        let time_ns = i64::try_from(hit.place.time_ns).unwrap_or(i64::MAX);
        let range_ns = match side {
            Order::Newest => (None, Some(time_ns.saturating_add(1))),
            Order::Oldest => (Some(time_ns), None),
        };
        // All times in it have an offset.
        let query = Query::all([service].into_iter().chain(time_query(range_ns)));
        let matcher = Matcher::compile(&query, self.search.matcher.signal(), &Clock::utc(0))
            .map_err(|mistake| CommandError::failure(anyhow!(mistake.message)))?;
        let search = LogSearch {
            matcher,
            order: side,
            limit: Some(count),
            range_ns,
            after: Some(hit.place),
            resource: Some(hit.resource().to_vec()),
        };
        let mut found = Vec::new();
        search.run(self.reader, |hit| {
            found.push(hit);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
}
