//! Views of metrics, compared with what `prost` decodes.

use obs::otlp::proto;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, SummaryDataPoint, exemplar, metric, number_data_point,
};

use super::views::{each, key_value, maybe, resource, same_double, scope};

pub fn resource_metrics(view: proto::ResourceMetrics, want: &ResourceMetrics) {
    maybe(view.resource(), &want.resource, resource);
    each(view.scope_metrics(), &want.scope_metrics, |view, want: &ScopeMetrics| {
        maybe(view.scope(), &want.scope, scope);
        each(view.metrics(), &want.metrics, metric);
        assert_eq!(view.schema_url(), want.schema_url);
    });
    assert_eq!(view.schema_url(), want.schema_url);
}

fn metric(view: proto::Metric, want: &Metric) {
    assert_eq!(view.name(), want.name);
    assert_eq!(view.description(), want.description);
    assert_eq!(view.unit(), want.unit);
    each(view.metadata(), &want.metadata, key_value);
    let set = [
        view.gauge().is_some(),
        view.sum().is_some(),
        view.histogram().is_some(),
        view.exponential_histogram().is_some(),
        view.summary().is_some(),
    ];
    assert_eq!(set.into_iter().filter(|set| *set).count(), usize::from(want.data.is_some()));
    match &want.data {
        None => {}
        Some(metric::Data::Gauge(want)) => {
            each(view.gauge().expect("a gauge").data_points(), &want.data_points, number_data_point);
        }
        Some(metric::Data::Sum(want)) => {
            let view = view.sum().expect("a sum");
            each(view.data_points(), &want.data_points, number_data_point);
            assert_eq!(view.aggregation_temporality(), want.aggregation_temporality);
            assert_eq!(view.is_monotonic(), want.is_monotonic);
        }
        Some(metric::Data::Histogram(want)) => {
            let view = view.histogram().expect("a histogram");
            each(view.data_points(), &want.data_points, histogram_data_point);
            assert_eq!(view.aggregation_temporality(), want.aggregation_temporality);
        }
        Some(metric::Data::ExponentialHistogram(want)) => {
            let view = view.exponential_histogram().expect("an exponential histogram");
            each(view.data_points(), &want.data_points, exponential_histogram_data_point);
            assert_eq!(view.aggregation_temporality(), want.aggregation_temporality);
        }
        Some(metric::Data::Summary(want)) => {
            each(view.summary().expect("a summary").data_points(), &want.data_points, summary_data_point);
        }
    }
}

fn number_data_point(view: proto::NumberDataPoint, want: &NumberDataPoint) {
    use number_data_point::Value;
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.start_time_unix_nano(), want.start_time_unix_nano);
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    each(view.exemplars(), &want.exemplars, exemplar);
    assert_eq!(view.flags(), want.flags);
    match &want.value {
        None => assert_eq!((view.as_double(), view.as_int()), (None, None)),
        Some(Value::AsDouble(want)) => {
            same_double(view.as_double().expect("a double"), want);
            assert_eq!(view.as_int(), None);
        }
        Some(Value::AsInt(want)) => assert_eq!((view.as_double(), view.as_int()), (None, Some(*want))),
    }
}

fn exemplar(view: proto::Exemplar, want: &Exemplar) {
    use exemplar::Value;
    each(view.filtered_attributes(), &want.filtered_attributes, key_value);
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    assert_eq!(view.span_id(), want.span_id);
    assert_eq!(view.trace_id(), want.trace_id);
    match &want.value {
        None => assert_eq!((view.as_double(), view.as_int()), (None, None)),
        Some(Value::AsDouble(want)) => {
            same_double(view.as_double().expect("a double"), want);
            assert_eq!(view.as_int(), None);
        }
        Some(Value::AsInt(want)) => assert_eq!((view.as_double(), view.as_int()), (None, Some(*want))),
    }
}

fn histogram_data_point(view: proto::HistogramDataPoint, want: &HistogramDataPoint) {
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.start_time_unix_nano(), want.start_time_unix_nano);
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    assert_eq!(view.count(), want.count);
    maybe(view.sum(), &want.sum, same_double);
    assert_eq!(view.bucket_counts().collect::<Vec<_>>(), want.bucket_counts);
    each(view.explicit_bounds(), &want.explicit_bounds, same_double);
    each(view.exemplars(), &want.exemplars, exemplar);
    assert_eq!(view.flags(), want.flags);
    maybe(view.min(), &want.min, same_double);
    maybe(view.max(), &want.max, same_double);
}

fn exponential_histogram_data_point(
    view: proto::ExponentialHistogramDataPoint,
    want: &ExponentialHistogramDataPoint,
) {
    let buckets = |view: proto::Buckets, want: &Buckets| {
        assert_eq!(view.offset(), want.offset);
        assert_eq!(view.bucket_counts().collect::<Vec<_>>(), want.bucket_counts);
    };
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.start_time_unix_nano(), want.start_time_unix_nano);
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    assert_eq!(view.count(), want.count);
    maybe(view.sum(), &want.sum, same_double);
    assert_eq!(view.scale(), want.scale);
    assert_eq!(view.zero_count(), want.zero_count);
    maybe(view.positive(), &want.positive, buckets);
    maybe(view.negative(), &want.negative, buckets);
    assert_eq!(view.flags(), want.flags);
    each(view.exemplars(), &want.exemplars, exemplar);
    maybe(view.min(), &want.min, same_double);
    maybe(view.max(), &want.max, same_double);
    same_double(view.zero_threshold(), &want.zero_threshold);
}

fn summary_data_point(view: proto::SummaryDataPoint, want: &SummaryDataPoint) {
    each(view.attributes(), &want.attributes, key_value);
    assert_eq!(view.start_time_unix_nano(), want.start_time_unix_nano);
    assert_eq!(view.time_unix_nano(), want.time_unix_nano);
    assert_eq!(view.count(), want.count);
    same_double(view.sum(), &want.sum);
    each(view.quantile_values(), &want.quantile_values, |view, want: &ValueAtQuantile| {
        same_double(view.quantile(), &want.quantile);
        same_double(view.value(), &want.value);
    });
    assert_eq!(view.flags(), want.flags);
}
