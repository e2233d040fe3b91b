//! Which inputs matter: what the cost becomes when one of them is a fifth lower or higher.

use super::{INPUTS, Input, Plan, Prices, Values};

/// How far every input is moved; whole numbers by 1 at least.
pub const STEP: f64 = 0.2;

/// What an input does to the cost.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// The input.
    pub input: &'static Input,
    /// The cost a month where it is lower.
    pub lower: f64,
    /// The cost a month as it is.
    pub base: f64,
    /// The cost a month where it is higher.
    pub higher: f64,
}

impl Effect {
    /// The lowest and the highest of the three.
    pub fn range(&self) -> (f64, f64) {
        let all = [self.lower, self.base, self.higher];
        (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }

    /// How far they are apart.
    pub fn swing(&self) -> f64 {
        let (lowest, highest) = self.range();
        highest - lowest
    }
}

/// Effects of all inputs that have one, the largest first.
pub fn effects(values: &Values, prices: &Prices) -> Vec<Effect> {
    let base = Plan::of(values, prices).cost();
    let cost = |input: &Input, factor: f64| Plan::of(&input.scaled(values, factor), prices).cost();
    let mut effects: Vec<Effect> = INPUTS
        .iter()
        .map(|input| Effect { input, lower: cost(input, 1.0 - STEP), base, higher: cost(input, 1.0 + STEP) })
        .filter(|effect| effect.swing() > 0.0)
        .collect();
    effects.sort_by(|one, other| other.swing().total_cmp(&one.swing()));
    effects
}
