//! The generator: requests of spans, at a rate or as fast as they are accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use bytes::Bytes;
use tokio::time::{sleep, sleep_until};

use crate::client::{Client, Compression, Outcome};
use crate::latency::Latencies;
use crate::spans::{Random, Template};

/// Bodies that are made in advance when they are compressed: compressing each would cost more than what is measured.
const COMPRESSED_BODIES: usize = 32;

#[derive(Debug, Clone)]
pub struct Load {
    pub address: String,
    pub compression: Compression,
    pub connections: usize,
    pub in_flight: usize,
    /// Spans in a request.
    pub request: usize,
    /// Spans a second; `None` is as fast as they are accepted.
    pub rate: Option<u64>,
    pub duration: Duration,
    /// Ends before the time is over.
    pub max_spans: Option<u64>,
}

#[derive(Debug)]
pub struct Sent {
    pub began: Instant,
    pub spans: u64,
    /// Bytes of the requests before they were compressed.
    pub otlp_bytes: u64,
    pub retries: u64,
    pub latencies: Latencies,
}

impl Sent {
    fn new(began: Instant) -> Sent {
        Sent { began, spans: 0, otlp_bytes: 0, retries: 0, latencies: Latencies::default() }
    }
}

struct Shared {
    load: Load,
    template: Template,
    bodies: Vec<Bytes>,
    tickets: AtomicU64,
    start: Instant,
}

/// Sends until the time is over and every request is accepted.
///
/// # Errors
/// A request failed in a way that is not to be retried.
pub fn generate(load: Load) -> Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(send(load))
}

async fn send(load: Load) -> Result<Sent> {
    let template = Template::new(load.request);
    let mut bodies = Vec::new();
    if load.compression != Compression::None {
        let mut random = Random(7);
        for _ in 0..COMPRESSED_BODIES {
            bodies.push(load.compression.body(message(&template, now(), &mut random))?);
        }
    }
    let mut clients = Vec::new();
    for _ in 0..load.connections {
        clients.push(Client::connect(&load.address, load.compression).await?);
    }
    let in_flight = load.in_flight;
    let shared =
        Arc::new(Shared { load, template, bodies, tickets: AtomicU64::new(0), start: Instant::now() });
    let tasks: Vec<_> = (0..in_flight)
        .map(|index| {
            let client = clients[index % clients.len()].clone();
            tokio::spawn(shared.clone().work(client, Random(index as u64 + 1)))
        })
        .collect();
    let mut total = Sent::new(shared.start);
    for task in tasks {
        let sent = task.await??;
        total.spans += sent.spans;
        total.otlp_bytes += sent.otlp_bytes;
        total.retries += sent.retries;
        total.latencies.0.extend(sent.latencies.0);
    }
    Ok(total)
}

impl Shared {
    /// Keeps one request in flight.
    async fn work(self: Arc<Self>, client: Client, mut random: Random) -> Result<Sent> {
        let mut sent = Sent::new(self.start);
        while let Some(began) = self.next().await {
            let body = match self.bodies.len() as u64 {
                0 => {
                    let late = began.elapsed().as_nanos() as u64;
                    let message = message(&self.template, now() - late, &mut random);
                    Compression::None.body(message)?
                }
                count => self.bodies[(self.tickets.load(Ordering::Relaxed) % count) as usize].clone(),
            };
            let mut wait = Duration::from_millis(20);
            loop {
                match client.export(body.clone()).await? {
                    Outcome::Accepted => break,
                    Outcome::Retry => {
                        sent.retries += 1;
                        sleep(wait).await;
                        wait = (wait * 2).min(Duration::from_secs(1));
                    }
                    Outcome::Failed(status) => bail!("a request was refused: {status}"),
                }
            }
            sent.spans += self.load.request as u64;
            sent.otlp_bytes += self.template.size() as u64;
            sent.latencies.0.push(began.elapsed().as_nanos() as u64);
        }
        Ok(sent)
    }

    /// Waits for the next request's turn; from when its latency counts, `None` when the time is over.
    ///
    /// At a rate, a request that had to wait for a free place is as old as it would be without the wait. Otherwise
    /// a system that stops for a second would show in one request only.
    async fn next(&self) -> Option<Instant> {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let before = ticket * self.load.request as u64;
        if self.load.max_spans.is_some_and(|max| before >= max) {
            return None;
        }
        let Some(rate) = self.load.rate else {
            return (self.start.elapsed() < self.load.duration).then(Instant::now);
        };
        let due = Duration::from_secs_f64(before as f64 / rate as f64);
        if due >= self.load.duration {
            return None;
        }
        let due = self.start + due;
        if due <= Instant::now() {
            return Some(due);
        }
        // Timers are coarse; their delay is not the system's.
        sleep_until(due.into()).await;
        Some(Instant::now())
    }
}

/// A request with room for the header of a gRPC message.
fn message(template: &Template, now: u64, random: &mut Random) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(5 + template.size());
    buffer.extend_from_slice(&[0; 5]);
    template.write(&mut buffer, now, random);
    buffer
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
