//! A gRPC client on bare HTTP/2: it sends bytes that are encoded already.

use std::io::Write;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use tokio::net::TcpStream;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }

    /// Turns a message into the body of a call; the message begins at offset 5 of `buffer`.
    pub fn body(self, mut buffer: Vec<u8>) -> Result<Bytes> {
        let message = match self {
            Compression::None => {
                let length = buffer.len() as u32 - 5;
                buffer[1..5].copy_from_slice(&length.to_be_bytes());
                return Ok(buffer.into());
            }
            Compression::Gzip => {
                let level = flate2::Compression::fast();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(&buffer[5..])?;
                encoder.finish()?
            }
            Compression::Zstd => zstd::bulk::compress(&buffer[5..], 1)?,
        };
        let mut body = vec![1];
        body.extend_from_slice(&(message.len() as u32).to_be_bytes());
        body.extend_from_slice(&message);
        Ok(body.into())
    }
}

/// The status of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// The server asked to try again (RESOURCE_EXHAUSTED, UNAVAILABLE).
    Retry,
    Failed(String),
}

/// A connection; clones share it.
#[derive(Clone)]
pub struct Client {
    requests: SendRequest<Bytes>,
    address: String,
    compression: Compression,
}

impl Client {
    pub async fn connect(address: &str, compression: Compression) -> Result<Client> {
        let socket = TcpStream::connect(address).await.with_context(|| address.to_string())?;
        socket.set_nodelay(true)?;
        let (requests, connection) = h2::client::handshake(socket).await?;
        // A connection that breaks shows in the calls on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Client { requests, address: address.to_string(), compression })
    }

    /// One call of the trace service.
    pub async fn export(&self, body: Bytes) -> Result<Outcome> {
        let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        let mut request = Request::post(format!("http://{}{path}", self.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if self.compression != Compression::None {
            request = request.header("grpc-encoding", self.compression.name());
        }
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut stream) = requests.send_request(request.body(())?, false)?;
        stream.send_data(body, true)?;
        let (head, mut body) = response.await?.into_parts();
        while let Some(data) = body.data().await {
            body.flow_control().release_capacity(data?.len())?;
        }
        let trailers = body.trailers().await?.unwrap_or(head.headers);
        Ok(outcome(&trailers))
    }
}

fn outcome(trailers: &HeaderMap) -> Outcome {
    let text = |name| trailers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    match text("grpc-status") {
        "0" => Outcome::Accepted,
        "8" | "14" => Outcome::Retry,
        status => Outcome::Failed(format!("grpc-status {status:?}: {}", text("grpc-message"))),
    }
}
