//! What other inputs would come to, as a report.

use serde_json::{Map, Value, json};

use super::output::Output;
use crate::capacity::whatif::Variation;
use crate::capacity::{Limit, Limits, Plan, Unit};
use crate::error::CommandError;
use crate::query::units::number;
use crate::ui::document::{Document, Section};

/// What is shown of every plan: its name, heading and unit.
const RESULTS: [(&str, &str, Unit); 6] = [
    ("total_usd", "a month", Unit::Usd),
    ("cores", "cores", Unit::Cores),
    ("memory_gib", "memory", Unit::Gib),
    ("gateways", "gateways", Unit::Count),
    ("storage_gib", "stored", Unit::Gib),
    ("out_mbps", "out at the peak", Unit::Mbps),
];

fn result(plan: &Plan, name: &str) -> f64 {
    match name {
        "storage_gib" => ["hot_gib", "warm_gib", "cold_gib"].map(|name| plan.value(name)).iter().sum(),
        name => plan.value(name),
    }
}

/// Prints the combinations through `print`, and whether they keep within limits where there are any.
pub(super) fn report(
    variations: &[Variation],
    grid: &[(Vec<f64>, Plan)],
    limits: &Limits,
    print: impl FnOnce(&Output<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let exceeded = |plan: &Plan| {
        let limits = limits.of(plan);
        limits.iter().filter(|limit| limit.is_exceeded()).map(|limit: &Limit| limit.name).collect::<Vec<_>>()
    };
    let verdict = |plan: &Plan| (!limits.is_empty()).then(|| exceeded(plan).join(" "));
    let heading = || (!limits.is_empty()).then(|| "exceeded".to_owned());
    let document = || {
        let inputs = variations.iter().map(|variation| (variation.input.flag(), true));
        let results = RESULTS.iter().map(|(_, heading, _)| ((*heading).to_owned(), true));
        let row = |(chosen, plan): &(Vec<f64>, Plan)| {
            let inputs =
                variations.iter().zip(chosen).map(|(variation, value)| variation.input.unit.show(*value));
            let results = RESULTS.iter().map(|(name, _, unit)| unit.show(result(plan, name)));
            inputs.chain(results).chain(verdict(plan)).collect()
        };
        let section = Section {
            title: "What if".into(),
            columns: inputs.chain(results).chain(heading().map(|heading| (heading, false))).collect(),
            rows: grid.iter().map(row).collect(),
            bars: grid.iter().map(|(_, plan)| (0.0, plan.cost())).collect(),
            behind: usize::from(!limits.is_empty()),
        };
        let title = "The same load with other inputs".into();
        Document { title, answer: Vec::new(), sections: vec![section], notes: Vec::new() }
    };
    let objects = || -> Vec<Value> {
        let object = |(chosen, plan): &(Vec<f64>, Plan)| {
            let inputs = variations.iter().zip(chosen);
            let inputs = inputs.map(|(variation, value)| (variation.input.key.to_owned(), number(*value)));
            let results = RESULTS.iter().map(|(name, _, _)| ((*name).to_owned(), number(result(plan, name))));
            let verdict = (!limits.is_empty()).then(|| ("exceeded".to_owned(), json!(exceeded(plan))));
            Value::Object(inputs.chain(results).chain(verdict).collect::<Map<_, _>>())
        };
        grid.iter().map(object).collect()
    };
    let rows = || {
        let inputs = variations.iter().map(|variation| variation.input.key.to_owned());
        let results = RESULTS.iter().map(|(name, _, _)| (*name).to_owned());
        let headings = inputs.chain(results).chain(heading()).collect();
        let row = |(chosen, plan): &(Vec<f64>, Plan)| {
            let results = RESULTS.iter().map(|(name, _, _)| result(plan, name));
            let numbers = chosen.iter().copied().chain(results).map(|value| number(value).to_string());
            numbers.chain(verdict(plan)).collect()
        };
        (headings, grid.iter().map(row).collect())
    };
    print(&Output {
        document: &document,
        json: &|| json!({"schema": "obs.capacity.what-if/1", "rows": objects()}),
        rows: &rows,
        objects: &objects,
        metrics: &|| ("capacity.what_if", objects().into_iter().map(|row| named(row, variations)).collect()),
    })
}

/// A row whose inputs are texts, as they name a point of a metric and are none.
fn named(mut row: Value, variations: &[Variation]) -> Value {
    for key in variations.iter().map(|variation| variation.input.key) {
        row[key] = row[key].to_string().into();
    }
    row
}
