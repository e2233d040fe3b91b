//! A plan for programs.

use serde_json::{Map, Value, json};

use super::growth::Growth;
use super::input_rows;
use super::plan_report::Answer;
use crate::capacity::Limit;
use crate::capacity::sensitivity::{self, Effect};
use crate::capacity::services::ServiceCost;
use crate::query::units::number;

impl Answer<'_> {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        let mut sections: Map<String, Value> = Map::new();
        for step in &self.plan.sheet.steps {
            let section = sections.entry(step.section).or_insert_with(|| json!({}));
            section[step.name] = number(step.value);
        }
        let (low, high) = self.plan.cost_range(self.inputs, self.prices);
        let tiers = self.tiers().map(|(tier, days, gib, usd)| {
            let class = &self.plan.classes[tier as usize];
            json!({"tier": tier.name(), "class": class, "days": number(days), "gib": number(gib), "usd": number(usd)})
        });
        let effects = sensitivity::effects(&self.plan.values, self.prices);
        let effect = |effect: &Effect| json!({"input": effect.input.key, "lower_usd": effect.lower, "higher_usd": effect.higher});
        let limit = |limit: &Limit| json!({"limit": limit.name, "unit": limit.unit.name(), "most": limit.limit, "plan": limit.value, "exceeded": limit.is_exceeded()});
        let growth = |growth: &Growth| {
            json!({
                "what": growth.what,
                "unit": growth.unit.name(),
                "now": number(growth.now),
                "limit": number(growth.limit),
                "months": growth.months,
                "date": growth.date,
            })
        };
        let service = |service: &ServiceCost| {
            json!({
                "service": service.name,
                "spans_per_second": service.spans,
                "bytes_per_span": service.size,
                "share_of_bytes": service.share,
                "error_share": service.errors,
                "usd": service.cost,
                "sampling_saves_usd": service.sampling_saves,
                "half_the_rate_saves_usd": service.half_saves,
            })
        };
        let mut document = json!({
            "schema": "obs.capacity/1",
            "inputs": input_rows::json(self.inputs),
        });
        if let Some(object) = document.as_object_mut() {
            object.extend(sections);
            object.insert("cost_range_usd".into(), json!({"low": low, "high": high}));
            object.insert("profile".into(), json!(self.profile));
            object.insert("tiers".into(), json!(tiers));
            object.insert("sensitivity".into(), effects.iter().map(effect).collect());
            object.insert("limits".into(), self.limits.iter().map(limit).collect());
            object.insert("growth".into(), self.growth.iter().map(growth).collect());
            object.insert("services".into(), self.services.iter().map(service).collect());
        }
        document
    }
}
