use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Limited};
use reqwest::{Certificate, Client, Identity};

use super::endpoint::{Compression, Endpoint, Protocol};
use super::payload::Payload;
use super::response::{Answer, Received};
use crate::net::{grpc, tls};
use crate::otlp::{Batch, Signal};
use crate::stream::lineage;
use crate::telemetry::{OpenSpan, TRACEPARENT};

/// Connections to a peer: one is not always enough for a large batch and those behind it.
const CONNECTIONS: usize = 2;

/// Largest response that is read, in bytes; the OTLP specification's limit.
const MAX_RESPONSE: usize = 4 << 20;

/// Before a request is sent again to a peer that does not say when.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends the batches of one signal to its endpoint.
#[derive(Debug)]
pub struct Exporter {
    signal: Signal,
    endpoint: Endpoint,
    connections: Connections,
    marks: OnceLock<Option<HeaderValue>>,
}

impl Exporter {
    /// Prepares connections; none is made yet.
    ///
    /// # Errors
    /// A certificate cannot be read.
    pub fn new(signal: Signal, endpoint: Endpoint) -> anyhow::Result<Exporter> {
        let connections = Connections::new(&endpoint)?;
        Ok(Exporter { signal, endpoint, connections, marks: OnceLock::new() })
    }

    /// Prepares an exporter of another signal, over the same connections where its endpoint allows it.
    ///
    /// # Errors
    /// As [`Exporter::new`].
    pub fn beside(&self, signal: Signal, endpoint: Endpoint) -> anyhow::Result<Exporter> {
        if !self.endpoint.connects_like(&endpoint) {
            return Exporter::new(signal, endpoint);
        }
        Ok(Exporter { signal, endpoint, connections: self.connections.clone(), marks: OnceLock::new() })
    }

    /// The peer, for messages.
    pub fn peer(&self) -> &str {
        self.endpoint.url.as_str()
    }

    pub(super) fn encode(&self, batches: &[Batch]) -> std::io::Result<Payload> {
        Payload::encode(self.signal, batches, self.endpoint.protocol, self.endpoint.compression)
    }

    /// Sends a batch once.
    ///
    /// # Errors
    /// It was not accepted, for the reason that the message gives.
    pub async fn export(&self, batch: Batch) -> Result<(), String> {
        self.deliver(batch, Duration::ZERO).await
    }

    /// Sends a batch, and again when the peer asks for that, for so long.
    ///
    /// # Errors
    /// It was not accepted, for the reason that the message gives.
    pub async fn deliver(&self, batch: Batch, patience: Duration) -> Result<(), String> {
        let payload = self.encode(&[batch]).map_err(|error| error.to_string())?;
        let began = Instant::now();
        loop {
            match self.send(payload.clone(), None).await {
                Answer::Accepted(_) => return Ok(()),
                Answer::Partial { message, .. } => return Err(message),
                Answer::Refused { code, message } => return Err(format!("{code}: {message}")),
                Answer::Retry { code, message, after } => {
                    let pause = after.unwrap_or(PAUSE);
                    if began.elapsed() + pause > patience {
                        return Err(format!("{code}: {message}"));
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Sends once and says what came of it; the peer's spans become children of `span`.
    pub(super) async fn send(&self, payload: Payload, span: Option<&OpenSpan>) -> Answer {
        let attempt = async {
            let response = self.connections.next().execute(self.request(payload, span)?).await?;
            let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
            let body = Limited::new(body, MAX_RESPONSE).collect().await.map_err(anyhow::Error::from_boxed)?;
            let trailers = body.trailers().cloned().unwrap_or_default();
            Ok(Received { status: head.status, headers: head.headers, body: body.to_bytes(), trailers })
        };
        let received: Result<Received, anyhow::Error> = attempt.await;
        match (received, self.endpoint.protocol) {
            (Ok(received), Protocol::Grpc) => Answer::of_grpc(&received),
            (Ok(received), protocol) => Answer::of_http(&received, protocol),
            (Err(error), _) => {
                let timed_out =
                    error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
                let code = if timed_out { "Timeout" } else { "NoResponse" };
                Answer::Retry { code: code.into(), message: innermost(error.as_ref()), after: None }
            }
        }
    }

    fn request(&self, payload: Payload, span: Option<&OpenSpan>) -> anyhow::Result<reqwest::Request> {
        let mut request = Request::post(self.endpoint.url.as_str()).body(reqwest::Body::wrap(payload))?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("obs/", env!("CARGO_PKG_VERSION"))));
        let content_type = match self.endpoint.protocol {
            Protocol::Grpc => grpc::CONTENT_TYPE,
            Protocol::HttpProtobuf => "application/x-protobuf",
            Protocol::HttpJson => "application/json",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let encoding = match self.endpoint.compression {
            Compression::None => None,
            Compression::Gzip => Some(HeaderValue::from_static("gzip")),
            Compression::Zstd => Some(HeaderValue::from_static("zstd")),
        };
        if self.endpoint.protocol == Protocol::Grpc {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        if let Some(encoding) = encoding {
            match self.endpoint.protocol {
                Protocol::Grpc => headers.insert("grpc-encoding", encoding),
                Protocol::HttpProtobuf | Protocol::HttpJson => headers.insert(CONTENT_ENCODING, encoding),
            };
        }
        // Looked up with the first request: by then every stage before this one has its pipes.
        let marks = self.marks.get_or_init(|| HeaderValue::from_str(&lineage::upstream().join(",")).ok());
        if let Some(marks) = marks.clone().filter(|marks| !marks.is_empty()) {
            headers.insert(lineage::HEADER, marks);
        }
        if let Some(span) = span {
            headers.insert(TRACEPARENT, HeaderValue::try_from(span.traceparent())?);
        }
        headers.extend(self.endpoint.headers.clone());
        Ok(request.try_into()?)
    }
}

/// Clients that take turns, each with a connection of its own.
#[derive(Debug, Clone)]
struct Connections(Arc<([Client; CONNECTIONS], AtomicUsize)>);

impl Connections {
    fn new(endpoint: &Endpoint) -> anyhow::Result<Connections> {
        tls::install_provider();
        Ok(Connections(Arc::new(([client(endpoint)?, client(endpoint)?], AtomicUsize::new(0)))))
    }

    fn next(&self) -> &Client {
        let (clients, turn) = &*self.0;
        &clients[turn.fetch_add(1, Relaxed) % CONNECTIONS]
    }
}

fn client(endpoint: &Endpoint) -> anyhow::Result<Client> {
    let mut builder = Client::builder().timeout(endpoint.timeout).redirect(reqwest::redirect::Policy::none());
    if endpoint.protocol == Protocol::Grpc {
        builder = builder.http2_prior_knowledge();
    }
    if endpoint.url.scheme() == "http" {
        // Loading the system's authorities takes longer than all else.
        builder = builder.tls_certs_only([]);
    }
    let read = |path: &std::path::Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    if let Some(path) = &endpoint.authority {
        let certificates =
            Certificate::from_pem_bundle(&read(path)?).with_context(|| format!("{}", path.display()))?;
        if certificates.is_empty() {
            return Err(anyhow!("{}: expected a certificate (PEM), found none", path.display()));
        }
        builder = builder.tls_certs_only(certificates);
    }
    if let Some((certificate, key)) = &endpoint.identity {
        let pem = [read(certificate)?, read(key)?].join(&b'\n');
        let identity = Identity::from_pem(&pem);
        builder = builder
            .identity(identity.with_context(|| format!("{} and {}", certificate.display(), key.display()))?);
    }
    Ok(builder.build()?)
}

/// The cause that says most: libraries wrap "connection refused" three times.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}
