//! Every formula with the numbers put in.

use serde_json::{Value, json};

use super::input_rows;
use super::output::Output;
use super::plan_rows::flat;
use crate::capacity::{Inputs, Plan, Prices, Step, Tier, Unit};
use crate::error::CommandError;
use crate::query::units::number;
use crate::ui::document::{Document, Section};

/// What functions in formulas do.
const FUNCTIONS: [&str; 6] = [
    "up_to(step, x): x rounded up to a multiple of step. MEMORY_USED = 0.8, STORE_CORES = 2, AGENT_BUFFER = 30000 spans.",
    "survivors(n, spare, zones): the smaller one of n - spare and n - ceil(n / zones).",
    "gateways_for(n, spare, zones): the fewest gateways of which n survive.",
    "residence_bytes(rate, bytes, seconds): their product (Little's law). stock_gib(daily, days, copies, room): their product.",
    "mean_wait, quantile_wait(servers, use, share): Erlang C, in service times. burstiness(ca2, cs2): (ca2 + cs2) / 2 (Kingman).",
    "square_root_staffing(busy, beta): busy + beta * sqrt(busy), rounded up.",
];

/// A formula on one line.
fn formula(step: &Step) -> String {
    step.formula.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prints them through `print`, with the inputs and the prices that they use.
pub(super) fn report(
    inputs: &Inputs,
    plan: &Plan,
    prices: &Prices,
    print: impl FnOnce(&Output<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let document = || {
        let mut sections: Vec<Section> = Vec::new();
        let columns = [("name", false), ("value", true), ("what it is", false), ("how", false)];
        for (step, numbers) in plan.explained() {
            if sections.iter().all(|section| section.title != step.section) {
                sections.push(Section::new(step.section, &columns, Vec::new()));
            }
            let mut known = sections.iter_mut();
            let Some(section) = known.find(|section| section.title == step.section) else { continue };
            let value = step.unit.show(step.value);
            let how = if step.formula.is_empty() { String::new() } else { format!("= {}", formula(step)) };
            section.rows.push(vec![step.name.into(), value, step.title.into(), how]);
            if !step.formula.is_empty() {
                section.rows.push(vec![String::new(), String::new(), String::new(), format!("= {numbers}")]);
            }
        }
        sections.push(input_rows::section(inputs));
        sections.push(price_section(prices));
        sections.push(tier_section(prices));
        let title = "Every formula with its numbers".into();
        Document { title, answer: Vec::new(), sections, notes: FUNCTIONS.map(str::to_owned).to_vec() }
    };
    let objects = || -> Vec<Value> {
        let object = |(step, numbers): (&Step, String)| {
            json!({
                "section": step.section,
                "name": step.name,
                "what": step.title,
                "unit": step.unit.name(),
                "value": number(step.value),
                "formula": formula(step),
                "numbers": numbers,
            })
        };
        plan.explained().into_iter().map(object).collect()
    };
    let rows = || {
        let headings = ["section", "name", "value", "unit", "formula", "numbers"].map(str::to_owned).to_vec();
        let cell = |object: &Value, key: &str| match &object[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let row = |object: &Value| headings.iter().map(|key| cell(object, key)).collect();
        let rows = objects().iter().map(row).collect();
        (headings.clone(), rows)
    };
    print(&Output {
        document: &document,
        json: &|| {
            json!({
                "schema": "obs.capacity.explain/1",
                "inputs": input_rows::json(inputs),
                "steps": objects(),
                "prices": prices.iter().map(|(key, price)| (key.to_owned(), json!(price))).collect::<serde_json::Map<_, _>>(),
            })
        },
        rows: &rows,
        objects: &objects,
        metrics: &|| ("capacity", vec![flat(plan)]),
    })
}

fn price_section(prices: &Prices) -> Section {
    let row = |(key, price): (&str, &crate::capacity::prices::Price)| {
        vec![key.to_owned(), price.text(), price.per.clone(), price.date.clone(), price.source.clone()]
    };
    let columns = [("price", false), ("usd", true), ("for a", false), ("date", false), ("from", false)];
    Section::new("Prices", &columns, prices.iter().map(row).collect())
}

fn tier_section(prices: &Prices) -> Section {
    let row = |tier: Tier| {
        let (name, class) = prices.class(tier);
        let kind = format!("{:?}", class.kind).to_lowercase();
        vec![tier.name().to_owned(), name.to_owned(), kind, Unit::Days.show(class.days)]
    };
    let columns = [("tier", false), ("price", false), ("kind", false), ("billed for at least", true)];
    Section::new("Tiers", &columns, Tier::ALL.map(row).to_vec())
}
