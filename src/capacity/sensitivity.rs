//! Which inputs matter: what the cost becomes when one of them is a fifth lower or higher.

use super::{INPUTS, Input, Plan, Prices, Unit, Values};

/// How far every input is moved.
pub const STEP: f64 = 0.2;

/// What an input does to the cost.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// The input.
    pub input: &'static Input,
    /// The cost a month where it is lower.
    pub lower: f64,
    /// The cost a month where it is higher.
    pub higher: f64,
}

impl Effect {
    /// How far both costs are apart.
    pub fn swing(&self) -> f64 {
        (self.higher - self.lower).abs()
    }
}

/// Effects of all inputs that have one, the largest first.
pub fn effects(values: &Values, prices: &Prices) -> Vec<Effect> {
    let cost = |input: &Input, factor: f64| {
        let value = input.get(values) * factor;
        let value = if input.unit == Unit::Share { value.min(1.0) } else { value };
        Plan::of(&input.with(values, value), prices).cost()
    };
    let mut effects: Vec<Effect> = INPUTS
        .iter()
        .map(|input| Effect { input, lower: cost(input, 1.0 - STEP), higher: cost(input, 1.0 + STEP) })
        .filter(|effect| effect.swing() > 0.0)
        .collect();
    effects.sort_by(|one, other| other.swing().total_cmp(&one.swing()));
    effects
}
