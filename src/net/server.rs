//! A server of HTTP/1.1 and HTTP/2, with or without TLS, that ends in order.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::tls::ServerTls;
use crate::stream::Stop;

/// Time in which a client must have sent the head of its request, or finished its TLS handshake.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that clients get to close idle connections when the server ends.
const FAREWELL: Duration = Duration::from_secs(1);
/// Time for the last answers, which tell of what the drain timeout has ended.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// An idle HTTP/2 connection is asked so often whether its client is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Bytes that a client may send before its request is looked at; a large batch in one go.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// Large frames, so that a batch comes in few pieces.
const MAX_FRAME: u32 = 1 << 20;
const MAX_STREAMS: u32 = 256;

/// Binds a listener.
///
/// # Errors
/// The address does not exist or is in use.
pub async fn bind(address: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let local = listener.local_addr()?;
    Ok((listener, local))
}

/// Answers requests with `handle` until `stop`, then lets those under way end.
pub async fn serve<H, F, B>(listener: TcpListener, tls: Option<Arc<ServerTls>>, stop: Stop, handle: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let under_way = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.wait() => break,
        };
        let socket = match socket {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Mostly out of file descriptors; the connection waits in the kernel's queue.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = socket.set_nodelay(true);
        let acceptor = tls.as_ref().map(|tls| tls.acceptor());
        let (watcher, handle) = (graceful.watcher(), handle.clone());
        let under_way = under_way.clone();
        let handle = move |request| {
            let counted = UnderWay::new(&under_way);
            let answer = handle(request);
            async move {
                let _counted = counted;
                answer.await
            }
        };
        connections.spawn(async move {
            match acceptor {
                None => {
                    if first_byte(&socket).await {
                        connection(socket, watcher, handle).await;
                    }
                }
                Some(acceptor) => match handshake(acceptor, socket).await {
                    Ok(socket) => connection(socket, watcher, handle).await,
                    Err(error) => tracing::debug!("TLS handshake: {error}"),
                },
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = idle(&under_way) => tracing::debug!("connections that their clients do not close are dropped"),
        () = late(&stop) => tracing::warn!("connections were still open when the drain timeout ended"),
    }
}

/// A request that is being answered, until this is dropped.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(count: &Arc<AtomicUsize>) -> UnderWay {
        count.fetch_add(1, Relaxed);
        UnderWay(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Resolves when no request has been under way for about [`FAREWELL`].
async fn idle(under_way: &AtomicUsize) {
    const LOOKS: u32 = 10;
    let mut quiet = 0;
    while quiet < LOOKS {
        tokio::time::sleep(FAREWELL / LOOKS).await;
        quiet = if under_way.load(Relaxed) == 0 { quiet + 1 } else { 0 };
    }
}

/// Resolves [`LAST_ANSWERS`] after the drain timeout.
async fn late(stop: &Stop) {
    stop.drained_out().await;
    tokio::time::sleep(LAST_ANSWERS).await;
}

/// Waits for a client to say something.
async fn first_byte(socket: &TcpStream) -> bool {
    matches!(tokio::time::timeout(HEAD_TIMEOUT, socket.peek(&mut [0])).await, Ok(Ok(1)))
}

async fn handshake(
    acceptor: TlsAcceptor,
    socket: TcpStream,
) -> io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(socket)).await.map_err(io::Error::from)?
}

async fn connection<S, H, F, B>(socket: S, watcher: hyper_util::server::graceful::Watcher, handle: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = handle(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(KEEP_ALIVE);
    let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!("connection: {error}");
    }
}
