//! The values of fields as texts.

use std::borrow::Cow;

use super::field::Field;
use super::level_name;
use super::predicate::Value;
use super::records::{Found, Seen};
use crate::otlp::Signal;
use crate::otlp::proto::AnyValue;

/// What is found out once for a message that many records share, such as their scope: to look for the fields that stand
/// beside the records means to walk over all of them.
#[derive(Debug)]
pub struct Once<'a, T> {
    message: &'a [u8],
    known: Option<T>,
}

impl<T> Default for Once<'_, T> {
    fn default() -> Self {
        Once { message: &[], known: None }
    }
}

impl<'a, T> Once<'a, T> {
    /// What is known of a message; `find` is asked where it is not the same as the last time, in the same place.
    pub fn of(&mut self, message: &'a [u8], find: impl FnOnce() -> T) -> &T {
        if !std::ptr::eq(self.message, message) {
            self.message = message;
            self.known = None;
        }
        self.known.get_or_insert_with(find)
    }
}

/// The values of some fields in one record after another.
#[derive(Debug)]
pub struct Values<'f, 'a> {
    fields: &'f [Field],
    signal: Signal,
    of_resource: Once<'a, Vec<Option<String>>>,
    of_scope: Once<'a, Vec<Option<String>>>,
}

impl<'f, 'a> Values<'f, 'a> {
    /// Of these fields.
    pub fn new(fields: &'f [Field], signal: Signal) -> Self {
        Values { fields, signal, of_resource: Once::default(), of_scope: Once::default() }
    }

    /// The value of each field; the first where there are several, the record's before the scope's and the resource's.
    pub fn of(&mut self, found: &Found<'a>) -> impl Iterator<Item = Option<String>> {
        let (fields, signal) = (self.fields, self.signal);
        let of_resource = self.of_resource.of(found.container, || {
            let value = |field: &Field| first(|take| field.of_resource(found.container, take));
            fields.iter().map(value).collect()
        });
        let above = self.of_scope.of(found.scope, || {
            let value = |(field, of_resource): (&Field, &Option<String>)| {
                first(|take| field.of_scope(found.scope, take)).or_else(|| of_resource.clone())
            };
            fields.iter().zip(of_resource).map(value).collect()
        });
        let record = found.record;
        fields.iter().zip(above).map(move |(field, above)| {
            first(|take| field.of_record(signal, record, take)).or_else(|| above.clone())
        })
    }
}

/// The value of a field in one record, as [`Values`] have it.
pub fn value_of(field: &Field, signal: Signal, found: &Found<'_>) -> Option<String> {
    Values::new(std::slice::from_ref(field), signal).of(found).next().flatten()
}

/// The first of the values that `each_value` tells.
fn first(each_value: impl FnOnce(&mut dyn FnMut(Seen<'_>) -> bool) -> bool) -> Option<String> {
    let mut value = None;
    each_value(&mut |seen| {
        value = Some(match seen {
            Seen::Intrinsic(value) => written(value).into_owned(),
            Seen::Attribute(value) => attribute_text(value).into_owned(),
        });
        true
    });
    value
}

fn written(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Text(text) => text.into(),
        Value::Int(number) => number.to_string().into(),
        Value::Double(number) => number.to_string().into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Level(severity, text) if level_name(severity).is_empty() => text.into(),
        Value::Level(severity, _) => level_name(severity).into(),
        Value::Other => "".into(),
    }
}

/// The value of an attribute or of a body as a text: as it is, or as JSON.
pub fn attribute_text(value: AnyValue<'_>) -> Cow<'_, str> {
    match value.string_value() {
        Some(text) => text.into(),
        None => crate::otlp::json::plain(value).to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Name, for_each_record};
    use crate::otlp::json;

    #[test]
    fn what_records_share_is_looked_for_once() {
        let (one, other) = (b"one scope".as_slice(), b"another one".as_slice());
        let mut once = Once::default();
        let mut asked = 0;
        for (message, expected) in [(one, 1), (one, 1), (other, 2), (other, 2), (one, 3)] {
            let found = *once.of(message, || {
                asked += 1;
                asked
            });
            assert_eq!(found, expected);
        }
        // The same bytes in another place may stand beside other records.
        let copy = one.to_vec();
        let mut once = Once::default();
        assert_eq!(*once.of(one, || 1), 1);
        assert_eq!(*once.of(&copy, || 2), 2);
    }

    #[test]
    fn values_are_those_of_the_record_its_scope_and_its_resource() {
        let text = r#"{"resourceLogs":[
            {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}},
                                       {"key":"k","value":{"stringValue":"of a"}}]},
             "scopeLogs":[
                {"scope":{"name":"x","attributes":[{"key":"k","value":{"stringValue":"of x"}}]},
                 "logRecords":[{"severityNumber":9},
                               {"attributes":[{"key":"k","value":{"intValue":"1"}}]},
                               {"severityNumber":17}]},
                {"logRecords":[{}]}]},
            {"scopeLogs":[{"logRecords":[{}]}]}]}"#;
        let batch = json::read(text.as_bytes()).unwrap().batch;
        let field = |name| Field::named(&Name::given(name), Signal::Logs).unwrap();
        let fields = [field("service"), field("k"), field("scope"), field("level")];
        let mut values = Values::new(&fields, Signal::Logs);
        let mut rows = Vec::new();
        for_each_record(batch.bytes(), |found| {
            let row: Vec<Option<String>> = values.of(&found).collect();
            let alone: Vec<_> = fields.iter().map(|field| value_of(field, Signal::Logs, &found)).collect();
            assert_eq!(row, alone);
            rows.push(row.into_iter().map(|value| value.unwrap_or("-".into())).collect::<Vec<_>>().join(","));
        });
        assert_eq!(rows, ["a,of x,x,info", "a,1,x,-", "a,of x,x,error", "a,of a,-,-", ",-,-,-"]);
    }
}
