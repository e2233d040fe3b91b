//! What a peer's answer means.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use tonic::{Code, Status};

use super::endpoint::Protocol;
use super::retry::{is_retryable_grpc, is_retryable_http, parse_retry_after};
use crate::net::{ErrorBody, grpc};
use crate::otlp::view::{Fields, Value, text};

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// All items were accepted; a warning may come with it.
    Accepted(Option<String>),
    /// All but so many items were accepted; the request must not be sent again.
    Partial { rejected: u64, message: String },
    /// Sending again may help, `after` so long where the peer says so.
    Retry { code: String, message: String, after: Option<Duration> },
    /// Sending again will not help.
    Refused { code: String, message: String },
}

/// A whole response.
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
}

impl Answer {
    /// Reads a response of OTLP/gRPC.
    pub(super) fn of_grpc(response: &Received) -> Answer {
        // An error may stand in the headers, with no trailers behind it.
        let status = Status::from_header_map(&response.trailers)
            .or_else(|| Status::from_header_map(&response.headers));
        let status = status.unwrap_or_else(|| {
            Status::new(code_of(response.status), format!("HTTP status {}", response.status))
        });
        if status.code() == Code::Ok {
            let message = response.body.get(grpc::PREFIX..).unwrap_or_default();
            return Answer::of_success(partial_success(message));
        }
        let after = ErrorBody::decode(status.details()).retry_after;
        let (code, message) = (format!("{:?}", status.code()), status.message().to_owned());
        if is_retryable_grpc(status.code(), after.is_some()) {
            Answer::Retry { code, message, after }
        } else {
            Answer::Refused { code, message }
        }
    }

    /// Reads a response of OTLP/HTTP.
    pub(super) fn of_http(response: &Received, protocol: Protocol) -> Answer {
        let is_json = protocol == Protocol::HttpJson;
        if response.status.is_success() {
            return Answer::of_success(if is_json {
                partial_success_json(&response.body)
            } else {
                partial_success(&response.body)
            });
        }
        let code = response.status.as_u16().to_string();
        let message = match is_json {
            true => serde_json::from_slice::<serde_json::Value>(&response.body)
                .ok()
                .and_then(|body| body["message"].as_str().map(str::to_owned)),
            false => Some(ErrorBody::decode(&response.body).message).filter(|message| !message.is_empty()),
        };
        let message =
            message.unwrap_or_else(|| String::from_utf8_lossy(&response.body).chars().take(200).collect());
        if !is_retryable_http(response.status) {
            return Answer::Refused { code, message };
        }
        let after = response.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        Answer::Retry {
            code,
            message,
            after: after.and_then(|text| parse_retry_after(text, jiff::Timestamp::now())),
        }
    }

    fn of_success((rejected, message): (u64, String)) -> Answer {
        match rejected {
            0 => Answer::Accepted(Some(message).filter(|message| !message.is_empty())),
            rejected => Answer::Partial { rejected, message },
        }
    }
}

/// Rejected items and message of an `Export…ServiceResponse`, the same fields in all three.
fn partial_success(response: &[u8]) -> (u64, String) {
    let mut found = (0, String::new());
    for (number, value) in Fields::new(response) {
        let (1, Value::Len(partial)) = (number, value) else { continue };
        for (number, value) in Fields::new(partial) {
            match number {
                1 => found.0 = value.bits(),
                2 => found.1 = text(value.bytes()).into(),
                _ => {}
            }
        }
    }
    found
}

fn partial_success_json(response: &[u8]) -> (u64, String) {
    let response: serde_json::Value = serde_json::from_slice(response).unwrap_or_default();
    let partial = &response["partialSuccess"];
    let rejected = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"].iter().find_map(|key| {
        // 64-bit integers are strings in protobuf's JSON.
        partial[*key].as_u64().or_else(|| partial[*key].as_str()?.parse().ok())
    });
    (rejected.unwrap_or(0), partial["errorMessage"].as_str().unwrap_or_default().into())
}

/// The gRPC code of a response without one. Source: gRPC, "HTTP to gRPC Status Code Mapping".
fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}
