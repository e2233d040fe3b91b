"""Exports one of everything that the OpenTelemetry SDK for Python can make to several OTLP endpoints.

usage: interop.py grpc|http none|gzip ENDPOINT...

Every endpoint is sent the same spans, metrics and log records.
"""

import sys
import time

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import TraceFlags, TraceState

ATTRIBUTES = {
    "text": 'with "quotes", \\ and \x7f and \U0010ffff',
    "empty": "",
    "yes": True,
    "no": False,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "zero": 0,
    "double": -0.1,
    "whole": 3.0,
    "huge": 1.7976931348623157e308,
    "texts": ["a", "", "日本\n"],
    "integers": [1, -1],
    "doubles": [0.5, 1e300],
    "truths": [True, False],
}
RESOURCE = Resource({"service.name": "shop", **ATTRIBUTES}, "https://opentelemetry.io/schemas/1.30.0")
SCOPE = ("library", "1.2.3")
TIME = 1_767_225_600_000_000_001


def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer(*SCOPE, schema_url="https://opentelemetry.io/schemas/1.29.0")
    state = TraceState([("vendor", "t61rcWkgMzE"), ("ot", "th:0;rv:0123456789abcd")])
    remote = SpanContext(0xAB << 120 | 1, 0xCD, True, TraceFlags(TraceFlags.SAMPLED), state)
    parent = trace.set_span_in_context(NonRecordingSpan(remote), Context())
    statuses = [Status(StatusCode.UNSET), Status(StatusCode.OK), Status(StatusCode.ERROR, "it broke")]
    for index, kind in enumerate(SpanKind):
        span = tracer.start_span(
            f"span {index}",
            context=parent if index % 2 == 0 else Context(),
            kind=kind,
            attributes=ATTRIBUTES,
            links=[Link(remote, ATTRIBUTES), Link(remote)],
            start_time=TIME,
        )
        span.add_event("an event", ATTRIBUTES, TIME + 5)
        span.record_exception(ValueError("wrong"), timestamp=TIME + 6)
        span.set_status(statuses[index % 3])
        span.end(TIME + 1_000_000 * (index + 1))
    return exporter.get_finished_spans()


def metrics():
    reader = InMemoryMetricReader()
    exponential = View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], resource=RESOURCE, views=[exponential])
    meter = provider.get_meter(*SCOPE)
    few = {"route": "/orders/{id}", "status": 200}
    meter.create_counter("requests", "{request}", "Requests.").add(2**62, few)
    meter.create_counter("seconds", "s").add(0.25)
    meter.create_up_down_counter("active").add(-7, few)
    meter.create_gauge("temperature").set(-0.5, few)
    meter.create_gauge("limit").set(2**62)
    for name in ("duration", "exponential"):
        histogram = meter.create_histogram(name)
        for value in (0.0, 0.001, 0.05, 0.5, 5.0, 50.0, 1e9):
            histogram.record(value, few)
    return reader.get_metrics_data()


def logs():
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger(*SCOPE)
    remote = SpanContext(0xAB << 120 | 2, 0xCD, True, TraceFlags(TraceFlags.SAMPLED))
    context = trace.set_span_in_context(NonRecordingSpan(remote), Context())
    bodies = ["a line\nand another", -1, 1.5, False, b"\x00\xff\x80", [1, "two", {"three": 3}], {"key": [1]}, None]
    for index, body in enumerate(bodies):
        logger.emit(
            LogRecord(
                timestamp=TIME + index,
                observed_timestamp=TIME + index + 1,
                context=context if index % 2 == 0 else Context(),
                severity_text="SEVERE",
                severity_number=list(SeverityNumber)[index * 3],
                body=body,
                attributes=ATTRIBUTES,
                event_name="an.event" if index % 2 else None,
            )
        )
    return exporter.get_finished_logs()


def exporters(protocol, compression, endpoint):
    if protocol == "grpc":
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        chosen = {"none": Compression.NoCompression, "gzip": Compression.Gzip}[compression]
        arguments = {"insecure": True, "compression": chosen, "timeout": 30}
        paths = ("", "", "")
    else:
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        chosen = {"none": Compression.NoCompression, "gzip": Compression.Gzip}[compression]
        arguments = {"compression": chosen, "timeout": 30}
        paths = ("/v1/traces", "/v1/metrics", "/v1/logs")
    kinds = (OTLPSpanExporter, OTLPMetricExporter, OTLPLogExporter)
    return [kind(endpoint=endpoint + path, **arguments) for kind, path in zip(kinds, paths)]


def main():
    protocol, compression, *endpoints = sys.argv[1:]
    batches = (spans(), metrics(), logs())
    for endpoint in endpoints:
        for exporter, batch in zip(exporters(protocol, compression, endpoint), batches):
            began = time.monotonic()
            result = exporter.export(batch)
            if result.name != "SUCCESS":
                sys.exit(f"{endpoint}: {result} after {time.monotonic() - began:.1f} s")
            exporter.shutdown()




if __name__ == "__main__":
    main()
