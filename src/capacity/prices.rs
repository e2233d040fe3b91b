//! Prices: a dated list with sources, of which any can be replaced.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::Spanned;

use super::Unit;
use crate::config::yaml_error;
use crate::error::CommandError;

const BUILT_IN: &str = include_str!("prices.yaml");

/// What things cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    prices: BTreeMap<String, Price>,
    tiers: BTreeMap<String, String>,
    classes: BTreeMap<String, Class>,
}

/// A price in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each unit, where all cost the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usd: Option<f64>,
    /// For each unit up to so many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
    /// The unit.
    #[serde(default)]
    pub per: String,
    /// Of when it is.
    #[serde(default)]
    pub date: String,
    /// Where it is from.
    #[serde(default)]
    pub source: String,
}

/// What units cost up to so many; the last step has no end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_to: Option<f64>,
    usd: f64,
}

/// What a kind of storage is like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Disks have room to spare, objects are what is in them.
    pub kind: Kind,
    /// Days that are billed at least.
    #[serde(default)]
    pub days: f64,
    /// The price of reading.
    #[serde(default)]
    retrieval: Option<String>,
}

/// A kind of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A volume, billed by its size.
    Disk,
    /// Objects, billed by their size and by request.
    Objects,
}

/// A tier of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// What is looked for often.
    Hot,
    /// What comes after it.
    Warm,
    /// What is kept at last.
    Cold,
}

impl Tier {
    /// In the order in which spans go through them.
    pub const ALL: [Tier; 3] = [Tier::Hot, Tier::Warm, Tier::Cold];

    /// Its name.
    pub fn name(self) -> &'static str {
        ["hot", "warm", "cold"][self as usize]
    }
}

/// A file of prices as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    prices: BTreeMap<Key, Entry>,
    #[serde(default)]
    tiers: BTreeMap<Key, String>,
    #[serde(default)]
    classes: BTreeMap<Key, Class>,
}

/// A key with its place.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Key(Spanned<String>);

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.0.value == other.0.value
    }
}
impl Eq for Key {}
impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        self.0.value.cmp(&other.0.value)
    }
}

/// A price, or only its number.
#[derive(Debug)]
enum Entry {
    Number(f64),
    Price(Price),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("dollars such as 0.05, or a mapping with usd or steps")
            }
            fn visit_f64<E: de::Error>(self, usd: f64) -> Result<Entry, E> {
                Ok(Entry::Number(usd))
            }
            fn visit_u64<E: de::Error>(self, usd: u64) -> Result<Entry, E> {
                Ok(Entry::Number(usd as f64))
            }
            fn visit_i64<E: de::Error>(self, usd: i64) -> Result<Entry, E> {
                Ok(Entry::Number(usd as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                Price::deserialize(de::value::MapAccessDeserializer::new(map)).map(Entry::Price)
            }
        }
        deserializer.deserialize_any(EntryVisitor)
    }
}

