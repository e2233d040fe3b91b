//! Faults name the place: the offset in the document and the path of the field.

use obs::otlp::{Batch, Fault, Problem, Signal, json};

use super::scramble::{Raw, build};

fn len(number: u32, payload: &[u8]) -> (u32, Raw) {
    (number, Raw::Len(payload.to_vec()))
}

/// A batch of traces with those spans, and the offset at which the first of them begins.
fn traces(spans: &[(u32, Raw)]) -> (Vec<u8>, usize) {
    let scope = build(spans);
    let resource = build(&[len(2, &scope)]);
    let bytes = build(&[len(1, b""), len(1, &resource)]);
    let start = bytes.len() - scope.len();
    (bytes, start)
}

fn wire_fault(signal: Signal, bytes: &[u8]) -> Fault {
    *Batch::parse(signal, bytes.to_vec().into()).expect_err("a fault")
}

fn json_fault(text: &str) -> Fault {
    *json::read(text.as_bytes()).expect_err("a fault")
}

#[test]
fn an_id_of_a_wrong_length_in_the_fourth_span() {
    let good = build(&[len(1, &[1; 16]), len(2, &[2; 8])]);
    let bad = build(&[len(1, &[1; 15])]);
    let (bytes, start) = traces(&[len(2, &good), len(2, &good), len(2, &good), len(2, &bad), len(2, &good)]);
    let fault = wire_fault(Signal::Traces, &bytes);
    assert_eq!(fault.problem, Problem::IdLength { found: 15, expected: 16 });
    assert_eq!(fault.path(), "resourceSpans[1].scopeSpans[0].spans[3].traceId");
    // Behind three spans, the tag and length of the fourth, the tag and length of its id.
    assert_eq!(fault.offset, start + 3 * (good.len() + 2) + 4);
    assert_eq!(
        fault.to_string(),
        "resourceSpans[1].scopeSpans[0].spans[3].traceId: expected an id of 16 bytes, found 15"
    );
}

#[test]
fn the_wire_fault_of_each_kind() {
    let span = |fields: &[(u32, Raw)]| traces(&[len(2, &build(fields))]);
    let path = "resourceSpans[1].scopeSpans[0].spans[0]";
    for (fields, field, at, problem) in [
        (vec![len(5, b"caf\xe9")], ".name", 4, Problem::Utf8),
        (vec![(5, Raw::Varint(1))], ".name", 2, Problem::WireType(0)),
        (vec![len(7, b"")], ".startTimeUnixNano", 4, Problem::WireType(2)),
        (vec![(7, Raw::I32(0))], ".startTimeUnixNano", 2, Problem::WireType(5)),
        (vec![len(8, b""), len(1, b"")], ".endTimeUnixNano", 4, Problem::WireType(2)),
        (
            vec![len(13, &build(&[len(2, b"1234567")]))],
            ".links[0].spanId",
            6,
            Problem::IdLength { found: 7, expected: 8 },
        ),
        (
            vec![len(9, b""), len(11, b""), len(9, &build(&[len(1, b"\xff")]))],
            ".attributes[1].key",
            10,
            Problem::Utf8,
        ),
        (vec![len(15, b"\x12\x05ab")], ".status.message", 4, Problem::Truncated),
        (vec![len(15, b"\x03")], ".status", 4, Problem::BadTag),
        (vec![len(15, b"\x0b")], ".status", 4, Problem::WireType(3)),
    ] {
        let (bytes, start) = span(&fields);
        let fault = wire_fault(Signal::Traces, &bytes);
        assert_eq!(fault.problem, problem, "{fault}");
        assert_eq!(fault.path(), format!("{path}{field}"), "{fault}");
        assert_eq!(fault.offset, start + at, "{fault}");
    }
}

#[test]
fn bytes_that_end_too_early() {
    let (bytes, _) = traces(&[len(2, &build(&[len(5, b"a name")]))]);
    // Up to the second resource nothing is missing.
    for cut in 3..bytes.len() {
        let fault = wire_fault(Signal::Traces, &bytes[..cut]);
        assert_eq!((fault.problem, fault.offset), (Problem::Truncated, 2), "{cut}");
    }
    let packed = build(&[len(
        1,
        &build(&[len(
            2,
            &build(&[len(2, &build(&[len(9, &build(&[len(1, &build(&[len(7, &[0; 12])]))]))]))]),
        )]),
    )]);
    let fault = wire_fault(Signal::Metrics, &packed);
    assert_eq!(fault.problem, Problem::Truncated);
    assert_eq!(
        fault.path(),
        "resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0].explicitBounds[0]"
    );
    assert_eq!(fault.offset, packed.len() - 4);
}

