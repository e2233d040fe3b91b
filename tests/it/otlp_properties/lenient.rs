//! The same document as other tools write it: everything that the reader has to understand besides strict OTLP/JSON.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use obs::otlp::Signal;
use obs::otlp::proto::schema;
use obs::otlp::schema::{Field, Kind, Label, Message};
use serde_json::{Map, Value};

use super::choices::Choices;

/// Writes a strict `document` of the signal in a lenient way.
pub fn document(signal: Signal, document: &Value, choices: &mut Choices) -> String {
    let message = message(signal);
    let mut writer = Writer { choices, out: String::new() };
    writer.space();
    writer.message(message, document.as_object().expect("a document is an object"));
    writer.out
}

/// The schema of the signal's batch.
pub fn message(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &schema::TracesData,
        Signal::Metrics => &schema::MetricsData,
        Signal::Logs => &schema::LogsData,
    }
}

struct Writer<'c, 'b> {
    choices: &'c mut Choices<'b>,
    out: String,
}

/// What stands in an object.
enum Entry<'v> {
    Field(&'static Field, &'v Value),
    Absent(&'static Field),
    Unknown,
}

impl Writer<'_, '_> {
    fn message(&mut self, message: &'static Message, object: &Map<String, Value>) {
        let mut entries = Vec::new();
        for field in message.fields {
            match object.get(field.json) {
                Some(value) => entries.push(Entry::Field(field, value)),
                None if self.choices.one_in(4) => entries.push(Entry::Absent(field)),
                None => {}
            }
        }
        let found = entries.iter().filter(|entry| matches!(entry, Entry::Field(..))).count();
        assert_eq!(found, object.len(), "{} knows all of {object:?}", message.name);
        if self.choices.one_in(6) {
            entries.push(Entry::Unknown);
        }
        if self.choices.bool() {
            self.choices.shuffle(&mut entries);
        }
        self.out.push('{');
        for (index, entry) in entries.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.space();
            match entry {
                Entry::Field(field, value) => {
                    self.key(field);
                    self.field(field, value);
                }
                Entry::Absent(field) => {
                    self.key(field);
                    let default = default(field).filter(|_| self.choices.bool());
                    self.out.push_str(default.unwrap_or("null"));
                }
                Entry::Unknown => self.unknown(),
            }
            self.space();
        }
        self.out.push('}');
    }

    fn key(&mut self, field: &Field) {
        let snake = field.snake.trim_start_matches("r#");
        let name = if self.choices.bool() { field.json } else { snake };
        self.out.push_str(&format!("\"{name}\""));
        self.space();
        self.out.push(':');
        self.space();
    }

    fn unknown(&mut self) {
        const MEMBERS: [&str; 5] = [
            r#""aFieldOfLater":"\u00e9\"}]""#,
            r#""x":[1,-2.5e+3,{"traceId":"short","spans":[[],{}]},null,true]"#,
            r#""resource spans":{}"#,
            r#""":false"#,
            r#""name\u0000":0"#,
        ];
        self.out.push_str(self.choices.pick(&MEMBERS));
    }

    fn space(&mut self) {
        const SPACES: [&str; 6] = ["", "", "", " ", "\n  ", "\r\n\t"];
        self.out.push_str(self.choices.pick(&SPACES));
    }

    fn field(&mut self, field: &'static Field, value: &Value) {
        if field.label != Label::Repeated {
            return self.value(field.kind, value);
        }
        self.out.push('[');
        for (index, element) in value.as_array().expect("a repeated field is a list").iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.space();
            self.value(field.kind, element);
            self.space();
        }
        self.out.push(']');
    }

    fn value(&mut self, kind: Kind, value: &Value) {
        match kind {
            Kind::Message(message) => {
                self.message(message, value.as_object().expect("a message is an object"))
            }
            Kind::Bool => self.out.push_str(&value.to_string()),
            Kind::String => self.string(text(value)),
            Kind::Bytes => self.bytes(text(value)),
            Kind::Id(_) => self.id(text(value)),
            Kind::Double => self.double(value),
            Kind::Enum(names) => self.enumeration(names, value),
            _ => self.integer(value),
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for symbol in text.chars() {
            match symbol {
                '"' | '\\' => self.out.extend(['\\', symbol]),
                '/' if self.choices.bool() => self.out.push_str("\\/"),
                '\u{8}' if self.choices.bool() => self.out.push_str("\\b"),
                '\u{c}' if self.choices.bool() => self.out.push_str("\\f"),
                '\n' if self.choices.bool() => self.out.push_str("\\n"),
                '\0'..' ' => self.escaped(symbol),
                _ if self.choices.one_in(8) => self.escaped(symbol),
                _ => self.out.push(symbol),
            }
        }
        self.out.push('"');
    }

    fn escaped(&mut self, symbol: char) {
        let upper = self.choices.bool();
        for unit in symbol.encode_utf16(&mut [0; 2]) {
            let escape = if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            self.out.push_str(&escape);
        }
    }

    fn id(&mut self, hex: &str) {
        let id = match self.choices.below(4) {
            0 => hex.to_string(),
            1 => hex.to_uppercase(),
            _ => STANDARD.encode(const_hex::decode(hex).expect("the strict form is hex")),
        };
        self.base64_text(&id);
    }

    fn bytes(&mut self, base64: &str) {
        let bytes = STANDARD.decode(base64).expect("the strict form is base64");
        let engine = self.choices.pick(&[&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]);
        self.base64_text(&engine.encode(bytes));
    }

    /// Some JSON libraries escape every slash.
    fn base64_text(&mut self, text: &str) {
        let text = if self.choices.bool() { text.replace('/', "\\/") } else { text.to_string() };
        self.out.push_str(&format!("\"{text}\""));
    }

    fn double(&mut self, value: &Value) {
        let Some(number) = value.as_f64() else {
            return self.out.push_str(&value.to_string());
        };
        let number = match self.choices.below(4) {
            0 => format!("{number:e}"),
            1 => format!("{number:E}"),
            // All digits, without an exponent.
            2 => format!("{number}"),
            _ => value.to_string(),
        };
        self.maybe_quoted(&number);
    }

    fn enumeration(&mut self, names: &[(&str, i32)], value: &Value) {
        let number = value.as_i64().expect("strict enums are numbers");
        let name = names.iter().find(|(_, known)| i64::from(*known) == number);
        match name {
            Some((name, _)) if self.choices.bool() => self.out.push_str(&format!("\"{name}\"")),
            _ => self.maybe_quoted(&number.to_string()),
        }
    }

    fn integer(&mut self, value: &Value) {
        let number = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        let small = number.len() < 15;
        let number = match self.choices.below(6) {
            4 if small => format!("{number}.0"),
            5 if small => format!("{number}e0"),
            _ => number,
        };
        self.maybe_quoted(&number);
    }

    fn maybe_quoted(&mut self, number: &str) {
        let quote = if self.choices.bool() { "\"" } else { "" };
        self.out.push_str(&format!("{quote}{number}{quote}"));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The default value as writers that do not leave it out have it; none for a field that tracks its presence.
fn default(field: &Field) -> Option<&'static str> {
    match (field.label, field.kind) {
        (Label::Repeated, _) => Some("[]"),
        (Label::Optional | Label::Oneof, _) | (_, Kind::Message(_)) => None,
        (_, Kind::Bool) => Some("false"),
        (_, Kind::String | Kind::Bytes | Kind::Id(_)) => Some("\"\""),
        (_, Kind::Double) => Some("0.0"),
        (_, Kind::Fixed64 | Kind::Uint64 | Kind::Int64) => Some("\"0\""),
        _ => Some("0"),
    }
}
