//! The environment variables of OTLP exporters. Source: OpenTelemetry specification, "OpenTelemetry Protocol
//! Exporter". A variable of one signal outranks the general one; an empty one counts as not set.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::endpoint::{Compression, Endpoint, Protocol, parse_headers, parse_url, url_of};
use crate::choice::Choice;
use crate::otlp::Signal;

/// Time that a request may take where nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A year.
const MAX_TIMEOUT_MS: u64 = 365 * 24 * 3600 * 1000;

/// The variables as they were when the process began.
#[derive(Debug, Clone, Default)]
pub struct Environment(HashMap<String, String>);

/// What the flags say; each outranks the environment.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Base URL for all signals.
    pub to: Option<String>,
    /// How OTLP is spoken.
    pub protocol: Option<Protocol>,
    /// How bodies are compressed.
    pub compression: Option<Compression>,
    /// Time that a request may take.
    pub timeout: Option<Duration>,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Authorities to trust.
    pub authority: Option<PathBuf>,
    /// Our certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Environment {
    /// Takes the process's variables.
    pub fn of_process() -> Environment {
        let text = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Environment(text.filter(|(name, _)| name.starts_with("OTEL_EXPORTER_OTLP_")).collect())
    }

    /// Where a signal goes; `None` where neither flags nor environment say.
    ///
    /// # Errors
    /// A variable that cannot be understood, by its name.
    pub fn endpoint(&self, signal: Signal, flags: &Overrides) -> anyhow::Result<Option<Endpoint>> {
        let protocol = match flags.protocol {
            Some(protocol) => protocol,
            None => self.choice(signal, "PROTOCOL")?.unwrap_or_default(),
        };
        let Some(url) = self.url(signal, protocol, flags)? else { return Ok(None) };
        let compression = match flags.compression {
            Some(compression) => compression,
            None => self.choice(signal, "COMPRESSION")?.unwrap_or_default(),
        };
        let mut headers = self.headers(signal)?;
        headers.extend(flags.headers.clone());
        let file = |what| self.get(signal, what).map(|(_, path)| PathBuf::from(path));
        let identity = file("CLIENT_CERTIFICATE").zip(file("CLIENT_KEY"));
        Ok(Some(Endpoint {
            url,
            protocol,
            compression,
            timeout: flags.timeout.map_or_else(|| self.timeout(signal), Ok)?,
            headers,
            authority: flags.authority.clone().or_else(|| file("CERTIFICATE")),
            identity: flags.identity.clone().or(identity),
        }))
    }

    fn url(&self, signal: Signal, protocol: Protocol, flags: &Overrides) -> anyhow::Result<Option<Url>> {
        if let Some(to) = &flags.to {
            return Ok(Some(url_of(&parse_url("--to", to)?, protocol, signal)));
        }
        let Some((name, text)) = self.get(signal, "ENDPOINT") else { return Ok(None) };
        // For gRPC the specification allows a bare host and port, with a variable for its scheme.
        let insecure =
            self.get(signal, "INSECURE").is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"));
        let text = match text.contains("://") {
            true => text.to_owned(),
            false => format!("{}://{text}", if insecure { "http" } else { "https" }),
        };
        let url = parse_url(&name, &text)?;
        let is_exact = name == variable(Some(signal), "ENDPOINT") && protocol != Protocol::Grpc;
        Ok(Some(if is_exact { url } else { url_of(&url, protocol, signal) }))
    }

    fn timeout(&self, signal: Signal) -> anyhow::Result<Duration> {
        let Some((name, text)) = self.get(signal, "TIMEOUT") else { return Ok(DEFAULT_TIMEOUT) };
        let milliseconds =
            text.parse().ok().filter(|milliseconds| (1..MAX_TIMEOUT_MS).contains(milliseconds));
        let milliseconds =
            milliseconds.ok_or_else(|| anyhow!("{name}: expected milliseconds, found {text:?}"))?;
        Ok(Duration::from_millis(milliseconds))
    }

    fn headers(&self, signal: Signal) -> anyhow::Result<HeaderMap> {
        let Some((name, text)) = self.get(signal, "HEADERS") else { return Ok(HeaderMap::new()) };
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let decoded: Option<Vec<(&str, String)>> = pairs
            .map(|pair| {
                pair.split_once('=').and_then(|(key, value)| Some((key, percent_decoded(value.trim())?)))
            })
            .collect();
        let decoded =
            decoded.ok_or_else(|| anyhow!("{name}: expected name=value pairs separated by commas"))?;
        parse_headers(&name, decoded.iter().map(|(key, value)| (*key, value.as_str())))
    }

    fn choice<T: Choice>(&self, signal: Signal, what: &str) -> anyhow::Result<Option<T>> {
        let Some((name, text)) = self.get(signal, what) else { return Ok(None) };
        let names: Vec<_> = T::CHOICES.iter().map(|(name, _, _)| *name).collect();
        let found = T::of_name(text);
        found.map(Some).ok_or_else(|| anyhow!("{name}: expected {}, found {text:?}", names.join(", ")))
    }

    fn get(&self, signal: Signal, what: &str) -> Option<(String, &str)> {
        [Some(signal), None].into_iter().find_map(|signal| {
            let name = variable(signal, what);
            let value = self.0.get(&name).map(String::as_str).filter(|value| !value.is_empty())?;
            Some((name, value))
        })
    }
}

