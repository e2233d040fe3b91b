//! A plan as a report: the answer, the tables behind it, what matters most.

use super::growth::Growth;
use super::input_rows;
use crate::capacity::sensitivity;
use crate::capacity::services::ServiceCost;
use crate::capacity::{Input, Inputs, Limit, Origin, Plan, Prices, Profile, Tier, Unit, usd};
use crate::ui::document::Document;

/// Everything that is said about a load.
pub(super) struct Answer<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) plan: &'a Plan,
    pub(super) prices: &'a Prices,
    pub(super) profile: Option<&'a Profile>,
    pub(super) limits: Vec<Limit>,
    pub(super) growth: Vec<Growth>,
    pub(super) services: Vec<ServiceCost>,
    /// Whether all inputs and what they do are shown.
    pub(super) is_whole: bool,
}

impl Answer<'_> {
    pub(super) fn show(&self, name: &str) -> String {
        let step = self.plan.sheet.steps.iter().find(|step| step.name == name);
        step.map(|step| step.unit.show(step.value)).unwrap_or_default()
    }

    /// For people.
    pub(super) fn document(&self) -> Document {
        let (low, high) = self.plan.cost_range(self.inputs, self.prices);
        let effects = sensitivity::effects(&self.plan.values, self.prices);
        let mut sections = vec![self.storage(), self.compute(), self.network(), self.waiting(), self.cost()];
        sections.extend(self.limits_section());
        sections.extend(self.growth_section());
        sections.extend(self.services_section());
        sections.push(self.effects(&effects));
        if self.is_whole {
            sections.push(input_rows::section(self.inputs));
        }
        Document { title: self.title(), answer: self.answer(low, high), sections, notes: self.notes() }
    }

    fn title(&self) -> String {
        let values = &self.plan.values;
        let growth = match values.growth > 0.0 {
            true => format!(" in {}", Unit::Months.show(values.horizon)),
            false => String::new(),
        };
        format!(
            "{} spans of {}{growth}, {} at the peak; {} are kept",
            self.show("mean_rate"),
            Unit::Bytes.show(values.size),
            self.show("peak_rate"),
            self.show("kept_share"),
        )
    }

    fn answer(&self, low: f64, high: f64) -> Vec<(String, String)> {
        let show = |name: &str| self.show(name);
        let machine = |name: &str, count: f64| match count {
            0.0 => format!("no {name}s"),
            _ => format!(
                "{} of {} and {}",
                counted(count, name),
                show(&format!("{name}_cores_each")),
                show(&format!("{name}_memory_bytes"))
            ),
        };
        let machines = [
            machine("gateway", self.plan.value("gateways")),
            machine("agent", self.plan.values.nodes),
            machine("store", self.plan.value("stores")),
        ]
        .join(", ");
        let tiers: Vec<String> = self
            .tiers()
            .into_iter()
            .filter(|(_, days, _, _)| *days > 0.0)
            .map(|(tier, days, gib, _)| {
                let class = &self.plan.classes[tier as usize];
                format!("{} {} ({class}) for {}", tier.name(), Unit::Gib.show(gib), Unit::Days.show(days))
            })
            .collect();
        let network = format!(
            "{} in and {} out at the peak, {} and {} a month",
            show("in_mbps"),
            show("out_mbps"),
            show("month_in_gib"),
            show("month_out_gib"),
        );
        let most = self.parts().into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let most = most.map(|(name, part)| format!("; the most for {name}, {}", usd(part)));
        let cost = format!(
            "{} a month ({} to {}){}",
            usd(self.plan.cost()),
            usd(low),
            usd(high),
            most.unwrap_or_default()
        );
        let mut answer = vec![
            ("machines".to_owned(), machines),
            ("disk".to_owned(), if tiers.is_empty() { "none".into() } else { tiers.join(", ") }),
            ("network".to_owned(), network),
            ("cost".to_owned(), cost),
        ];
        if let Some(rate) = Input::of("rate").filter(|rate| *self.inputs.origin(rate) == Origin::Solved) {
            let highest = rate.unit.show(rate.get(&self.plan.values));
            answer.insert(0, ("rate".into(), format!("{highest}, the highest within the limits")));
        }
        let exceeded: Vec<String> =
            self.limits.iter().filter(|limit| limit.is_exceeded()).map(said).collect();
        if !exceeded.is_empty() {
            answer.push(("exceeded".into(), exceeded.join(", ")));
        }
        answer
    }

    pub(super) fn tiers(&self) -> [(Tier, f64, f64, f64); 3] {
        let values = &self.plan.values;
        let of = |tier: Tier, days: f64| {
            let name = tier.name();
            let value = |unit: &str| self.plan.value(&format!("{name}_{unit}"));
            (tier, days, value("gib"), value("usd"))
        };
        [of(Tier::Hot, values.retention), of(Tier::Warm, values.warm), of(Tier::Cold, values.cold)]
    }

    /// The parts of the cost.
    pub(super) fn parts(&self) -> Vec<(String, f64)> {
        let tier = |tier: Tier| format!("{} tier ({})", tier.name(), self.plan.classes[tier as usize]);
        let parts = [
            ("compute".to_owned(), "compute_usd"),
            (tier(Tier::Hot), "hot_usd"),
            (tier(Tier::Warm), "warm_usd"),
            (tier(Tier::Cold), "cold_usd"),
            ("requests".to_owned(), "requests_usd"),
            ("transfer".to_owned(), "transfer_usd"),
            ("queries".to_owned(), "queries_usd"),
        ];
        let parts = parts.map(|(name, key)| (name, self.plan.value(key)));
        parts.into_iter().filter(|(_, part)| *part > 0.0).collect()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.plan.value("stores") > self.plan.values.replication {
            notes.push("One store cannot take it: split the stream by service, or lower the rate.".into());
        }
        let speed = Input::of("collect_speed");
        if speed.is_some_and(|input| *self.inputs.origin(input) == Origin::Default) {
            notes.push(
                "Speeds and sizes are those of another machine; obs capacity calibrate measures yours."
                    .into(),
            );
        }
        notes.push(
            "Prices are list prices, see --prices; --explain shows every formula with its numbers.".into(),
        );
        notes
    }
}

/// `cost $1,234 a month, the limit is $500 a month`; to the last digit where they would look alike.
pub(super) fn said(limit: &Limit) -> String {
    let (value, most) = (limit.unit.show(limit.value), limit.unit.show(limit.limit));
    match value == most {
        false => format!("{} {value}, the limit is {most}", limit.name),
        true => format!("{} {value}, {} over the limit", limit.name, limit.value - limit.limit),
    }
}

fn counted(count: f64, what: &str) -> String {
    let plural = if count == 1.0 { "" } else { "s" };
    format!("{} {what}{plural}", Unit::Count.show(count))
}
