//! Bytes and text that nobody meant: damaged, cut off, nested without end, or made to cost time.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use obs::otlp::{Batch, Problem, Signal, json};
use proptest::prelude::*;

use super::choices::Choices;
use super::messages::Data;
use super::scramble::{Raw, build};
use super::{case, lenient, parse_batch, read, reference, signals, write};

/// Changes a few bytes, or leaves some out, or puts some in.
fn damage(bytes: &mut Vec<u8>, choices: &mut Choices) {
    for _ in 0..=choices.below(3) {
        let at = choices.below(bytes.len().clamp(1, 65536));
        let Some(byte) = bytes.get_mut(at) else { return };
        match choices.below(8) {
            0 => *byte ^= 1 << choices.below(8),
            1 => *byte = choices.byte(),
            // The length of something that is nested.
            2 => *byte = byte.wrapping_add(1),
            3 => *byte = byte.wrapping_sub(1),
            4 => bytes.truncate(at),
            5 => {
                bytes.drain(at..(at + 1 + choices.below(4)).min(bytes.len()));
            }
            6 => {
                let more = choices.bytes();
                bytes.splice(at..at, more);
            }
            _ => {
                let end = (at + 1 + choices.below(16)).min(bytes.len());
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
        }
    }
}

/// `obs` and `prost` take the same bytes, but for what only one of them looks at.
fn agree_with_prost(signal: Signal, bytes: &[u8]) -> Result<(), TestCaseError> {
    let prost = Data::decode(signal, bytes);
    match Batch::parse(signal, Bytes::copy_from_slice(bytes)) {
        Ok(batch) => {
            prop_assert!(prost.is_ok(), "accepted, but {}", prost.unwrap_err());
            let (text, _) = write(&batch);
            let back = read(&text);
            prop_assert_eq!(Some(write(&back).0), Some(text));
        }
        Err(fault) => {
            prop_assert!(fault.offset <= bytes.len());
            prop_assert!(!fault.to_string().is_empty());
            let only_obs = match fault.problem {
                // Groups are no part of protobuf 3; `prost` skips them.
                Problem::IdLength { .. } | Problem::TooDeep | Problem::WireType(3 | 4) => true,
                _ => false,
            };
            prop_assert!(only_obs || prost.is_err(), "rejected: {}", fault);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn any_bytes_are_accepted_or_rejected_as_prost_does(
        signal in signals(),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        agree_with_prost(signal, &bytes)?;
    }

    #[test]
    fn damaged_batches_are_accepted_or_rejected_as_prost_does(
        signal in signals(),
        bytes in case(),
        changes in case(),
    ) {
        let mut wire = Data::random(signal, &mut bytes.choices()).encode();
        damage(&mut wire, &mut changes.choices());
        agree_with_prost(signal, &wire)?;
    }

    #[test]
    fn any_text_is_read_or_rejected(text in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = json::read(&text);
        let _ = json::read_as(Signal::Traces, &text);
    }

    #[test]
    fn damaged_json_is_rejected_or_still_a_batch(
        signal in signals(),
        bytes in case(),
        style in case(),
        changes in case(),
    ) {
        let data = Data::random(signal, &mut bytes.choices());
        let document = lenient::document(signal, &reference::document(&data), &mut style.choices());
        let mut text = document.into_bytes();
        damage(&mut text, &mut changes.choices());
        match json::read(&text) {
            Ok(parsed) => {
                prop_assert!(parsed.consumed <= text.len());
                let again = parse_batch(parsed.batch.signal(), parsed.batch.bytes().to_vec());
                prop_assert_eq!(again, parsed.batch);
            }
            Err(fault) => {
                prop_assert!(fault.offset <= text.len());
                prop_assert!(!fault.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_cut_document_ends_inside_a_value(
        signal in signals(),
        bytes in case(),
        style in case(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 16),
    ) {
        let data = Data::random(signal, &mut bytes.choices());
        let text = lenient::document(signal, &reference::document(&data), &mut style.choices());
        for cut in cuts {
            let part = &text.as_bytes()[..cut.index(text.len())];
            let fault = json::read(part).expect_err("no whole object");
            prop_assert_eq!(&fault.problem, &Problem::EndOfText, "{}", String::from_utf8_lossy(part));
            prop_assert_eq!(fault.offset, part.len());
        }
    }
}

/// Fails when `work` takes much longer than the fractions of a second that it should.
fn in_time(work: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let worker = std::thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    match wait.recv_timeout(Duration::from_secs(20)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still at work after 20 s"),
        _ => worker.join().expect("no panic"),
    }
}

/// LogRecord.body, ScopeLogs.log_records, ResourceLogs.scope_logs, LogsData.resource_logs.
const BODY: &[u32] = &[5, 2, 2, 1];
/// The same, but KeyValue.value and LogRecord.attributes.
const ATTRIBUTE: &[u32] = &[2, 6, 2, 2, 1];

/// A log record with `depth` lists, each in the one before, around the value `innermost`; `beside` stands in each list's
/// value. The `way` from the batch to the outermost value is given from the inside out.
fn nested_wire(way: &[u32], depth: usize, innermost: &[u8], beside: &[u8]) -> Vec<u8> {
    // Backwards, from the inside out, as each length depends on what is inside.
    let mut reversed: Vec<u8> = innermost.iter().rev().copied().collect();
    let mut wrap = |number: u32, beside: &[u8]| {
        let mut head = Vec::new();
        prost::encoding::encode_varint(u64::from(number << 3 | 2), &mut head);
        prost::encoding::encode_varint(reversed.len() as u64, &mut head);
        reversed.splice(0..0, beside.iter().rev().copied());
        reversed.extend(head.into_iter().rev());
    };
    for _ in 0..depth {
        // ArrayValue.values, AnyValue.array_value
        wrap(1, &[]);
        wrap(5, beside);
    }
    for number in way {
        wrap(*number, &[]);
    }
    reversed.reverse();
    reversed
}

#[test]
fn wire_bytes_may_nest_a_hundred_messages_and_no_more() {
    for depth in [100, 1000, 100_000] {
        let bytes = nested_wire(BODY, depth, &[], &[]);
        let fault = Batch::parse(Signal::Logs, bytes.into()).expect_err("too deep");
        assert_eq!(fault.problem, Problem::TooDeep, "{depth}");
    }
}

#[test]
fn what_the_wire_may_nest_json_may_nest() {
    // KeyValueList with a KeyValue with an AnyValue: the shape that has a path of its own.
    let attribute = |value: Raw, number| {
        let value = Raw::Len(build(&[(number, value)]));
        let attribute = build(&[(1, Raw::Len(b"key".to_vec())), (2, value)]);
        build(&[(6, Raw::Len(build(&[(1, Raw::Len(attribute))])))])
    };
    let text = attribute(Raw::Len(b"text".to_vec()), 1);
    let number = attribute(Raw::Varint(7), 3);
    for (innermost, inside) in [(&[][..], 0), (&text, 3), (&number, 3)] {
        for way in [BODY, ATTRIBUTE] {
            let batches = |depth| Batch::parse(Signal::Logs, nested_wire(way, depth, innermost, &[]).into());
            let nested: Vec<Batch> = (0..60).map_while(|depth| batches(depth).ok()).collect();
            // The batch, the way, two messages a level, and what is inside: a hundred at the most.
            assert_eq!(nested.len() - 1, (100 - 1 - way.len() - inside) / 2);
            for batch in nested {
                let (text, _) = write(&batch);
                assert_eq!(read(&text), batch);
            }
            // One level more, as JSON that nothing else has looked at.
            let deeper =
                |text: &str| text.replacen(r#""values":["#, r#""values":[{"arrayValue":{"values":["#, 1);
            let deepest = batches((100 - 1 - way.len() - inside) / 2).expect("as before");
            let (text, _) = write(&deepest);
            let text = deeper(&text).replacen("}]}", "}]}}]}", 1);
            assert_eq!(
                json::read(text.as_bytes()).expect_err("too deep").problem,
                Problem::TooDeep,
                "{text}"
            );
        }
    }
}

#[test]
fn json_nested_without_end_is_rejected() {
    for depth in [1_000, 100_000] {
        let lists = "[".repeat(depth);
        let objects = r#"{"a":"#.repeat(depth);
        let body = r#"{"arrayValue":{"values":["#.repeat(depth);
        let kvlist = r#"{"kvlistValue":{"values":[{"value":"#.repeat(depth);
        for (text, too_deep) in [
            (lists.clone(), false),
            (objects.clone(), true),
            (format!(r#"{{"resourceSpans":{lists}"#), false),
            (format!(r#"{{"unknown":{lists}"#), true),
            (format!(r#"{{"resourceSpans":[{{"unknown":{objects}"#), true),
            (format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{body}"#), true),
            (format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{kvlist}"#), true),
        ] {
            let fault = json::read(text.as_bytes()).expect_err("nested without end");
            assert_eq!(fault.problem == Problem::TooDeep, too_deep, "{fault}: {:.80}", text);
            assert!(fault.path().len() < 5000);
        }
    }
}

#[test]
fn fields_that_come_twice_at_every_level_cost_no_more_than_their_number() {
    // If each level were written again for each time that it comes, this would take 2^45 steps.
    let twice = build(&[(5, Raw::Len(Vec::new()))]);
    let bytes = nested_wire(BODY, 45, &[], &twice);
    let prost = Data::decode(Signal::Logs, &bytes).expect("prost reads it");
    in_time(move || {
        let (text, _) = write(&parse_batch(Signal::Logs, bytes));
        assert_eq!(super::normal(&read(&text)), prost.encode());
    });
}

#[test]
fn a_message_in_many_occurrences_costs_no_more_than_their_number() {
    // If each occurrence were merged into a copy of those before, this would copy 400 GB.
    const OCCURRENCES: usize = 400_000;
    let attribute = build(&[(1, Raw::Len(build(&[(1, Raw::Len(b"key".to_vec()))])))]);
    let resource = build(&vec![(1, Raw::Len(attribute)); OCCURRENCES]);
    let bytes = build(&[(1, Raw::Len(resource))]);
    in_time(move || {
        let (text, _) = write(&parse_batch(Signal::Traces, bytes));
        assert_eq!(text.matches(r#"{"key":"key"}"#).count(), OCCURRENCES);
    });
}
