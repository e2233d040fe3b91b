//! A plan as rows: a line for every input, result, limit, date, service and effect.

use serde_json::{Value, json};

use super::plan_report::Answer;
use crate::capacity::{INPUTS, Plan, Step, Unit, sensitivity};
use crate::query::units::number;

/// The headings of rows.
const HEADINGS: [&str; 5] = ["section", "name", "value", "unit", "from"];

/// A line.
struct Row {
    section: &'static str,
    name: String,
    value: Value,
    unit: &'static str,
    from: String,
}

impl Answer<'_> {
    fn lines(&self) -> Vec<Row> {
        let row = |section, name: String, value: f64, unit: Unit| Row {
            section,
            name,
            value: number(value),
            unit: unit.name(),
            from: String::new(),
        };
        let mut rows: Vec<Row> = INPUTS
            .iter()
            .map(|input| Row {
                from: self.inputs.origin(input).text(input.source),
                ..row("inputs", input.key.into(), input.get(&self.plan.values), input.unit)
            })
            .collect();
        let steps = self.plan.sheet.steps.iter();
        rows.extend(steps.map(|step| row(step.section, step.name.into(), step.value, step.unit)));
        let (low, high) = self.plan.cost_range(self.inputs, self.prices);
        rows.push(row("range", "low_usd".into(), low, Unit::UsdPerMonth));
        rows.push(row("range", "high_usd".into(), high, Unit::UsdPerMonth));
        for limit in &self.limits {
            rows.push(row("limits", format!("{}.most", limit.name), limit.limit, limit.unit));
            rows.push(row("limits", format!("{}.plan", limit.name), limit.value, limit.unit));
        }
        for growth in &self.growth {
            let months = growth.months.unwrap_or(f64::INFINITY);
            rows.push(row("growth", format!("{}.months", growth.what), months, Unit::Months));
            let date = json!(growth.date);
            let name = format!("{}.date", growth.what);
            rows.push(Row { value: date, unit: "date", ..row("growth", name, 0.0, Unit::Months) });
        }
        for service in &self.services {
            for (name, value, unit) in [
                ("spans", service.spans, Unit::PerSecond),
                ("size", service.size, Unit::Bytes),
                ("errors", service.errors, Unit::Share),
                ("usd", service.cost, Unit::UsdPerMonth),
                ("sampling_saves_usd", service.sampling_saves, Unit::UsdPerMonth),
                ("half_the_rate_saves_usd", service.half_saves, Unit::UsdPerMonth),
            ] {
                rows.push(row("services", format!("{}.{name}", service.name), value, unit));
            }
        }
        for effect in sensitivity::effects(&self.plan.values, self.prices) {
            let key = effect.input.key;
            rows.push(row("sensitivity", format!("{key}.lower_usd"), effect.lower, Unit::UsdPerMonth));
            rows.push(row("sensitivity", format!("{key}.higher_usd"), effect.higher, Unit::UsdPerMonth));
        }
        rows
    }

    /// Headings and cells.
    pub(super) fn rows(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let value = |value: Value| match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            value => value.to_string(),
        };
        let cells =
            |row: Row| vec![row.section.into(), row.name, value(row.value), row.unit.into(), row.from];
        (HEADINGS.map(str::to_owned).to_vec(), self.lines().into_iter().map(cells).collect())
    }

    /// The same as objects.
    pub(super) fn objects(&self) -> Vec<Value> {
        let object = |row: Row| {
            let mut object = json!({
                "section": row.section,
                "name": row.name,
                "value": row.value,
                "unit": row.unit,
            });
            if !row.from.is_empty() {
                object["from"] = row.from.into();
            }
            object
        };
        self.lines().into_iter().map(object).collect()
    }
}

/// All results as one object, for metrics.
pub(super) fn flat(plan: &Plan) -> Value {
    let result = |step: &Step| (step.name.to_owned(), number(step.value));
    Value::Object(plan.sheet.steps.iter().map(result).collect())
}
