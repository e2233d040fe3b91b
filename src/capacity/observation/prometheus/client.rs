//! Questions to a Prometheus server, over its HTTP API.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use anyhow::anyhow;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Limited};
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::error::CommandError;
use crate::net::tls;

/// Time that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// A Prometheus server, or what answers like one.
#[derive(Debug)]
pub struct Server {
    url: Url,
    headers: HeaderMap,
    client: Client,
    runtime: Runtime,
}

/// A series and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Debug, Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

/// What came of a request.
struct Received {
    status: StatusCode,
    content_type: String,
    body: Vec<u8>,
}

impl Server {
    /// The one at `url`, which gets `headers` with every question.
    ///
    /// # Errors
    /// It is no URL, or has a password in it.
    pub fn new(url: &str, headers: HeaderMap) -> Result<Server, CommandError> {
        let wrong = |what: &str| {
            CommandError::usage(anyhow!("--prometheus: expected {what}"))
                .hint("such as http://localhost:9090")
        };
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let mut url = parsed.ok_or_else(|| wrong("the URL of a Prometheus server"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("no user name and password in the URL")
                .hint("send them as a header, with --prometheus-headers-file"));
        }
        url.set_query(None);
        url.set_fragment(None);
        tls::install_provider();
        let mut builder = Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
        if url.scheme() == "http" {
            // Loading the system's authorities takes longer than all else.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(anyhow::Error::new)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Server { url, headers, client, runtime })
    }

    /// Its address, for people.
    pub fn name(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The series that a query finds at a time in seconds since the epoch.
    ///
    /// # Errors
    /// The server cannot be reached, or does not answer as Prometheus does.
    pub(super) fn query(&self, query: &str, at: f64) -> Result<Vec<Sample>, CommandError> {
        tracing::debug!("{}: {query}", self.name());
        let received = self.runtime.block_on(self.send(query, at)).map_err(|error| self.unreached(&error))?;
        let answer: Answer = match serde_json::from_slice(&received.body) {
            Ok(answer) => answer,
            Err(_) => return Err(self.not_understood(&received)),
        };
        for warning in &answer.warnings {
            tracing::warn!("{}: {warning}", self.name());
        }
        let data = answer.data.filter(|_| answer.status == "success" && received.status.is_success());
        let Some(data) = data else {
            let error = answer.error.unwrap_or_else(|| "no reason is given".into());
            let status = received.status.as_u16();
            let failed = anyhow!("{} has refused the query {query}: {error} (HTTP {status})", self.name());
            return Err(CommandError::failure(failed).hint(hint_of(received.status)));
        };
        let sample = |series: Series| {
            let value = series.value.1.parse().ok().filter(|value: &f64| value.is_finite())?;
            Some(Sample { labels: series.metric, value })
        };
        Ok(data.result.into_iter().filter_map(sample).collect())
    }

    async fn send(&self, query: &str, at: f64) -> anyhow::Result<Received> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("query", query).append_pair("time", &format!("{at:.3}"));
        let form = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        url.set_path(&format!("{}/api/v1/query", url.path().trim_end_matches('/')));
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, HeaderValue::from_static(concat!("obs/", env!("CARGO_PKG_VERSION"))))
            .headers(self.headers.clone())
            .body(form);
        let response = request.send().await?;
        let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(anyhow::Error::from_boxed)?;
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Received {
            status: head.status,
            content_type: content_type.unwrap_or("no content type").to_owned(),
            body: body.to_bytes().to_vec(),
        })
    }

    fn unreached(&self, error: &anyhow::Error) -> CommandError {
        let timed_out = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
        if timed_out {
            let seconds = TIMEOUT.as_secs();
            return CommandError::failure(anyhow!("{} has not answered within {seconds} s", self.name()))
                .hint("a shorter range of time is sooner added up, such as --since 1h");
        }
        // Libraries wrap "connection refused" three times.
        let mut innermost: &(dyn Error + 'static) = error.as_ref();
        while let Some(cause) = innermost.source() {
            innermost = cause;
        }
        CommandError::failure(anyhow!("cannot reach {}: {innermost}", self.name()))
            .hint("--prometheus names a server that runs, such as http://localhost:9090")
    }

    fn not_understood(&self, received: &Received) -> CommandError {
        let (status, found) = (received.status.as_u16(), &received.content_type);
        CommandError::failure(anyhow!(
            "{} does not answer as a Prometheus server: expected JSON, found {found} (HTTP {status})",
            self.name()
        ))
        .hint(hint_of(received.status))
    }
}

/// What to try after an answer that is none.
fn hint_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "--prometheus-headers-file names a file with a line such as Authorization: Bearer TOKEN"
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::UNPROCESSABLE_ENTITY => {
            "a shorter range of time asks less of it, such as --since 1h"
        }
        _ => "--prometheus takes the URL that stands before /api/v1, such as http://localhost:9090",
    }
}
