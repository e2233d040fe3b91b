//! Answers of OTLP/gRPC and OTLP/HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::refusal::Refusal;
use crate::net::grpc;

pub(super) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Encoding of OTLP/HTTP bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Protobuf,
    Json,
}

impl Media {
    pub(super) fn of(content_type: &str) -> Option<Media> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" => Some(Media::Protobuf),
            "application/json" => Some(Media::Json),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Media::Protobuf => "application/x-protobuf",
            Media::Json => "application/json",
        }
    }
}

/// The answer of OTLP/gRPC.
pub(super) fn grpc(result: Result<(), Refusal>) -> Answer {
    match result {
        Ok(()) => {
            // An empty Export…ServiceResponse: everything was accepted.
            let message = Full::new(Bytes::from_static(&[0; grpc::PREFIX]));
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let body = message.with_trailers(async { Some(Ok(trailers)) });
            let mut answer = Response::new(body.boxed_unsync());
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(grpc::CONTENT_TYPE));
            answer
        }
        Err(refusal) => {
            let body = refusal.body();
            tonic::Status::with_details(refusal.grpc(), &*body.message, body.encode().into())
                .into_http::<Full<Bytes>>()
                .map(BodyExt::boxed_unsync)
        }
    }
}

/// The answer of OTLP/HTTP, in the encoding of the request.
pub(super) fn http(media: Media, result: Result<(), Refusal>) -> Answer {
    let (status, bytes, retry_after) = match (&result, media) {
        (Ok(()), Media::Protobuf) => (StatusCode::OK, Bytes::new(), None),
        (Ok(()), Media::Json) => (StatusCode::OK, Bytes::from_static(b"{}"), None),
        (Err(refusal), Media::Protobuf) => {
            (refusal.http(), refusal.body().encode().into(), refusal.retry_after())
        }
        (Err(refusal), Media::Json) => {
            (refusal.http(), refusal.body().to_json().into(), refusal.retry_after())
        }
    };
    let mut answer = Response::new(Full::new(bytes).boxed_unsync());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.name()));
    if let Some(delay) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, delay.as_secs().into());
    }
    answer
}

/// An answer in plain text, to what is no OTLP request.
pub(super) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()).boxed_unsync());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}
