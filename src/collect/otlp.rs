//! The OTLP receiver: one request from its head to the acknowledgement.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION,
    CONTENT_ENCODING, CONTENT_TYPE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use super::admission::{Admission, Reservation};
use super::body;
use super::refusal::Refusal;
use super::response::{self, Accepted, Answer, Media};
use super::token::BearerToken;
use crate::net::{grpc, paths};
use crate::otlp::{Batch, Signal, join, json, split};
use crate::pipeline::{Delivery, Outlet};
use crate::stream::{Ledger, MAX_FRAME, Reason, lineage};
use crate::telemetry::{Kind, TRACEPARENT, Tracer};

/// Receives OTLP of both protocols; a clone is another handle on the same receiver.
#[derive(Debug, Clone)]
pub(super) struct Receiver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reception: Reception,
    outlet: Outlet,
    /// What relays at the end of this process's own pipeline mark their requests with.
    own_marks: Vec<String>,
}

/// What a receiver takes in, and from whom.
#[derive(Debug)]
pub struct Reception {
    /// How much may wait.
    pub admission: Arc<Admission>,
    /// The account of the stage.
    pub ledger: Arc<Ledger>,
    /// What senders must present.
    pub bearer_token: Option<Arc<BearerToken>>,
    /// Who may send from a browser.
    pub cors: Cors,
    /// Records our own traces.
    pub tracer: Option<Arc<Tracer>>,
}

/// Origins whose pages may send from a browser; none by default.
#[derive(Debug, Clone, Default)]
pub struct Cors(pub Vec<String>);

/// How a request's message is framed.
enum Protocol {
    Grpc,
    Http(Media),
}

impl Receiver {
    /// Hands what it receives to `outlet`.
    pub(super) fn new(reception: Reception, outlet: Outlet) -> Receiver {
        Receiver(Arc::new(Inner { reception, outlet, own_marks: lineage::own_marks() }))
    }

    /// Answers a request.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Answer {
        let origin = self.0.reception.cors.allowed(request.headers());
        let mut answer = self.route(request, origin.is_some()).await;
        if let Some(origin) = origin {
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
        }
        answer
    }

    async fn route(&self, request: Request<Incoming>, cross_origin: bool) -> Answer {
        match target(&request, cross_origin) {
            Ok((signal, Protocol::Grpc)) => {
                response::grpc(self.receive(signal, &Protocol::Grpc, request).await)
            }
            Ok((signal, Protocol::Http(media))) => {
                response::http(media, self.receive(signal, &Protocol::Http(media), request).await)
            }
            Err(answer) => {
                body::discard(request.into_body()).await;
                *answer
            }
        }
    }

    async fn receive(
        &self,
        signal: Signal,
        protocol: &Protocol,
        request: Request<Incoming>,
    ) -> Result<Accepted, Refusal> {
        let (head, body) = request.into_parts();
        let traceparent = head.headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let span = self.0.reception.tracer.as_ref().and_then(|tracer| tracer.start(traceparent));
        let received = self.take_in(signal, protocol, &head.headers, body).await;
        if let (Some(tracer), Some(span)) = (&self.0.reception.tracer, span) {
            let error = received.as_ref().err().map(Refusal::message);
            let items = received.as_ref().map_or(0, |accepted| accepted.items);
            tracer.end(&span, "receive", Kind::Server, signal, items, error.as_deref());
        }
        received
    }

    /// Takes a request in; returns once it has been accepted.
    async fn take_in(
        &self,
        signal: Signal,
        protocol: &Protocol,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<Accepted, Refusal> {
        if let Err(refusal) = self.authorize(headers) {
            body::discard(body).await;
            return Err(refusal);
        }
        let mut reservation = self.0.reception.admission.reserve();
        let body = body::read(body, &mut reservation).await?;
        let message = unpack(protocol, headers, body, &mut reservation)?;
        let batch = match protocol {
            Protocol::Http(Media::Json) => json::read_as(signal, &message)?,
            Protocol::Http(Media::Protobuf) | Protocol::Grpc => Batch::parse(signal, message)?,
        };
        let items = batch.items();
        let mut accepted = Accepted { signal, items, rejected: 0, message: String::new() };
        if batch.bytes().is_empty() {
            return Ok(accepted);
        }
        let waiting = self.0.reception.admission.enter()?;
        let (batch, oversized) = self.without_oversized(batch);
        if oversized > 0 {
            accepted.rejected = oversized;
            accepted.message = format!("{oversized} {} over 16 MiB were rejected", signal.items());
        }
        if batch.bytes().is_empty() {
            return Ok(accepted);
        }
        let (delivery, ack) = Delivery::new(batch, (waiting, reservation));
        self.0.outlet.clone().hand_on_in_any_case(delivery);
        let behind = ack.wait().await?;
        if behind.rejected > 0 {
            accepted.rejected = (accepted.rejected + behind.rejected).min(items as u64);
            accepted.message = match &*accepted.message {
                "" => behind.message,
                own => format!("{own}; {}", behind.message),
            };
        }
        Ok(accepted)
    }

    /// Takes out the records that no frame can carry, and counts them.
    fn without_oversized(&self, batch: Batch) -> (Batch, u64) {
        if batch.bytes().len() <= MAX_FRAME {
            return (batch, 0);
        }
        let signal = batch.signal();
        let pieces = split(&batch, usize::MAX, MAX_FRAME).into_iter();
        let (oversized, rest): (Vec<_>, Vec<_>) = pieces.partition(|piece| piece.bytes().len() > MAX_FRAME);
        let oversized = oversized.iter().map(|piece| piece.items() as u64).sum();
        if oversized == 0 {
            return (batch, 0);
        }
        self.0.reception.ledger.received(signal, oversized);
        self.0.reception.ledger.dropped(signal, Reason::Oversized, oversized);
        (join(signal, &rest), oversized)
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if let Some(token) = &self.0.reception.bearer_token {
            let given = header(headers, AUTHORIZATION.as_str());
            if !token.is(given.strip_prefix("Bearer ").unwrap_or_default()) {
                return Err(Refusal::Unauthenticated);
            }
        }
        let marks = header(headers, lineage::HEADER);
        match marks.split(',').any(|mark| self.0.own_marks.iter().any(|own| own == mark)) {
            true => Err(Refusal::Loop),
            false => Ok(()),
        }
    }
}

