//! Redaction of wire bytes against redaction of decoded messages.

use std::sync::Arc;

use obs::otlp::{Batch, Signal};
use obs::redact::Redactor;
use proptest::prelude::*;

use super::reference::{Action, Reference, Rule};
use crate::otlp_properties::messages::Data;
use crate::otlp_properties::scramble::Scrambler;
use crate::otlp_properties::{Case, case, config, lenient, parse_batch, signals, write};

/// A batch as some encoder writes it, and the unknown fields in it.
fn batch(signal: Signal, bytes: &Case, changes: &Case, overrides: bool) -> (Batch, u64) {
    let data = Data::random(signal, &mut bytes.choices());
    let choices = &mut changes.choices();
    let mut scrambler = Scrambler { choices, unknown: 0, overrides, halves: true };
    let wire = scrambler.message(lenient::message(signal), &data.encode());
    let unknown = scrambler.unknown;
    (parse_batch(signal, wire), unknown)
}

fn decode(batch: &Batch) -> Data {
    Data::decode(batch.signal(), batch.bytes()).expect("a batch decodes")
}

fn rules(bytes: &Case, most: usize) -> (Vec<Rule>, Redactor) {
    let choices = &mut bytes.choices();
    let rules = choices.many(most, Rule::random);
    let texts: Vec<String> = rules.iter().map(|rule| rule.text(choices)).collect();
    let parsed = texts.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}")));
    let redactor = Redactor::new(parsed);
    (rules, redactor)
}

fn is_shared(one: &Batch, other: &Batch) -> bool {
    one == other && std::ptr::eq(one.bytes().as_ptr(), other.bytes().as_ptr())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bytes_are_redacted_as_decoded_messages_are(
        signal in signals(),
        bytes in case(),
        changes in case(),
        chosen in case(),
        overrides in any::<bool>(),
    ) {
        let (batch, _) = batch(signal, &bytes, &changes, overrides);
        let (rules, redactor) = rules(&chosen, 5);
        let mut expected = decode(&batch);
        let mut reference = Reference::new(&rules);
        reference.data(&mut expected);

        let redacted = redactor.redact(&batch);
        prop_assert_eq!(decode(&redacted).encode(), expected.encode());
        prop_assert_eq!(redacted.items(), batch.items());
        prop_assert_eq!(redacted.signal(), signal);
        prop_assert_eq!(&parse_batch(signal, redacted.bytes().to_vec()), &redacted);
        // Points of a type that another one displaced are redacted too, which the reference does not see.
        if !(overrides && signal == Signal::Metrics) {
            let changed: Vec<u64> = redactor.changed().map(|(_, changed)| changed).collect();
            prop_assert_eq!(&changed, &reference.changed);
            prop_assert_eq!(redactor.changed_total() == 0, is_shared(&redacted, &batch));
        }

        // The names are known now.
        let changed = redactor.changed_total();
        prop_assert_eq!(&redactor.redact(&batch), &redacted);
        prop_assert_eq!(redactor.changed_total(), 2 * changed);
    }

    #[test]
    fn unknown_fields_survive_unless_they_are_in_a_value_that_is_replaced(
        signal in signals(),
        bytes in case(),
        changes in case(),
        chosen in case(),
    ) {
        let (batch, unknown) = batch(signal, &bytes, &changes, false);
        prop_assert_eq!(write(&batch).1, unknown);
        let (mut rules, _) = rules(&chosen, 5);
        rules.retain(|rule| rule.pattern.is_some() && rule.action != Action::Drop);
        let choices = &mut chosen.choices();
        let redactor = Redactor::new(rules.iter().map(|rule| rule.text(choices).parse().expect("a rule")));
        prop_assert_eq!(write(&redactor.redact(&batch)).1, unknown);
    }

    #[test]
    fn threads_that_share_a_redactor_do_not_disturb_each_other(
        bytes in prop::collection::vec(case(), 4),
        chosen in case(),
    ) {
        let (_, alone) = rules(&chosen, 4);
        let (_, shared) = rules(&chosen, 4);
        let shared = Arc::new(shared);
        std::thread::scope(|scope| {
            for bytes in &bytes {
                let (alone, shared) = (&alone, shared.clone());
                scope.spawn(move || {
                    for signal in Signal::ALL {
                        let (batch, _) = batch(signal, bytes, bytes, false);
                        assert_eq!(shared.redact(&batch), alone.redact(&batch));
                    }
                });
            }
        });
        prop_assert_eq!(shared.changed_total(), alone.changed_total());
    }
}

#[test]
fn the_random_rules_do_something_and_nothing() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut bytes = || case().new_tree(&mut runner).expect("bytes").current();
    let (mut acted, mut shared) = ([[0_u64; 2]; 3], 0);
    for _ in 0..300 {
        let (data, changes, chosen) = (bytes(), bytes(), bytes());
        for signal in Signal::ALL {
            let (batch, _) = batch(signal, &data, &changes, true);
            let (rules, redactor) = rules(&chosen, 5);
            shared += u64::from(is_shared(&redactor.redact(&batch), &batch));
            for (rule, (_, changed)) in rules.iter().zip(redactor.changed()) {
                acted[rule.action as usize][usize::from(rule.pattern.is_some())] += changed;
            }
        }
    }
    assert!(acted.as_flattened().iter().all(|changed| *changed > 100), "{acted:?}");
    assert!((100..800).contains(&shared), "{shared}");
}
