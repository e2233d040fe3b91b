//! Splitting and joining batches.

use obs::otlp::{Batch, Signal, join, split};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric};
use proptest::prelude::*;
use prost::Message;

use super::messages::Data;
use super::scramble::{Raw, build, parse};
use super::{case, parse_batch, signals};

/// Each record with what it is inside of, encoded: resource and scope (and metric) without their lists.
pub fn records(data: &Data) -> Vec<(Vec<Vec<u8>>, Vec<u8>)> {
    let mut out = Vec::new();
    match data.clone() {
        Data::Traces(data) => {
            for mut resource in data.resource_spans {
                for mut scope in std::mem::take(&mut resource.scope_spans) {
                    for span in std::mem::take(&mut scope.spans) {
                        out.push((
                            vec![resource.encode_to_vec(), scope.encode_to_vec()],
                            span.encode_to_vec(),
                        ));
                    }
                }
            }
        }
        Data::Logs(data) => {
            for mut resource in data.resource_logs {
                for mut scope in std::mem::take(&mut resource.scope_logs) {
                    for record in std::mem::take(&mut scope.log_records) {
                        out.push((
                            vec![resource.encode_to_vec(), scope.encode_to_vec()],
                            record.encode_to_vec(),
                        ));
                    }
                }
            }
        }
        Data::Metrics(data) => {
            for mut resource in data.resource_metrics {
                for mut scope in std::mem::take(&mut resource.scope_metrics) {
                    for mut metric in std::mem::take(&mut scope.metrics) {
                        let points = take_points(&mut metric);
                        let inside =
                            vec![resource.encode_to_vec(), scope.encode_to_vec(), metric.encode_to_vec()];
                        if points.is_empty() {
                            out.push((inside, Vec::new()));
                        } else {
                            out.extend(points.into_iter().map(|point| (inside.clone(), point)));
                        }
                    }
                }
            }
        }
    }
    out
}

fn take_points(metric: &mut Metric) -> Vec<Vec<u8>> {
    fn take<T: Message>(points: &mut Vec<T>) -> Vec<Vec<u8>> {
        std::mem::take(points).iter().map(T::encode_to_vec).collect()
    }
    match &mut metric.data {
        None => Vec::new(),
        Some(metric::Data::Gauge(data)) => take(&mut data.data_points),
        Some(metric::Data::Sum(data)) => take(&mut data.data_points),
        Some(metric::Data::Histogram(data)) => take(&mut data.data_points),
        Some(metric::Data::ExponentialHistogram(data)) => take(&mut data.data_points),
        Some(metric::Data::Summary(data)) => take(&mut data.data_points),
    }
}

fn decode(batch: &Batch) -> Data {
    Data::decode(batch.signal(), batch.bytes()).expect("a batch decodes")
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn pieces_hold_the_same_records_in_order(
        signal in signals(),
        bytes in case(),
        max_items in 1usize..6,
        max_bytes in prop_oneof![Just(usize::MAX), 0usize..1500],
    ) {
        let data = Data::random(signal, &mut bytes.choices());
        let whole = parse_batch(signal, data.encode());
        let pieces = split(&whole, max_items, max_bytes);
        let mut found = Vec::new();
        for piece in &pieces {
            prop_assert_eq!(piece.signal(), signal);
            let piece_records = records(&decode(piece));
            prop_assert!(piece.items() <= max_items, "{} items", piece.items());
            prop_assert!(
                piece.bytes().len() <= max_bytes || piece_records.len() <= 1,
                "{} bytes, {} records", piece.bytes().len(), piece_records.len()
            );
            prop_assert!(!piece_records.is_empty() || pieces.len() == 1);
            found.extend(piece_records);
        }
        prop_assert_eq!(found, records(&data));
        prop_assert_eq!(pieces.iter().map(Batch::items).sum::<usize>(), whole.items());

        let joined = join(signal, &pieces);
        prop_assert_eq!(joined.items(), whole.items());
        prop_assert_eq!(records(&decode(&joined)), records(&data));
        // A batch that needs no cutting is handed on as it is, with whatever holds no record.
        if whole.items() <= max_items && whole.bytes().len() <= max_bytes {
            prop_assert_eq!(pieces, vec![whole]);
        }
    }
}

#[test]
fn no_limit_means_one_piece_and_the_same_bytes() {
    let whole = parse_batch(Signal::Logs, two_spans_with_unknown_fields(Signal::Logs));
    assert_eq!(split(&whole, usize::MAX, usize::MAX), [whole]);
}

#[test]
fn a_limit_of_nothing_means_one_record_a_piece() {
    for signal in Signal::ALL {
        let whole = parse_batch(signal, two_spans_with_unknown_fields(signal));
        let items: Vec<usize> = split(&whole, 0, 0).iter().map(Batch::items).collect();
        assert_eq!(items, [1, 1], "{signal}");
    }
}

#[test]
fn joining_nothing_gives_an_empty_batch() {
    let joined = join(Signal::Metrics, &[]);
    assert_eq!((joined.items(), joined.bytes().len(), joined.signal()), (0, 0, Signal::Metrics));
}

/// What field 99 holds at each level, outermost first.
fn unknown_fields(bytes: &[u8], path: &[u32]) -> Vec<u64> {
    let mut found = Vec::new();
    let mut rest = path;
    let mut bytes = bytes.to_vec();
    loop {
        let fields = parse(&bytes);
        for (number, value) in &fields {
            if let (99, Raw::Varint(value)) = (number, value) {
                found.push(*value);
            }
        }
        let Some((child, deeper)) = rest.split_first() else {
            return found;
        };
        let Some((_, Raw::Len(payload))) = fields.iter().find(|(number, _)| number == child) else {
            return found;
        };
        (rest, bytes) = (deeper, payload.clone());
    }
}

/// The way from the batch to a record; the data of a metric is a gauge.
fn path(signal: Signal) -> &'static [u32] {
    if signal == Signal::Metrics { &[1, 2, 2, 5, 1] } else { &[1, 2, 2] }
}

/// Two records in one resource and scope; at each level inside the batch there is a field 99.
fn two_spans_with_unknown_fields(signal: Signal) -> Vec<u8> {
    let path = path(signal);
    let mut fields = vec![(99, Raw::Varint(path.len() as u64))];
    for (depth, number) in path.iter().enumerate().rev() {
        let payload = Raw::Len(build(&fields));
        let records = if depth + 1 == path.len() { 2 } else { 1 };
        fields = vec![(*number, payload); records];
        if depth > 0 {
            fields.push((99, Raw::Varint(depth as u64)));
        }
    }
    build(&fields)
}

#[test]
fn unknown_fields_go_with_their_records() {
    for signal in Signal::ALL {
        let path = path(signal);
        let whole = parse_batch(signal, two_spans_with_unknown_fields(signal));
        let levels: Vec<u64> = (1..=path.len() as u64).collect();
        assert_eq!(unknown_fields(whole.bytes(), path), levels);
        let pieces = split(&whole, 1, usize::MAX);
        assert_eq!(pieces.len(), 2);
        for piece in pieces {
            assert_eq!(unknown_fields(piece.bytes(), path), levels, "{signal}");
        }
    }
}