/// What a request is for, or the answer to one that is no export.
fn target(request: &Request<Incoming>, cross_origin: bool) -> Result<(Signal, Protocol), Box<Answer>> {
    let path = request.uri().path();
    let signal_at =
        |path_of: fn(Signal) -> &'static str| Signal::ALL.into_iter().find(|signal| path_of(*signal) == path);
    let content_type = header(request.headers(), CONTENT_TYPE.as_str());
    if content_type.starts_with(grpc::CONTENT_TYPE) {
        let unknown = || Box::new(response::grpc(Err(Refusal::UnknownMethod(path.to_owned()))));
        return signal_at(paths::grpc).map(|signal| (signal, Protocol::Grpc)).ok_or_else(unknown);
    }
    let plain = |status, text: &'static str| Box::new(response::plain(status, text));
    let Some(signal) = signal_at(paths::http) else {
        let text = "OTLP/HTTP is at /v1/traces, /v1/metrics and /v1/logs\n";
        return Err(plain(StatusCode::NOT_FOUND, text));
    };
    if cross_origin && request.method() == Method::OPTIONS {
        return Err(Box::new(preflight()));
    }
    if request.method() != Method::POST {
        return Err(plain(StatusCode::METHOD_NOT_ALLOWED, "OTLP/HTTP requests are POST\n"));
    }
    let refusal = || {
        let refusal = Refusal::UnsupportedMediaType(content_type.clone());
        Box::new(response::plain(refusal.http(), refusal.message() + "\n"))
    };
    Media::of(&content_type).map(|media| (signal, Protocol::Http(media))).ok_or_else(refusal)
}

/// Takes the message out of its framing and compression.
fn unpack(
    protocol: &Protocol,
    headers: &HeaderMap,
    body: Bytes,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    match protocol {
        Protocol::Http(_) => body::decompress(&header(headers, CONTENT_ENCODING.as_str()), body, reservation),
        Protocol::Grpc => match grpc::parse_prefix(&body) {
            Some((compressed, length)) if body.len() == grpc::PREFIX + length => {
                let message = body.slice(grpc::PREFIX..);
                let encoding = if compressed { header(headers, "grpc-encoding") } else { String::new() };
                body::decompress(&encoding, message, reservation)
            }
            _ => Err(Refusal::Invalid("expected one gRPC message in a request".into())),
        },
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

impl Cors {
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.0
            .iter()
            .any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
            .then(|| origin.clone())
    }
}

fn preflight() -> Answer {
    let mut answer = response::plain(StatusCode::NO_CONTENT, "");
    let headers = answer.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization,content-encoding,content-type"),
    );
    answer
}
