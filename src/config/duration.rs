use std::time::Duration;

/// Longest duration that is taken: a century, which adds up with any clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Parses a duration such as `500ms`, `5s` or `30d`; anything over a century is a century.
///
/// # Errors
/// The text is no duration.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) => Ok(duration.min(LONGEST)),
        Err(humantime::DurationError::NumberOverflow) => Ok(LONGEST),
        Err(error) => Err(format!("{error}; expected a duration such as 500ms, 5s or 30d")),
    }
}

/// Parses a duration above zero.
///
/// # Errors
/// The text is no duration, or zero.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("expected a duration above zero, such as 5s".into()),
        interval => Ok(interval),
    }
}
