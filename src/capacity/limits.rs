//! Limits: what exceeds them, which sampling rate keeps within them, and when growth reaches them.

use super::{Plan, Prices, Unit, Values};

/// What a plan must not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Dollars a month.
    pub cost: Option<f64>,
    /// Cores in all.
    pub cores: Option<f64>,
    /// GiB on all tiers.
    pub storage_gib: Option<f64>,
}

/// One of them, beside what a plan takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// What it is of.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The limit.
    pub limit: f64,
    /// What the plan takes.
    pub value: f64,
}

impl Limits {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Limits::default()
    }

    /// All of them beside what a plan takes.
    pub fn of(&self, plan: &Plan) -> Vec<Limit> {
        let storage = ["hot_gib", "warm_gib", "cold_gib"].map(|name| plan.value(name)).iter().sum();
        let all = [
            ("cost", Unit::UsdPerMonth, self.cost, plan.cost()),
            ("cores", Unit::Cores, self.cores, plan.value("cores")),
            ("storage", Unit::Gib, self.storage_gib, storage),
        ];
        let limit = |(name, unit, limit, value): (_, _, Option<f64>, _)| {
            limit.map(|limit| Limit { name, unit, limit, value })
        };
        all.into_iter().filter_map(limit).collect()
    }

    fn hold(&self, plan: &Plan) -> bool {
        !self.of(plan).iter().any(Limit::is_exceeded)
    }

    /// The highest sampling rate that keeps within them, to four digits.
    ///
    /// # Errors
    /// Those that even a rate of 0 exceeds, with what it takes.
    pub fn solve(&self, values: &Values, prices: &Prices) -> Result<f64, Vec<Limit>> {
        let at = |rate: f64| Plan::of(&Values { rate, ..*values }, prices);
        let floor: Vec<Limit> = self.of(&at(0.0)).into_iter().filter(Limit::is_exceeded).collect();
        if !floor.is_empty() {
            return Err(floor);
        }
        if self.hold(&at(1.0)) {
            return Ok(1.0);
        }
        let (mut kept, mut exceeded) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (kept + exceeded) / 2.0;
            if self.hold(&at(middle)) { kept = middle } else { exceeded = middle }
        }
        Ok(rounded_down(kept))
    }
}

/// To four digits.
fn rounded_down(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powf(3.0 - value.log10().floor());
    (value * scale).floor() / scale
}

impl Limit {
    /// Whether the plan takes more.
    pub fn is_exceeded(&self) -> bool {
        self.value > self.limit || self.value.is_nan()
    }
}

/// Months after which growth exceeds a limit: 0 where it does already, `None` where it does not in a century.
///
/// Where what is limited grows as the load does, this is ln(limit ÷ now) ÷ ln(1 + growth).
pub fn months_until(values: &Values, prices: &Prices, exceeds: impl Fn(&Plan) -> bool) -> Option<f64> {
    const CENTURY: f64 = 1200.0;
    let at = |horizon: f64| exceeds(&Plan::of(&Values { horizon, ..*values }, prices));
    if at(0.0) {
        return Some(0.0);
    }
    if values.growth <= 0.0 {
        return None;
    }
    // Doubled until it is: far beyond it there are no numbers any more.
    let (mut below, mut above) = (0.0, 1.0);
    while !at(above) {
        if above >= CENTURY {
            return None;
        }
        (below, above) = (above, (above * 2.0).min(CENTURY));
    }
    for _ in 0..60 {
        let middle = (below + above) / 2.0;
        if at(middle) { above = middle } else { below = middle }
    }
    Some(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (Values, Prices) {
        (Values { spans: 100_000.0, ..Values::DEFAULT }, Prices::built_in().unwrap())
    }

    #[test]
    fn the_rate_that_is_solved_for_is_the_highest_one() {
        let (values, prices) = example();
        let cost = |rate: f64| Plan::of(&Values { rate, ..values }, &prices).cost();
        let limits = Limits { cost: Some((cost(0.0) + cost(1.0)) / 2.0), ..Limits::default() };
        let rate = limits.solve(&values, &prices).unwrap();
        assert!(cost(rate) <= limits.cost.unwrap(), "{rate}");
        assert!(cost(rate + 2e-4) > limits.cost.unwrap(), "{rate}");
        assert_eq!(Limits { cost: Some(1e9), ..Limits::default() }.solve(&values, &prices), Ok(1.0));
    }

    #[test]
    fn what_no_rate_meets_is_told_with_its_floor() {
        let (values, prices) = example();
        let limits = Limits { cost: Some(1e9), cores: Some(0.1), storage_gib: None };
        let floor = limits.solve(&values, &prices).unwrap_err();
        let least = Plan::of(&Values { rate: 0.0, ..values }, &prices).value("cores");
        assert_eq!(floor, [Limit { name: "cores", unit: Unit::Cores, limit: 0.1, value: least }]);
    }

    #[test]
    fn growth_reaches_a_limit_when_the_formula_says() {
        let (mut values, prices) = example();
        values.growth = 0.1;
        let now = Plan::of(&Values { horizon: 0.0, ..values }, &prices).value("mean_rate");
        let found = months_until(&values, &prices, |plan| plan.value("mean_rate") > 10.0 * now).unwrap();
        assert!((found - 10_f64.ln() / 1.1_f64.ln()).abs() < 1e-6, "{found}");
        assert_eq!(months_until(&values, &prices, |_| true), Some(0.0));
        values.growth = 2.0;
        let found = months_until(&values, &prices, |plan| plan.cost() > 5000.0).unwrap();
        assert!((0.5..2.0).contains(&found), "{found}");
        values.growth = 0.0;
        assert_eq!(months_until(&values, &prices, |plan| plan.cost() > 1e9), None);
    }
}
