//! The same plan with other inputs: all combinations of a few values each.

use super::{Input, Plan, Prices, Values};

/// More combinations are of no use to anybody.
const MOST: usize = 10_000;

/// Values that an input takes in turn.
#[derive(Debug, Clone)]
pub struct Variation {
    /// The input.
    pub input: &'static Input,
    /// Its values.
    pub values: Vec<f64>,
}

impl std::str::FromStr for Variation {
    type Err = String;

    /// `rate=0.01,5%,1`.
    fn from_str(text: &str) -> Result<Variation, String> {
        let (key, values) =
            text.split_once('=').ok_or("expected INPUT=VALUE,VALUE,… such as rate=0.01,0.05,1")?;
        let input = Input::of(key.trim()).ok_or_else(|| unknown(key.trim()))?;
        let values = values.split(',').map(|value| input.unit.parse(value.trim()));
        Ok(Variation { input, values: values.collect::<Result<_, _>>()? })
    }
}

/// What to say of a name that no input has.
pub fn unknown(name: &str) -> String {
    /// More alike than this and it is a slip of the pen.
    const ALIKE: f64 = 0.8;
    let likeness = |input: &&Input| strsim::jaro_winkler(input.key, name);
    let similar = super::INPUTS.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let similar = similar.filter(|input| likeness(input) > ALIKE);
    let similar = similar.map_or(String::new(), |input| format!("a similar one is {}, and ", input.key));
    format!("there is no input {name:?}; {similar}obs capacity --all shows all")
}

/// Plans for all combinations, with the values that each was made with; the last variation changes first.
///
/// # Errors
/// There are too many, or an input varies twice.
pub fn grid(
    values: &Values,
    prices: &Prices,
    variations: &[Variation],
) -> Result<Vec<(Vec<f64>, Plan)>, String> {
    let count = variations.iter().try_fold(1_usize, |count, variation| {
        count.checked_mul(variation.values.len()).filter(|count| *count <= MOST)
    });
    let names = || variations.iter().map(|variation| variation.input.key);
    if let Some((_, twice)) =
        names().enumerate().find(|(index, name)| names().take(*index).any(|one| one == *name))
    {
        return Err(format!("expected one --what-if with all values of {twice}, found two"));
    }
    let count = count.ok_or_else(|| format!("expected at most {MOST} combinations of --what-if"))?;
    let combination = |mut index: usize| {
        let mut chosen = vec![0.0; variations.len()];
        let mut values = *values;
        for (chosen, variation) in chosen.iter_mut().zip(variations).rev() {
            *chosen = variation.values[index % variation.values.len()];
            values = variation.input.with(&values, *chosen);
            index /= variation.values.len();
        }
        (chosen, Plan::of(&values, prices))
    };
    Ok((0..count).map(combination).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_combinations_in_order() {
        let values = Values { spans: 1000.0, ..Values::DEFAULT };
        let variations = ["rate=1%,1", "retention=7d,30d"].map(|text| text.parse().unwrap());
        let grid = grid(&values, &Prices::built_in().unwrap(), &variations).unwrap();
        let chosen: Vec<&[f64]> = grid.iter().map(|(chosen, _)| chosen.as_slice()).collect();
        assert_eq!(chosen, [[0.01, 7.0], [0.01, 30.0], [1.0, 7.0], [1.0, 30.0]]);
        assert_eq!((grid[2].1.values.rate, grid[2].1.values.retention), (1.0, 7.0));
    }

    #[test]
    fn what_no_input_is_called_is_told() {
        let error = |text: &str| text.parse::<Variation>().unwrap_err();
        assert!(error("rtae=1").contains("there is no input \"rtae\"; a similar one is rate"));
        assert!(error("rate").contains("expected INPUT=VALUE"));
        assert!(error("rate=0.1,1.5").contains("expected a share"));
        let twice = ["rate=0.1", "rate=0.5"].map(|text| text.parse().unwrap());
        let prices = Prices::built_in().unwrap();
        assert!(grid(&Values::DEFAULT, &prices, &twice).unwrap_err().contains("all values of rate"));
        assert!(!error("zzz=1").contains("similar"));
        let many: Variation = format!("spans={}", vec!["1"; 200].join(",")).parse().unwrap();
        let values = Values::DEFAULT;
        assert!(grid(&values, &Prices::built_in().unwrap(), &[many.clone(), many]).is_err());
    }
}
