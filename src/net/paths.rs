//! Where OTLP requests go. Source: OTLP specification, "OTLP/gRPC" and "OTLP/HTTP Request".

use crate::otlp::Signal;

/// Path of the gRPC method of a signal.
pub fn grpc(signal: Signal) -> &'static str {
    [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    ][signal.index()]
}

/// Default path of OTLP/HTTP of a signal.
pub fn http(signal: Signal) -> &'static str {
    ["/v1/traces", "/v1/metrics", "/v1/logs"][signal.index()]
}
