use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::sample::{Sample, Samples};
use crate::otlp::Signal;
use crate::stream::Ledger;

type Stage = Box<dyn Fn(&mut Samples) + Send + Sync>;
type Ready = Box<dyn Fn() -> bool + Send + Sync>;

/// Everything that a process says about itself.
pub struct Figures {
    ledger: Arc<Ledger>,
    stage: Stage,
    ready: Ready,
    process: Mutex<Process>,
}

struct Process {
    /// `None` where the operating system does not tell.
    system: Option<System>,
    since: Instant,
    spans: u64,
    spans_per_second: f64,
}

/// Rates are over at least so long.
const WINDOW: Duration = Duration::from_secs(1);

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Figures {
    /// The figures of a stage: its ledger, what `stage` adds, and whether it is `ready` for input.
    pub fn new(
        ledger: Arc<Ledger>,
        stage: impl Fn(&mut Samples) + Send + Sync + 'static,
        ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Arc<Figures> {
        let process =
            Process { system: System::new().ok(), since: Instant::now(), spans: 0, spans_per_second: 0.0 };
        Arc::new(Figures {
            ledger,
            stage: Box::new(stage),
            ready: Box::new(ready),
            process: Mutex::new(process),
        })
    }

    /// Whether the stage takes input.
    pub fn is_ready(&self) -> bool {
        (self.ready)()
    }

    /// The subcommand.
    pub fn command(&self) -> &'static str {
        self.ledger.command()
    }

    /// All figures as they stand, those of one name together.
    pub fn read(&self) -> Vec<Sample> {
        let mut samples = Samples::default();
        let traces = self.ledger.counts(Signal::Traces);
        samples.counter("otlp_spans_total", "Spans taken in.", &[], traces.received);
        samples.counter("otlp_spans_exported_total", "Spans handed on.", &[], traces.sent);
        (self.stage)(&mut samples);
        self.process(&mut samples, traces.received);
        self.items(&mut samples);
        samples.0
    }

    fn items(&self, samples: &mut Samples) {
        const HELP: &str = "The ledger: items by signal, outcome and reason.";
        for signal in Signal::ALL {
            let counts = self.ledger.counts(signal);
            let mut add = |outcome: &str, reason: &str, value: u64| {
                let labels = [("signal", signal.name()), ("outcome", outcome), ("reason", reason)];
                samples.counter("obs_items_total", HELP, &labels, value);
            };
            add("in", "", counts.received);
            add("out", "", counts.sent);
            add("dead_lettered", "", counts.dead_lettered);
            counts.dropped.iter().for_each(|(reason, items)| add("dropped", reason.name(), *items));
            counts.lost.iter().for_each(|(reason, items)| add("lost", reason.name(), *items));
        }
        let rejected = self.ledger.rejected_objects();
        samples.counter("obs_rejected_objects_total", "Input objects that could not be read.", &[], rejected);
    }

    fn process(&self, samples: &mut Samples, spans: u64) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = process.since.elapsed();
        if elapsed >= WINDOW {
            process.spans_per_second = spans.saturating_sub(process.spans) as f64 / elapsed.as_secs_f64();
            process.since = Instant::now();
            process.spans = spans;
        }
        samples.gauge("otlp_spans_per_second", "Spans taken in a second, lately.", process.spans_per_second);
        let id = Pid::from_u32(std::process::id());
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let Some(system) = &mut process.system else { return };
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), false, what);
        if let Some(own) = system.process(id) {
            samples.gauge("otlp_memory_usage_bytes", "Resident memory.", own.memory() as f64);
            samples.gauge(
                "otlp_cpu_usage_percent",
                "CPU time, in percent of one core.",
                f64::from(own.cpu_usage()),
            );
        }
    }
}
