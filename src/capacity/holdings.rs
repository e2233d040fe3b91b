//! What a database holds, by tier of the storage and by service, for what it costs to keep it.

use std::collections::{BTreeMap, HashMap};

use super::GIB;
use super::prices::{Prices, Tier};
use crate::error::CommandError;
use crate::store::{Database, Selection, Stored};

const DAY_NS: f64 = 86_400.0 * 1e9;

/// The tiers that there are, the first of which takes what is new, and for how many days each keeps it; one that does not
/// say keeps it for good, as does the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Aging(Vec<(Tier, Option<f64>)>);

/// What is there of something.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Held {
    /// Spans, data points and log records.
    pub items: f64,
    /// Bytes in the file.
    pub bytes: f64,
}

/// What is there of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceHeld {
    /// Its name; empty where a resource had none.
    pub name: String,
    /// By tier, in the order of [`Tier::ALL`].
    pub tiers: [Held; 3],
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdings {
    /// By tier, in the order of [`Tier::ALL`].
    pub tiers: [Held; 3],
    /// By service, the largest first.
    pub services: Vec<ServiceHeld>,
    /// Bytes of the file.
    pub file_bytes: f64,
    /// Of these, bytes beside the segments, which are in the hot tier: rollups, indexes and what holds nothing.
    pub overhead_bytes: f64,
}

impl Aging {
    /// `days` are how long the hot, the warm and the cold tier keep what they get; those that there are not are `None`.
    pub fn new(hot: Option<f64>, others: [Option<Option<f64>>; 2]) -> Aging {
        let others = [Tier::Warm, Tier::Cold].into_iter().zip(others);
        let others = others.filter_map(|(tier, days)| Some((tier, days?)));
        Aging([(Tier::Hot, hot)].into_iter().chain(others).collect())
    }

    /// Where something of an age in days is.
    pub fn tier(&self, age: f64) -> Tier {
        let mut end = 0.0;
        let found = self.0.iter().find(|(_, days)| {
            end += days.unwrap_or(f64::INFINITY);
            age < end
        });
        found.or(self.0.last()).map_or(Tier::Hot, |(tier, _)| *tier)
    }
}

impl Holdings {
    /// What a database holds at a time in nanoseconds since the epoch; `None` where that is nothing. The bytes of a segment
    /// are shared out by the items of services in it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(database: &Database, aging: &Aging, now_ns: i64) -> Result<Option<Holdings>, CommandError> {
        let segments = database.segments(&Selection::default())?;
        let of_segments: u64 = segments.iter().map(|segment| segment.stored_bytes).sum();
        if of_segments == 0 {
            return Ok(None);
        }
        let file_bytes = database.stats()?.file_bytes.max(of_segments) as f64;
        let overhead_bytes = file_bytes - of_segments as f64;
        let mut services = by_service(database, &segments, aging, now_ns)?;
        for service in &mut services {
            let share = service.all().bytes / of_segments as f64;
            service.tiers[Tier::Hot as usize].bytes += overhead_bytes * share;
        }
        services.sort_by(|one, other| {
            other.all().bytes.total_cmp(&one.all().bytes).then_with(|| one.name.cmp(&other.name))
        });
        let mut tiers = [Held::default(); 3];
        for service in &services {
            tiers.iter_mut().zip(service.tiers).for_each(|(tier, held)| tier.add(held));
        }
        Ok(Some(Holdings { tiers, services, file_bytes, overhead_bytes }))
    }

    /// What a month of each tier costs in US dollars, in the order of [`Tier::ALL`].
    pub fn cost(&self, prices: &Prices) -> [f64; 3] {
        Tier::ALL.map(|tier| prices.cost(prices.class(tier).0, self.tiers[tier as usize].gib()))
    }

    /// What a month of a service costs: its shares of what the tiers cost.
    pub fn service_cost(&self, service: &ServiceHeld, costs: [f64; 3]) -> f64 {
        let share = |tier: Tier| {
            let (part, all) = (service.tiers[tier as usize].bytes, self.tiers[tier as usize].bytes);
            if all > 0.0 { costs[tier as usize] * part / all } else { 0.0 }
        };
        Tier::ALL.map(share).iter().sum()
    }
}

impl Held {
    fn add(&mut self, other: Held) {
        self.items += other.items;
        self.bytes += other.bytes;
    }

    /// Its bytes as they are paid for: 2³⁰ at a time.
    pub fn gib(self) -> f64 {
        self.bytes / GIB
    }
}

impl ServiceHeld {
    /// What is there of it in all tiers.
    pub fn all(&self) -> Held {
        self.tiers.iter().fold(Held::default(), |mut all, held| {
            all.add(*held);
            all
        })
    }
}

fn by_service(
    database: &Database,
    segments: &[Stored],
    aging: &Aging,
    now_ns: i64,
) -> Result<Vec<ServiceHeld>, CommandError> {
    // What has no time, or one in the future, is as old as its segment.
    let time =
        |segment: &Stored| segment.range.map_or(segment.written_ns, |(_, last)| last.min(segment.written_ns));
    let age = |segment: &Stored| now_ns.saturating_sub(time(segment)) as f64 / DAY_NS;
    let mut left: HashMap<i64, (&Stored, Tier, u64)> = segments
        .iter()
        .map(|segment| (segment.id, (segment, aging.tier(age(segment)), segment.items)))
        .collect();
    let mut services: BTreeMap<String, [Held; 3]> = BTreeMap::new();
    let mut add = |name: &str, segment: &Stored, tier: Tier, items: u64| {
        let bytes = segment.stored_bytes as f64 * items as f64 / segment.items.max(1) as f64;
        let held = Held { items: items as f64, bytes };
        match services.get_mut(name) {
            Some(tiers) => tiers[tier as usize].add(held),
            None => services.entry(name.to_owned()).or_default()[tier as usize].add(held),
        }
    };
    database.each_share(|segment, name, items| {
        let Some((segment, tier, left)) = left.get_mut(&segment) else { return };
        let items = items.min(*left);
        *left -= items;
        add(name, segment, *tier, items);
    })?;
    for (segment, tier, items) in left.into_values().filter(|(.., items)| *items > 0) {
        add("", segment, tier, items);
    }
    Ok(services.into_iter().map(|(name, tiers)| ServiceHeld { name, tiers }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_keep_things_one_after_the_other() {
        let tier = |aging: &Aging, age: f64| aging.tier(age).name();
        let all = Aging::new(Some(7.0), [Some(Some(30.0)), Some(Some(90.0))]);
        let ages = [-1.0, 0.0, 6.9, 7.0, 36.9, 37.0, 1000.0];
        assert_eq!(ages.map(|age| tier(&all, age)), ["hot", "hot", "hot", "warm", "warm", "cold", "cold"]);
        let none = Aging::new(None, [None, None]);
        assert_eq!(tier(&none, 1e9), "hot");
        assert_eq!(tier(&Aging::new(Some(7.0), [None, None]), 8.0), "hot");
        assert_eq!(tier(&Aging::new(Some(7.0), [None, Some(None)]), 8.0), "cold");
        assert_eq!(tier(&Aging::new(Some(7.0), [Some(None), Some(None)]), 800.0), "warm");
        assert_eq!(tier(&Aging::new(None, [Some(None), Some(None)]), 800.0), "hot");
    }
}
