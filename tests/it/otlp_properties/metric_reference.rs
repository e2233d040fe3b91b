//! OTLP/JSON of metrics, from the `prost` types.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, SummaryDataPoint,
    exemplar, metric, number_data_point,
};
use serde_json::{Value, json};

use super::reference::{double, key_value, object};

pub fn metric(of: &Metric) -> Value {
    let points = |of: &[NumberDataPoint]| object().list("dataPoints", of, number_data_point);
    let (kind, data) = match &of.data {
        None => ("", object()),
        Some(metric::Data::Gauge(of)) => ("gauge", points(&of.data_points)),
        Some(metric::Data::Sum(of)) => {
            let sum = points(&of.data_points).number("aggregationTemporality", of.aggregation_temporality);
            ("sum", sum.flag("isMonotonic", of.is_monotonic))
        }
        Some(metric::Data::Histogram(of)) => {
            let histogram = object().list("dataPoints", &of.data_points, histogram_data_point);
            ("histogram", histogram.number("aggregationTemporality", of.aggregation_temporality))
        }
        Some(metric::Data::ExponentialHistogram(of)) => {
            let histogram = object().list("dataPoints", &of.data_points, exponential_histogram_data_point);
            ("exponentialHistogram", histogram.number("aggregationTemporality", of.aggregation_temporality))
        }
        Some(metric::Data::Summary(of)) => {
            ("summary", object().list("dataPoints", &of.data_points, summary_data_point))
        }
    };
    let header = object()
        .text("name", &of.name)
        .text("description", &of.description)
        .text("unit", &of.unit)
        .list("metadata", &of.metadata, key_value);
    if kind.is_empty() { header.done() } else { header.put(kind, data.done()).done() }
}

fn long(number: &u64) -> Value {
    json!(number.to_string())
}

fn number_data_point(of: &NumberDataPoint) -> Value {
    use number_data_point::Value as Number;
    let point = object()
        .attributes(&of.attributes)
        .long("startTimeUnixNano", of.start_time_unix_nano)
        .long("timeUnixNano", of.time_unix_nano)
        .list("exemplars", &of.exemplars, exemplar)
        .number("flags", of.flags);
    match of.value {
        None => point.done(),
        Some(Number::AsDouble(number)) => point.put("asDouble", double(number)).done(),
        Some(Number::AsInt(number)) => point.put("asInt", json!(number.to_string())).done(),
    }
}

fn exemplar(of: &Exemplar) -> Value {
    let exemplar = object()
        .list("filteredAttributes", &of.filtered_attributes, key_value)
        .long("timeUnixNano", of.time_unix_nano)
        .id("spanId", &of.span_id)
        .id("traceId", &of.trace_id);
    match of.value {
        None => exemplar.done(),
        Some(exemplar::Value::AsDouble(number)) => exemplar.put("asDouble", double(number)).done(),
        Some(exemplar::Value::AsInt(number)) => exemplar.put("asInt", json!(number.to_string())).done(),
    }
}

fn histogram_data_point(of: &HistogramDataPoint) -> Value {
    object()
        .attributes(&of.attributes)
        .long("startTimeUnixNano", of.start_time_unix_nano)
        .long("timeUnixNano", of.time_unix_nano)
        .long("count", of.count)
        .optional("sum", of.sum)
        .list("bucketCounts", &of.bucket_counts, long)
        .list("explicitBounds", &of.explicit_bounds, |bound| double(*bound))
        .list("exemplars", &of.exemplars, exemplar)
        .number("flags", of.flags)
        .optional("min", of.min)
        .optional("max", of.max)
        .done()
}

fn exponential_histogram_data_point(of: &ExponentialHistogramDataPoint) -> Value {
    let buckets = |of: &Buckets| {
        let offset = object().number("offset", of.offset);
        offset.list("bucketCounts", &of.bucket_counts, long).done()
    };
    object()
        .attributes(&of.attributes)
        .long("startTimeUnixNano", of.start_time_unix_nano)
        .long("timeUnixNano", of.time_unix_nano)
        .long("count", of.count)
        .optional("sum", of.sum)
        .number("scale", of.scale)
        .long("zeroCount", of.zero_count)
        .message("positive", &of.positive, buckets)
        .message("negative", &of.negative, buckets)
        .number("flags", of.flags)
        .list("exemplars", &of.exemplars, exemplar)
        .optional("min", of.min)
        .optional("max", of.max)
        .double("zeroThreshold", of.zero_threshold)
        .done()
}

fn summary_data_point(of: &SummaryDataPoint) -> Value {
    let quantile =
        |of: &ValueAtQuantile| object().double("quantile", of.quantile).double("value", of.value).done();
    object()
        .attributes(&of.attributes)
        .long("startTimeUnixNano", of.start_time_unix_nano)
        .long("timeUnixNano", of.time_unix_nano)
        .long("count", of.count)
        .double("sum", of.sum)
        .list("quantileValues", &of.quantile_values, quantile)
        .number("flags", of.flags)
        .done()
}
