//! Values of attributes as the JSON that people would write for them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

use crate::otlp::proto::{AnyValue, KeyValue};

/// Whole numbers up to this are the same in every reader of JSON, 2⁵³.
const EXACT: u64 = 1 << 53;

/// A value without the type that OTLP/JSON writes around it: `"text"`, `5`, `[1, 2]`, `{"key": "text"}`. Whole numbers
/// beyond 2⁵³ and doubles that are no numbers are text, bytes are base64, none is null.
pub fn plain(value: AnyValue<'_>) -> Value {
    if let Some(text) = value.string_value() {
        text.into()
    } else if let Some(number) = value.int_value() {
        if number.unsigned_abs() <= EXACT { number.into() } else { number.to_string().into() }
    } else if let Some(value) = value.bool_value() {
        value.into()
    } else if let Some(number) = value.double_value() {
        Number::from_f64(number).map_or_else(|| not_finite(number).into(), Value::Number)
    } else if let Some(list) = value.array_value() {
        list.values().map(plain).collect()
    } else if let Some(map) = value.kvlist_value() {
        plain_map(map.values()).into()
    } else if let Some(bytes) = value.bytes_value() {
        STANDARD.encode(bytes).into()
    } else {
        Value::Null
    }
}

/// Attributes by their keys; of a key that comes twice, the first.
pub fn plain_map<'a>(pairs: impl Iterator<Item = KeyValue<'a>>) -> Map<String, Value> {
    let mut map = Map::new();
    for pair in pairs {
        map.entry(pair.key()).or_insert_with(|| pair.value().map_or(Value::Null, plain));
    }
    map
}

/// A plain value for people: text as it is, all else as JSON.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// As JSON of protobuf writes them.
fn not_finite(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}
