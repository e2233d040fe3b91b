//! Which service costs what: the cost of a plan, shared out.

use super::{Observation, Plan, ServiceLoad};

/// What a service costs a month.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceCost {
    /// Its name; empty where a resource had none.
    pub name: String,
    /// Spans a second.
    pub spans: f64,
    /// Of all bytes, those that it sends.
    pub share: f64,
    /// Bytes of a span on the wire.
    pub size: f64,
    /// The share of spans with an error.
    pub errors: f64,
    /// What it costs, in dollars.
    pub cost: f64,
    /// What it would cost to keep all its spans.
    pub cost_unsampled: f64,
    /// What half its sampling rate would save.
    pub half_saves: f64,
}

/// Shares a plan's cost out. What it costs to take spans in goes by bytes that come in, what it costs to keep them by bytes that
/// are kept; both add up to the whole.
pub fn costs(plan: &Plan, seen: &Observation) -> Vec<ServiceCost> {
    let values = &plan.values;
    let size = |service: &ServiceLoad| service.size.unwrap_or(values.size);
    let bytes = |service: &ServiceLoad| service.spans * size(service);
    let kept_share = |service: &ServiceLoad, rate: f64| {
        let errors = (service.errors * service.error_size.unwrap_or(values.error_size)).min(1.0);
        errors + (1.0 - errors) * rate
    };
    let kept = |service: &ServiceLoad, rate: f64| bytes(service) * kept_share(service, rate);
    let all: f64 = seen.services.iter().map(bytes).sum();
    let all_kept: f64 = seen.services.iter().map(|service| kept(service, values.rate)).sum();
    let part = |of: f64, whole: f64| if whole > 0.0 { of / whole } else { 0.0 };

    let (month_in, month_out) = (plan.value("month_in_gib"), plan.value("month_out_gib"));
    let stores = plan.value("stores") * plan.value("store_cores_each");
    let kept_compute = part(stores, plan.value("cores")) * plan.value("compute_usd");
    let kept_transfer = part(month_out, month_in + month_out) * plan.value("transfer_usd");
    let of_kept = ["hot_usd", "warm_usd", "cold_usd", "requests_usd", "queries_usd"];
    let kept_usd = of_kept.iter().map(|name| plan.value(name)).sum::<f64>() + kept_compute + kept_transfer;
    let taken_usd = plan.cost() - kept_usd;

    let cost = |service: &ServiceLoad| {
        let at = |rate: f64| {
            taken_usd * part(bytes(service), all) + kept_usd * part(kept(service, rate), all_kept)
        };
        ServiceCost {
            name: service.name.clone(),
            spans: service.spans,
            share: part(bytes(service), all),
            size: size(service),
            errors: service.errors,
            cost: at(values.rate),
            cost_unsampled: at(1.0),
            half_saves: at(values.rate) - at(values.rate / 2.0),
        }
    };
    let mut costs: Vec<ServiceCost> = seen.services.iter().map(cost).collect();
    costs.sort_by(|one, other| other.cost.total_cmp(&one.cost));
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::{Prices, Values};

    #[test]
    fn what_services_cost_adds_up() {
        let load = |name: &str, spans: f64, size: f64, errors: f64| ServiceLoad {
            name: name.into(),
            spans,
            size: Some(size),
            errors,
            error_size: Some(2.0),
        };
        let seen = Observation {
            source: "a test".into(),
            spans: 60_000.0,
            peak: None,
            size: None,
            errors: None,
            error_size: None,
            stored: None,
            services: vec![load("chatty", 50_000.0, 300.0, 0.0), load("large", 10_000.0, 3000.0, 0.1)],
        };
        let values = Values { spans: 60_000.0, size: 750.0, ..Values::DEFAULT };
        let plan = Plan::of(&values, &Prices::built_in().unwrap());
        let costs = costs(&plan, &seen);
        assert_eq!(costs.iter().map(|cost| cost.name.as_str()).collect::<Vec<_>>(), ["large", "chatty"]);
        let sum: f64 = costs.iter().map(|cost| cost.cost).sum();
        assert!((sum / plan.cost() - 1.0).abs() < 1e-9, "{sum} {}", plan.cost());
        for cost in &costs {
            assert!(cost.half_saves > 0.0 && cost.half_saves < cost.cost && cost.cost < cost.cost_unsampled);
        }
        assert!((costs[0].share - 2.0 / 3.0).abs() < 1e-9);
    }
}
