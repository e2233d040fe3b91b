//! A stage as a process: its address, its end and what the operating system charges it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use wait4::Wait4;

use super::sandbox::Running;
use crate::error::CommandError;

/// How long a stage may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of a stage's stderr that an error shows.
const LINES: usize = 5;

/// A running stage; it is killed when this is dropped before it has ended.
#[derive(Debug)]
pub(super) struct Child {
    name: String,
    id: Pid,
    process: Option<std::process::Child>,
    running: Running,
    addresses: Receiver<String>,
    said: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts the stage of this name.
    pub(super) fn start(name: &str, command: &mut Command, running: &Running) -> Result<Child, CommandError> {
        command.stderr(Stdio::piped());
        let mut ids = running.lock();
        let process = command.spawn();
        let mut process =
            process.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let id = Pid::from_child(&process);
        ids.push(id);
        drop(ids);
        let (found, addresses) = mpsc::channel();
        let said = Arc::default();
        let reader = process.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || follow(stderr, &said, &found))
        });
        let (name, running, process) = (name.into(), running.clone(), Some(process));
        Ok(Child { name, id, process, running, addresses, said, reader })
    }

    /// The URL at which it receives OTLP/gRPC.
    pub(super) fn url(&self) -> Result<String, CommandError> {
        let address = self.addresses.recv_timeout(PATIENCE);
        address.map(|address| format!("http://{address}")).map_err(|_| self.failed("did not begin to listen"))
    }

    /// Its id.
    pub(super) fn id(&self) -> u32 {
        self.id.as_raw_pid().unsigned_abs()
    }

    /// Asks it to end in order, and waits for that; its CPU time in seconds.
    pub(super) fn stop(self) -> Result<f64, CommandError> {
        kill_process(self.id, Signal::TERM).with_context(|| format!("cannot end obs {}", self.name))?;
        self.wait()
    }

    /// Waits until it has ended; its CPU time in seconds, user and system.
    pub(super) fn wait(mut self) -> Result<f64, CommandError> {
        let ended = self.reap().with_context(|| format!("cannot wait for obs {}", self.name))?;
        if let Some(reader) = self.reader.take() {
            // It ends with the pipe.
            drop(reader.join());
        }
        match ended {
            Some(ended) if ended.status.success() => {
                let used = ended.rusage;
                // Of less than a tick nothing is known.
                Ok((used.utime + used.stime).as_secs_f64().max(1e-6))
            }
            Some(ended) => Err(self.failed(&format!("ended with {}", ended.status))),
            None => Err(self.failed("has ended before")),
        }
    }

    /// Waits for it without giving its id away before nobody can kill it any more.
    fn reap(&mut self) -> std::io::Result<Option<wait4::ResUse>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // What goes wrong here does so below too.
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.id), options));
        let mut running = self.running.lock();
        running.retain(|id| *id != self.id);
        self.process.take().map(Wait4::wait4).transpose()
    }

    fn failed(&self, what: &str) -> CommandError {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said: String = said.iter().map(|line| format!("\n    {line}")).collect();
        CommandError::failure(anyhow!("obs {}, which is to be measured, {what}{said}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.process.is_some() {
            // It may have ended by itself.
            let _ = kill_process(self.id, Signal::KILL);
            drop(self.reap());
        }
    }
}

/// Keeps the last lines, and passes on the address in the line that tells it.
fn follow(stderr: ChildStderr, said: &Mutex<VecDeque<String>>, found: &Sender<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("listening for OTLP/gRPC on ") {
            // Nobody asks a second time.
            drop(found.send(address.trim().to_owned()));
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_back(line);
        if said.len() > LINES {
            said.pop_front();
        }
    }
}
