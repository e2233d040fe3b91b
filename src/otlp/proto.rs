//! The protocol: every message of OTLP's three signals, once.
//!
//! From this list come the schema tables and the views. Source: the `.proto` files of opentelemetry-proto 1.10,
//! `common`, `resource`, `trace`, `metrics` and `logs`, all `v1`.

use super::view::{Nested, Packed, element_wire_type, last};

/// Values of `Span.kind`.
pub const SPAN_KIND: &[(&str, i32)] = &[
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", SPAN_KIND_SERVER),
    ("SPAN_KIND_CLIENT", SPAN_KIND_CLIENT),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
];

/// Values of `Status.code`.
pub const STATUS_CODE: &[(&str, i32)] =
    &[("STATUS_CODE_UNSET", 0), ("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", STATUS_CODE_ERROR)];

/// `SPAN_KIND_SERVER`.
pub const SPAN_KIND_SERVER: i32 = 2;
/// `SPAN_KIND_CLIENT`.
pub const SPAN_KIND_CLIENT: i32 = 3;

/// `STATUS_CODE_ERROR`.
pub const STATUS_CODE_ERROR: i32 = 2;

/// Values of `aggregation_temporality`.
pub const AGGREGATION_TEMPORALITY: &[(&str, i32)] = &[
    ("AGGREGATION_TEMPORALITY_UNSPECIFIED", 0),
    ("AGGREGATION_TEMPORALITY_DELTA", 1),
    ("AGGREGATION_TEMPORALITY_CUMULATIVE", 2),
];

/// Values of `LogRecord.severity_number`.
pub const SEVERITY_NUMBER: &[(&str, i32)] = &[
    ("SEVERITY_NUMBER_UNSPECIFIED", 0),
    ("SEVERITY_NUMBER_TRACE", 1),
    ("SEVERITY_NUMBER_TRACE2", 2),
    ("SEVERITY_NUMBER_TRACE3", 3),
    ("SEVERITY_NUMBER_TRACE4", 4),
    ("SEVERITY_NUMBER_DEBUG", 5),
    ("SEVERITY_NUMBER_DEBUG2", 6),
    ("SEVERITY_NUMBER_DEBUG3", 7),
    ("SEVERITY_NUMBER_DEBUG4", 8),
    ("SEVERITY_NUMBER_INFO", 9),
    ("SEVERITY_NUMBER_INFO2", 10),
    ("SEVERITY_NUMBER_INFO3", 11),
    ("SEVERITY_NUMBER_INFO4", 12),
    ("SEVERITY_NUMBER_WARN", 13),
    ("SEVERITY_NUMBER_WARN2", 14),
    ("SEVERITY_NUMBER_WARN3", 15),
    ("SEVERITY_NUMBER_WARN4", 16),
    ("SEVERITY_NUMBER_ERROR", 17),
    ("SEVERITY_NUMBER_ERROR2", 18),
    ("SEVERITY_NUMBER_ERROR3", 19),
    ("SEVERITY_NUMBER_ERROR4", 20),
    ("SEVERITY_NUMBER_FATAL", 21),
    ("SEVERITY_NUMBER_FATAL2", 22),
    ("SEVERITY_NUMBER_FATAL3", 23),
    ("SEVERITY_NUMBER_FATAL4", 24),
];

protocol! {
    /// A batch of traces; `ExportTraceServiceRequest` has the same encoding.
    TracesData(false) {
        1 resource_spans "resourceSpans" repeated ResourceSpans;
    }
    /// A batch of metrics; `ExportMetricsServiceRequest` has the same encoding.
    MetricsData(false) {
        1 resource_metrics "resourceMetrics" repeated ResourceMetrics;
    }
    /// A batch of log records; `ExportLogsServiceRequest` has the same encoding.
    LogsData(false) {
        1 resource_logs "resourceLogs" repeated ResourceLogs;
    }

