//! What the walk takes from log records and metrics.

use super::attributes::Level;
use super::columns::BEYOND;
use super::scan::Scan;
use crate::expr::words::each_word;
use crate::otlp::field::{log as field, point};
use crate::otlp::proto::{AnyValue, KeyValue};
use crate::otlp::view::{Fields, Nested, Value, text};

/// Takes a log record of a service.
pub(super) fn log(scan: &mut Scan, service: u32, record: &[u8]) {
    let (mut time, mut observed, mut severity) = (0, 0, 0);
    let mut position = 0;
    for (number, value) in Fields::new(record) {
        match (number, value) {
            (field::TIME, value) => time = value.bits(),
            (field::OBSERVED, value) => observed = value.bits(),
            (field::SEVERITY, value) => severity = u8::try_from(value.bits()).unwrap_or(BEYOND),
            (field::BODY, Value::Len(body)) => value_words(AnyValue(body), &mut scan.words),
            (field::SEVERITY_TEXT | field::EVENT_NAME, Value::Len(name)) => {
                each_word(text(name), |word| scan.words.push(word));
            }
            (field::ATTRIBUTE, Value::Len(attribute)) => {
                scan.keys.attribute(Level::Log, position, attribute);
                position += 1;
                if let Some(value) = KeyValue(attribute).value() {
                    value_words(value, &mut scan.words);
                }
            }
            (field::TRACE_ID, Value::Len(id)) => drop(scan.trace(id)),
            _ => {}
        }
    }
    scan.row(service, severity, if time > 0 { time } else { observed });
}

/// Notes the words in the values of the attributes in field `number` of a message.
pub(super) fn attribute_words(message: &[u8], number: u32, words: &mut Vec<u64>) {
    let values = Nested::new(message, number).filter_map(|attribute| KeyValue(attribute).value());
    values.for_each(|value| value_words(value, words));
}

/// Notes the words of a value: text, numbers as they are written, and what lists and maps hold, with the keys.
fn value_words(value: AnyValue<'_>, words: &mut Vec<u64>) {
    let mut note = |text: &str| each_word(text, |word| words.push(word));
    if let Some(text) = value.string_value() {
        note(text);
    } else if let Some(number) = value.int_value() {
        note(itoa::Buffer::new().format(number));
    } else if let Some(number) = value.double_value() {
        note(zmij::Buffer::new().format(number));
    } else if let Some(list) = value.array_value() {
        list.values().for_each(|value| value_words(value, words));
    } else if let Some(map) = value.kvlist_value() {
        for pair in map.values() {
            each_word(pair.key(), |word| words.push(word));
            if let Some(value) = pair.value() {
                value_words(value, words);
            }
        }
    }
}

/// Fields of a metric that hold its data, with the field of a point that holds its attributes.
const DATA: [(u32, u32); 5] = [(5, 7), (7, 7), (9, 9), (10, 1), (11, 7)];
const POINT: u32 = 1;

/// Takes a metric of a service, a row each data point.
pub(super) fn metric(scan: &mut Scan, service: u32, metric: &[u8]) {
    for (number, data) in Fields::new(metric) {
        let Some((_, attributes)) = DATA.iter().find(|(data, _)| *data == number) else { continue };
        for point in Nested::new(data.bytes(), POINT) {
            let mut time = 0;
            let mut position = 0;
            for (number, value) in Fields::new(point) {
                match (number, value) {
                    (point::TIME, value) => time = value.bits(),
                    (_, Value::Len(attribute)) if number == *attributes => {
                        scan.keys.attribute(Level::Point, position, attribute);
                        position += 1;
                    }
                    _ => {}
                }
            }
            scan.row(service, 0, time);
        }
    }
}
