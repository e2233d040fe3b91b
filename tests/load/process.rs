//! A process under test: its stderr, its end, and what the operating system charged it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use wait4::{ResUse, Wait4};

/// How long a process may take to announce its address, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a process used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Usage {
    pub name: String,
    /// User and system time.
    pub cpu_seconds: f64,
    pub peak_rss_bytes: u64,
}

pub struct Process {
    name: String,
    pid: Pid,
    ended: Receiver<std::io::Result<ResUse>>,
    log: Option<JoinHandle<()>>,
    tail: Arc<Mutex<VecDeque<String>>>,
    addresses: Receiver<String>,
    running: bool,
}

impl Process {
    /// Starts a process with an environment of `environment` only; what it writes is returned when it is piped.
    pub fn start(
        name: &str,
        command: &mut Command,
        environment: &[(&str, &str)],
        verbose: bool,
    ) -> Result<(Process, Option<ChildStdout>)> {
        command.env_clear().envs(environment.iter().copied()).stderr(Stdio::piped());
        let program = command.get_program().display().to_string();
        let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let pid = Pid::from_child(&child);
        let stdout = child.stdout.take();
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let (found, addresses) = mpsc::channel();
        let log = child.stderr.take().map(|stderr| {
            let prefix = verbose.then(|| name.to_string());
            let tail = tail.clone();
            std::thread::spawn(move || follow(stderr, prefix.as_deref(), &tail, &found))
        });
        let process = Process {
            name: name.to_string(),
            pid,
            ended: reaper(child),
            log,
            tail,
            addresses,
            running: true,
        };
        Ok((process, stdout))
    }

    /// The address at which the process said that it listens for OTLP/gRPC.
    pub fn address(&self) -> Result<String> {
        let address = self.addresses.recv_timeout(PATIENCE);
        address.with_context(|| format!("{} announced no address\n{}", self.name, self.said()))
    }

    /// Asks the process to end.
    pub fn terminate(&self) -> Result<()> {
        kill_process(self.pid, Signal::TERM).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until the process has ended.
    ///
    /// # Errors
    /// It took too long or did not exit with 0.
    pub fn wait(self) -> Result<Usage> {
        self.wait_for(PATIENCE)
    }

    /// Waits until the process has ended, so long at most.
    ///
    /// # Errors
    /// It took longer or did not exit with 0.
    pub fn wait_for(mut self, patience: Duration) -> Result<Usage> {
        let ended = self.ended.recv_timeout(patience);
        let ended = ended.with_context(|| format!("{} did not end\n{}", self.name, self.said()))??;
        self.running = false;
        if let Some(log) = self.log.take() {
            drop(log.join());
        }
        if !ended.status.success() {
            bail!("{}: {}\n{}", self.name, ended.status, self.said());
        }
        Ok(Usage {
            name: self.name.clone(),
            cpu_seconds: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(),
            peak_rss_bytes: ended.rusage.maxrss,
        })
    }

    /// The last lines of its stderr.
    pub fn said(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        tail.iter().map(|line| format!("    {}: {line}\n", self.name)).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A scenario that failed must not leave processes behind. While the reaper has not reported, the id is ours.
        if self.running && self.ended.try_recv().is_err() {
            kill_process(self.pid, Signal::KILL).ok();
        }
    }
}

/// Waits on a thread, so that the wait can be given up.
fn reaper(child: Child) -> Receiver<std::io::Result<ResUse>> {
    let (report, ended) = mpsc::channel();
    std::thread::spawn(move || drop(report.send(child.wait4())));
    ended
}

/// Keeps the last lines, and passes on the address in the first line about gRPC.
fn follow(
    stderr: ChildStderr,
    prefix: Option<&str>,
    tail: &Mutex<VecDeque<String>>,
    found: &mpsc::Sender<String>,
) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(address) = address(&line) {
            drop(found.send(address));
        }
        if let Some(prefix) = prefix {
            eprintln!("{prefix}: {line}");
        }
        let mut tail = tail.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        tail.push_back(line);
        if tail.len() > 20 {
            tail.pop_front();
        }
    }
}

fn address(line: &str) -> Option<String> {
    const HOST: &str = "127.0.0.1:";
    let at = line.find(HOST).filter(|_| line.contains("gRPC"))?;
    let port: String = line[at + HOST.len()..].chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{HOST}{port}"))
}
