//! Any bytes as a batch: rejected, or good for everything that is done with a batch.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use obs::otlp::proto::{AnyValue, Exemplar, KeyValue, Metric, NumberDataPoint, Resource, Span};
use obs::otlp::{Batch, Signal, join, json, split};

fuzz_target!(|data: &[u8]| {
    let Some((choice, wire)) = data.split_first() else { return };
    let signal = Signal::ALL[usize::from(choice % 3)];
    let Ok(batch) = Batch::parse(signal, Bytes::copy_from_slice(wire)) else { return };
    walk(&batch);

    let mut text = Vec::new();
    json::write(&batch, &mut text);
    let back = json::read(&text).expect("own JSON is valid");
    assert_eq!(back.consumed, text.len());
    assert_eq!(back.batch.signal(), signal);
    let mut again = Vec::new();
    assert_eq!(json::write(&back.batch, &mut again), 0);
    assert_eq!(text, again);

    let (max_items, max_bytes) = (usize::from(choice >> 5), usize::from(choice >> 2 & 7) * 64);
    let pieces = split(&batch, max_items, max_bytes);
    assert_eq!(pieces.iter().map(Batch::items).sum::<usize>(), batch.items());
    for piece in &pieces {
        // Also counts the items anew.
        let parsed = Batch::parse(signal, piece.bytes().clone()).expect("a piece is a batch");
        assert_eq!(parsed.items(), piece.items());
    }
    assert_eq!(join(signal, &pieces).items(), batch.items());
});

/// Asks for what there is, so that a view that ends early or does not end shows.
fn walk(batch: &Batch) {
    let mut items = 0;
    for resource in batch.traces().iter().flat_map(|data| data.resource_spans()) {
        resource.resource().iter().for_each(walk_resource);
        for scope in resource.scope_spans() {
            scope.scope().iter().flat_map(|scope| scope.attributes()).for_each(walk_attribute);
            scope.spans().for_each(|span| walk_span(&span));
            items += scope.spans().count();
        }
    }
    for resource in batch.logs().iter().flat_map(|data| data.resource_logs()) {
        resource.resource().iter().for_each(walk_resource);
        for record in resource.scope_logs().flat_map(|scope| scope.log_records()) {
            record.body().iter().for_each(walk_value);
            record.attributes().for_each(walk_attribute);
            assert!(matches!(record.trace_id().len(), 0 | 16));
            items += 1;
        }
    }
    for resource in batch.metrics().iter().flat_map(|data| data.resource_metrics()) {
        resource.resource().iter().for_each(walk_resource);
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            metric.metadata().for_each(walk_attribute);
            items += walk_points(&metric);
        }
    }
    // Of a metric whose data comes twice a view has the last, the count all.
    assert!(items <= batch.items() && (items == batch.items() || batch.signal() == Signal::Metrics));
}

fn walk_span(span: &Span) {
    assert!(matches!(span.trace_id().len(), 0 | 16));
    assert!(matches!(span.span_id().len(), 0 | 8));
    assert!(matches!(span.parent_span_id().len(), 0 | 8));
    span.attributes().for_each(walk_attribute);
    span.events().flat_map(|event| event.attributes()).for_each(walk_attribute);
    for link in span.links() {
        assert!(matches!(link.span_id().len(), 0 | 8));
        link.attributes().for_each(walk_attribute);
    }
    let _ = (span.status().map(|status| (status.code(), status.message().len())), span.kind(), span.flags());
}

fn walk_resource(resource: &Resource) {
    resource.attributes().for_each(walk_attribute);
    for entity in resource.entity_refs() {
        let _ = entity.id_keys().chain(entity.description_keys()).map(str::len).sum::<usize>();
    }
}

fn walk_attribute(attribute: KeyValue) {
    attribute.value().iter().for_each(walk_value);
}

fn walk_value(value: &AnyValue) {
    value.array_value().iter().flat_map(|list| list.values()).for_each(|value| walk_value(&value));
    value.kvlist_value().iter().flat_map(|list| list.values()).for_each(walk_attribute);
    let _ = (value.string_value(), value.bytes_value(), value.int_value(), value.double_value());
}

fn walk_points(metric: &Metric) -> usize {
    let numbers = |point: NumberDataPoint| {
        point.attributes().for_each(walk_attribute);
        point.exemplars().for_each(walk_exemplar);
    };
    let mut points = 0;
    if let Some(gauge) = metric.gauge() {
        gauge.data_points().for_each(numbers);
        points += gauge.data_points().count();
    }
    if let Some(sum) = metric.sum() {
        sum.data_points().for_each(numbers);
        points += sum.data_points().count();
    }
    for point in metric.histogram().iter().flat_map(|histogram| histogram.data_points()) {
        let _ = point.bucket_counts().map(u128::from).sum::<u128>();
        let _ = point.explicit_bounds().sum::<f64>();
        point.exemplars().for_each(walk_exemplar);
        points += 1;
    }
    for point in metric.exponential_histogram().iter().flat_map(|histogram| histogram.data_points()) {
        for buckets in [point.positive(), point.negative()].into_iter().flatten() {
            let _ = buckets.bucket_counts().map(u128::from).sum::<u128>();
        }
        points += 1;
    }
    for point in metric.summary().iter().flat_map(|summary| summary.data_points()) {
        let _ = point.quantile_values().map(|value| value.quantile() + value.value()).sum::<f64>();
        points += 1;
    }
    points
}

fn walk_exemplar(exemplar: Exemplar) {
    assert!(matches!(exemplar.trace_id().len(), 0 | 16));
    exemplar.filtered_attributes().for_each(walk_attribute);
}
