use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::sample::{Sample, Samples};
use crate::otlp::Signal;
use crate::stream::Ledger;

/// What a stage says about itself.
pub struct StageFigures {
    /// Its account.
    pub ledger: Arc<Ledger>,
    samples: Box<dyn Fn(&mut Samples) + Send + Sync>,
    ready: Box<dyn Fn() -> bool + Send + Sync>,
}

impl StageFigures {
    /// The ledger of a stage, what `samples` adds, and whether it is `ready` for input.
    pub fn new(
        ledger: Arc<Ledger>,
        samples: impl Fn(&mut Samples) + Send + Sync + 'static,
        ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> StageFigures {
        StageFigures { ledger, samples: Box::new(samples), ready: Box::new(ready) }
    }
}

impl fmt::Debug for StageFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageFigures").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// Everything that a process says about itself.
pub struct Figures {
    command: String,
    /// In the order of the pipeline.
    stages: Vec<Arc<StageFigures>>,
    /// The accounts of those that nothing follows.
    ends: Vec<Arc<Ledger>>,
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
        f.debug_struct("Figures").field("stages", &self.stages).finish_non_exhaustive()
    }
}

impl Figures {
    /// The figures of a process that runs `stages`, the last of which have the accounts `ends`.
    pub fn new(
        command: impl Into<String>,
        stages: Vec<Arc<StageFigures>>,
        ends: Vec<Arc<Ledger>>,
    ) -> Arc<Figures> {
        let process =
            Process { system: System::new().ok(), since: Instant::now(), spans: 0, spans_per_second: 0.0 };
        Arc::new(Figures { command: command.into(), stages, ends, process: Mutex::new(process) })
    }

    /// The first stage that does not take input, if one does not.
    pub fn not_ready(&self) -> Option<&str> {
        self.stages.iter().find(|stage| !(stage.ready)()).map(|stage| stage.ledger.stage())
    }

    /// The stages, in the order of the pipeline.
    pub fn stages(&self) -> &[Arc<StageFigures>] {
        &self.stages
    }

    /// The subcommand.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// All figures as they stand, those of one name together; those of a stage say which where there are several.
    pub fn read(&self) -> Vec<Sample> {
        let mut samples = Samples::default();
        let received = self.stages.first().map_or(0, |stage| stage.ledger.counts(Signal::Traces).received);
        let sent = self.ends.iter().map(|ledger| ledger.counts(Signal::Traces).sent).sum();
        samples.counter("otlp_spans_total", "Spans taken in.", &[], received);
        samples.counter("otlp_spans_exported_total", "Spans handed on.", &[], sent);
        self.process(&mut samples, received);
        for stage in &self.stages {
            samples.stage = (self.stages.len() > 1).then(|| stage.ledger.stage().to_owned());
            (stage.samples)(&mut samples);
            items(&stage.ledger, &mut samples);
        }
        samples.by_name()
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

fn items(ledger: &Ledger, samples: &mut Samples) {
    const HELP: &str = "The ledger: items by signal, outcome and reason.";
    for signal in Signal::ALL {
        let counts = ledger.counts(signal);
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
    let rejected = ledger.rejected_objects();
    samples.counter("obs_rejected_objects_total", "Input objects that could not be read.", &[], rejected);
}
