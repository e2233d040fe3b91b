//! The `ot` member of a tracestate: `th`, the threshold of the samplers so far, and `rv`, explicit randomness.
//!
//! Everything else in a tracestate is carried on as it is. Sources: W3C Trace Context (a changed member moves to the
//! front); OpenTelemetry specification, "TraceState Handling".

use super::threshold::{Threshold, parse_randomness, randomness_of};

/// What a tracestate says about sampling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sampling {
    /// The threshold of the samplers before; `None` where none said.
    pub threshold: Option<Threshold>,
    /// Randomness that stands in for that of the trace id.
    pub randomness: Option<u64>,
}

/// Reads the `ot` member.
pub fn parse(tracestate: &str) -> Sampling {
    let mut sampling = Sampling::default();
    for (key, value) in ot_member(tracestate).into_iter().flat_map(subkeys) {
        match key {
            "th" => sampling.threshold = Threshold::parse(value),
            "rv" => sampling.randomness = parse_randomness(value),
            _ => {}
        }
    }
    sampling
}

/// The threshold that a span was kept by: counts are those of `1/p` spans.
///
/// One that would not have kept it says nothing, as in a sampler; else anybody could add 2⁵⁶ to a count.
pub fn kept_by(tracestate: &str, trace_id: &[u8]) -> Threshold {
    if tracestate.is_empty() {
        return Threshold::ALWAYS;
    }
    let Sampling { threshold, randomness } = parse(tracestate);
    let randomness = randomness.or_else(|| randomness_of(trace_id));
    let keeps = |threshold: &Threshold| randomness.is_some_and(|randomness| threshold.keeps(randomness));
    threshold.filter(keeps).unwrap_or(Threshold::ALWAYS)
}

/// Appends `tracestate` with its threshold replaced, or taken out for `None`.
pub fn rewrite(tracestate: &str, threshold: Option<Threshold>, out: &mut String) {
    let start = out.len();
    out.push_str("ot=");
    if let Some(threshold) = threshold {
        out.push_str("th:");
        out.push_str(&threshold.text());
    }
    for subkey in ot_member(tracestate).into_iter().flat_map(|value| value.split(';')) {
        if !subkey.is_empty() && !subkey.starts_with("th:") {
            if !out.ends_with('=') {
                out.push(';');
            }
            out.push_str(subkey);
        }
    }
    if out.ends_with('=') {
        out.truncate(start);
    }
    for member in members(tracestate).filter(|member| !is_ot(member)) {
        if out.len() > start {
            out.push(',');
        }
        out.push_str(member);
    }
}

fn members(tracestate: &str) -> impl Iterator<Item = &str> {
    tracestate.split(',').map(str::trim).filter(|member| !member.is_empty())
}

fn is_ot(member: &str) -> bool {
    member.starts_with("ot=")
}

fn ot_member(tracestate: &str) -> Option<&str> {
    members(tracestate).find_map(|member| member.strip_prefix("ot="))
}

fn subkeys(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value.split(';').filter_map(|subkey| subkey.split_once(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(tracestate: &str, threshold: Option<&str>) -> String {
        let mut out = String::new();
        rewrite(tracestate, threshold.and_then(Threshold::parse), &mut out);
        out
    }

    #[test]
    fn what_is_there_is_kept() {
        for (before, threshold, after) in [
            ("", Some("f3333"), "ot=th:f3333"),
            ("", None, ""),
            ("a=1,b=2", Some("8"), "ot=th:8,a=1,b=2"),
            ("a=1,ot=th:4;rv:0123456789abcd;x:y,b=2", Some("c"), "ot=th:c;rv:0123456789abcd;x:y,a=1,b=2"),
            ("a=1,ot=rv:0123456789abcd", Some("0"), "ot=th:0;rv:0123456789abcd,a=1"),
            ("a=1 , ot=th:4 ,b=2", None, "a=1,b=2"),
            ("ot=th:4;rv:0123456789abcd", None, "ot=rv:0123456789abcd"),
            ("other=th:1,ot=th:4", Some("8"), "ot=th:8,other=th:1"),
        ] {
            assert_eq!(rewritten(before, threshold), after, "{before}");
        }
    }

    #[test]
    fn thresholds_and_randomness_are_read() {
        let sampling = parse("x=1,ot=th:c;rv:0123456789abcd");
        assert_eq!(sampling.threshold.map(Threshold::text), Some("c".into()));
        assert_eq!(sampling.randomness, Some(0x01_2345_6789_abcd));
        assert_eq!(parse("ot=th:XYZ;rv:12"), Sampling::default());
        assert_eq!(parse("rojo=00f067aa0ba902b7"), Sampling::default());
    }
}
