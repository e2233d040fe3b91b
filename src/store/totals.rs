//! The rollups, added up over a range of time: whole days from the tables of days, what is left at both ends from those of
//! hours and minutes, and what the rollups do not have yet from where writers have left it for later.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use foldhash::fast::RandomState;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::committer::unfolded;
use super::database::Database;
use super::histogram::Buckets;
use super::measures::{MINUTE_NS, Measures};
use super::rollups::{Period, Rollup, Table};
use crate::error::CommandError;

/// Minutes since the epoch, from the first up to the second, which is not one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes {
    /// The first.
    pub from: u32,
    /// The first that is not one of them any more.
    pub to: u32,
}

/// An operation of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperationName {
    /// Empty where a resource had no name.
    pub service: String,
    /// `Span.kind`.
    pub kind: u8,
    /// The name of the spans.
    pub name: String,
}

/// A caller and whom it calls, by the names of their services.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeName {
    /// The service of the CLIENT or PRODUCER span.
    pub caller: String,
    /// The service of its child.
    pub callee: String,
}

/// What was counted, weighted by 1/p where a sampler ran.
#[derive(Debug, Clone, Default)]
pub struct Total {
    /// Spans or calls.
    pub count: f64,
    /// Those that have failed.
    pub errors: f64,
    /// Those that were stored, which are fewer where a sampler ran.
    pub stored: f64,
    /// The variance of the count.
    pub variance: f64,
    /// The last minute in which there were any; with [`Precision::Day`] the last day's first minute may stand for it.
    pub last_minute: u32,
    /// How long they took.
    pub durations: Buckets,
}

/// How exactly the last minute is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// To the minute.
    Minute,
    /// To the day, which costs nothing.
    Day,
}

impl Minutes {
    /// The minutes that a range in nanoseconds since the epoch touches; it has no end where none is given.
    pub fn around(from_ns: Option<i64>, to_ns: Option<i64>) -> Minutes {
        let minute = MINUTE_NS.cast_signed();
        let clamp = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        Minutes {
            from: from_ns.map_or(0, |from| clamp(from.div_euclid(minute))),
            to: to_ns
                .map_or(u32::MAX, |to| clamp(to.div_euclid(minute) + i64::from(to.rem_euclid(minute) > 0))),
        }
    }

    fn holds(self, minute: u32) -> bool {
        (self.from..self.to).contains(&minute)
    }

    /// Whole periods, in minutes, and what is left before and behind them.
    fn split(self, period: Period) -> [Minutes; 3] {
        let minutes = period.minutes();
        let from = self.from.checked_next_multiple_of(minutes).unwrap_or(u32::MAX);
        let to = self.to / minutes * minutes;
        match from < to {
            true => [Minutes { to: from, ..self }, Minutes { from, to }, Minutes { from: to, ..self }],
            false => [self, Minutes { from: 0, to: 0 }, Minutes { from: 0, to: 0 }],
        }
    }

    /// Its parts, none of which overlap, each made of whole periods as long as can be.
    fn parts(self) -> Vec<(Period, Minutes)> {
        let mut parts = vec![(Period::Minute, self)];
        for period in Period::ALL {
            let split = |(shorter, part): (Period, Minutes)| {
                let [before, whole, behind] = part.split(period);
                [(shorter, before), (period, whole), (shorter, behind)]
            };
            parts = parts.into_iter().flat_map(split).filter(|(_, part)| part.from < part.to).collect();
        }
        parts
    }
}

