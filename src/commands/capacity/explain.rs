//! Every formula with the numbers put in.

use serde_json::{Value, json};

use super::input_rows;
use super::output::Output;
use crate::capacity::{Inputs, Plan, Prices};
use crate::error::CommandError;
use crate::query::units::number;
use crate::ui::document::{Document, Section};

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
            if sections.last().is_none_or(|section| section.title != step.section) {
                sections.push(Section::new(step.section, &columns, Vec::new()));
            }
            let row = |value: String, title: &str, how: String| {
                vec![
                    if title.is_empty() { String::new() } else { step.name.to_owned() },
                    value,
                    title.to_owned(),
                    how,
                ]
            };
            if let Some(section) = sections.last_mut() {
                let formula = step.formula.split_whitespace().collect::<Vec<_>>().join(" ");
                section.rows.push(row(step.unit.show(step.value), step.title, format!("= {formula}")));
                section.rows.push(row(String::new(), "", format!("= {numbers}")));
            }
        }
        sections.push(input_rows::section(inputs));
        sections.push(price_section(prices));
        let title = "Every formula with its numbers".into();
        Document { title, answer: Vec::new(), sections, notes: Vec::new() }
    };
    let objects = || -> Vec<Value> {
        let object = |(step, numbers): (&crate::capacity::Step, String)| {
            json!({
                "section": step.section,
                "name": step.name,
                "what": step.title,
                "unit": step.unit.name(),
                "value": number(step.value),
                "formula": step.formula.split_whitespace().collect::<Vec<_>>().join(" "),
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
        objects: &|| ("capacity", objects()),
    })
}

fn price_section(prices: &Prices) -> Section {
    let row = |(key, price): (&str, &crate::capacity::prices::Price)| {
        vec![
            key.to_owned(),
            format!("${}", price.first()),
            price.per.clone(),
            price.date.clone(),
            price.source.clone(),
        ]
    };
    let columns = [("price", false), ("usd", true), ("for a", false), ("date", false), ("from", false)];
    Section::new("Prices", &columns, prices.iter().map(row).collect())
}
