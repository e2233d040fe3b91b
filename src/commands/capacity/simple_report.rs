//! The simple model as a report.

use serde_json::{Map, Value, json};

use super::output::Output;
use crate::capacity::{Simple, Values, digits};
use crate::error::CommandError;
use crate::ui::document::{Document, Section};

/// What the names of the results say, in their order.
const NAMES: [(&str, &str, &str); 13] = [
    ("daily_gb", "spans * 86400 * rate * size / 2^30", "kept a day (GB of 2^30 bytes)"),
    ("total_gb", "daily_gb * days", "kept in all"),
    ("compressed_gb", "0.3 * total_gb", "the same, compressed"),
    ("cores", "ceil(spans / 10000)", "cores"),
    ("memory_gb", "2 * cores", "memory"),
    ("instances", "ceil(cores / 4)", "instances"),
    ("inbound_mbps", "spans * size * 8 / 10^6", "traffic in"),
    ("outbound_mbps", "0.8 * inbound_mbps", "traffic out"),
    ("monthly_gb", "spans * size * 86400 * 30 / 2^30", "comes in a month"),
    ("hot_gb", "monthly_gb", "billed for the hot tier"),
    ("warm_gb", "monthly_gb, or 0 without days", "billed for the warm tier"),
    ("cold_gb", "monthly_gb, or 0 without days", "billed for the cold tier"),
    (
        "monthly_cost",
        "0.10 * hot_gb + 0.023 * warm_gb + 0.004 * cold_gb + 0.50 * queries / 10^6",
        "dollars a month",
    ),
];

/// Prints the results through `print`.
pub(super) fn report(
    values: &Values,
    print: impl FnOnce(&Output<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let results = serde_json::to_value(Simple::of(values)).map_err(anyhow::Error::new)?;
    let result = |name: &str| results[name].as_f64().unwrap_or_default();
    let rows = || -> Vec<Vec<String>> {
        let row = |(name, _, _): &(&str, &str, &str)| vec![(*name).to_owned(), result(name).to_string()];
        NAMES.iter().map(row).collect()
    };
    let document = || {
        let row = |(name, formula, what): &(&str, &str, &str)| {
            vec![(*name).to_owned(), digits(result(name)), (*what).to_owned(), (*formula).to_owned()]
        };
        let columns = [("name", false), ("value", true), ("what it is", false), ("formula", false)];
        Document {
            title: "The simple model".into(),
            answer: Vec::new(),
            sections: vec![Section::new("Results", &columns, NAMES.iter().map(row).collect())],
            notes: vec![
                "It knows no peak, no failure, no sampler on the way out, and one compression for every store; \
                 --model full does."
                    .into(),
            ],
        }
    };
    let json = || {
        let mut object = Map::from_iter([("schema".to_owned(), json!("obs.capacity.simple/1"))]);
        object.extend(results.as_object().cloned().unwrap_or_default());
        Value::Object(object)
    };
    print(&Output {
        document: &document,
        json: &json,
        rows: &|| (["name", "value"].map(str::to_owned).to_vec(), rows()),
        objects: &|| vec![results.clone()],
        metrics: &|| ("capacity.simple", vec![results.clone()]),
    })
}
