use std::time::Duration;

use crate::otlp::view::{Fields, Nested, Value, text};
use crate::otlp::wire::{put_bytes, put_message, put_uint};

/// A `google.rpc.Status`: the body of an OTLP error, and the details of a gRPC one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// gRPC status code.
    pub code: i32,
    /// What happened, for people.
    pub message: String,
    /// When to try again (`google.rpc.RetryInfo`).
    pub retry_after: Option<Duration>,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl ErrorBody {
    /// The protobuf encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_uint(&mut out, 1, self.code as u64);
        put_bytes(&mut out, 2, self.message.as_bytes());
        if let Some(delay) = self.retry_after {
            put_message(&mut out, 3, |any| {
                put_bytes(any, 1, RETRY_INFO.as_bytes());
                put_message(any, 2, |info| {
                    put_message(info, 1, |duration| {
                        put_uint(duration, 1, delay.as_secs());
                        put_uint(duration, 2, u64::from(delay.subsec_nanos()));
                    });
                });
            });
        }
        out
    }

    /// Reads the protobuf encoding; what cannot be read is left at its default.
    pub fn decode(bytes: &[u8]) -> ErrorBody {
        let mut body = ErrorBody::default();
        for (number, value) in Fields::new(bytes) {
            match (number, value) {
                (1, value) => body.code = value.bits() as i32,
                (2, value) => body.message = text(value.bytes()).into(),
                (3, Value::Len(any)) => body.retry_after = body.retry_after.or_else(|| retry_delay(any)),
                _ => {}
            }
        }
        body
    }

    /// The JSON form.
    pub fn to_json(&self) -> String {
        serde_json::json!({"code": self.code, "message": self.message}).to_string()
    }
}

fn retry_delay(any: &[u8]) -> Option<Duration> {
    let type_url = Nested::new(any, 1).next()?;
    if type_url != RETRY_INFO.as_bytes() {
        return None;
    }
    let (mut seconds, mut nanos) = (0, 0);
    for (number, value) in Fields::new(Nested::new(Nested::new(any, 2).next()?, 1).next().unwrap_or_default())
    {
        match number {
            1 => seconds = value.bits() as i64,
            2 => nanos = value.bits() as i32,
            _ => {}
        }
    }
    Some(Duration::new(
        u64::try_from(seconds).unwrap_or(0),
        u32::try_from(nanos).unwrap_or(0).min(999_999_999),
    ))
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    #[test]
    fn tonic_reads_what_we_write_and_the_other_way_round() {
        let body = ErrorBody {
            code: tonic::Code::ResourceExhausted as i32,
            message: "later".into(),
            retry_after: Some(Duration::from_millis(1500)),
        };
        let status =
            tonic::Status::with_details(tonic::Code::ResourceExhausted, "later", body.encode().into());
        let info = status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert_eq!(info, body.retry_after);
        let details = ErrorDetails::with_retry_info(body.retry_after);
        let theirs = tonic::Status::with_error_details(tonic::Code::ResourceExhausted, "later", details);
        assert_eq!(ErrorBody::decode(theirs.details()), body);
    }
}
