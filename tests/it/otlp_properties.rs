//! OTLP between wire bytes and JSON, measured by `prost` and by a writer of its own.

pub mod choices;
mod faults;
mod hostile;
pub mod lenient;
pub mod messages;
mod metric_messages;
mod metric_reference;
mod metric_views;
mod reference;
pub mod scramble;
pub mod split;
mod views;

use bytes::Bytes;
use obs::otlp::{Batch, Signal, json};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;

use choices::Choices;
use messages::Data;
use scramble::Scrambler;

/// Few cases by default, so that the whole runs in seconds; `PROPTEST_CASES` asks for more.
pub fn config() -> ProptestConfig {
    const CASES: u32 = 192;
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        max_shrink_iters: 4096,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

pub fn signals() -> impl Strategy<Value = Signal> {
    prop::sample::select(&Signal::ALL[..])
}

/// What a random message is made from; shown in short when a case fails.
#[derive(Clone)]
pub struct Case(Vec<u8>);

impl Case {
    pub fn choices(&self) -> Choices<'_> {
        Choices::new(&self.0)
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&const_hex::encode(&self.0))
    }
}

pub fn case() -> impl Strategy<Value = Case> {
    prop::collection::vec(any::<u8>(), 0..3000).prop_map(Case)
}

pub fn parse_batch(signal: Signal, wire: Vec<u8>) -> Batch {
    match Batch::parse(signal, Bytes::from(wire)) {
        Ok(batch) => batch,
        Err(fault) => panic!("{signal}: {fault} at {}", fault.offset),
    }
}

/// The JSON of a batch and the unknown fields that are not in it.
pub fn write(batch: &Batch) -> (String, u64) {
    let mut text = Vec::new();
    let unknown = json::write(batch, &mut text);
    (String::from_utf8(text).expect("JSON is UTF-8"), unknown)
}

pub fn read(text: &str) -> Batch {
    match json::read(text.as_bytes()) {
        Ok(parsed) => {
            assert_eq!(parsed.consumed, text.len());
            parsed.batch
        }
        Err(fault) => panic!("{fault} at {} of {text}", fault.offset),
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The messages that a batch holds, in `prost`'s encoding.
fn normal(batch: &Batch) -> Vec<u8> {
    Data::decode(batch.signal(), batch.bytes()).expect("a batch decodes").encode()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn json_says_what_the_wire_says_and_leads_back(signal in signals(), bytes in case()) {
        let data = Data::random(signal, &mut bytes.choices());
        let wire = data.encode();
        let batch = parse_batch(signal, wire.clone());
        prop_assert_eq!(batch.signal(), signal);
        prop_assert_eq!(batch.items(), data.items());
        prop_assert_eq!(&batch.bytes()[..], &wire[..]);

        let (text, unknown) = write(&batch);
        prop_assert_eq!(unknown, 0);
        prop_assert_eq!(value(&text), reference::document(&data));
        prop_assert!(!text.contains(['\n', '\r']), "one line: {}", text);

        let back = read(&text);
        prop_assert_eq!(back.signal(), signal);
        prop_assert_eq!(back.items(), data.items());
        prop_assert_eq!(normal(&back), wire);
        prop_assert_eq!(&json::read_as(signal, text.as_bytes()).expect("of that signal"), &back);
        prop_assert_eq!(write(&back), (text, 0));
    }

    #[test]
    fn lenient_json_means_the_same(signal in signals(), bytes in case(), style in case()) {
        let data = Data::random(signal, &mut bytes.choices());
        let text = lenient::document(signal, &reference::document(&data), &mut style.choices());
        let batch = read(&text);
        prop_assert_eq!(batch.items(), data.items(), "{}", text);
        prop_assert_eq!(normal(&batch), data.encode(), "{}", text);
    }

    #[test]
    fn what_follows_an_object_is_left_alone(signal in signals(), bytes in case(), rest in "[ \n{}a-z\"]{0,8}") {
        let data = Data::random(signal, &mut bytes.choices());
        let (text, _) = write(&parse_batch(signal, data.encode()));
        let parsed = json::read(format!("{text}{rest}").as_bytes()).expect("the object is good");
        prop_assert_eq!(parsed.consumed, text.len());
        prop_assert_eq!(normal(&parsed.batch), data.encode());
    }

    #[test]
    fn any_encoding_of_a_message_gives_the_json_of_what_prost_decodes(
        signal in signals(),
        bytes in case(),
        changes in case(),
        overrides in any::<bool>(),
    ) {
        let data = Data::random(signal, &mut bytes.choices());
        let choices = &mut changes.choices();
        let mut scrambler = Scrambler { choices, unknown: 0, overrides, halves: true };
        let wire = scrambler.message(lenient::message(signal), &data.encode());
        let added = scrambler.unknown;
        let decoded = Data::decode(signal, &wire).expect("prost reads it");
        let batch = parse_batch(signal, wire);
        let (text, unknown) = write(&batch);
        prop_assert_eq!(value(&text), reference::document(&decoded));
        prop_assert_eq!(normal(&read(&text)), decoded.encode());
        if overrides {
            // Those inside a member of a oneof that another one displaced do not count.
            prop_assert!(unknown <= added);
        } else {
            prop_assert_eq!(unknown, added);
            prop_assert_eq!(batch.items(), decoded.items());
        }
    }

    #[test]
    fn views_say_what_prost_decodes(signal in signals(), bytes in case(), changes in case()) {
        let data = Data::random(signal, &mut bytes.choices());
        views::batch(&parse_batch(signal, data.encode()), &data);

        // Also with lists unpacked and interrupted, in another order, among unknown fields.
        let choices = &mut changes.choices();
        let mut scrambler = Scrambler { choices, unknown: 0, overrides: false, halves: false };
        let wire = scrambler.message(lenient::message(signal), &data.encode());
        let decoded = Data::decode(signal, &wire).expect("prost reads it");
        views::batch(&parse_batch(signal, wire), &decoded);
    }
}

#[test]
fn the_random_messages_reach_everything() {
    // A generator that never makes a field would let every property above pass.
    let mut seen = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let bytes = case().new_tree(&mut runner).expect("bytes").current();
        for signal in Signal::ALL {
            keys(&reference::document(&Data::random(signal, &mut bytes.choices())), &mut seen);
        }
    }
    use obs::otlp::proto::schema;
    let mut missing = Vec::new();
    let mut reached = Vec::new();
    for root in [&schema::TracesData, &schema::MetricsData, &schema::LogsData] {
        fields(root, &mut reached);
    }
    for name in reached {
        if !seen.contains(name) {
            missing.push(name);
        }
    }
    assert_eq!(missing, [""; 0]);
    for word in ["NaN", "Infinity", "-Infinity"] {
        assert!(seen.contains(word), "{word}");
    }
}

/// All keys of a document, and the strings that stand for doubles.
fn keys(value: &Value, seen: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                seen.insert(key.clone());
                keys(value, seen);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, seen)),
        Value::String(text) if text.ends_with("Infinity") || text == "NaN" => {
            seen.insert(text.clone());
        }
        _ => {}
    }
}

fn fields(message: &'static obs::otlp::schema::Message, names: &mut Vec<&'static str>) {
    for field in message.fields {
        if !names.contains(&field.json) {
            names.push(field.json);
            if let obs::otlp::schema::Kind::Message(inner) = field.kind {
                fields(inner, names);
            }
        }
    }
}
