//! `/healthz`, `/readyz` and `/metrics`.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::figures::Figures;
use super::prometheus;
use crate::net::server;
use crate::stream::Stop;

/// Serves the figures on `address`, on a thread of its own, until the process ends; returns where.
///
/// # Errors
/// The address does not exist or is in use.
pub fn spawn(address: &str, figures: Arc<Figures>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    let stop = Stop::never()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("health".into()).spawn(move || {
        runtime.block_on(async move {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => {
                    server::serve(listener, None, stop, move |request| answer(request, figures.clone())).await
                }
                Err(error) => tracing::error!("the health listener: {error}"),
            }
        });
    })?;
    Ok(local)
}

async fn answer(request: Request<Incoming>, figures: Arc<Figures>) -> Response<Full<Bytes>> {
    let (status, content_type, body) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "text/plain", "ok\n".into()),
        "/readyz" => match figures.not_ready() {
            None => (StatusCode::OK, "text/plain", "ready\n".into()),
            Some(stage) => {
                let text = format!("{stage}: input is being refused or not taken\n");
                (StatusCode::SERVICE_UNAVAILABLE, "text/plain", text)
            }
        },
        "/metrics" => (StatusCode::OK, prometheus::CONTENT_TYPE, prometheus::render(&figures.read())),
        _ => (StatusCode::NOT_FOUND, "text/plain", "/healthz, /readyz and /metrics are here\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