impl Database {
    /// The names of all services, in order.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn service_names(&self) -> Result<Vec<String>, CommandError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare("SELECT name FROM services ORDER BY name")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.explain("read", error))
    }

    /// Adds up what was counted of operations, those together that `group` calls the same; `None` leaves one out.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn operation_totals<K: Hash + Eq>(
        &self,
        range: Minutes,
        precision: Precision,
        mut group: impl FnMut(OperationName) -> Option<K>,
    ) -> Result<Vec<(K, Total)>, CommandError> {
        self.at_one_moment(|connection| {
            let mut totals = Totals::new(range);
            let mut catalog = connection.prepare(
                "SELECT o.id, s.name, o.kind, o.name FROM operations o JOIN services s ON s.id = o.service",
            )?;
            let mut rows = catalog.query([])?;
            while let Some(row) = rows.next()? {
                let name = OperationName { service: row.get(1)?, kind: row.get(2)?, name: row.get(3)? };
                if let Some(key) = group(name) {
                    totals.register(row.get(0)?, key);
                }
            }
            totals.add_tables(connection, Rollup::Operations)?;
            if precision == Precision::Minute {
                totals.find_last_minutes(connection)?;
            }
            totals.add_measures(&unfolded(connection, Rollup::Operations, |_| 0)?);
            Ok(totals.finish())
        })
    }

    /// Adds up what was counted of every pair of services of which one calls the other.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn edge_totals(&self, range: Minutes) -> Result<Vec<(EdgeName, Total)>, CommandError> {
        self.at_one_moment(|connection| {
            let mut services: HashMap<u32, String, RandomState> = HashMap::default();
            let mut catalog = connection.prepare("SELECT id, name FROM services")?;
            let mut rows = catalog.query([])?;
            while let Some(row) = rows.next()? {
                services.insert(row.get(0)?, row.get(1)?);
            }
            let name = |caller: u32, callee: u32| {
                let [caller, callee] = [services.get(&caller)?, services.get(&callee)?].map(Clone::clone);
                Some(EdgeName { caller, callee })
            };
            let mut totals = Totals::new(range);
            let mut ids: HashMap<(u32, u32), u32, RandomState> = HashMap::default();
            let mut catalog = connection.prepare("SELECT id, caller, callee FROM edges")?;
            let mut rows = catalog.query([])?;
            while let Some(row) = rows.next()? {
                let (id, caller, callee) = (row.get(0)?, row.get(1)?, row.get(2)?);
                ids.insert((caller, callee), id);
                if let Some(name) = name(caller, callee) {
                    totals.register(id, name);
                }
            }
            totals.add_tables(connection, Rollup::Edges)?;
            let mut free = ids.values().max().map_or(0, |id| id + 1);
            let mut new = Vec::new();
            let measures = unfolded(connection, Rollup::Edges, |pair| {
                *ids.entry(*pair).or_insert_with(|| {
                    new.push((free, *pair));
                    free += 1;
                    free - 1
                })
            })?;
            for (id, (caller, callee)) in new {
                if let Some(name) = name(caller, callee) {
                    totals.register(id, name);
                }
            }
            totals.add_measures(&measures);
            Ok(totals.finish())
        })
    }
}

/// Totals in the making.
struct Totals<K> {
    range: Minutes,
    /// Which total a series is added to.
    places: HashMap<u32, u32, RandomState>,
    groups: HashMap<K, u32, RandomState>,
    /// Made when there is something to add.
    totals: Vec<Option<Total>>,
    damaged: u64,
}

impl<K: Hash + Eq> Totals<K> {
    fn new(range: Minutes) -> Totals<K> {
        Totals {
            range,
            places: HashMap::default(),
            groups: HashMap::default(),
            totals: Vec::new(),
            damaged: 0,
        }
    }