/// Asserts on the fault of `text`, whose place is marked with `^` and the marker removed.
#[track_caller]
fn at_mark(marked: &str, path: &str, message: &str) {
    let offset = marked.find('^').expect("a mark");
    let fault = json_fault(&marked.replacen('^', "", 1));
    assert_eq!(fault.path(), path, "{fault}");
    assert_eq!(fault.offset, offset, "{fault}");
    let shown = fault.to_string();
    let problem = shown.strip_prefix(&format!("{path}: ")).unwrap_or(&shown);
    assert!(problem.starts_with(message), "{shown}");
}

#[test]
fn the_json_fault_of_each_kind() {
    let span = |fields: &str| {
        let good = r#"{"traceId":"","name":"good"}"#;
        format!(
            "\n{{\"resourceSpans\": [{{}},{{\n\"scopeSpans\":[{{\"spans\":[{good},{good},{good},{{{fields}}}]}}]}}]}}"
        )
    };
    let of_span = |field: &str| format!("resourceSpans[1].scopeSpans[0].spans[3].{field}");
    for (fields, field, message) in [
        (
            r#""traceId": ^"0123456789abcdef0123456789abcde""#,
            "traceId",
            "expected 32 hex digits or 24 characters of base64",
        ),
        (r#""traceId": ^"0123456789abcdef0123456789abcdeg""#, "traceId", "expected 32 hex digits"),
        (r#""spanId":^17"#, "spanId", "expected 16 hex digits or 12 characters of base64"),
        (r#""spanId":^"AAAAAAAAAAA*""#, "spanId", "expected 16 hex digits"),
        (
            r#""name":"x","kind":^"SPAN_KIND_SERVE""#,
            "kind",
            "expected a number or a name such as SPAN_KIND_INTERNAL",
        ),
        (r#""kind":^2147483648"#, "kind", "expected a number or a name"),
        (r#""kind":^1.5"#, "kind", "expected a number or a name"),
        (
            r#""startTimeUnixNano":^"18446744073709551616""#,
            "startTimeUnixNano",
            "expected a whole number from 0",
        ),
        (r#""startTimeUnixNano":^-1"#, "startTimeUnixNano", "expected a whole number from 0"),
        (r#""startTimeUnixNano":^"12x""#, "startTimeUnixNano", "expected a whole number from 0"),
        (
            r#""droppedLinksCount":^4294967296"#,
            "droppedLinksCount",
            "expected a whole number from 0 to 4294967295",
        ),
        (r#""name":^[]"#, "name", "expected a string, found []"),
        (r#""name":"a^\x""#, "name", "expected an escape"),
        (r#""name":"a^\u12g4""#, "name", "expected an escape"),
        ("\"name\":\"a^\u{1}\"", "name", "expected a control character to be escaped"),
        (r#""status":^[]"#, "status", "expected an object (Status)"),
        (r#""status":{"message":^{}}"#, "status.message", "expected a string"),
        (r#""links":^{}"#, "links", "expected '['"),
        (r#""links":[{},{"spanId":^"abc"}]"#, "links[1].spanId", "expected 16 hex digits"),
        (
            r#""attributes":[{"key":"k","value":{"intValue":^"1e400"}}]"#,
            "attributes[0].value.intValue",
            "expected a whole number",
        ),
        (
            r#""attributes":[{"value":{"boolValue":^"true"}}]"#,
            "attributes[0].value.boolValue",
            "expected true or false",
        ),
        (
            r#""attributes":[{"value":{"doubleValue":^NaN}}]"#,
            "attributes[0].value.doubleValue",
            "expected a number, ",
        ),
        (
            r#""attributes":[{"value":{"doubleValue":^1e999}}]"#,
            "attributes[0].value.doubleValue",
            "expected a number, ",
        ),
        (
            r#""attributes":[{"value":{"bytesValue":^"A*=="}}]"#,
            "attributes[0].value.bytesValue",
            "expected a string of base64",
        ),
        (
            r#""attributes":[{"value":{"kvlistValue":{"values":[{},{"value":{"arrayValue":{"values":[{"intValue":^true}]}}}]}}}]"#,
            "attributes[0].value.kvlistValue.values[1].value.arrayValue.values[0].intValue",
            "expected a whole number",
        ),
    ] {
        at_mark(&span(fields), &of_span(field), message);
    }
    // Of a defect between two fields the object is the place.
    let record = "resourceSpans[1].scopeSpans[0].spans[3]";
    for (fields, message) in [
        (r#""name":"a" ^"kind":1"#, "expected ',' or '}', found \"kind\""),
        (r#""name"^,"kind":1"#, "expected ':'"),
        (r#"^name:1"#, "expected a string, found name:1"),
        (r#""name":"a",^}"#, "expected a string, found }"),
        (r#""later":^nil"#, "expected a JSON value, found nil"),
    ] {
        at_mark(&span(fields), record, message);
    }
}

#[test]
fn documents_that_are_not_of_one_signal() {
    assert_eq!(json_fault("{}").problem, Problem::NoSignal);
    assert_eq!(json_fault(r#"{"resourcespans":[]}"#).problem, Problem::NoSignal);
    at_mark("^[]", "", "expected '{'");
    at_mark("^nonsense ", "", "expected '{', found nonsense");
    at_mark(
        "{\"resourceSpans\":[{}],\n  ^\"resourceLogs\":[{}]}",
        "",
        "expected one of resourceSpans, resourceMetrics and resourceLogs",
    );
    // A null is as good as nothing.
    let parsed = json::read(br#"{"resourceSpans":null,"resourceLogs":[{}],"resource_metrics":null}"#);
    assert_eq!(parsed.expect("logs").batch.signal(), Signal::Logs);
    let parsed = json::read(br#"{"resource_metrics":null}"#).expect("metrics");
    assert_eq!((parsed.batch.signal(), parsed.batch.bytes().len()), (Signal::Metrics, 0));
}

#[test]
fn a_request_body_is_one_object_of_its_signal() {
    assert_eq!(json::read_as(Signal::Logs, b" {} \n").expect("empty").items(), 0);
    for (text, offset) in [
        (&b"{} {}"[..], 3),
        (b"{}]", 2),
        (b"{}\0", 2),
        (b"{\"resourceLogs\":[]}\x01", 19),
        (b"{\"resourceSpans\":[]}", 0),
    ] {
        let fault = json::read_as(Signal::Logs, text).expect_err("a fault");
        assert_eq!(fault.offset, offset, "{fault}");
        assert!(matches!(fault.problem, Problem::Expected { .. }), "{fault}");
    }
}

#[test]
fn null_in_a_list_is_an_empty_message_and_counts() {
    let parsed =
        json::read(br#"{"resourceSpans":[null,{"scopeSpans":[{"spans":[null,{},null]}]}]}"#).expect("good");
    assert_eq!(parsed.batch.items(), 3);
    assert_eq!(
        super::write(&parsed.batch).0,
        r#"{"resourceSpans":[{},{"scopeSpans":[{"spans":[{},{},{}]}]}]}"#
    );
}

#[test]
fn a_batch_of_nothing_but_unknown_fields_keeps_its_signal() {
    for signal in Signal::ALL {
        let batch = super::parse_batch(signal, build(&[(99, Raw::Varint(1)), len(2, b"later")]));
        let (text, unknown) = super::write(&batch);
        assert_eq!(unknown, 2);
        assert_eq!(super::read(&text).signal(), signal);
    }
}

#[test]
fn ids_and_bytes_may_have_escaped_slashes() {
    // As PHP writes them; the base64 of 0xff is full of slashes.
    let parsed = json::read(
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"spanId":"\/\/\/\/\/\/\/\/\/\/8=","body":{"bytesValue":"\/\/\/\/"}}]}]}]}"#,
    );
    let (text, _) = super::write(&parsed.expect("good").batch);
    assert!(
        text.contains(r#"{"body":{"bytesValue":"////"},"spanId":"ffffffffffffffff"}"#)
            || text.contains(r#"{"spanId":"ffffffffffffffff","body":{"bytesValue":"////"}}"#),
        "{text}"
    );
}
