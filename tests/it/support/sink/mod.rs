//! An OTLP endpoint that records what it is sent and answers as it is told.

mod serve;

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::DEADLINE;
use super::telemetry::{ids_of, spans_in};

/// A request's message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub at: Instant,
    pub path: String,
    pub headers: HeaderMap,
    pub message: Message,
    pub accepted: bool,
}

/// What a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    Accept,
    /// All but so many items were accepted, with a message.
    Partial(i64, &'static str),
    /// An error of OTLP/gRPC.
    Grpc(Box<Status>),
    /// An error of OTLP/HTTP, with a header Retry-After where one is given.
    Http(u16, Option<String>),
}

impl Answer {
    pub fn grpc(code: Code, message: &str) -> Answer {
        Answer::Grpc(Box::new(Status::new(code, message)))
    }

    /// `RESOURCE_EXHAUSTED` with `RetryInfo`.
    pub fn exhausted_for(delay: Duration) -> Answer {
        let details = ErrorDetails::with_retry_info(Some(delay));
        Answer::Grpc(Box::new(Status::with_error_details(Code::ResourceExhausted, "slow down", details)))
    }
}

type Script = Box<dyn FnMut(usize, &Message) -> Answer + Send>;

/// The endpoint; speaks OTLP/gRPC and OTLP/HTTP on one port.
#[derive(Debug)]
pub struct Sink {
    port: u16,
    shared: Arc<Shared>,
    hold: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    script: Mutex<Script>,
    held: watch::Receiver<bool>,
}

#[derive(Debug, Default)]
struct State {
    attempts: Vec<Attempt>,
    under_way: usize,
    most_under_way: usize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Sink {
    /// Accepts everything.
    pub fn accepting() -> Sink {
        Sink::scripted(|_, _| Answer::Accept)
    }

    /// Answers as `script` says, which is given the number of the request, from 0.
    pub fn scripted(script: impl FnMut(usize, &Message) -> Answer + Send + 'static) -> Sink {
        let (hold, held) = watch::channel(false);
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            script: Mutex::new(Box::new(script)),
            held,
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let port = runtime.block_on(serve::start(shared.clone()));
        Sink { port, shared, hold, runtime: Some(runtime) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets requests wait for their answer until [`Sink::release`].
    pub fn hold(&self) {
        self.hold.send_replace(true);
    }

    pub fn release(&self) {
        self.hold.send_replace(false);
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        self.shared.state.lock().unwrap().attempts.clone()
    }

    /// Most requests that were under way at once.
    pub fn most_under_way(&self) -> usize {
        self.shared.state.lock().unwrap().most_under_way
    }

    /// Waits until the requests so far satisfy `enough`.
    pub fn wait_until(&self, what: &str, enough: impl Fn(&[Attempt]) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.shared.state.lock().unwrap();
        while !enough(&state.attempts) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} after {DEADLINE:?}; {} requests", state.attempts.len());
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until so many spans were accepted.
    pub fn wait_for_spans(&self, count: usize) {
        self.wait_until(&format!("{count} spans"), |attempts| {
            let accepted = attempts.iter().filter(|attempt| attempt.accepted);
            accepted.map(|attempt| attempt.message.items()).sum::<usize>() >= count
        });
    }

    /// The messages that were accepted.
    pub fn accepted(&self) -> Vec<Message> {
        let accepted = self.attempts().into_iter().filter(|attempt| attempt.accepted);
        accepted.map(|attempt| attempt.message).collect()
    }

    /// The spans that were accepted.
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.accepted().into_iter().filter_map(|message| match message {
            Message::Traces(request) => Some(request),
            _ => None,
        });
        requests.flat_map(|request| spans_in(&request).cloned().collect::<Vec<_>>()).collect()
    }

    /// The ids of the accepted spans, of which none may have come twice.
    #[track_caller]
    pub fn span_ids(&self) -> BTreeSet<Vec<u8>> {
        let spans = self.spans();
        let ids = ids_of(&spans);
        assert_eq!(ids.len(), spans.len(), "some spans were accepted twice");
        ids
    }

    /// The log records that were accepted.
    pub fn logs(&self) -> Vec<LogRecord> {
        let requests = self.accepted().into_iter().filter_map(|message| match message {
            Message::Logs(request) => Some(request),
            _ => None,
        });
        let resources = requests.flat_map(|request| request.resource_logs);
        resources.flat_map(|resource| resource.scope_logs).flat_map(|scope| scope.log_records).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Message {
    /// Spans or log records; metrics, each as one.
    pub fn items(&self) -> usize {
        match self {
            Message::Traces(request) => spans_in(request).count(),
            Message::Metrics(request) => {
                let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
                scopes.map(|scope| scope.metrics.len()).sum()
            }
            Message::Logs(request) => {
                let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
        }
    }
}
