//! Inputs with their values and where these are from.

use serde_json::{Map, Value, json};

use crate::capacity::{INPUTS, Inputs};
use crate::query::units::number;
use crate::ui::document::Section;

/// All inputs, for people.
pub(super) fn section(inputs: &Inputs) -> Section {
    let row = |input: &crate::capacity::Input| {
        vec![
            input.group.name().into(),
            input.flag(),
            input.unit.show(input.get(&inputs.values)),
            input.help.into(),
            inputs.origin(input).text(input.source),
        ]
    };
    let columns = [("", false), ("input", false), ("value", true), ("what it is", false), ("from", false)];
    Section::new("Inputs", &columns, INPUTS.iter().map(row).collect())
}

/// All inputs, for programs.
pub(super) fn json(inputs: &Inputs) -> Value {
    let one = |input: &crate::capacity::Input| {
        let value = json!({
            "value": number(input.get(&inputs.values)),
            "unit": input.unit.name(),
            "from": inputs.origin(input).text(input.source),
        });
        (input.key.to_owned(), value)
    };
    Value::Object(INPUTS.iter().map(one).collect::<Map<_, _>>())
}
