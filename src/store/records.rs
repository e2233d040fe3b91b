//! What the walk takes from log records and metrics.

use super::attributes::Level;
use super::columns::BEYOND;
use super::scan::Scan;
use crate::otlp::field::{log as field, point};
use crate::otlp::proto::AnyValue;
use crate::otlp::view::{Fields, Nested, Value};

/// Takes a log record of a service.
pub(super) fn log(scan: &mut Scan, service: u32, record: &[u8]) {
    let (mut time, mut observed, mut severity) = (0, 0, 0);
    let mut position = 0;
    for (number, value) in Fields::new(record) {
        match (number, value) {
            (field::TIME, value) => time = value.bits(),
            (field::OBSERVED, value) => observed = value.bits(),
            (field::SEVERITY, value) => severity = u8::try_from(value.bits()).unwrap_or(BEYOND),
            (field::BODY, Value::Len(body)) => {
                if let Some(texts) = &mut scan.texts {
                    texts.value(0, AnyValue(body));
                }
            }
            (field::SEVERITY_TEXT | field::EVENT_NAME, Value::Len(name)) => scan.text(name),
            (field::ATTRIBUTE, Value::Len(attribute)) => {
                scan.attribute(Level::Log, position, attribute);
                position += 1;
            }
            (field::TRACE_ID, Value::Len(id)) => drop(scan.trace(id)),
            _ => {}
        }
    }
    scan.row(service, severity, if time > 0 { time } else { observed });
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
