//! Answers of OTLP/gRPC and OTLP/HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::refusal::Refusal;
use crate::net::grpc;
use crate::otlp::Signal;
use crate::otlp::wire::{put_bytes, put_message, put_uint};

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

/// A request that was taken in.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) signal: Signal,
    pub(super) items: usize,
    /// Items that are not carried on.
    pub(super) rejected: u64,
    /// Why not.
    pub(super) message: String,
}

impl Accepted {
    /// The `Export…ServiceResponse`, whose fields have the same numbers for all signals; empty where all was accepted.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.rejected > 0 {
            put_message(&mut out, 1, |out| {
                put_uint(out, 1, self.rejected);
                put_bytes(out, 2, self.message.as_bytes());
            });
        }
        out
    }

    fn to_json(&self) -> String {
        if self.rejected == 0 {
            return "{}".into();
        }
        let rejected = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"][self.signal.index()];
        // 64-bit integers are strings in protobuf's JSON.
        let partial = serde_json::json!({rejected: self.rejected.to_string(), "errorMessage": self.message});
        serde_json::json!({"partialSuccess": partial}).to_string()
    }
}

/// The answer of OTLP/gRPC.
pub(super) fn grpc(result: Result<Accepted, Refusal>) -> Answer {
    match result {
        Ok(accepted) => {
            let response = accepted.encode();
            let prefix = grpc::prefix(false, response.len()).unwrap_or_default();
            let message = Full::new(Bytes::from([&prefix[..], &response].concat()));
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
pub(super) fn http(media: Media, result: Result<Accepted, Refusal>) -> Answer {
    let (status, bytes, retry_after) = match (&result, media) {
        (Ok(accepted), Media::Protobuf) => (StatusCode::OK, Bytes::from(accepted.encode()), None),
        (Ok(accepted), Media::Json) => (StatusCode::OK, accepted.to_json().into(), None),
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
