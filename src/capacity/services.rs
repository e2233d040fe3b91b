//! Which service costs what: the cost of a plan, shared out.

use super::{Observation, Plan, Prices, ServiceLoad, Values};

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
    /// What sampling it saves, against keeping all spans.
    pub sampling_saves: f64,
    /// What half the sampling rate would save.
    pub half_saves: f64,
}

/// Shares a plan's cost out. What it costs to take spans in goes by bytes that come in, what it costs to keep them by bytes that
/// are kept, and what another sampling rate saves by bytes that it drops; all of them add up to the whole.
pub fn costs(plan: &Plan, seen: &Observation, prices: &Prices) -> Vec<ServiceCost> {
    let values = &plan.values;
    let size = |service: &ServiceLoad| service.size.unwrap_or(values.size);
    let bytes = |service: &ServiceLoad| service.spans * size(service);
    let of_errors = |service: &ServiceLoad| match service.error_size {
        Some(size) => (service.errors * size).min(1.0),
        None => {
            let errors = service.errors * values.error_size;
            errors / (1.0 - service.errors + errors)
        }
    };
    // What a sampler decides about.
    let sampled = |service: &ServiceLoad| bytes(service) * (1.0 - of_errors(service));
    let kept = |service: &ServiceLoad| bytes(service) * of_errors(service) + sampled(service) * values.rate;
    let sum = |of: &dyn Fn(&ServiceLoad) -> f64| seen.services.iter().map(of).sum::<f64>();
    let (all, all_sampled, all_kept) = (sum(&bytes), sum(&sampled), sum(&kept));
    let part = |of: f64, whole: f64| if whole > 0.0 { of / whole } else { 0.0 };

    // The plan may be for another load than that which was seen.
    let grown = part(plan.value("mean_rate"), sum(&|service| service.spans));
    let kept_usd = kept_usd(plan);
    let taken_usd = plan.cost() - kept_usd;
    let at = |rate: f64| Plan::of(&Values { rate, ..*values }, prices).cost();
    let (sampling_saves, half_saves) = (at(1.0) - plan.cost(), plan.cost() - at(values.rate / 2.0));
    let cost = |service: &ServiceLoad| ServiceCost {
        name: service.name.clone(),
        spans: service.spans * grown,
        share: part(bytes(service), all),
        size: size(service),
        errors: service.errors,
        cost: taken_usd * part(bytes(service), all) + kept_usd * part(kept(service), all_kept),
        sampling_saves: sampling_saves * part(sampled(service), all_sampled),
        half_saves: half_saves * part(sampled(service), all_sampled),
    };
    let mut costs: Vec<ServiceCost> = seen.services.iter().map(cost).collect();
    costs.sort_by(|one, other| other.cost.total_cmp(&one.cost));
    costs
}

/// Of a plan's cost, what is for spans that are kept.
fn kept_usd(plan: &Plan) -> f64 {
    let value = |name: &str| plan.value(name);
    let part = |of: f64, whole: f64| if whole > 0.0 { of / whole } else { 0.0 };
    let stores = part(value("stores") * value("store_cores_each"), value("cores")) * value("compute_usd");
    let (month_in, month_out) = (value("month_in_gib"), value("month_out_gib"));
    let sent_on = part(month_out, month_in + month_out) * value("transfer_usd");
    let of_kept = ["hot_usd", "warm_usd", "cold_usd", "requests_usd", "queries_usd"];
    of_kept.iter().map(|name| value(name)).sum::<f64>() + stores + sent_on
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let prices = Prices::built_in().unwrap();
        let plan = Plan::of(&values, &prices);
        let costs = costs(&plan, &seen, &prices);
        assert_eq!(costs.iter().map(|cost| cost.name.as_str()).collect::<Vec<_>>(), ["large", "chatty"]);
        let sum: f64 = costs.iter().map(|cost| cost.cost).sum();
        assert!((sum / plan.cost() - 1.0).abs() < 1e-9, "{sum} {}", plan.cost());
        let whole = Plan::of(&Values { rate: 1.0, ..values }, &prices).cost();
        let saved: f64 = costs.iter().map(|cost| cost.sampling_saves).sum();
        assert!(((plan.cost() + saved) / whole - 1.0).abs() < 1e-9, "{saved}");
        // A fifth of the bytes of one is of errors, which are kept whatever the rate is.
        let ratio = costs[0].half_saves / costs[1].half_saves;
        assert!((ratio - 30_000_000.0 * 0.8 / 15_000_000.0).abs() < 1e-9, "{ratio}");
        assert!((costs[0].share - 2.0 / 3.0).abs() < 1e-9);
    }
}
