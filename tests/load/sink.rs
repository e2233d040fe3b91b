//! The sink: an OTLP/gRPC server that counts spans and how long they took to arrive.

use std::future::poll_fn;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use obs::otlp::view::{Fields, Nested};
use tokio::net::TcpStream;

use crate::generator::now;
use crate::latency::Latencies;

/// What has arrived.
#[derive(Debug, Default, Clone)]
pub struct Arrived {
    pub spans: u64,
    /// Bytes of the requests as they came, compressed or not.
    pub wire_bytes: u64,
    pub latencies: Latencies,
    pub last: Option<Instant>,
    /// The first request that could not be read.
    pub fault: Option<String>,
}

/// A running sink; clones share it.
#[derive(Clone)]
pub struct Sink {
    arrived: Arc<Mutex<Arrived>>,
    stall: Option<(Instant, Instant)>,
}

impl Sink {
    /// Serves on a thread of its own until the process ends; between the times of `stall` it leaves all calls alone.
    pub fn start(listener: TcpListener, stall: Option<(Duration, Duration)>) -> Result<Sink> {
        let start = Instant::now();
        let sink =
            Sink { arrived: Arc::default(), stall: stall.map(|(from, to)| (start + from, start + to)) };
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = sink.clone();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                while let Ok((socket, _)) = listener.accept().await {
                    tokio::spawn(server.clone().connection(socket));
                }
            });
        });
        Ok(sink)
    }

    pub fn arrived(&self) -> Arrived {
        self.lock().clone()
    }

    pub fn spans(&self) -> u64 {
        self.lock().spans
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    async fn connection(self, socket: TcpStream) -> Result<()> {
        socket.set_nodelay(true)?;
        let mut connection = h2::server::Builder::new()
            .initial_window_size(4 << 20)
            .initial_connection_window_size(16 << 20)
            .handshake(socket)
            .await?;
        while let Some(call) = connection.accept().await {
            let (request, respond) = call?;
            let sink = self.clone();
            tokio::spawn(async move { drop(sink.call(request, respond).await) });
        }
        Ok(())
    }

    async fn call(self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<()> {
        if let Some((from, to)) = self.stall
            && (from..to).contains(&Instant::now())
        {
            // A call that its sender has given up must not be counted: it is sent again.
            tokio::select! {
                () = tokio::time::sleep_until(to.into()) => {}
                _ = poll_fn(|context| respond.poll_reset(context)) => return Ok(()),
            }
        }
        let (head, mut body) = request.into_parts();
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            let data = data?;
            bytes.extend_from_slice(&data);
            body.flow_control().release_capacity(data.len())?;
        }
        let wire_bytes = bytes.len() as u64;
        let counted = message(&head.headers, bytes).map(|message| {
            if head.uri.path().contains("TraceService") {
                self.count(&message, wire_bytes);
            }
        });
        let status = if counted.is_ok() { "0" } else { "3" };
        if let Err(error) = counted {
            self.lock().fault.get_or_insert(format!("{error:#}"));
        }
        let response = Response::builder().header("content-type", "application/grpc").body(())?;
        let mut stream = respond.send_response(response, false)?;
        // An empty response message: not compressed, no bytes.
        stream.send_data(Bytes::from_static(&[0; 5]), false)?;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(status));
        stream.send_trailers(trailers)?;
        Ok(())
    }

    /// Walks `resource_spans`, `scope_spans`, `spans`; the first span of a resource tells when its request was sent.
    fn count(&self, message: &[u8], wire_bytes: u64) {
        let now = now();
        let mut spans = 0;
        let mut latencies = Vec::new();
        for resource in Nested::new(message, 1) {
            let mut first = true;
            for span in Nested::new(resource, 2).flat_map(|scope| Nested::new(scope, 2)) {
                spans += 1;
                if std::mem::take(&mut first) {
                    let start = Fields::new(span).find(|(number, _)| *number == 7);
                    latencies.extend(start.map(|(_, start)| now.saturating_sub(start.bits())));
                }
            }
        }
        let mut arrived = self.lock();
        arrived.spans += spans;
        arrived.wire_bytes += wire_bytes;
        arrived.latencies.0.extend(latencies);
        arrived.last = Some(Instant::now());
    }
}

/// Takes the header off a gRPC message, and the compression.
fn message(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>> {
    let (header, message) = body.split_at_checked(5).context("a message without a header")?;
    if header[0] == 0 {
        return Ok(message.to_vec());
    }
    let mut out = Vec::new();
    match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        Some(b"gzip") => {
            flate2::read::MultiGzDecoder::new(message).read_to_end(&mut out)?;
        }
        Some(b"zstd") => out = zstd::decode_all(message)?,
        other => bail!("unexpected encoding {other:?}"),
    }
    Ok(out)
}
