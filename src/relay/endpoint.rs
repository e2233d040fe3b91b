use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::choice::Choice;
use crate::net::paths;
use crate::otlp::Signal;

/// How OTLP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// OTLP/gRPC.
    #[default]
    Grpc,
    /// OTLP/HTTP with protobuf bodies.
    HttpProtobuf,
    /// OTLP/HTTP with JSON bodies.
    HttpJson,
}

impl Choice for Protocol {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("grpc", "OTLP/gRPC", Protocol::Grpc),
        ("http/protobuf", "OTLP/HTTP with protobuf bodies", Protocol::HttpProtobuf),
        ("http/json", "OTLP/HTTP with JSON bodies", Protocol::HttpJson),
    ];
}

/// How a request's body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, at its fastest level.
    Gzip,
    /// zstd, at level 1.
    Zstd,
}

impl Choice for Compression {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("none", "Not at all", Compression::None),
        ("gzip", "gzip, at its fastest level", Compression::Gzip),
        ("zstd", "zstd, at level 1; not every receiver knows it", Compression::Zstd),
    ];
}

/// Where the batches of one signal go, and how.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The very URL that requests are sent to.
    pub url: Url,
    /// How OTLP is spoken.
    pub protocol: Protocol,
    /// How bodies are compressed.
    pub compression: Compression,
    /// Time that a request may take.
    pub timeout: Duration,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Authorities to trust instead of the system's (PEM).
    pub authority: Option<PathBuf>,
    /// Our certificate and its key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Endpoint {
    /// Whether requests to both can share connections.
    pub(super) fn connects_like(&self, other: &Endpoint) -> bool {
        let connection = |endpoint: &Endpoint| {
            let protocol = endpoint.protocol == Protocol::Grpc;
            (
                endpoint.url.origin(),
                protocol,
                endpoint.timeout,
                endpoint.authority.clone(),
                endpoint.identity.clone(),
            )
        };
        connection(self) == connection(other)
    }
}

/// Parses a URL that `what` names.
pub(super) fn parse_url(what: &str, text: &str) -> anyhow::Result<Url> {
    let wrong = || anyhow!("{what}: expected http://HOST:PORT or https://HOST:PORT, found {text:?}");
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(anyhow!("{what}: expected no user name and password in the URL; send them as a header"));
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    Ok(url)
}

/// The URL of a signal at a base URL. Source: OpenTelemetry specification, "OTLP Exporter", "Endpoint URLs".
pub(super) fn url_of(base: &Url, protocol: Protocol, signal: Signal) -> Url {
    let mut url = base.clone();
    match protocol {
        Protocol::Grpc => url.set_path(paths::grpc(signal)),
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), paths::http(signal)));
        }
    }
    url
}

/// Parses headers, one a pair. Values are secrets: the message shows only the name.
pub(super) fn parse_headers<'a>(
    what: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let context = || format!("{what}: header {name:?}");
        let name = HeaderName::from_bytes(name.trim().as_bytes()).with_context(context)?;
        let mut value = HeaderValue::from_str(value.trim()).with_context(context)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Reads a file of `NAME: VALUE` lines; empty lines and lines that begin with # are passed over.
///
/// # Errors
/// The file cannot be read, or a line is no header; the message names the line, never a value.
pub fn read_headers(path: &std::path::Path) -> anyhow::Result<HeaderMap> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read headers from {}", path.display()))?;
    let mut pairs = Vec::new();
    for (index, line) in
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let pair = line.split_once(':');
        pairs.push(pair.ok_or_else(|| anyhow!("{}:{}: expected NAME: VALUE", path.display(), index + 1))?);
    }
    parse_headers(&path.display().to_string(), pairs.into_iter())
}
