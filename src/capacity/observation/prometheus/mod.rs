//! The load as a Prometheus server has seen it, from whatever counts spans there.
//!
//! The mean of a counter is that of its rates over short windows, so that one that is younger than the range, or that starts
//! again, is not taken for a slow one.

mod client;
mod counters;
mod history;

use std::collections::BTreeMap;

pub use client::Server;

use super::{Observation, ServiceLoad, sort};
use crate::error::CommandError;
use counters::{Counter, Present};
use history::History;

/// The load in a range of time in nanoseconds since the epoch, of series with the labels that `matchers` say (`job="agent"`);
/// `text` writes such a time for people.
///
/// # Errors
/// The server cannot be reached, or has nothing that counts spans.
pub fn of_prometheus(
    server: &Server,
    matchers: &str,
    [from_ns, to_ns]: [i64; 2],
    text: impl Fn(u64) -> String,
) -> Result<Observation, CommandError> {
    let range = [from_ns, to_ns].map(|ns| ns as f64 / 1e9);
    let present = Present::find(server, range)?;
    let counter = present.counter(server)?;
    let spans = select(counter.name, &[matchers]);
    let history = History::of(server, &spans, range)?;
    let total = history.total(&spans)?;
    if !counter.by_service {
        warn_of_jobs(server, &spans, range[1])?;
    }
    let mut services = if counter.by_service { services(&history, counter, matchers)? } else { Vec::new() };
    sort(&mut services);
    let (size, error_size) = sizes(&history, &present, &services)?;
    let errors = services.iter().map(|service| service.spans * service.errors).sum::<f64>();
    let [from, to] = history.range().map(|seconds| text(seconds.max(0.0) as u64 * 1_000_000_000));
    Ok(Observation {
        source: format!("{}, {}, {from} to {to}", server.name(), counter.name),
        spans: total.mean,
        peak: total.peak,
        size,
        errors: counter.by_service.then_some(errors / total.mean),
        error_size,
        stored: None,
        services,
    })
}

/// What each service has, and which share of it has failed.
fn services(
    history: &History<'_>,
    counter: &Counter,
    matchers: &str,
) -> Result<Vec<ServiceLoad>, CommandError> {
    let spans = history.by_service(&select(counter.name, &[matchers]))?;
    let failed = history.by_service(&select(counter.name, &[FAILED, matchers]))?;
    let bytes = history.bytes(counter, matchers)?;
    let service = |(name, spans): (String, f64)| {
        let size = bytes.all.get(&name).map(|bytes| bytes / spans);
        let failed = failed.get(&name).copied().unwrap_or_default();
        let with_error = bytes.failed.get(&name).map(|bytes| bytes / failed);
        ServiceLoad {
            spans,
            size: size.filter(|size| size.is_finite()),
            errors: (failed / spans).clamp(0.0, 1.0),
            error_size: with_error
                .zip(size)
                .map(|(error, size)| error / size)
                .filter(|ratio| ratio.is_finite()),
            name,
        }
    };
    Ok(spans.into_iter().filter(|(_, spans)| *spans > 0.0).map(service).collect())
}

/// The mean size of a span, and how many times as large one with an error is.
fn sizes(
    history: &History<'_>,
    present: &Present,
    services: &[ServiceLoad],
) -> Result<(Option<f64>, Option<f64>), CommandError> {
    let of_services = super::mean_sizes(services);
    if of_services.0.is_some() {
        return Ok(of_services);
    }
    let Some((bytes, spans)) = present.bytes_and_spans() else { return Ok((None, None)) };
    let size = history.total(bytes)?.mean / history.total(spans)?.mean;
    Ok((Some(size).filter(|size| size.is_finite() && *size > 0.0), None))
}

/// Spans that have failed.
const FAILED: &str = "status_code=~\"(?i)(status_code_)?error\"";

/// The series of a counter with these labels.
fn select(counter: &str, matchers: &[&str]) -> String {
    let matchers: Vec<&str> = matchers.iter().copied().filter(|matchers| !matchers.is_empty()).collect();
    match matchers.is_empty() {
        true => counter.to_owned(),
        false => format!("{counter}{{{}}}", matchers.join(",")),
    }
}

/// Says which jobs count spans, where it is more than one: what passes both is counted by both.
fn warn_of_jobs(server: &Server, spans: &str, at: f64) -> Result<(), CommandError> {
    let found = server.query(&format!("count by (job) ({spans})"), at)?;
    let jobs: Vec<String> = found.into_iter().filter_map(|mut sample| sample.labels.remove("job")).collect();
    if jobs.len() > 1 {
        tracing::warn!(
            "{spans} is counted by the jobs {}; what passes several of them counts several times, unless \
             --prometheus-match 'job=\"{}\"' chooses one",
            jobs.join(", "),
            jobs[0]
        );
    }
    Ok(())
}

/// Bytes a second by service.
#[derive(Debug, Default)]
struct Bytes {
    all: BTreeMap<String, f64>,
    failed: BTreeMap<String, f64>,
}

impl History<'_> {
    fn bytes(&self, counter: &Counter, matchers: &str) -> Result<Bytes, CommandError> {
        let Some(bytes) = counter.bytes else { return Ok(Bytes::default()) };
        Ok(Bytes {
            all: self.by_service(&select(bytes, &[matchers]))?,
            failed: self.by_service(&select(bytes, &[FAILED, matchers]))?,
        })
    }
}