    /// Has a series added to what is of `key`.
    fn register(&mut self, series: u32, key: K) {
        let place = match self.groups.entry(key) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(entry) => {
                self.totals.push(None);
                *entry.insert(self.totals.len() as u32 - 1)
            }
        };
        self.places.insert(series, place);
    }

    /// The total of a series; `None` where it is not wanted.
    #[inline]
    fn of(&mut self, series: u32) -> Option<&mut Total> {
        let place = self.places.get(&series)?;
        Some(self.totals.get_mut(*place as usize)?.get_or_insert_default())
    }

    fn add_tables(&mut self, connection: &Connection, rollup: Rollup) -> rusqlite::Result<()> {
        for (period, part) in self.range.parts() {
            let minutes = period.minutes();
            self.add_rows(connection, &rollup.table(period), part.from / minutes..part.to.div_ceil(minutes))?;
        }
        Ok(())
    }

    fn add_rows(
        &mut self,
        connection: &Connection,
        table: &Table,
        times: std::ops::Range<u32>,
    ) -> rusqlite::Result<()> {
        let Table { name, time, series, minutes } = table;
        let mut statement = connection.prepare(&format!(
            "SELECT {series}, {time}, count, errors, stored, variance, durations FROM {name}
             WHERE {time} >= ?1 AND {time} < ?2"
        ))?;
        let mut rows = statement.query([times.start, times.end])?;
        while let Some(row) = rows.next()? {
            let Some(total) = self.of(row.get(0)?) else { continue };
            let count = number(row, 2)?.unwrap_or_default();
            total.count += count;
            total.errors += number(row, 3)?.unwrap_or_default();
            total.stored += number(row, 4)?.unwrap_or(count);
            total.variance += number(row, 5)?.unwrap_or_default();
            total.last_minute = total.last_minute.max(row.get::<_, u32>(1)?.saturating_mul(*minutes));
            let durations = row.get_ref(6)?.as_blob().unwrap_or_default();
            self.damaged += u64::from(total.durations.add_stored(durations).is_none());
        }
        Ok(())
    }

    fn add_measures(&mut self, measures: &Measures) {
        let range = self.range;
        for (place, count) in measures.counts.iter().filter(|(place, _)| range.holds(place.minute())) {
            let Some(total) = self.of(place.series()) else { continue };
            total.count += count;
            total.stored += count;
            total.errors += if place.failed() { *count } else { 0.0 };
            total.last_minute = total.last_minute.max(place.minute());
            total.durations.add(place.bucket(), *count);
        }
        for (cell, sampled) in measures.sampled.iter().filter(|(cell, _)| range.holds(cell.minute())) {
            let Some(total) = self.of(cell.series()) else { continue };
            total.stored += sampled.spans as f64 - sampled.weight;
            total.variance += sampled.variance;
        }
    }

    /// Finds the last minutes of those of which only the day or the hour is known.
    fn find_last_minutes(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.find_last(connection, Period::Hour, Period::Day)?;
        self.find_last(connection, Period::Minute, Period::Hour)
    }

    /// Finds the last of the shorter periods in the last of the longer ones.
    fn find_last(
        &mut self,
        connection: &Connection,
        shorter: Period,
        longer: Period,
    ) -> rusqlite::Result<()> {
        let Table { name, time, series, minutes } = Rollup::Operations.table(shorter);
        let mut statement = connection.prepare(&format!(
            "SELECT {time}, {series} FROM {name} WHERE {time} >= ?1 AND {time} < ?2 ORDER BY {time} DESC"
        ))?;
        let [_, whole, _] = self.range.split(longer);
        let mut wanted: HashMap<u32, Vec<usize>, RandomState> = HashMap::default();
        for (place, total) in self.totals.iter().enumerate() {
            // A total that ends in the first minute of a longer period is looked for, too.
            let last = total.as_ref().map(|total| total.last_minute);
            if let Some(last) = last.filter(|last| whole.holds(*last) && last % longer.minutes() == 0) {
                wanted.entry(last).or_default().push(place);
            }
        }
        for (last, mut places) in wanted {
            let mut rows = statement.query([last / minutes, (last + longer.minutes()) / minutes])?;
            while !places.is_empty()
                && let Some(row) = rows.next()?
            {
                let Some(place) = self.places.get(&row.get(1)?).map(|place| *place as usize) else {
                    continue;
                };
                if let Some(at) = places.iter().position(|wanted| *wanted == place) {
                    places.swap_remove(at);
                    if let Some(Some(total)) = self.totals.get_mut(place) {
                        total.last_minute = total.last_minute.max(row.get::<_, u32>(0)? * minutes);
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<(K, Total)> {
        if self.damaged > 0 {
            tracing::warn!("{} histograms of durations are damaged; quantiles leave them out", self.damaged);
        }
        let mut totals = self.totals;
        let mut total = |place: u32| totals.get_mut(place as usize).and_then(Option::take);
        self.groups.into_iter().filter_map(|(key, place)| Some((key, total(place)?))).collect()
    }
}

/// A number, whole or not; `None` for NULL.
#[inline]
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<f64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(from: u32, to: u32) -> Minutes {
        Minutes { from, to }
    }

    #[test]
    fn a_range_is_widened_to_whole_minutes() {
        let minute = MINUTE_NS as i64;
        let around = |from, to| Minutes::around(Some(from), Some(to));
        assert_eq!(around(minute, 3 * minute), minutes(1, 3));
        assert_eq!(around(2 * minute - 1, 3 * minute + 1), minutes(1, 4));
        assert_eq!(around(-5, i64::MAX), minutes(0, (i64::MAX / minute + 1) as u32));
        assert_eq!(Minutes::around(None, None), minutes(0, u32::MAX));
    }

    #[test]
    fn a_range_is_made_of_days_and_of_hours_and_minutes_at_its_ends() {
        use Period::{Day, Hour, Minute};
        const DAY: u32 = 24 * 60;
        for (range, expected) in [
            ((60, 180), vec![(Hour, 60, 180)]),
            ((59, 181), vec![(Minute, 59, 60), (Hour, 60, 180), (Minute, 180, 181)]),
            ((61, 119), vec![(Minute, 61, 119)]),
            ((61, 180), vec![(Minute, 61, 120), (Hour, 120, 180)]),
            ((100, 50), vec![]),
            ((0, DAY), vec![(Day, 0, DAY)]),
            (
                (DAY - 61, 3 * DAY + 90),
                vec![
                    (Minute, DAY - 61, DAY - 60),
                    (Hour, DAY - 60, DAY),
                    (Day, DAY, 3 * DAY),
                    (Hour, 3 * DAY, 3 * DAY + 60),
                    (Minute, 3 * DAY + 60, 3 * DAY + 90),
                ],
            ),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(period, from, to)| (period, minutes(from, to))).collect();
            assert_eq!(minutes(range.0, range.1).parts(), expected, "{range:?}");
        }
        // The end of all minutes is in the middle of a day.
        let all = Minutes::around(None, None).parts();
        assert_eq!((all[0].0, all[0].1.from, all.last().map(|(_, last)| last.to)), (Day, 0, Some(u32::MAX)));
    }
}
