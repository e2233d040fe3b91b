use std::time::Duration;

use super::encode::{self, Served, Span, Value, kind};
use super::topology::{Operation, REQUESTS, SERVICES, Via};
use crate::otlp::{Batch, Signal};

/// What traffic to make.
#[derive(Debug, Clone, Copy)]
pub struct TrafficOptions {
    /// Spans a second, above 0.
    pub rate: f64,
    /// Ends behind the trace with which so many spans are reached.
    pub spans: Option<u64>,
    /// Spreads the traffic evenly over so much time before `now` instead of beginning at `now`.
    pub over: Option<Duration>,
    /// Chooses among all traffics.
    pub seed: u64,
    /// Nanoseconds since the epoch.
    pub now: u64,
}

/// Spans in a batch at the most, about.
const BATCH: usize = 1000;
/// Metrics come so often in the traffic's own time; seldomer where it is spread, at most [`MAX_READINGS`] times.
const READING: Duration = Duration::from_secs(10);
const MAX_READINGS: u32 = 500;

/// Generates traffic.
#[derive(Debug)]
pub struct Traffic {
    options: TrafficOptions,
    random: fastrand::Rng,
    /// Spans made.
    spans: u64,
    next_reading: u64,
    served: [Served; SERVICES.len()],
    batch: Records,
}

/// Records by service.
#[derive(Debug, Default)]
struct Records {
    spans: [Vec<u8>; SERVICES.len()],
    logs: [Vec<u8>; SERVICES.len()],
    span_count: usize,
    log_count: usize,
}

/// How a call ended.
struct Outcome {
    end: u64,
    failed: bool,
}

/// Where a call is made from.
#[derive(Clone, Copy)]
struct Caller {
    trace_id: [u8; 16],
    span: Option<[u8; 8]>,
    service: usize,
}

impl Traffic {
    /// Begins.
    pub fn new(options: TrafficOptions) -> Traffic {
        let mut traffic = Traffic {
            options,
            random: fastrand::Rng::with_seed(options.seed),
            spans: 0,
            next_reading: 0,
            served: Default::default(),
            batch: Records::default(),
        };
        traffic.next_reading = traffic.time() + traffic.reading_interval();
        traffic
    }

    /// Time since the beginning at which the next batches are due; `None` when all has been made.
    pub fn next_due(&self) -> Option<Duration> {
        let more = self.options.spans.is_none_or(|spans| self.spans < spans);
        more.then(|| Duration::from_secs_f64(self.spans as f64 / self.options.rate))
    }

    /// The traffic of the next `interval`, but no more than a batch a signal.
    pub fn next_batches(&mut self, interval: Duration) -> Vec<Batch> {
        let due = (self.options.rate * interval.as_secs_f64()) as usize;
        while self.batch.span_count < due.clamp(1, BATCH) && self.next_due().is_some() {
            self.trace();
        }
        let mut batches = vec![self.records(Signal::Traces)];
        if self.batch.log_count > 0 {
            batches.push(self.records(Signal::Logs));
        }
        self.batch = Records::default();
        if self.time() >= self.next_reading || self.next_due().is_none() {
            self.next_reading = self.time() + self.reading_interval();
            batches.push(self.metrics());
        }
        batches
    }

    /// The traffic's own time: the position of the next span.
    fn time(&self) -> u64 {
        let options = &self.options;
        match (options.over, options.spans) {
            (Some(over), Some(spans)) => {
                let past = over.as_nanos() as f64 * (1.0 - self.spans as f64 / spans.max(1) as f64);
                options.now - (past.max(0.0) as u64).min(options.now)
            }
            _ => options.now + (self.spans as f64 / options.rate * 1e9) as u64,
        }
    }

    fn reading_interval(&self) -> u64 {
        let spread = self.options.over.unwrap_or_default() / MAX_READINGS;
        READING.max(spread).as_nanos() as u64
    }

    fn trace(&mut self) {
        let total: u32 = REQUESTS.iter().map(|(weight, _)| weight).sum();
        let mut choice = self.random.u32(0..total);
        let request = REQUESTS.iter().find(|(weight, _)| {
            let chosen = choice < *weight;
            choice = choice.wrapping_sub(*weight);
            chosen
        });
        let Some((_, request)) = request else { return };
        let trace_id = self.random.u128(1..).to_be_bytes();
        let start = self.time();
        self.call(request, Caller { trace_id, span: None, service: request.service }, start);
    }