fn variable(signal: Option<Signal>, what: &str) -> String {
    match signal {
        Some(signal) => format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name().to_uppercase()),
        None => format!("OTEL_EXPORTER_OTLP_{what}"),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'%' {
            let (digits, tail) = tail.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(variables: &[(&str, &str)], flags: &Overrides) -> Option<Endpoint> {
        let variables =
            variables.iter().map(|(name, value)| (format!("OTEL_EXPORTER_OTLP_{name}"), (*value).into()));
        Environment(variables.collect()).endpoint(Signal::Traces, flags).unwrap()
    }

    fn url(variables: &[(&str, &str)]) -> String {
        endpoint(variables, &Overrides::default()).unwrap().url.to_string()
    }

    #[test]
    fn urls() {
        const GRPC: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        assert_eq!(url(&[("ENDPOINT", "http://a:4317")]), format!("http://a:4317{GRPC}"));
        assert_eq!(url(&[("ENDPOINT", "a:4317"), ("INSECURE", "true")]), format!("http://a:4317{GRPC}"));
        let http = ("PROTOCOL", "http/protobuf");
        assert_eq!(url(&[("ENDPOINT", "http://a:4318/base/"), http]), "http://a:4318/base/v1/traces");
        assert_eq!(url(&[("TRACES_ENDPOINT", "http://a:4318/exact"), http]), "http://a:4318/exact");
        assert_eq!(
            url(&[("TRACES_ENDPOINT", "http://b:1/x"), ("ENDPOINT", "http://a:1"), http]),
            "http://b:1/x"
        );
        assert!(
            endpoint(&[("METRICS_ENDPOINT", "http://a:1"), ("ENDPOINT", "")], &Overrides::default())
                .is_none()
        );
    }

    #[test]
    fn flags_outrank_the_environment() {
        let flags = Overrides {
            to: Some("http://flag:1".into()),
            timeout: Some(Duration::from_secs(1)),
            ..Default::default()
        };
        let found =
            endpoint(&[("ENDPOINT", "http://env:1"), ("TIMEOUT", "5"), ("COMPRESSION", "gzip")], &flags)
                .unwrap();
        assert_eq!(found.url.host_str(), Some("flag"));
        assert_eq!(found.timeout, Duration::from_secs(1));
        assert_eq!(found.compression, Compression::Gzip);
    }

    #[test]
    fn headers_are_decoded_and_hidden() {
        let found =
            endpoint(&[("ENDPOINT", "http://a:1"), ("HEADERS", "x-key=a%20b, y=2")], &Overrides::default())
                .unwrap();
        assert_eq!(found.headers["x-key"], "a b");
        assert_eq!(found.headers["y"], "2");
        assert!(!format!("{found:?}").contains("a b"));
        let bad = Environment(HashMap::from([("OTEL_EXPORTER_OTLP_HEADERS".into(), "secret".into())]));
        let error = bad.headers(Signal::Logs).unwrap_err().to_string();
        assert_eq!(error, "OTEL_EXPORTER_OTLP_HEADERS: expected name=value pairs separated by commas");
    }
}
