//! The two protocols of the sink.

use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codegen::Service;
use tonic::service::Routes;
use tonic::{Code, Status};

use super::{Answer, Attempt, Message, Shared};

const MAX_MESSAGE: usize = 64 << 20;

/// The tonic services.
#[derive(Clone)]
struct Services(Arc<Shared>);

/// Listens on a free port and returns it.
pub(super) async fn start(shared: Arc<Shared>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let services = Services(shared.clone());
    macro_rules! server {
        ($server:ident) => {
            $server::new(services.clone())
                .max_decoding_message_size(MAX_MESSAGE)
                .accept_compressed(Gzip)
                .accept_compressed(Zstd)
        };
    }
    let routes = Routes::new(server!(TraceServiceServer))
        .add_service(server!(MetricsServiceServer))
        .add_service(server!(LogsServiceServer));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (routes, shared) = (routes.clone(), shared.clone());
            let service = service_fn(move |request| answer(request, routes.clone(), shared.clone()));
            tokio::spawn(async move {
                let builder = Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    port
}

async fn answer(
    request: Request<Incoming>,
    mut routes: Routes,
    shared: Arc<Shared>,
) -> Result<Response<tonic::body::Body>, Infallible> {
    let content_type = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
    if content_type.is_some_and(|value| value.starts_with(b"application/grpc")) {
        return routes.call(request).await;
    }
    Ok(http(request, &shared).await.map(tonic::body::Body::new))
}

impl Shared {
    /// Records a request and says what to answer, once requests are let through.
    async fn enter(&self, path: &str, headers: HeaderMap, message: Message) -> Answer {
        let number = {
            let mut state = self.state.lock().unwrap();
            let attempt = Attempt {
                at: Instant::now(),
                path: path.into(),
                headers,
                message: message.clone(),
                accepted: false,
            };
            state.attempts.push(attempt);
            state.under_way += 1;
            state.most_under_way = state.most_under_way.max(state.under_way);
            state.attempts.len() - 1
        };
        self.changed.notify_all();
        // A client that gives up drops this future.
        let _under_way = UnderWay(self);
        let _ = self.held.clone().wait_for(|held| !held).await;
        let answer = (self.script.lock().unwrap())(number, &message);
        if matches!(answer, Answer::Accept | Answer::Partial(..)) {
            self.state.lock().unwrap().attempts[number].accepted = true;
            self.changed.notify_all();
        }
        answer
    }

    /// As [`Shared::enter`], for gRPC: rejected items and a message, or an error.
    async fn call<T>(
        &self,
        path: &str,
        request: tonic::Request<T>,
        wrap: impl FnOnce(T) -> Message,
    ) -> Result<Option<(i64, String)>, Status> {
        let (metadata, _, message) = request.into_parts();
        match self.enter(path, metadata.into_headers(), wrap(message)).await {
            Answer::Accept => Ok(None),
            Answer::Partial(rejected, message) => Ok(Some((rejected, message.into()))),
            Answer::Grpc(status) => Err(*status),
            Answer::Http(status, _) => Err(Status::new(Code::Unknown, format!("HTTP status {status}"))),
        }
    }
}

struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().under_way -= 1;
    }
}

macro_rules! service {
    ($service:ident, $request:ident, $response:ident, $partial:ident, $rejected:ident, $message:ident, $path:literal) => {
        #[tonic::async_trait]
        impl $service for Services {
            async fn export(
                &self,
                request: tonic::Request<$request>,
            ) -> Result<tonic::Response<$response>, Status> {
                let partial = self.0.call($path, request, Message::$message).await?;
                let partial_success =
                    partial.map(|(rejected, error_message)| $partial { $rejected: rejected, error_message });
                Ok(tonic::Response::new($response { partial_success }))
            }
        }
    };
}
service!(
    TraceService,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    ExportTracePartialSuccess,
    rejected_spans,
    Traces,
    "grpc traces"
);
service!(
    MetricsService,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    ExportMetricsPartialSuccess,
    rejected_data_points,
    Metrics,
    "grpc metrics"
);
service!(
    LogsService,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    ExportLogsPartialSuccess,
    rejected_log_records,
    Logs,
    "grpc logs"
);

async fn http(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let header =
        |name| head.headers.get(name).map_or("", |value: &http::HeaderValue| value.to_str().unwrap());
    let body = match header(CONTENT_ENCODING) {
        "gzip" => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
            plain
        }
        "zstd" => zstd::decode_all(&body[..]).unwrap(),
        _ => body.to_vec(),
    };
    let is_json = header(CONTENT_TYPE).starts_with("application/json");
    macro_rules! decode {
        ($type:ident, $variant:ident) => {
            Message::$variant(if is_json { from_json(&body) } else { $type::decode(&body[..]).unwrap() })
        };
    }
    let message = match head.uri.path() {
        "/v1/traces" => decode!(ExportTraceServiceRequest, Traces),
        "/v1/metrics" => decode!(ExportMetricsServiceRequest, Metrics),
        "/v1/logs" => decode!(ExportLogsServiceRequest, Logs),
        other => panic!("no such path: {other}"),
    };
    let content_type = header(CONTENT_TYPE).to_owned();
    let answer = shared.enter(head.uri.path(), head.headers.clone(), message).await;
    let (status, retry_after, body) = match answer {
        Answer::Accept if is_json => (200, None, "{}".into()),
        Answer::Accept => (200, None, Vec::new()),
        Answer::Partial(rejected, message) if is_json => {
            let partial = serde_json::json!({"rejectedSpans": rejected.to_string(), "errorMessage": message});
            (200, None, serde_json::json!({"partialSuccess": partial}).to_string().into_bytes())
        }
        Answer::Partial(rejected, message) => {
            let partial =
                ExportTracePartialSuccess { rejected_spans: rejected, error_message: message.into() };
            (200, None, ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec())
        }
        Answer::Grpc(status) => panic!("an error of gRPC for an HTTP request: {status}"),
        Answer::Http(status, retry_after) => (status, retry_after, error_body(status, is_json)),
    };
    let mut response = Response::builder().status(status).header(CONTENT_TYPE, content_type);
    if let Some(retry_after) = retry_after {
        response = response.header(RETRY_AFTER, retry_after);
    }
    response.body(Full::from(body)).unwrap()
}

/// Reads OTLP JSON; the library does not know that an empty list of values may be left out.
fn from_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> T {
    fn complete(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    if matches!(key.as_str(), "arrayValue" | "kvlistValue") && value.get("values").is_none() {
                        value["values"] = serde_json::json!([]);
                    }
                    complete(value);
                }
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(complete),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(body).unwrap();
    complete(&mut value);
    serde_json::from_value(value).unwrap()
}

fn error_body(status: u16, is_json: bool) -> Vec<u8> {
    let message = format!("no: {status}");
    match is_json {
        true => serde_json::json!({"code": 3, "message": message}).to_string().into_bytes(),
        false => tonic_types::pb::Status { code: 3, message, details: Vec::new() }.encode_to_vec(),
    }
}