impl Prices {
    /// The list that obs brings along.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn built_in() -> Result<Prices, CommandError> {
        let mut prices = Prices { prices: BTreeMap::new(), tiers: BTreeMap::new(), classes: BTreeMap::new() };
        prices.merge(BUILT_IN, "prices.yaml", true)?;
        Ok(prices)
    }

    /// Replaces what a file of prices names; a class that has a price of its own may be added.
    ///
    /// # Errors
    /// The file cannot be read, or names what is not there.
    pub fn replace_from(&mut self, path: &std::path::Path) -> Result<(), CommandError> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the prices {}", path.display()))
            .map_err(CommandError::usage)?;
        self.merge(&text, &path.display().to_string(), false)
    }

    fn merge(&mut self, text: &str, name: &str, is_first: bool) -> Result<(), CommandError> {
        let document: Document = serde_saphyr::from_str(text)
            .map_err(|error| CommandError::usage(anyhow!(yaml_error(name, &error))))?;
        let place = |key: &Key| {
            let at = key.0.referenced;
            format!("{name}:{}:{}: ", at.line(), at.column())
        };
        let added: Vec<String> = document.classes.keys().map(|key| key.0.value.clone()).collect();
        for (key, entry) in document.prices {
            let known = &key.0.value;
            if !is_first && !added.contains(known) {
                self.expect_price(known, &place(&key))?;
            }
            let price = match entry {
                Entry::Number(usd) => self.given(known, usd, name),
                Entry::Price(price) => price,
            };
            price.check().map_err(|what| CommandError::usage(anyhow!("{}{known}: {what}", place(&key))))?;
            self.prices.insert(key.0.value, price);
        }
        for (key, class) in document.classes {
            let (priced, place) = (key.0.value.clone(), place(&key));
            self.expect_price(&priced, &place)?;
            class.retrieval.iter().try_for_each(|retrieval| self.expect_price(retrieval, &place))?;
            if !Unit::Days.holds(class.days) {
                let days = class.days;
                return Err(CommandError::usage(anyhow!(
                    "{place}{priced}: expected days of zero or more, found {days}"
                )));
            }
            self.classes.insert(priced, class);
        }
        for (key, class) in document.tiers {
            let place = place(&key);
            self.set_tier(&key.0.value, &class, &place)?;
        }
        Ok(())
    }

    /// Replaces one: `KEY=USD`, or `TIER=CLASS`.
    ///
    /// # Errors
    /// There is no such key or class, or the number is none.
    pub fn replace(&mut self, text: &str) -> Result<(), CommandError> {
        let Some((key, value)) = text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
            return Err(CommandError::usage(anyhow!("expected --price KEY=USD, found {text:?}"))
                .hint("such as --price ebs_gp3=0.07 or --price hot=disk_nvme"));
        };
        if Tier::ALL.iter().any(|tier| tier.name() == key) {
            return self.set_tier(key, value, "--price: ");
        }
        self.expect_price(key, "--price: ")?;
        let usd = Unit::Usd.parse(value);
        let usd = usd.map_err(|what| CommandError::usage(anyhow!("--price {key}: {what}")))?;
        let price = self.given(key, usd, "given");
        self.prices.insert(key.into(), price);
        Ok(())
    }

    fn given(&self, key: &str, usd: f64, source: &str) -> Price {
        let per = self.prices.get(key).map(|price| price.per.clone()).unwrap_or_default();
        Price { usd: Some(usd), steps: Vec::new(), per, date: String::new(), source: source.into() }
    }

    fn set_tier(&mut self, tier: &str, class: &str, place: &str) -> Result<(), CommandError> {
        if !Tier::ALL.iter().any(|known| known.name() == tier) {
            return Err(unknown("tier", tier, place, Tier::ALL.iter().map(|tier| tier.name())));
        }
        if !self.classes.contains_key(class) {
            return Err(unknown("storage class", class, place, self.classes.keys().map(String::as_str)));
        }
        self.tiers.insert(tier.into(), class.into());
        Ok(())
    }

    fn expect_price(&self, key: &str, place: &str) -> Result<(), CommandError> {
        match self.prices.contains_key(key) {
            true => Ok(()),
            false => Err(unknown("price", key, place, self.prices.keys().map(String::as_str))),
        }
    }

    /// What `units` of something cost; nothing where there is no such price.
    pub fn cost(&self, key: &str, units: f64) -> f64 {
        self.prices.get(key).map_or(0.0, |price| price.cost(units))
    }

    /// The class of storage of a tier: its name, and what it is like.
    pub fn class(&self, tier: Tier) -> (&str, Class) {
        let name = self.tiers.get(tier.name()).map_or("", String::as_str);
        let disk = Class { kind: Kind::Disk, days: 0.0, retrieval: None };
        (name, self.classes.get(name).cloned().unwrap_or(disk))
    }

    /// What it costs to read so many GiB of a class.
    pub fn retrieval(&self, class: &Class, gib: f64) -> f64 {
        class.retrieval.as_ref().map_or(0.0, |key| self.cost(key, gib))
    }

    /// All prices by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Price)> {
        self.prices.iter().map(|(key, price)| (key.as_str(), price))
    }

    /// A price.
    pub fn get(&self, key: &str) -> Option<&Price> {
        self.prices.get(key)
    }
}

impl Price {
    fn check(&self) -> Result<(), String> {
        let numbers = || self.usd.into_iter().chain(self.steps.iter().map(|step| step.usd));
        let ends = || self.steps.iter().map(|step| step.up_to.unwrap_or(f64::INFINITY));
        let is_rising = std::iter::once(0.0).chain(ends()).zip(ends()).all(|(one, next)| one < next);
        match () {
            () if self.usd.is_some() != self.steps.is_empty() => Err("expected either usd or steps".into()),
            () if !numbers().all(|usd| Unit::Usd.holds(usd)) => {
                Err("expected dollars of zero or more".into())
            }
            () if !is_rising || self.steps.last().is_some_and(|step| step.up_to.is_some()) => {
                Err("expected steps that rise, the last without up_to".into())
            }
            () => Ok(()),
        }
    }

    /// What so many units cost together.
    pub fn cost(&self, units: f64) -> f64 {
        let mut below = 0.0;
        let of_steps = self.steps.iter().map(|step| {
            let end = step.up_to.unwrap_or(f64::INFINITY);
            let cost = (units.min(end) - below).max(0.0) * step.usd;
            below = end;
            cost
        });
        self.usd.map_or(0.0, |usd| usd * units) + of_steps.sum::<f64>()
    }

    /// What units cost, for people: `0.023 up to 51200, then 0.021`.
    pub fn text(&self) -> String {
        let step = |step: &Step| match step.up_to {
            Some(end) => format!("{} up to {end}", step.usd),
            None => format!("then {}", step.usd),
        };
        match self.usd {
            Some(usd) => usd.to_string(),
            None => self.steps.iter().map(step).collect::<Vec<_>>().join(", "),
        }
    }

