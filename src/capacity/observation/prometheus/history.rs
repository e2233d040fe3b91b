//! How a counter has risen.

use std::collections::BTreeMap;

use anyhow::anyhow;

use super::Server;
use crate::error::CommandError;

/// Looks into the range: the busiest minute of a day is one of them.
const STEPS: f64 = 1440.0;

/// Seconds of a window at least, where there is the time.
const MINUTE: f64 = 60.0;

/// Samples in a window at least: the rate of two is that of any two.
const SAMPLES: f64 = 4.0;

/// A shorter history than so many windows shows no peak.
const LEAST_WINDOWS: f64 = 5.0;

/// Seconds whose samples say how often there is one.
const LOOK: f64 = 600.0;

/// What is known of a counter.
pub(super) struct History<'s> {
    server: &'s Server,
    /// The time of its last sample in the range, in seconds since the epoch.
    to: f64,
    /// Windows whose rates are known: from the first to the last end.
    seconds: f64,
    window: f64,
    step: f64,
    /// How many windows had a rate.
    windows: f64,
}

/// What there is a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Total {
    pub(super) mean: f64,
    /// The busiest window by the mean.
    pub(super) peak: Option<f64>,
}

impl<'s> History<'s> {
    /// Finds out how old a counter is, and how often it is looked at.
    pub(super) fn of(server: &'s Server, counter: &str, [from, to]: [f64; 2]) -> Result<Self, CommandError> {
        let too_young = |what: &str| {
            CommandError::failure(anyhow!("{}: {counter} has {what} in this time", server.name()))
                .hint("a rate needs some samples: try again in a while, or --spans N plans without looking")
        };
        let [first, last] = ends(server, counter, from, to)?.ok_or_else(|| too_young("no sample"))?;
        let (first, last) = (first.max(from), last.min(to));
        let age = last - first;
        let look = age.min(LOOK);
        let samples = one(server, &format!("max(count_over_time({counter}[{}]))", ms(look)), last)?;
        let samples = samples.filter(|samples| *samples >= SAMPLES && age > 0.0);
        let interval = look / samples.ok_or_else(|| too_young("too few samples"))?;
        let wanted = MINUTE.min(age / 10.0).max(interval * SAMPLES).max(age / STEPS);
        let window = wanted.min(age / 2.0);
        let seconds = age - window;
        let mut history = History {
            server,
            to: last,
            seconds,
            window,
            step: window.min(MINUTE).max(seconds / STEPS).min(seconds).max(0.001),
            windows: 0.0,
        };
        let counted = one(server, &format!("count_over_time({})", history.rates(counter, "sum")), last)?;
        history.windows = counted.ok_or_else(|| too_young("no rate"))?;
        Ok(history)
    }

    /// From when to when, in seconds since the epoch.
    pub(super) fn range(&self) -> [f64; 2] {
        [self.to - self.seconds - self.window, self.to]
    }

    /// The rates in all windows, added up by `sum`.
    fn rates(&self, counter: &str, sum: &str) -> String {
        let (window, seconds, step) = (ms(self.window), ms(self.seconds), ms(self.step));
        format!("{sum} (rate({counter}[{window}]))[{seconds}:{step}]")
    }

    /// What all series of a counter have together.
    pub(super) fn total(&self, counter: &str) -> Result<Total, CommandError> {
        let rates = self.rates(counter, "sum");
        let ask = |function: &str| one(self.server, &format!("{function}({rates})"), self.to);
        let mean = ask("sum_over_time")?.unwrap_or_default() / self.windows;
        let has_peak = self.seconds >= LEAST_WINDOWS * MINUTE;
        let most = if has_peak { ask("max_over_time")? } else { None };
        if mean <= 0.0 {
            return Err(CommandError::failure(anyhow!("{}: {counter} does not rise", self.server.name()))
                .hint("--since 7d looks further back; --spans N plans without looking"));
        }
        Ok(Total { mean, peak: most.map(|most| (most / mean).max(1.0)) })
    }

    /// What there is of each service; of one that has no windows in between, as if they had been zero.
    pub(super) fn by_service(&self, counter: &str) -> Result<BTreeMap<String, f64>, CommandError> {
        let rates = self.rates(counter, "sum by (service_name, service)");
        let mut services = BTreeMap::new();
        for mut sample in self.server.query(&format!("sum_over_time({rates})"), self.to)? {
            // Prometheus itself may have put its own label `service` beside that of the spans.
            let name = ["service_name", "service"].iter().find_map(|label| sample.labels.remove(*label));
            *services.entry(name.unwrap_or_default()).or_default() += sample.value / self.windows;
        }
        Ok(services)
    }
}

/// The times of the first and the last sample in a range; a young history is looked at more closely.
fn ends(server: &Server, counter: &str, from: f64, to: f64) -> Result<Option<[f64; 2]>, CommandError> {
    /// Looks into the range.
    const LOOKS: f64 = 200.0;
    /// By so much the range is shortened where nothing is found in it.
    const CLOSER: f64 = 20.0;
    let mut range = to - from;
    while range >= 1.0 {
        let step = (range / LOOKS).max(1.0);
        let find = |of: &str| {
            let times = format!("{of}(timestamp({counter}))[{}:{}]", ms(range), ms(step));
            one(server, &format!("{of}_over_time({times})"), to)
        };
        match find("min")?.zip(find("max")?) {
            Some((first, _)) if (to - first + step) * 2.0 < range => range = to - first + step,
            Some(ends) => return Ok(Some(ends.into())),
            None => range /= CLOSER,
        }
    }
    Ok(None)
}

/// The value of a query that finds one series.
fn one(server: &Server, query: &str, at: f64) -> Result<Option<f64>, CommandError> {
    Ok(server.query(query, at)?.first().map(|sample| sample.value))
}

/// A duration of PromQL.
fn ms(seconds: f64) -> String {
    format!("{:.0}ms", (seconds * 1e3).max(1.0))
}