    /// Makes the spans of a call: on both sides where it crosses from one service to another.
    fn call(&mut self, operation: &Operation, caller: Caller, start: u64) -> Outcome {
        let (near, far) = match operation.via {
            Via::Http { .. } | Via::Rpc { .. } => (kind::CLIENT, Some(kind::SERVER)),
            Via::Queue(_) => (kind::PRODUCER, Some(kind::CONSUMER)),
            Via::Database { .. } => (kind::CLIENT, None),
            Via::Internal(_) => (kind::INTERNAL, None),
        };
        let Some(far) = far else { return self.work(operation, caller, near, start) };
        if caller.span.is_none() {
            return self.work(operation, caller, far, start);
        }
        let near_id = self.span_id();
        let there = Caller { span: Some(near_id), service: operation.service, ..caller };
        let network = self.duration(150.0);
        let mut outcome = self.work(operation, there, far, start + network);
        // A producer does not wait for its consumer.
        let end = if near == kind::PRODUCER { start + network } else { outcome.end + network };
        let failed = outcome.failed && near != kind::PRODUCER;
        self.record(operation, caller, near_id, near, (start, end), failed.then_some("upstream call failed"));
        outcome.end = end;
        outcome.failed = failed;
        outcome
    }

    /// Makes the span in which an operation runs, and the calls that it makes.
    fn work(&mut self, operation: &Operation, caller: Caller, kind: u64, start: u64) -> Outcome {
        let id = self.span_id();
        let here = Caller { span: Some(id), service: operation.service, ..caller };
        let mut end = start + self.duration(operation.own_work_us / 2.0);
        let mut failed = self.random.f64() < operation.failures;
        for call in operation.calls {
            let outcome = self.call(call, here, end);
            end = outcome.end + self.duration(50.0);
            // Most callers cannot do without what they called.
            failed |= outcome.failed && self.random.f64() < 0.8;
        }
        end += self.duration(operation.own_work_us / 2.0);
        self.record(
            operation,
            Caller { service: operation.service, ..caller },
            id,
            kind,
            (start, end),
            failed.then_some(operation.complaint),
        );
        if matches!(kind, kind::SERVER | kind::CONSUMER) {
            self.served[operation.service].add((end - start) as f64 / 1e9, failed);
        }
        Outcome { end, failed }
    }

    fn record(
        &mut self,
        operation: &Operation,
        caller: Caller,
        span_id: [u8; 8],
        kind: u64,
        times: (u64, u64),
        error: Option<&str>,
    ) {
        let number = self.random.u32(0..1000);
        let text = format!("{number:08}");
        let peer = SERVICES[operation.service].0;
        let (name, attributes) = describe(operation, kind, peer, &text, i64::from(number), error.is_some());
        let span = Span {
            trace_id: caller.trace_id,
            span_id,
            parent: caller.span.filter(|parent| *parent != span_id),
            name: &name,
            kind,
            start: times.0,
            end: times.1,
            attributes: &attributes,
            error,
        };
        let records = &mut self.batch;
        encode::span(&mut records.spans[caller.service], &span);
        records.span_count += 1;
        self.spans += 1;
        let logs = &mut records.logs[caller.service];
        if let Some(complaint) = error {
            encode::log(logs, &span, (17, "ERROR"), &format!("{name}: {complaint} (request {text})"));
            records.log_count += 1;
        } else if kind == kind::SERVER && number.is_multiple_of(10) {
            let milliseconds = (times.1 - times.0) / 1_000_000;
            encode::log(
                logs,
                &span,
                (9, "INFO"),
                &format!("{name} served in {milliseconds} ms (request {text})"),
            );
            records.log_count += 1;
        }
    }

    fn records(&self, signal: Signal) -> Batch {
        let (records, items) = match signal {
            Signal::Traces => (&self.batch.spans, self.batch.span_count),
            Signal::Logs | Signal::Metrics => (&self.batch.logs, self.batch.log_count),
        };
        let mut out = Vec::with_capacity(records.iter().map(|records| records.len() + 256).sum());
        for (service, records) in SERVICES.iter().zip(records).filter(|(_, records)| !records.is_empty()) {
            encode::resource(&mut out, &resource_attributes(service), records);
        }
        Batch::built(signal, out, items)
    }

