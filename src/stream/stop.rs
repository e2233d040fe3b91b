//! Signals: the first asks to end in order, the second ends at once.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::watch;

/// Exit code after a second signal.
const INTERRUPTED: i32 = 130;

/// Tells every part of the process that it shall end.
#[derive(Debug, Clone)]
pub struct Stop {
    /// When it was asked for.
    requested: Arc<watch::Sender<Option<Instant>>>,
    failed: Arc<AtomicBool>,
    /// Becomes readable with the request, because then its other end is closed.
    pipe: Arc<OwnedFd>,
    pipe_end: Arc<Mutex<Option<OwnedFd>>>,
    /// The output, where it is a pipe whose reader may go away.
    out: Option<Arc<File>>,
    drain_timeout: Duration,
    overdue: Arc<Mutex<Option<Overdue>>>,
}

/// What to do when the stage has not ended [`GRACE`] after the drain timeout.
struct Overdue(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Overdue")
    }
}

/// Time for a stage to end by itself after the drain timeout, unless it is stuck in a write that nobody reads.
const GRACE: Duration = Duration::from_secs(3);

/// Why waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// There is something to read.
    Ready,
    /// The deadline has passed.
    Deadline,
    /// The reader of the output has gone away, or another end of the pipeline has failed.
    Failed,
    /// The drain timeout after the first signal has passed.
    DrainTimeout,
}

impl Stop {
    /// Listens for SIGTERM and SIGINT; input is drained for `drain_timeout` after the first, and `overdue` called when
    /// the process is still there a while later.
    ///
    /// # Errors
    /// The operating system refused a pipe, a thread or a handler.
    pub fn on_signals(drain_timeout: Duration, overdue: impl FnOnce() + Send + 'static) -> io::Result<Stop> {
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let mut stop = Stop::new(drain_timeout)?;
        stop.overdue = Arc::new(Mutex::new(Some(Overdue(Box::new(overdue)))));
        let signalled = stop.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let mut signals = signals.forever();
            if signals.next().is_some() {
                signalled.request();
            }
            if signals.next().is_some() {
                std::process::exit(INTERRUPTED);
            }
        })?;
        Ok(stop)
    }

    /// Never stops.
    ///
    /// # Errors
    /// The operating system refused a pipe.
    pub fn never() -> io::Result<Stop> {
        Stop::new(Duration::ZERO)
    }

    fn new(drain_timeout: Duration) -> io::Result<Stop> {
        let (reading, writing) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        Ok(Stop {
            requested: Arc::new(watch::Sender::new(None)),
            failed: Arc::default(),
            pipe: Arc::new(reading),
            pipe_end: Arc::new(Mutex::new(Some(writing))),
            out: None,
            drain_timeout,
            overdue: Arc::default(),
        })
    }

    /// Asks to end, as a first signal does.
    pub fn request(&self) {
        self.requested.send_if_modified(|requested| {
            requested.replace(requested.unwrap_or_else(Instant::now)).is_none()
        });
        self.pipe_end.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(overdue) = self.overdue.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let patience = self.drain_timeout + GRACE;
        let watchdog = std::thread::Builder::new().name("watchdog".into()).spawn(move || {
            std::thread::sleep(patience);
            (overdue.0)();
        });
        // Without a thread a second signal has to end the process.
        drop(watchdog);
    }

    /// Asks to end because an end of the pipeline has failed: what is still to be read has nowhere to go.
    pub fn fail(&self) {
        self.failed.store(true, Relaxed);
        self.request();
    }

    /// Whether an end of the pipeline has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Fails when the thread panics that has it.
    pub fn on_panic(&self) -> StopOnPanic {
        StopOnPanic(self.clone())
    }

    /// Whether the first signal has come.
    pub fn requested(&self) -> bool {
        self.requested.borrow().is_some()
    }

    /// When draining must have ended, once the first signal has come.
    pub fn drain_deadline(&self) -> Option<Instant> {
        self.requested.borrow().map(|since| since + self.drain_timeout)
    }

    /// Whether draining should have ended by now.
    pub fn is_late(&self) -> bool {
        self.drain_deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Resolves with the first signal.
    pub async fn wait(&self) {
        let mut requested = self.requested.subscribe();
        if requested.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Resolves when the drain timeout after the first signal has passed.
    pub async fn drained_out(&self) {
        self.wait().await;
        if let Some(deadline) = self.drain_deadline() {
            tokio::time::sleep_until(deadline.into()).await;
        }
    }

    /// From now on, waiting also ends when the reader of the pipe `out` goes away.
    ///
    /// # Errors
    /// There is no descriptor to be had.
    pub fn watch_reader(&mut self, out: &File) -> io::Result<()> {
        if rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(out)?.st_mode).is_fifo() {
            self.out = Some(Arc::new(out.try_clone()?));
        }
        Ok(())
    }

    /// Waits for so long; returns whether there is nothing to wait for any more, because the first signal has come or the
    /// reader of the output has gone away.
    pub fn pause(&self, time: Duration) -> bool {
        let mut fds = vec![PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN)];
        if let Some(out) = &self.out {
            // Errors are reported without being asked for.
            fds.push(PollFd::from_borrowed_fd(out.as_fd(), PollFlags::empty()));
        }
        wait_any(&mut fds, Some(time)) || self.requested()
    }

    /// Blocks until `fd` (or, without one, nothing) is readable, `deadline` passes, the reader of the output goes away
    /// or draining has taken too long.
    pub(super) fn wait_for(&self, fd: Option<BorrowedFd<'_>>, deadline: Option<Instant>) -> Wake {
        let Some(fd) = fd else { return Wake::Ready };
        loop {
            if self.has_failed() {
                return Wake::Failed;
            }
            let drain = self.drain_deadline();
            let until = [deadline, drain].into_iter().flatten().min();
            let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
            let mut fds = vec![PollFd::from_borrowed_fd(fd, PollFlags::IN)];
            if let Some(out) = &self.out {
                // Errors are reported without being asked for.
                fds.push(PollFd::from_borrowed_fd(out.as_fd(), PollFlags::empty()));
            }
            if drain.is_none() {
                // Once the pipe has spoken it would speak for ever.
                fds.push(PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN));
            }
            if wait_any(&mut fds, timeout) {
                if !fds[0].revents().is_empty() {
                    return Wake::Ready;
                }
                if self.out.is_some() && !fds[1].revents().is_empty() {
                    return Wake::Failed;
                }
            }
            let now = Instant::now();
            if drain.is_some_and(|drain| drain <= now) {
                return Wake::DrainTimeout;
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Wake::Deadline;
            }
        }
    }
}

/// Asks a process to end when a part of it has panicked, because a pipeline without it would only refuse.
#[derive(Debug)]
pub struct StopOnPanic(Stop);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}

/// Whether reading `fd` would not wait, or not longer than `timeout`.
pub(super) fn readable(fd: BorrowedFd<'_>, timeout: Duration) -> bool {
    // An error is left for the read to report.
    wait_any(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(timeout))
}

/// Whether one of `fds` has something to say within `timeout`.
fn wait_any(fds: &mut [PollFd], timeout: Option<Duration>) -> bool {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    !matches!(poll(fds, timeout.as_ref()), Ok(0) | Err(rustix::io::Errno::INTR))
}
