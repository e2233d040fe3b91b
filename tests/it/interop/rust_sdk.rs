//! The OpenTelemetry SDK for Rust.

use std::time::Duration;

use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
    WithTonicConfig,
};

use super::sdk_telemetry::{emit_logs, emit_metrics, emit_spans};
use super::{Joined, Run};

/// Exporters of the three signals to one endpoint.
struct Exporters {
    spans: SpanExporter,
    metrics: MetricExporter,
    logs: LogExporter,
}

fn exporters(protocol: &str, gzip: bool, endpoint: &str) -> Exporters {
    macro_rules! build {
        ($exporter:ident, $path:literal) => {{
            let builder = $exporter::builder();
            match protocol {
                "grpc" => {
                    let mut builder = builder.with_tonic().with_endpoint(endpoint);
                    if gzip {
                        builder = WithTonicConfig::with_compression(builder, Compression::Gzip);
                    }
                    builder.with_timeout(TIMEOUT).build().unwrap()
                }
                _ => {
                    let mut builder = builder.with_http().with_endpoint(format!("{endpoint}{}", $path));
                    if gzip {
                        builder = WithHttpConfig::with_compression(builder, Compression::Gzip);
                    }
                    let protocol = match protocol {
                        "http/json" => Protocol::HttpJson,
                        _ => Protocol::HttpBinary,
                    };
                    builder.with_protocol(protocol).with_timeout(TIMEOUT).build().unwrap()
                }
            }
        }};
    }
    Exporters {
        spans: build!(SpanExporter, "/v1/traces"),
        metrics: build!(MetricExporter, "/v1/metrics"),
        logs: build!(LogExporter, "/v1/logs"),
    }
}

const TIMEOUT: Duration = Duration::from_secs(30);

fn passes_unchanged(protocol: &'static str) {
    obs::net::tls::install_provider();
    let ways = [Joined::Ndjson, Joined::Frames, Joined::Fused];
    for (gzip, joined) in ways.into_iter().flat_map(|joined| [(false, joined), (true, joined)]) {
        let run = Run::start(protocol, gzip, joined);
        let endpoints = run.endpoints();
        // The gRPC exporter needs a runtime, the HTTP one must not have one.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let entered = (protocol == "grpc").then(|| runtime.enter());
        let [direct, through] = endpoints.map(|endpoint| exporters(protocol, gzip, &endpoint));
        emit_spans(direct.spans, through.spans);
        emit_metrics(direct.metrics, through.metrics);
        emit_logs(direct.logs, through.logs);
        drop(entered);
        let items = run.finish(gzip);
        assert!(items >= 15, "{items} items");
    }
}

#[test]
fn grpc_exports_pass_unchanged() {
    passes_unchanged("grpc");
}

#[test]
fn http_protobuf_exports_pass_unchanged() {
    passes_unchanged("http/protobuf");
}

#[test]
fn http_json_exports_pass_unchanged() {
    passes_unchanged("http/json");
}
