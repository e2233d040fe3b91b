use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::DEADLINE;

pub use tonic::codec::CompressionEncoding as Compression;

/// A sender of OTLP/gRPC; a clone shares its connection.
#[derive(Debug, Clone)]
pub struct GrpcClient {
    runtime: Arc<Runtime>,
    channel: Channel,
    compression: Option<CompressionEncoding>,
    token: Option<String>,
}

const MAX_MESSAGE: usize = 128 << 20;

impl GrpcClient {
    pub fn connect(port: u16) -> GrpcClient {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let channel = {
            let _entered = runtime.enter();
            Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect_lazy()
        };
        GrpcClient { runtime: Arc::new(runtime), channel, compression: None, token: None }
    }

    pub fn compressed(mut self, compression: CompressionEncoding) -> GrpcClient {
        self.compression = Some(compression);
        self
    }

    pub fn bearer(mut self, token: &str) -> GrpcClient {
        self.token = Some(token.into());
        self
    }

    /// Sends spans and waits for the answer.
    pub fn traces(&self, request: ExportTraceServiceRequest) -> Result<ExportTraceServiceResponse, Status> {
        self.finish(self.start_traces(request))
    }

    /// Begins to send spans.
    pub fn start_traces(
        &self,
        request: ExportTraceServiceRequest,
    ) -> JoinHandle<Result<ExportTraceServiceResponse, Status>> {
        let mut client = TraceServiceClient::new(self.channel.clone()).max_encoding_message_size(MAX_MESSAGE);
        if let Some(compression) = self.compression {
            client = client.send_compressed(compression);
        }
        let request = self.request(request);
        self.runtime.spawn(async move { client.export(request).await.map(tonic::Response::into_inner) })
    }

    /// Waits for what was begun.
    pub fn finish<T>(&self, started: JoinHandle<Result<T, Status>>) -> Result<T, Status> {
        self.runtime.block_on(async { tokio::time::timeout(DEADLINE, started).await }).unwrap().unwrap()
    }

    pub fn metrics(&self, request: ExportMetricsServiceRequest) -> Result<(), Status> {
        let mut client = MetricsServiceClient::new(self.channel.clone());
        self.runtime.block_on(client.export(self.request(request))).map(drop)
    }

    pub fn logs(&self, request: ExportLogsServiceRequest) -> Result<(), Status> {
        let mut client = LogsServiceClient::new(self.channel.clone());
        self.runtime.block_on(client.export(self.request(request))).map(drop)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        request
    }
}

/// A sender that frames its messages itself, for requests that no proper client makes.
#[derive(Debug)]
pub struct RawGrpc {
    runtime: Runtime,
    client: reqwest::Client,
    base: String,
}

impl RawGrpc {
    pub fn connect(port: u16) -> RawGrpc {
        obs::net::tls::install_provider();
        let client = reqwest::Client::builder().http2_prior_knowledge().timeout(DEADLINE).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        RawGrpc { runtime, client, base: format!("http://127.0.0.1:{port}") }
    }

    /// Posts `body` to the method `path`; expects an error without a message.
    pub fn call(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Status {
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body.to_vec());
        request = request.header("content-type", "application/grpc").header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.runtime.block_on(async { request.send().await }).unwrap();
        assert_eq!(response.status(), 200);
        Status::from_header_map(response.headers()).expect("an error in the headers")
    }
}
