//! Random metrics of all five types.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, metric,
    number_data_point,
};

use super::choices::Choices;
use super::messages::{attributes, enumeration, resource, scope};

pub fn resource_metrics(choices: &mut Choices) -> ResourceMetrics {
    ResourceMetrics {
        resource: choices.maybe(resource),
        scope_metrics: choices.many(2, |choices| ScopeMetrics {
            scope: choices.maybe(scope),
            metrics: choices.many(4, metric),
            schema_url: choices.string(),
        }),
        schema_url: choices.string(),
    }
}

fn metric(choices: &mut Choices) -> Metric {
    let data = match choices.below(6) {
        0 => None,
        1 => Some(metric::Data::Gauge(Gauge { data_points: choices.many(4, number_data_point) })),
        2 => Some(metric::Data::Sum(Sum {
            data_points: choices.many(4, number_data_point),
            aggregation_temporality: enumeration(choices, 3),
            is_monotonic: choices.bool(),
        })),
        3 => Some(metric::Data::Histogram(Histogram {
            data_points: choices.many(4, histogram_data_point),
            aggregation_temporality: enumeration(choices, 3),
        })),
        4 => Some(metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: choices.many(4, exponential_histogram_data_point),
            aggregation_temporality: enumeration(choices, 3),
        })),
        _ => Some(metric::Data::Summary(Summary { data_points: choices.many(4, summary_data_point) })),
    };
    Metric {
        name: choices.string(),
        description: choices.string(),
        unit: choices.string(),
        metadata: attributes(choices),
        data,
    }
}

fn number_data_point(choices: &mut Choices) -> NumberDataPoint {
    use number_data_point::Value;
    NumberDataPoint {
        attributes: attributes(choices),
        start_time_unix_nano: choices.u64(),
        time_unix_nano: choices.u64(),
        exemplars: choices.many(2, exemplar),
        flags: choices.u32(),
        value: match choices.below(3) {
            0 => None,
            1 => Some(Value::AsDouble(choices.f64())),
            _ => Some(Value::AsInt(choices.i64())),
        },
    }
}

fn exemplar(choices: &mut Choices) -> Exemplar {
    use exemplar::Value;
    Exemplar {
        filtered_attributes: attributes(choices),
        time_unix_nano: choices.u64(),
        span_id: choices.id(8),
        trace_id: choices.id(16),
        value: match choices.below(3) {
            0 => None,
            1 => Some(Value::AsDouble(choices.f64())),
            _ => Some(Value::AsInt(choices.i64())),
        },
    }
}

fn histogram_data_point(choices: &mut Choices) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(choices),
        start_time_unix_nano: choices.u64(),
        time_unix_nano: choices.u64(),
        count: choices.u64(),
        sum: choices.maybe(Choices::f64),
        bucket_counts: choices.many(6, Choices::u64),
        explicit_bounds: choices.many(6, Choices::f64),
        exemplars: choices.many(2, exemplar),
        flags: choices.u32(),
        min: choices.maybe(Choices::f64),
        max: choices.maybe(Choices::f64),
    }
}

fn exponential_histogram_data_point(choices: &mut Choices) -> ExponentialHistogramDataPoint {
    let buckets = |choices: &mut Choices| Buckets {
        offset: choices.i32(),
        bucket_counts: choices.many(20, Choices::u64),
    };
    ExponentialHistogramDataPoint {
        attributes: attributes(choices),
        start_time_unix_nano: choices.u64(),
        time_unix_nano: choices.u64(),
        count: choices.u64(),
        sum: choices.maybe(Choices::f64),
        scale: choices.i32(),
        zero_count: choices.u64(),
        positive: choices.maybe(buckets),
        negative: choices.maybe(buckets),
        flags: choices.u32(),
        exemplars: choices.many(2, exemplar),
        min: choices.maybe(Choices::f64),
        max: choices.maybe(Choices::f64),
        zero_threshold: choices.f64(),
    }
}

fn summary_data_point(choices: &mut Choices) -> SummaryDataPoint {
    SummaryDataPoint {
        attributes: attributes(choices),
        start_time_unix_nano: choices.u64(),
        time_unix_nano: choices.u64(),
        count: choices.u64(),
        sum: choices.f64(),
        quantile_values: choices
            .many(3, |choices| ValueAtQuantile { quantile: choices.f64(), value: choices.f64() }),
        flags: choices.u32(),
    }
}
