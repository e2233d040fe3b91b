//! When to try again. Source: OTLP specification, "OTLP/gRPC Response", "OTLP/HTTP Response", "Throttling": the
//! codes; exponential back-off with jitter where the peer does not say when.

use std::time::Duration;

use http::StatusCode;
use tonic::Code;

/// Delays that grow by half, each off by up to half of it in either direction.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    random: fastrand::Rng,
}

const INITIAL: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
const GROWTH: f64 = 1.5;
const JITTER: f64 = 0.5;

impl Backoff {
    /// Begins with about half a second.
    pub fn new(seed: u64) -> Backoff {
        Backoff { next: INITIAL, random: fastrand::Rng::with_seed(seed) }
    }

    /// The delay before the next attempt.
    pub fn delay(&mut self) -> Duration {
        let delay = self.next.mul_f64(1.0 - JITTER + 2.0 * JITTER * self.random.f64());
        self.next = self.next.mul_f64(GROWTH).min(LONGEST);
        delay
    }
}

/// Whether a gRPC request may be sent again; `RESOURCE_EXHAUSTED` only where the peer says when.
pub(super) fn is_retryable_grpc(code: Code, says_when: bool) -> bool {
    match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => says_when,
        _ => false,
    }
}

/// Whether an HTTP request may be sent again.
pub(super) fn is_retryable_http(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The value of `Retry-After`: seconds, or a date.
pub(super) fn parse_retry_after(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_jitter() {
        let mut backoff = Backoff::new(7);
        let mut expected = INITIAL;
        for _ in 0..40 {
            let delay = backoff.delay();
            assert!(delay >= expected / 2 && delay <= expected.mul_f64(1.5), "{delay:?} about {expected:?}");
            expected = expected.mul_f64(GROWTH).min(LONGEST);
        }
        assert_eq!(expected, LONGEST);
        assert_ne!(Backoff::new(1).delay(), Backoff::new(2).delay());
    }

    #[test]
    fn codes_of_the_specification() {
        let retryable: Vec<i32> =
            (0..17).filter(|code| is_retryable_grpc(Code::from_i32(*code), false)).collect();
        assert_eq!(retryable, [1, 4, 10, 11, 14, 15]);
        assert!(is_retryable_grpc(Code::ResourceExhausted, true));
        let retryable: Vec<u16> =
            (400..600).filter(|status| is_retryable_http(StatusCode::from_u16(*status).unwrap())).collect();
        assert_eq!(retryable, [429, 502, 503, 504]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(parse_retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Thu, 01 Jan 2026 00:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(parse_retry_after("Wed, 31 Dec 2025 00:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("soon", now), None);
    }
}