    /// Who sent the telemetry.
    Resource(false) {
        1 attributes "attributes" repeated KeyValue;
        2 dropped_attributes_count "droppedAttributesCount" single uint32;
        3 entity_refs "entityRefs" repeated EntityRef;
    }
    /// An entity that the resource's attributes describe.
    EntityRef(false) {
        1 schema_url "schemaUrl" single string;
        2 r#type "type" single string;
        3 id_keys "idKeys" repeated string;
        4 description_keys "descriptionKeys" repeated string;
    }
    /// The library that made the telemetry.
    InstrumentationScope(false) {
        1 name "name" single string;
        2 version "version" single string;
        3 attributes "attributes" repeated KeyValue;
        4 dropped_attributes_count "droppedAttributesCount" single uint32;
    }
    /// An attribute.
    KeyValue(false) {
        1 key "key" single string;
        2 value "value" single AnyValue;
        3 key_strindex "keyStrindex" single int32;
    }
    /// The value of an attribute or the body of a log record.
    AnyValue(false) {
        1 string_value "stringValue" oneof string;
        2 bool_value "boolValue" oneof bool;
        3 int_value "intValue" oneof int64;
        4 double_value "doubleValue" oneof double;
        5 array_value "arrayValue" oneof ArrayValue;
        6 kvlist_value "kvlistValue" oneof KeyValueList;
        7 bytes_value "bytesValue" oneof bytes;
        8 string_value_strindex "stringValueStrindex" oneof int32;
    }
    /// A list of values.
    ArrayValue(false) {
        1 values "values" repeated AnyValue;
    }
    /// A list of named values.
    KeyValueList(false) {
        1 values "values" repeated KeyValue;
    }

    /// The spans of one resource.
    ResourceSpans(false) {
        1 resource "resource" single Resource;
        2 scope_spans "scopeSpans" repeated ScopeSpans;
        3 schema_url "schemaUrl" single string;
    }
    /// The spans of one scope.
    ScopeSpans(false) {
        1 scope "scope" single InstrumentationScope;
        2 spans "spans" repeated Span;
        3 schema_url "schemaUrl" single string;
    }
    /// An operation in a trace.
    Span(true) {
        1 trace_id "traceId" single trace_id;
        2 span_id "spanId" single span_id;
        3 trace_state "traceState" single string;
        4 parent_span_id "parentSpanId" single span_id;
        16 flags "flags" single fixed32;
        5 name "name" single string;
        6 kind "kind" single SPAN_KIND;
        7 start_time_unix_nano "startTimeUnixNano" single fixed64;
        8 end_time_unix_nano "endTimeUnixNano" single fixed64;
        9 attributes "attributes" repeated KeyValue;
        10 dropped_attributes_count "droppedAttributesCount" single uint32;
        11 events "events" repeated Event;
        12 dropped_events_count "droppedEventsCount" single uint32;
        13 links "links" repeated Link;
        14 dropped_links_count "droppedLinksCount" single uint32;
        15 status "status" single Status;
    }
    /// Something that happened during a span.
    Event(false) {
        1 time_unix_nano "timeUnixNano" single fixed64;
        2 name "name" single string;
        3 attributes "attributes" repeated KeyValue;
        4 dropped_attributes_count "droppedAttributesCount" single uint32;
    }
    /// A span of this or another trace that a span refers to.
    Link(false) {
        1 trace_id "traceId" single trace_id;
        2 span_id "spanId" single span_id;
        3 trace_state "traceState" single string;
        4 attributes "attributes" repeated KeyValue;
        5 dropped_attributes_count "droppedAttributesCount" single uint32;
        6 flags "flags" single fixed32;
    }
    /// How a span ended.
    Status(false) {
        2 message "message" single string;
        3 code "code" single STATUS_CODE;
    }

