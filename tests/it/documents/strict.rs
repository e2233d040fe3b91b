//! A lenient document in strict OTLP/JSON, worked out on the JSON alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use obs::otlp::Signal;
use obs::otlp::proto::schema;
use obs::otlp::schema::{Field, Kind, Label, Message};
use serde_json::{Map, Value, json};

/// The strict document, and the keys that the protocol does not know.
pub fn document(signal: Signal, given: &Value) -> (Value, Vec<String>) {
    let message = match signal {
        Signal::Traces => &schema::TracesData,
        Signal::Metrics => &schema::MetricsData,
        Signal::Logs => &schema::LogsData,
    };
    let mut unknown = Vec::new();
    let mut strict = object(message, given, &mut unknown);
    let list = message.fields[0].json;
    if strict.get(list).is_none() {
        strict = json!({list: []});
    }
    (strict, unknown)
}

fn object(message: &Message, given: &Value, unknown: &mut Vec<String>) -> Value {
    let mut strict = Map::new();
    for (key, value) in given.as_object().expect("a message is an object") {
        let field = message.fields.iter().find(|field| field.json == key || field.snake == key);
        match field {
            None => unknown.push(format!("{}.{key}", message.name)),
            Some(_) if value.is_null() => {}
            Some(field) => {
                let value = whole(field, value, unknown);
                if !is_left_out(field, &value) {
                    strict.insert(field.json.into(), value);
                }
            }
        }
    }
    Value::Object(strict)
}

fn whole(field: &Field, given: &Value, unknown: &mut Vec<String>) -> Value {
    match given {
        Value::Array(list) if field.label == Label::Repeated => {
            list.iter().map(|given| single(field.kind, given, unknown)).collect()
        }
        given => single(field.kind, given, unknown),
    }
}

fn single(kind: Kind, given: &Value, unknown: &mut Vec<String>) -> Value {
    let text = || given.as_str().map_or_else(|| given.to_string(), str::to_string);
    match kind {
        Kind::Message(message) => object(message, given, unknown),
        Kind::String | Kind::Bool => given.clone(),
        Kind::Bytes => json!(STANDARD.encode(STANDARD.decode(text()).expect("base64"))),
        Kind::Id(size) if text().len() == size * 2 => json!(text().to_lowercase()),
        Kind::Id(_) => json!(const_hex::encode(STANDARD.decode(text()).expect("base64"))),
        Kind::Double => json!(text().parse::<f64>().expect("a number")),
        Kind::Enum(names) => match names.iter().find(|(name, _)| *name == text()) {
            Some((_, number)) => json!(number),
            None => json!(text().parse::<i64>().expect("a number")),
        },
        Kind::Uint64 | Kind::Int64 | Kind::Fixed64 | Kind::Sfixed64 => json!(text()),
        Kind::Uint32 | Kind::Int32 | Kind::Sint32 | Kind::Fixed32 => {
            json!(text().parse::<i64>().expect("a number"))
        }
    }
}

/// Whether strict JSON does not mention a field with that value.
fn is_left_out(field: &Field, value: &Value) -> bool {
    match (field.label, field.kind) {
        (Label::Optional | Label::Oneof, _) => false,
        (Label::Single, Kind::Message(_)) => false,
        _ => [json!(0), json!(0.0), json!("0"), json!(""), json!(false), json!([])].contains(value),
    }
}
