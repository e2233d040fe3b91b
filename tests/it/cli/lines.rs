//! The size of lines: under 1 MiB where a batch can be split.

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::telemetry::{
    frame, ids, ids_of, line, span, spans_in, spans_of, text, traces, traces_of_lines,
};
use crate::support::{Account, End, HttpClient, Obs, Signal, TempDir};

const MIB: usize = 1 << 20;

fn sample(input: Vec<u8>, format: &str) -> End {
    let dir = TempDir::new();
    let input = dir.write("input", input);
    let end = Obs::new(&dir, "sample --rate 1 --format")
        .arg(format)
        .arg(input)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.ledger();
    end
}

/// A span with an attribute of so many bytes.
fn large(number: u64, bytes: usize) -> Span {
    Span { attributes: vec![text("blob", &"x".repeat(bytes))], ..span(number) }
}

#[test]
fn a_large_batch_is_split() {
    let request = traces(0..5000);
    for input in [frame(1, &request), line(&request).into_bytes()] {
        let end = sample(input, "ndjson");
        end.expect(0, "5000 spans in = 5000 out");
        let text = end.text();
        assert!(text.lines().count() >= 2);
        assert!(text.lines().all(|line| line.len() < MIB));
        let requests = traces_of_lines(&text);
        let spans: Vec<Span> = requests.iter().flat_map(spans_in).cloned().collect();
        assert_eq!(spans.len(), 5000);
        assert_eq!(ids_of(&spans), ids(0..5000));
        for part in &requests {
            assert_eq!(part.resource_spans[0].resource, request.resource_spans[0].resource);
            let scope = &part.resource_spans[0].scope_spans[0].scope;
            assert_eq!(scope, &request.resource_spans[0].scope_spans[0].scope);
        }
    }
}

#[test]
fn a_batch_of_spans_of_very_different_sizes_is_split() {
    let spans = (0..40).map(|n| large(n, if n % 10 == 0 { MIB * 9 / 10 } else { 10 })).collect();
    let end = sample(frame(1, &spans_of("a", spans)), "ndjson");
    end.expect(0, "40 spans in = 40 out");
    assert!(end.text().lines().all(|line| line.len() < MIB));
    assert_eq!(ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in)), ids(0..40));
}

#[test]
fn a_single_large_record_makes_a_long_line() {
    let end = sample(frame(1, &spans_of("a", vec![span(0), large(1, 2 * MIB), span(2)])), "ndjson");
    end.expect(0, "3 spans in = 3 out");
    let text = end.text();
    assert_eq!(text.lines().filter(|line| line.len() > 2 * MIB).count(), 1);
    assert_eq!(ids_of(traces_of_lines(&text).iter().flat_map(spans_in)), ids(0..3));
    // Read again, by us.
    let again = sample(text.into_bytes(), "proto");
    assert_eq!(ids_of(again.traces_of_frames().iter().flat_map(spans_in)), ids(0..3));
}

#[test]
fn a_record_that_no_frame_holds_is_counted_as_oversized() {
    let input = line(&spans_of("a", vec![span(0), large(1, 17 * MIB), span(2)]));
    for format in ["ndjson", "proto"] {
        let end = sample(input.clone().into_bytes(), format);
        end.expect(3, "3 spans in = 2 out + 1 dropped (oversized)");
        assert_eq!(end.ledger().dropped("traces", "oversized"), 1);
        assert_eq!(end.ledger().traces(), Account { received: 3, sent: 2, dropped: 1, ..Default::default() });
    }
}

#[test]
fn frames_over_16_mib_are_split() {
    let spans = (0..5).map(|n| large(n, 5 * MIB)).collect();
    let end = sample(line(&spans_of("a", spans)).into_bytes(), "proto");
    end.expect(0, "5 spans in = 5 out");
    let requests = end.traces_of_frames();
    assert!(requests.len() >= 2);
    assert_eq!(ids_of(requests.iter().flat_map(spans_in)), ids(0..5));
}

#[test]
fn a_sender_of_a_record_that_no_frame_holds_is_not_told_that_it_was_taken() {
    use prost::Message;
    let dir = TempDir::new();
    let collect =
        Obs::new(&dir, "collect --grpc off --http 127.0.0.1:0").ledger(&dir.file("ledger.json")).spawn();
    let body = spans_of("a", vec![span(0), large(1, 17 * MIB)]).encode_to_vec();
    let response =
        HttpClient::connect(collect.port("HTTP")).post("/v1/traces", "application/x-protobuf", body);
    collect.signal(Signal::TERM);
    let end = collect.wait();
    assert_eq!(end.ledger().dropped("traces", "oversized"), 1);
    // Either refused, or accepted but for the one span.
    let rejected = opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse::decode(
        &response.body[..],
    );
    let partial = rejected.ok().and_then(|response| response.partial_success);
    assert!(
        response.status != 200 || partial.is_some_and(|partial| partial.rejected_spans == 1),
        "answered {} without a word",
        response.status
    );
}
