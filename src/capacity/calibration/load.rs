//! A sender of requests: as fast as they are taken, or at a rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use http::HeaderMap;
use reqwest::Url;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::sample::Sample;
use crate::error::CommandError;
use crate::net::paths;
use crate::otlp::{Batch, Signal};
use crate::relay::{Compression, Endpoint, Exporter, Protocol};

/// Requests in flight where the answers set the pace.
const IN_FLIGHT: usize = 8;
/// Requests in flight where a rate does: slow answers must not hold up those that are due.
const IN_FLIGHT_AT_RATE: usize = 256;
/// Bytes in flight at the most, but always one request: obs collect refuses what is over 32 MiB.
const BYTES_IN_FLIGHT: usize = 16 << 20;
/// A request that is not answered for so long has failed.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A request that is refused for want of room is sent again for so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// What timers may be late.
const TIMER: Duration = Duration::from_millis(2);

/// What to send.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    /// As fast as it is taken, for so long.
    For(Duration),
    /// As fast as it is taken, until so many spans are sent or so much time has passed.
    Spans(u64, Duration),
    /// So many spans a second, for so long.
    Rate(f64, Duration),
}

/// What was taken.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) spans: u64,
    /// From the first request to the last answer.
    pub(super) time: Duration,
    /// From when each request was due to its answer, in ascending order.
    pub(super) latencies: Vec<Duration>,
}

/// Sends the requests of a sample in turns.
#[derive(Debug)]
pub(super) struct Sender {
    runtime: Runtime,
    requests: Arc<Requests>,
    peer: String,
}

#[derive(Debug)]
struct Requests {
    exporter: Exporter,
    requests: Vec<Batch>,
    turns: Turns,
}

/// Spans before each request, and in all of them.
#[derive(Debug)]
struct Turns(Vec<u64>);

impl Turns {
    fn of(spans: impl Iterator<Item = usize>) -> Turns {
        let sums = spans.scan(0, |sum, spans| {
            *sum += spans as u64;
            Some(*sum)
        });
        Turns(std::iter::once(0).chain(sums).collect())
    }

    /// Which request has this turn, and how many spans were sent before it.
    fn turn(&self, turn: u64) -> (usize, u64) {
        let count = self.0.len() as u64 - 1;
        let index = (turn % count) as usize;
        (index, turn / count * self.0[count as usize] + self.0[index])
    }
}

/// Who takes the next request, and when.
#[derive(Debug)]
struct Schedule {
    load: Load,
    start: Instant,
    taken: AtomicU64,
}

impl Sender {
    /// A sender to the collector with this URL.
    pub(super) fn new(sample: &Sample, url: &str) -> Result<Sender, CommandError> {
        let mut address = Url::parse(url).with_context(|| format!("no address: {url}"))?;
        address.set_path(paths::grpc(Signal::Traces));
        let endpoint = Endpoint {
            url: address,
            protocol: Protocol::Grpc,
            compression: Compression::None,
            timeout: TIMEOUT,
            headers: HeaderMap::new(),
            authority: None,
            identity: None,
        };
        let requests = Requests {
            exporter: Exporter::new(Signal::Traces, endpoint)?,
            requests: sample.requests.clone(),
            turns: Turns::of(sample.requests.iter().map(Batch::items)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Sender { runtime, requests: Arc::new(requests), peer: url.into() })
    }

    /// Sends, and waits for all answers.
    pub(super) fn send(&self, load: Load) -> Result<Sent, CommandError> {
        let most = if matches!(load, Load::Rate(..)) { IN_FLIGHT_AT_RATE } else { IN_FLIGHT };
        let largest = self.requests.requests.iter().map(|request| request.bytes().len()).max();
        let in_flight = (BYTES_IN_FLIGHT / largest.unwrap_or_default().max(1)).clamp(1, most);
        let sent = self.runtime.block_on(async {
            let schedule = Arc::new(Schedule { load, start: Instant::now(), taken: AtomicU64::new(0) });
            let work = |_| self.requests.clone().work(schedule.clone());
            let mut workers: JoinSet<_> = (0..in_flight).map(work).collect();
            let mut total = Sent::default();
            while let Some(sent) = workers.join_next().await {
                let sent = sent.map_err(|error| error.to_string())??;
                total.spans += sent.spans;
                total.latencies.extend(sent.latencies);
            }
            total.time = schedule.start.elapsed();
            total.latencies.sort_unstable();
            Ok(total)
        });
        sent.map_err(|error: String| CommandError::failure(anyhow!("{} took no request: {error}", self.peer)))
    }
}

impl Sent {
    /// The latency that this share of the requests had at the most, in milliseconds.
    pub(super) fn percentile_ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let latency = self.latencies.get((last as f64 * share).round() as usize);
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

impl Requests {
    /// Keeps one request in flight.
    async fn work(self: Arc<Self>, schedule: Arc<Schedule>) -> Result<Sent, String> {
        let mut sent = Sent::default();
        while let Some((request, due)) = self.next(&schedule).await {
            self.exporter.deliver(request.clone(), PATIENCE).await?;
            sent.spans += request.items() as u64;
            sent.latencies.push(due.elapsed());
        }
        Ok(sent)
    }

    /// Waits for the next request's turn; from when its latency counts, `None` when all is sent.
    ///
    /// At a rate, a request that had to wait for others is as old as it would be without the wait: a system that stops
    /// for a second shows in all requests of that second, not only in those that were in flight.
    async fn next(&self, schedule: &Schedule) -> Option<(&Batch, Instant)> {
        let turn = schedule.taken.fetch_add(1, Relaxed);
        let (index, before) = self.turns.turn(turn);
        let elapsed = schedule.start.elapsed();
        let due = match schedule.load {
            // However short the time is, there is something to measure.
            Load::For(time) => (turn == 0 || elapsed < time).then(Instant::now)?,
            Load::Spans(spans, time) => (turn == 0 || before < spans && elapsed < time).then(Instant::now)?,
            Load::Rate(rate, time) => {
                let offset = Duration::from_secs_f64(before as f64 / rate);
                (turn == 0 || offset < time).then(|| schedule.start + offset)?
            }
        };
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
            // A timer's delay is not the system's, but a busy machine's is.
            return Some((&self.requests[index], Instant::now().min(due + TIMER)));
        }
        Some((&self.requests[index], due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_take_turns_and_spans_are_counted_on() {
        let turns = Turns::of([5, 1, 3].into_iter());
        let expected = [(0, 0), (1, 5), (2, 6), (0, 9), (1, 14), (2, 15), (0, 18)];
        assert_eq!((0..7).map(|turn| turns.turn(turn)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn percentiles_are_those_of_all_requests() {
        let latencies = (1..=101).map(Duration::from_millis).collect();
        let sent = Sent { latencies, ..Sent::default() };
        assert_eq!((sent.percentile_ms(0.5), sent.percentile_ms(0.99)), (51.0, 100.0));
        assert_eq!(Sent::default().percentile_ms(0.5), 0.0);
    }
}