    /// The price of the first unit.
    pub fn first(&self) -> f64 {
        self.usd.or_else(|| self.steps.first().map(|step| step.usd)).unwrap_or_default()
    }
}

fn unknown<'n>(
    what: &str,
    name: &str,
    place: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> CommandError {
    /// More alike than this and it is a slip of the pen.
    const ALIKE: f64 = 0.8;
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let similar = known.clone().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let error = CommandError::usage(anyhow!("{place}there is no {what} {name:?}"));
    match similar.filter(|similar| likeness(similar) > ALIKE) {
        Some(similar) => error.hint(format!("a similar one exists: {similar}")),
        None => error.hint(format!("there are {}", known.collect::<Vec<_>>().join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_of_the_list_has_a_date_and_a_source() {
        let prices = Prices::built_in().unwrap();
        for (key, price) in prices.iter() {
            assert!(!price.source.is_empty() && !price.per.is_empty() && price.date.len() == 7, "{key}");
        }
        assert_eq!(prices.class(Tier::Warm).0, "s3_standard");
        assert_eq!(prices.class(Tier::Cold).1.days, 90.0);
    }

    #[test]
    fn steps_add_up() {
        let prices = Prices::built_in().unwrap();
        assert!((prices.cost("s3_standard", 100.0) - 2.3).abs() < 1e-9);
        let expected = 51_200.0 * 0.023 + 460_800.0 * 0.022 + 488_000.0 * 0.021;
        assert!((prices.cost("s3_standard", 1_000_000.0) - expected).abs() < 1e-6);
        assert_eq!(prices.cost("ebs_gp3", 0.0), 0.0);
    }

    #[test]
    fn prices_are_replaced() {
        let mut prices = Prices::built_in().unwrap();
        prices.replace("ebs_gp3=0.07").unwrap();
        assert_eq!(prices.cost("ebs_gp3", 100.0), 7.000000000000001);
        prices.replace("hot=disk_nvme").unwrap();
        assert_eq!(prices.class(Tier::Hot).0, "disk_nvme");
        let text = "prices:\n  ours: {usd: 0.01, per: GiB-month}\n  s3_standard: 0.02\nclasses:\n  ours: {kind: disk}\ntiers:\n  hot: ours\n";
        prices.merge(text, "our.yaml", false).unwrap();
        assert_eq!(prices.cost(prices.class(Tier::Hot).0, 10.0), 0.1);
        assert_eq!(prices.cost("s3_standard", 100.0), 2.0);
        assert_eq!(prices.get("s3_standard").unwrap().source, "our.yaml");
    }

    #[test]
    fn what_is_not_there_is_told_with_its_place() {
        let mut prices = Prices::built_in().unwrap();
        let mut of = |text: &str| prices.merge(text, "our.yaml", false).unwrap_err().to_string();
        assert_eq!(
            of("prices:\n  ebs_gp4: 0.1\n"),
            "our.yaml:2:3: there is no price \"ebs_gp4\"\nhint: a similar one exists: ebs_gp3"
        );
        assert_eq!(
            of("tiers:\n  tepid: ebs_gp3\n"),
            "our.yaml:2:3: there is no tier \"tepid\"\nhint: there are hot, warm, cold"
        );
        assert!(of("tiers:\n  hot: egress\n").starts_with("our.yaml:2:3: there is no storage class"));
        assert!(of("price: 1\n").starts_with("our.yaml:1:1: unknown field"), "{}", of("price: 1\n"));
        assert!(
            of("prices:\n  ebs_gp3: abc\n")
                .contains("our.yaml:2:3: invalid type: string \"abc\", expected dollars such as 0.05"),
            "{}",
            of("prices:\n  ebs_gp3: abc\n")
        );
        assert!(
            of("prices:\n  egress: {steps: [{up_to: -5, usd: 1}, {usd: 2}]}\n").contains("steps that rise")
        );
        assert!(
            of("classes:\n  ebs_gp3: {kind: disk, days: -5}\n").contains("expected days of zero or more")
        );
        assert!(of("prices:\n  ebs_gp3: {usd: -1}\n").contains("ebs_gp3: expected dollars of zero or more"));
        assert!(
            of("prices:\n  egress: {steps: [{up_to: 5, usd: 1}]}\n").contains("expected steps that rise")
        );
        assert!(prices.replace("ebs_gp3").unwrap_err().to_string().contains("expected --price KEY=USD"));
        assert!(prices.replace("ebs_gp3=-1").unwrap_err().to_string().contains("expected dollars"));
        assert!(prices.replace("ebs=1").unwrap_err().to_string().contains("there is no price \"ebs\""));
    }
}