    /// The metrics of one resource.
    ResourceMetrics(false) {
        1 resource "resource" single Resource;
        2 scope_metrics "scopeMetrics" repeated ScopeMetrics;
        3 schema_url "schemaUrl" single string;
    }
    /// The metrics of one scope.
    ScopeMetrics(false) {
        1 scope "scope" single InstrumentationScope;
        2 metrics "metrics" repeated Metric;
        3 schema_url "schemaUrl" single string;
    }
    /// A metric: its identity and its data points.
    Metric(false) {
        1 name "name" single string;
        2 description "description" single string;
        3 unit "unit" single string;
        5 gauge "gauge" oneof Gauge;
        7 sum "sum" oneof Sum;
        9 histogram "histogram" oneof Histogram;
        10 exponential_histogram "exponentialHistogram" oneof ExponentialHistogram;
        11 summary "summary" oneof Summary;
        12 metadata "metadata" repeated KeyValue;
    }
    /// The current values of something.
    Gauge(false) {
        1 data_points "dataPoints" repeated NumberDataPoint;
    }
    /// Sums since a start or since the point before.
    Sum(false) {
        1 data_points "dataPoints" repeated NumberDataPoint;
        2 aggregation_temporality "aggregationTemporality" single AGGREGATION_TEMPORALITY;
        3 is_monotonic "isMonotonic" single bool;
    }
    /// Counts by explicit bounds.
    Histogram(false) {
        1 data_points "dataPoints" repeated HistogramDataPoint;
        2 aggregation_temporality "aggregationTemporality" single AGGREGATION_TEMPORALITY;
    }
    /// Counts by bounds that grow exponentially.
    ExponentialHistogram(false) {
        1 data_points "dataPoints" repeated ExponentialHistogramDataPoint;
        2 aggregation_temporality "aggregationTemporality" single AGGREGATION_TEMPORALITY;
    }
    /// Quantiles that the sender computed.
    Summary(false) {
        1 data_points "dataPoints" repeated SummaryDataPoint;
    }
    /// A point of a gauge or a sum.
    NumberDataPoint(true) {
        7 attributes "attributes" repeated KeyValue;
        2 start_time_unix_nano "startTimeUnixNano" single fixed64;
        3 time_unix_nano "timeUnixNano" single fixed64;
        4 as_double "asDouble" oneof double;
        6 as_int "asInt" oneof sfixed64;
        5 exemplars "exemplars" repeated Exemplar;
        8 flags "flags" single uint32;
    }
    /// A point of a histogram with explicit bounds.
    HistogramDataPoint(true) {
        9 attributes "attributes" repeated KeyValue;
        2 start_time_unix_nano "startTimeUnixNano" single fixed64;
        3 time_unix_nano "timeUnixNano" single fixed64;
        4 count "count" single fixed64;
        5 sum "sum" optional double;
        6 bucket_counts "bucketCounts" repeated fixed64;
        7 explicit_bounds "explicitBounds" repeated double;
        8 exemplars "exemplars" repeated Exemplar;
        10 flags "flags" single uint32;
        11 min "min" optional double;
        12 max "max" optional double;
    }
    /// A point of an exponential histogram.
    ExponentialHistogramDataPoint(true) {
        1 attributes "attributes" repeated KeyValue;
        2 start_time_unix_nano "startTimeUnixNano" single fixed64;
        3 time_unix_nano "timeUnixNano" single fixed64;
        4 count "count" single fixed64;
        5 sum "sum" optional double;
        6 scale "scale" single sint32;
        7 zero_count "zeroCount" single fixed64;
        8 positive "positive" single Buckets;
        9 negative "negative" single Buckets;
        10 flags "flags" single uint32;
        11 exemplars "exemplars" repeated Exemplar;
        12 min "min" optional double;
        13 max "max" optional double;
        14 zero_threshold "zeroThreshold" single double;
    }
    /// Adjoining buckets of an exponential histogram.
    Buckets(false) {
        1 offset "offset" single sint32;
        2 bucket_counts "bucketCounts" repeated uint64;
    }
    /// A point of a summary.
    SummaryDataPoint(true) {
        7 attributes "attributes" repeated KeyValue;
        2 start_time_unix_nano "startTimeUnixNano" single fixed64;
        3 time_unix_nano "timeUnixNano" single fixed64;
        4 count "count" single fixed64;
        5 sum "sum" single double;
        6 quantile_values "quantileValues" repeated ValueAtQuantile;
        8 flags "flags" single uint32;
    }
    /// One quantile of a summary.
    ValueAtQuantile(false) {
        1 quantile "quantile" single double;
        2 value "value" single double;
    }
    /// A measurement that stands for others, with the span that it was made in.
    Exemplar(false) {
        7 filtered_attributes "filteredAttributes" repeated KeyValue;
        2 time_unix_nano "timeUnixNano" single fixed64;
        3 as_double "asDouble" oneof double;
        6 as_int "asInt" oneof sfixed64;
        4 span_id "spanId" single span_id;
        5 trace_id "traceId" single trace_id;
    }

    /// The log records of one resource.
    ResourceLogs(false) {
        1 resource "resource" single Resource;
        2 scope_logs "scopeLogs" repeated ScopeLogs;
        3 schema_url "schemaUrl" single string;
    }
    /// The log records of one scope.
    ScopeLogs(false) {
        1 scope "scope" single InstrumentationScope;
        2 log_records "logRecords" repeated LogRecord;
        3 schema_url "schemaUrl" single string;
    }
    /// A log record or an event.
    LogRecord(true) {
        1 time_unix_nano "timeUnixNano" single fixed64;
        11 observed_time_unix_nano "observedTimeUnixNano" single fixed64;
        2 severity_number "severityNumber" single SEVERITY_NUMBER;
        3 severity_text "severityText" single string;
        5 body "body" single AnyValue;
        6 attributes "attributes" repeated KeyValue;
        7 dropped_attributes_count "droppedAttributesCount" single uint32;
        8 flags "flags" single fixed32;
        9 trace_id "traceId" single trace_id;
        10 span_id "spanId" single span_id;
        12 event_name "eventName" single string;
    }
}
