use std::time::Duration;

use http::StatusCode;
use tonic::Code;

use super::admission::Full;
use crate::net::ErrorBody;
use crate::otlp::Fault;
use crate::pipeline;

/// Why a request is not accepted, for both protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many wait already.
    Full,
    /// The pipeline behind is ending.
    Closed,
    /// The pipeline behind could not deliver it.
    Undelivered(String),
    /// The peer of the pipeline behind will never take it.
    Rejected(String),
    /// The sender is this collector's own pipeline.
    Loop,
    /// No or a wrong bearer token.
    Unauthenticated,
    /// Larger than [`super::MAX_REQUEST`].
    TooLarge,
    /// Not OTLP, or not what its headers say.
    Invalid(String),
    /// A compression that is not known.
    UnsupportedCompression(String),
    /// A content type that is not known.
    UnsupportedMediaType(String),
    /// A gRPC method that is not one of OTLP's three.
    UnknownMethod(String),
    /// The client went away or was too slow.
    Incomplete(String),
}

/// When a sender that was refused for want of room should try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Bytes of a message, which may be a peer's. Of gRPC it is a header, twice and encoded; clients take 16 KiB of them.
const MAX_MESSAGE: usize = 1024;

impl Refusal {
    /// Status of OTLP/HTTP. Source: OTLP specification, "OTLP/HTTP Response" and "OTLP/HTTP Throttling".
    pub(super) fn http(&self) -> StatusCode {
        match self {
            Refusal::Full => StatusCode::TOO_MANY_REQUESTS,
            // Not 408, behind which OTLP clients do not try again.
            Refusal::Closed | Refusal::Undelivered(_) | Refusal::Incomplete(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refusal::Loop => StatusCode::LOOP_DETECTED,
            Refusal::Unauthenticated => StatusCode::UNAUTHORIZED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Rejected(_) | Refusal::Invalid(_) | Refusal::UnsupportedCompression(_) => {
                StatusCode::BAD_REQUEST
            }
            Refusal::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::UnknownMethod(_) => StatusCode::NOT_FOUND,
        }
    }

    /// Status of OTLP/gRPC. Source: OTLP specification, "OTLP/gRPC Response" and "OTLP/gRPC Throttling".
    pub(super) fn grpc(&self) -> Code {
        match self {
            Refusal::Full | Refusal::TooLarge => Code::ResourceExhausted,
            Refusal::Closed | Refusal::Undelivered(_) => Code::Unavailable,
            Refusal::Loop => Code::FailedPrecondition,
            Refusal::Unauthenticated => Code::Unauthenticated,
            Refusal::Rejected(_) | Refusal::Invalid(_) | Refusal::UnsupportedMediaType(_) => {
                Code::InvalidArgument
            }
            Refusal::UnsupportedCompression(_) | Refusal::UnknownMethod(_) => Code::Unimplemented,
            Refusal::Incomplete(_) => Code::Cancelled,
        }
    }

    /// When to try again, where that helps.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let may_help = matches!(
            self,
            Refusal::Full | Refusal::Closed | Refusal::Undelivered(_) | Refusal::Incomplete(_)
        );
        may_help.then_some(RETRY_AFTER)
    }

    pub(super) fn body(&self) -> ErrorBody {
        let mut message = self.message();
        if message.len() > MAX_MESSAGE {
            message.truncate(message.floor_char_boundary(MAX_MESSAGE));
            message.push('…');
        }
        ErrorBody { code: self.grpc() as i32, message, retry_after: self.retry_after() }
    }

    /// What the sender is told.
    pub(super) fn message(&self) -> String {
        match self {
            Refusal::Full => {
                "too many requests wait for the stages behind this collector; try again later".into()
            }
            Refusal::Closed => "this collector is ending; try again later or elsewhere".into(),
            Refusal::Undelivered(why) => format!("the peer of this pipeline did not take it: {why}"),
            Refusal::Rejected(why) => format!("the peer of this pipeline refused it for good: {why}"),
            Refusal::Loop => {
                "this request comes from the relay at the end of this collector's own pipeline, which would \
                              send its output in circles; point the relay's --to at another endpoint"
                    .into()
            }
            Refusal::Unauthenticated => {
                "expected the header authorization: Bearer TOKEN with this collector's token".into()
            }
            Refusal::TooLarge => {
                format!("the request is larger than {} MiB; send smaller batches", super::MAX_REQUEST >> 20)
            }
            Refusal::Invalid(what) => what.clone(),
            Refusal::UnsupportedCompression(found) => {
                format!("expected no compression, gzip or zstd, found {found:?}")
            }
            Refusal::UnsupportedMediaType(found) => {
                format!(
                    "expected the content type application/x-protobuf or application/json, found {found:?}"
                )
            }
            Refusal::UnknownMethod(found) => {
                format!("expected the Export method of traces, metrics or logs, found {found}")
            }
            Refusal::Incomplete(what) => format!("the request ended early: {what}"),
        }
    }
}

impl From<Full> for Refusal {
    fn from(_: Full) -> Self {
        Refusal::Full
    }
}

impl From<pipeline::Refusal> for Refusal {
    fn from(refusal: pipeline::Refusal) -> Self {
        match refusal {
            pipeline::Refusal::Closed => Refusal::Closed,
            pipeline::Refusal::Undelivered(why) => Refusal::Undelivered(why),
            pipeline::Refusal::Rejected(why) => Refusal::Rejected(why),
        }
    }
}

impl From<Box<Fault>> for Refusal {
    fn from(fault: Box<Fault>) -> Self {
        Refusal::Invalid(format!("at byte {}: {fault}", fault.offset))
    }
}
