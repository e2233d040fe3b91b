//! Formulas that are written down once: what computes them is what `--explain` shows.

use super::Unit;
use super::quantity::plain;

/// A formula with its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it belongs to, such as `storage`.
    pub section: &'static str,
    /// The name of the result in other formulas.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What it is of.
    pub unit: Unit,
    /// As it is computed; empty where the title says it.
    pub formula: &'static str,
    /// The result.
    pub value: f64,
}

/// Formulas with their results, in the order in which they are computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// The formulas.
    pub steps: Vec<Step>,
}

/// Computes formulas, binds each result to its name and enters it into a [`Sheet`].
macro_rules! formulas {
    ($sheet:ident, $section:literal: $($name:ident ($unit:ident, $title:literal) = $formula:expr;)+) => {
        $(
            let $name: f64 = $formula;
            $sheet.steps.push($crate::capacity::sheet::Step {
                section: $section,
                name: stringify!($name),
                title: $title,
                unit: $crate::capacity::Unit::$unit,
                formula: stringify!($formula),
                value: $name,
            });
        )+
    };
}
pub(super) use formulas;

/// Enters what is no formula, but is known from prices or follows from others, and binds it to its name.
macro_rules! known {
    ($sheet:ident, $section:literal: $($name:ident ($unit:ident, $title:literal) = $value:expr;)+) => {
        $(
            let $name: f64 = $value;
            $sheet.steps.push($crate::capacity::sheet::Step {
                section: $section,
                name: stringify!($name),
                title: $title,
                unit: $crate::capacity::Unit::$unit,
                formula: "",
                value: $name,
            });
        )+
    };
}
pub(super) use known;

impl Sheet {
    /// The result of a formula; NaN where there is none of that name.
    pub fn value(&self, name: &str) -> f64 {
        self.steps.iter().find(|step| step.name == name).map_or(f64::NAN, |step| step.value)
    }

    /// A formula with the numbers in the place of names; `known` are those of the inputs.
    pub fn with_numbers(&self, step: &Step, known: &dyn Fn(&str) -> Option<f64>) -> String {
        let mut out = String::new();
        let mut rest = step.formula;
        while !rest.is_empty() {
            let is_name = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
            let end = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
            if end == 0 {
                let next = rest.chars().next().map_or(1, char::len_utf8);
                out.push_str(&rest[..next]);
                rest = &rest[next..];
                continue;
            }
            let name = &rest[..end];
            let number = known(name).or_else(|| Some(self.value(name)).filter(|value| !value.is_nan()));
            out.push_str(&number.map_or_else(|| name.to_owned(), plain));
            rest = &rest[end..];
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Rounded up.
pub(super) fn ceil(value: f64) -> f64 {
    value.ceil()
}

/// Rounded down.
pub(super) fn floor(value: f64) -> f64 {
    value.floor()
}

/// The larger one.
pub(super) fn max(one: f64, other: f64) -> f64 {
    one.max(other)
}

/// The smaller one.
pub(super) fn min(one: f64, other: f64) -> f64 {
    one.min(other)
}

/// A power.
pub(super) fn pow(base: f64, exponent: f64) -> f64 {
    base.powf(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_shown_with_its_numbers() {
        let mut sheet = Sheet::default();
        let spans = 100_000.0;
        formulas!(sheet, "load":
            peak_rate (PerSecond, "at the peak") = spans * 2.5;
            per_core (PerSecond, "for each core") = ceil(peak_rate / 3.0) * (1.0 + 0.05);
        );
        assert_eq!((peak_rate, per_core), (250_000.0, 87_500.7));
        let known = |name: &str| (name == "spans").then_some(spans);
        let shown: Vec<String> = sheet.steps.iter().map(|step| sheet.with_numbers(step, &known)).collect();
        assert_eq!(shown, ["100000 * 2.5", "ceil(250000 / 3.0) * (1.0 + 0.05)"]);
        assert_eq!(sheet.value("peak_rate"), 250_000.0);
        assert!(sheet.value("nothing").is_nan());
    }
}
