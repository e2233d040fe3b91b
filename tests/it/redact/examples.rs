//! What rules make of batches, in JSON.

use obs::otlp::wire::{put_bytes, put_message, put_uint};
use obs::otlp::{Batch, Signal};
use serde_json::{Value, json};

use super::redactor;
use crate::otlp_properties::{parse_batch, read, write};

/// A log record with these attributes, after redaction by `rules`.
fn attributes(rules: &[&str], attributes: &Value) -> Value {
    let record = json!({"attributes": attributes});
    let document = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let redacted = redact(rules, &document);
    redacted["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"].clone()
}

fn redact(rules: &[&str], document: &Value) -> Value {
    let (text, _) = write(&redactor(rules).redact(&read(&document.to_string())));
    serde_json::from_str(&text).unwrap()
}

fn string(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

#[test]
fn actions_and_types() {
    let all = json!([
        string("s", "abc"),
        {"key": "i", "value": {"intValue": "4111111111111111"}},
        {"key": "d", "value": {"doubleValue": 4111111111111111.0}},
        {"key": "b", "value": {"boolValue": true}},
        {"key": "y", "value": {"bytesValue": "YWJj"}},
        {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "card 4111111111111111!"}, {"intValue": "7"}]}}},
        {"key": "l", "value": {"kvlistValue": {"values": [string("card", "4111111111111111"), string("s", "x")]}}},
        {"key": "n"},
    ]);
    let masked: Vec<Value> = "sidbyaln".chars().map(|key| string(&key.to_string(), "****")).collect();
    assert_eq!(attributes(&["?"], &all), json!(masked));
    assert_eq!(attributes(&["drop:*"], &all), json!(null));

    let cards = json!([
        string("s", "abc"),
        string("i", "****"),
        string("d", "****"),
        {"key": "b", "value": {"boolValue": true}},
        {"key": "y", "value": {"bytesValue": "YWJj"}},
        {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "card ****!"}, {"intValue": "7"}]}}},
        {"key": "l", "value": {"kvlistValue": {"values": [string("card", "****"), string("s", "x")]}}},
        {"key": "n"},
    ]);
    assert_eq!(attributes(&[r"*=~\d{13,16}"], &all), cards);

    // The innermost name goes; an element of an array has none.
    let dropped = json!([
        string("s", "abc"),
        {"key": "b", "value": {"boolValue": true}},
        {"key": "y", "value": {"bytesValue": "YWJj"}},
        {"key": "l", "value": {"kvlistValue": {"values": [string("s", "x")]}}},
        {"key": "n"},
    ]);
    assert_eq!(attributes(&[r"drop:*=~\d{13,16}"], &all), dropped);

    // Equal text has equal digests, whatever the type; SHA-256 of "abc" is in FIPS 180-4.
    let hashed = attributes(&["hash:s", "hash:y"], &all);
    assert_eq!(hashed[0], string("s", "ba7816bf8f01cfea"));
    assert_eq!(hashed[4], string("y", "ba7816bf8f01cfea"));
    let hashed = attributes(&["hash:i", r"hash:l=~\d{16}"], &all);
    assert_eq!(hashed[1]["value"], hashed[6]["value"]["kvlistValue"]["values"][0]["value"]);
}

#[test]
fn where_several_rules_meet() {
    let card = json!([string("card", "4111 by bob")]);
    for (rules, expected) in [
        (&["card", "hash:card"][..], json!([string("card", "****")])),
        (&["hash:c*", "card"], json!([string("card", "9af9259506d92cb5")])),
        (&["card", "drop:c*"], json!(null)),
        (&[r"drop:card=~\d", "card"], json!([string("card", "****")])),
        (&[r"card=~\d+", "drop:*=~bob"], json!(null)),
        (&[r"card=~\d+", "c*=~bob"], json!([string("card", "**** by ****")])),
        (&["Card", "car", "ard", "drop:card=~x"], card.clone()),
    ] {
        assert_eq!(attributes(rules, &card), expected, "{rules:?}");
    }
}

#[test]
fn nested_names_count_by_themselves() {
    let user = |email: &str| {
        json!([{"key": "user", "value": {"kvlistValue": {"values": [
            string("email", email),
            {"key": "more", "value": {"arrayValue": {"values": [
                {"kvlistValue": {"values": [string("email", email), string("x", "y")]}},
            ]}}},
        ]}}}])
    };
    assert_eq!(attributes(&["email"], &user("a@b")), user("****"));
    assert_eq!(attributes(&["user.email"], &user("a@b")), user("a@b"));
    assert_eq!(attributes(&["user", "email"], &user("a@b")), json!([string("user", "****")]));
    // What a pattern is about goes down to all that is nested.
    assert_eq!(attributes(&["user=~.+@.+"], &user("a@b")), user("****"));
    assert_eq!(attributes(&["user=~.+@.+", "x=~z", "email=~q"], &user("a@b")), user("****"));
}