    fn metrics(&self) -> Batch {
        let mut out = Vec::new();
        let now = self.time();
        let start =
            self.options.now.saturating_sub(self.options.over.map_or(0, |over| over.as_nanos() as u64));
        for (service, served) in SERVICES.iter().zip(&self.served) {
            let mut metrics = Vec::new();
            served.metrics(&mut metrics, start, now);
            encode::resource(&mut out, &resource_attributes(service), &metrics);
        }
        Batch::built(Signal::Metrics, out, 3 * SERVICES.len())
    }

    fn span_id(&mut self) -> [u8; 8] {
        self.random.u64(1..).to_be_bytes()
    }

    /// A duration in nanoseconds: log-normal around its median, and far longer for one call in two hundred.
    fn duration(&mut self, median_us: f64) -> u64 {
        // The sum of four uniform numbers is close enough to normal.
        let normal = (0..4).map(|_| self.random.f64()).sum::<f64>() - 2.0;
        let tail = if self.random.u32(0..200) == 0 { 10.0 + 40.0 * self.random.f64() } else { 1.0 };
        (median_us * 1000.0 * (normal * 0.9).exp() * tail) as u64
    }
}

fn resource_attributes<'a>(service: &(&'a str, &'a str, &'a str, &'a str)) -> [(&'static str, &'a str); 6] {
    let (name, version, language, host) = *service;
    [
        ("service.name", name),
        ("service.version", version),
        ("service.namespace", "shop"),
        ("telemetry.sdk.language", language),
        ("host.name", host),
        ("deployment.environment.name", "demo"),
    ]
}

type Attributes<'a> = Vec<(&'a str, Value<'a>)>;

/// Name and attributes of a span, by the semantic conventions.
fn describe<'a>(
    operation: &Operation,
    kind: u64,
    peer: &'a str,
    text: &'a str,
    number: i64,
    failed: bool,
) -> (String, Attributes<'a>) {
    use Value::{Int, Text};
    let common =
        [("thread.id", Int(number % 16)), ("enduser.id", Text(text)), ("server.address", Text(peer))];
    let (name, own): (String, Vec<_>) = match operation.via {
        Via::Http { method, route } => {
            let status = if failed { 500 } else { 200 };
            let name = format!("{method} {route}");
            (
                name,
                vec![
                    ("http.request.method", Text(method)),
                    ("http.route", Text(route)),
                    ("http.response.status_code", Int(status)),
                    ("url.scheme", Text("https")),
                    ("network.protocol.version", Text("1.1")),
                ],
            )
        }
        Via::Rpc { service, method } => (
            format!("{service}/{method}"),
            vec![
                ("rpc.system", Text("grpc")),
                ("rpc.service", Text(service)),
                ("rpc.method", Text(method)),
                ("rpc.grpc.status_code", Int(if failed { 13 } else { 0 })),
                ("network.transport", Text("tcp")),
            ],
        ),
        Via::Queue(queue) => {
            let action = if kind == kind::PRODUCER { "send" } else { "process" };
            (
                format!("{action} {queue}"),
                vec![
                    ("messaging.system", Text("kafka")),
                    ("messaging.destination.name", Text(queue)),
                    ("messaging.operation.type", Text(action)),
                    ("messaging.kafka.offset", Int(number)),
                    ("messaging.message.body.size", Int(512 + number)),
                ],
            )
        }
        Via::Database { system, query } => {
            let verb = query.split(' ').next().unwrap_or_default();
            (
                format!("{verb} {system}"),
                vec![
                    ("db.system.name", Text(system)),
                    ("db.query.text", Text(query)),
                    ("db.operation.name", Text(verb)),
                    ("db.namespace", Text("shop")),
                    ("db.response.returned_rows", Int(number % 20)),
                ],
            )
        }
        Via::Internal(name) => (
            name.into(),
            vec![
                ("code.function.name", Text("calculate_quote")),
                ("code.line.number", Int(118)),
                ("app.items", Int(number % 10)),
                ("app.cached", Text("false")),
                ("app.region", Text("eu-west-1")),
            ],
        ),
    };
    (name, common.into_iter().chain(own).collect())
}
