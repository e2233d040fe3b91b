//! A line that shows how a stream goes, on a terminal only.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::otlp::Signal;
use crate::stream::Ledger;

/// The line that log lines have to step around.
static LINE: OnceLock<ProgressBar> = OnceLock::new();

const INTERVAL: Duration = Duration::from_millis(500);

/// Shows what `ledger` says and what `waiting` items there are, until the process ends; nothing where stderr is no
/// terminal or OBS_NO_PROGRESS is set.
pub fn show(ledger: Arc<Ledger>, waiting: impl Fn() -> usize + Send + 'static) {
    if !io::stderr().is_terminal() || std::env::var_os("OBS_NO_PROGRESS").is_some() {
        return;
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let line = LINE.get_or_init(|| ProgressBar::new_spinner().with_style(style));
    let shown = std::thread::Builder::new().name("progress".into()).spawn(move || {
        let total = || {
            Signal::ALL.map(|signal| ledger.counts(signal)).iter().fold((0, 0), |(sent, lost), counts| {
                (sent + counts.sent, lost + counts.dead_lettered + counts.lost.values().sum::<u64>())
            })
        };
        let (mut last, mut since) = (0, Instant::now());
        loop {
            std::thread::sleep(INTERVAL);
            let (sent, undelivered) = total();
            let rate = (sent - last) as f64 / since.elapsed().as_secs_f64();
            (last, since) = (sent, Instant::now());
            line.set_message(format!(
                "{sent} items sent, {rate:.0}/s, {} waiting, {undelivered} undelivered",
                waiting()
            ));
            line.tick();
        }
    });
    // Without a thread there is no line; that is all.
    drop(shown);
}

/// Takes the line away for good.
pub fn clear() {
    if let Some(line) = LINE.get() {
        line.finish_and_clear();
    }
}

/// A bar for work of which it is known how much there is, on a terminal only.
#[derive(Debug)]
pub struct Bar {
    verb: &'static str,
    unit: &'static str,
    line: Option<ProgressBar>,
}

impl Bar {
    /// A bar that shows when it is told something, such as `migrating 3/7 rows`.
    pub fn new(verb: &'static str, unit: &'static str) -> Bar {
        Bar { verb, unit, line: None }
    }

    /// So much is done, of so much; nothing is shown as long as that is not known.
    pub fn show(&mut self, done: u64, of: u64) {
        if of == 0 || std::env::var_os("OBS_NO_PROGRESS").is_some() {
            return;
        }
        let line = self.line.get_or_insert_with(|| {
            let template = format!("{} {{bar:30}} {{human_pos}}/{{human_len}} {}", self.verb, self.unit);
            let style = ProgressStyle::with_template(&template);
            // It hides itself where stderr is no terminal.
            ProgressBar::new(of).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        line.set_length(of.max(done));
        line.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

/// Stderr for log lines: the progress line moves aside for each.
#[derive(Debug)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match LINE.get() {
            Some(line) => line.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