#[test]
fn bodies_have_the_name_body() {
    let log = |body: Value| {
        let record = json!({"body": body, "attributes": [string("k", "pin 1234")], "eventName": "1234"});
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    };
    let text = || log(json!({"stringValue": "pin 1234"}));
    let of = |document: Value| document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"].clone();
    assert_eq!(redact(&["body"], &text()), log(json!({"stringValue": "****"})));
    assert_eq!(redact(&["body=~[0-9]+"], &text()), log(json!({"stringValue": "pin ****"})));
    assert_eq!(of(redact(&["drop:body"], &text())), json!(null));
    assert_eq!(of(redact(&["drop:b?dy=~pin"], &text())), json!(null));
    assert_eq!(redact(&["drop:body=~nip", "k=~nip"], &text()), text());
    let list = |pin: &str| log(json!({"kvlistValue": {"values": [string("pin", pin), string("k2", "v")]}}));
    assert_eq!(redact(&["pin"], &list("1234")), list("****"));
    assert_eq!(redact(&["hash:pin=~abc"], &list("abc")), list("ba7816bf8f01cfea"));
    // An attribute of that name is meant too.
    assert_eq!(attributes(&["body"], &json!([string("body", "x")])), json!([string("body", "****")]));
}

/// A trace with an unknown field, and something after it, at each level.
fn trace(value: impl Fn(&mut Vec<u8>)) -> Batch {
    let unknown = |out: &mut Vec<u8>| put_uint(out, 99, 7);
    let mut out = Vec::new();
    unknown(&mut out);
    put_message(&mut out, 1, |out| {
        unknown(out);
        put_message(out, 2, |out| {
            put_message(out, 2, |out| {
                put_bytes(out, 5, b"secret");
                unknown(out);
                put_message(out, 9, |out| {
                    put_bytes(out, 1, b"secret");
                    unknown(out);
                    value(out);
                });
                put_uint(out, 6, 1);
            });
            put_bytes(out, 3, b"secret");
        });
        unknown(out);
    });
    parse_batch(Signal::Traces, out)
}

#[test]
fn all_around_a_value_stays_byte_for_byte() {
    let long = "secret".repeat(40);
    let before = trace(|out| {
        put_message(out, 2, |out| {
            put_uint(out, 77, 1);
            put_bytes(out, 1, long.as_bytes());
        });
    });
    let masked = trace(|out| put_message(out, 2, |out| put_bytes(out, 1, b"****")));
    assert_eq!(redactor(&["secret"]).redact(&before), masked);
    let part = trace(|out| {
        put_message(out, 2, |out| {
            put_uint(out, 77, 1);
            put_bytes(out, 1, b"****et");
        });
    });
    assert_eq!(redactor(&["*=~^.*secr"]).redact(&before), part);
    assert!(
        !redactor(&["secret", "*=~x"]).redact(&before).bytes().windows(240).any(|run| run == long.as_bytes())
    );
}

#[test]
fn pieces_and_displaced_members_of_a_value_leave_nothing_behind() {
    let before = trace(|out| {
        put_message(out, 2, |out| put_bytes(out, 1, b"hidden 1"));
        put_message(out, 2, |out| put_uint(out, 3, 5));
        put_message(out, 2, |out| put_bytes(out, 1, b"shown 2"));
    });
    let masked = trace(|out| put_message(out, 2, |out| put_bytes(out, 1, b"****")));
    assert_eq!(redactor(&["secret"]).redact(&before), masked);
    let part = trace(|out| put_message(out, 2, |out| put_bytes(out, 1, b"shown ****")));
    assert_eq!(redactor(&["*=~2"]).redact(&before), part);
    assert_eq!(redactor(&["*=~hidden"]).redact(&before), before);
}

#[test]
fn a_batch_in_which_nothing_matches_is_the_same_batch() {
    let batch = trace(|out| put_message(out, 2, |out| put_bytes(out, 1, b"value")));
    for rules in [&[][..], &["other", "drop:secret?", r"*=~\d", "secret=~valuE"]] {
        let redactor = redactor(rules);
        for _ in 0..2 {
            let redacted = redactor.redact(&batch);
            assert_eq!(redacted, batch);
            assert!(std::ptr::eq(redacted.bytes().as_ptr(), batch.bytes().as_ptr()));
        }
        assert_eq!(redactor.changed_total(), 0);
    }
}

#[test]
fn what_is_changed_is_counted_by_rule() {
    let values = json!({"arrayValue": {"values": [{"stringValue": "a b a"}, {"stringValue": "d"}]}});
    let document = json!({"resourceLogs": [{"resource": {"attributes": [
        {"key": "l", "value": values},
        {"key": "m", "value": values},
        string("n", "aaa"),
        {"key": "o"},
    ]}}]});
    for (rules, expected) in [
        (&["*=~a", "drop:l=~d"][..], &[2, 1][..]),
        (&["*=~a", "*=~b", "*=~a b"], &[3, 0, 0]),
        (&["m=~a", "m=~b", "?=~d"], &[1, 1, 2]),
        (&["hash:?", "l=~a", "drop:n", "absent"], &[3, 0, 1, 0]),
    ] {
        let redactor = redactor(rules);
        redactor.redact(&read(&document.to_string()));
        let changed: Vec<(String, u64)> =
            redactor.changed().map(|(rule, changed)| (rule.to_string(), changed)).collect();
        let rules: Vec<(String, u64)> =
            rules.iter().map(|rule| rule.to_string()).zip(expected.iter().copied()).collect();
        assert_eq!(changed, rules);
        assert_eq!(redactor.changed_total(), expected.iter().sum::<u64>());
    }
}
