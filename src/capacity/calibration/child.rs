//! Stages as processes: their addresses, their end, what the operating system charges them, and that none stays behind.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, waitid, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;
use wait4::Wait4;

use crate::error::CommandError;

/// How long a stage may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of a stage's stderr that an error shows.
const LINES: usize = 5;
/// The exit code after a signal.
const INTERRUPTED: i32 = 130;
/// What a program may need to start at all; everything else could change what is measured.
const ENVIRONMENT: [&str; 5] = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// A temporary directory, and the processes that work in it.
#[derive(Debug)]
pub(super) struct Sandbox {
    program: PathBuf,
    path: PathBuf,
    running: Running,
    _directory: TempDir,
}

/// Processes that have not been waited for, so that their ids are theirs.
#[derive(Debug, Clone, Default)]
struct Running(Arc<Mutex<Vec<Pid>>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

impl Sandbox {
    /// Makes the directory. From now on a signal ends this process, its children and the directory.
    pub(super) fn new() -> Result<Sandbox, CommandError> {
        let directory = tempfile::Builder::new().prefix("obs-calibrate-").tempdir();
        let directory = directory
            .context("cannot make a temporary directory")
            .map_err(|error| CommandError::failure(error).hint("TMPDIR names the directory for it"))?;
        // Children work in it, where a relative path would be another.
        let path = directory.path().canonicalize()?;
        let running = Running::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (children, files) = (running.clone(), path.clone());
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            if signals.forever().next().is_some() {
                end(&children, &files);
            }
        })?;
        let program = std::env::current_exe().context("cannot tell which program this is")?;
        Ok(Sandbox { program, path, running, _directory: directory })
    }

    /// The path of a file in the directory.
    pub(super) fn file(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// A new directory in it.
    pub(super) fn directory(&self, name: &str) -> Result<PathBuf, CommandError> {
        let path = self.path.join(name);
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts `obs` with arguments; it reads nothing, and writes frames to nowhere.
    pub(super) fn start(&self, arguments: &[&str]) -> Result<Child, CommandError> {
        self.start_between(Stdio::null(), arguments, Stdio::null())
    }

    /// Starts `obs` with arguments, where it reads and writes frames.
    pub(super) fn start_between(
        &self,
        input: Stdio,
        arguments: &[&str],
        output: Stdio,
    ) -> Result<Child, CommandError> {
        let kept = ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.path).env_clear().envs(kept).env("OBS_FORMAT", "proto");
        command.stdin(input).stdout(output).stderr(Stdio::piped());
        let mut running = self.running.lock();
        let mut process =
            command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let id = Pid::from_child(&process);
        running.push(id);
        drop(running);
        let (found, addresses) = mpsc::channel();
        let said = Arc::default();
        let reader = process.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || follow(stderr, &said, &found))
        });
        Ok(Child {
            name: arguments.first().copied().unwrap_or_default().into(),
            id,
            process: Some(process),
            running: self.running.clone(),
            addresses,
            said,
            reader,
        })
    }

    /// Runs `obs` to its end; its CPU time in seconds.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<f64, CommandError> {
        self.start(arguments)?.wait()
    }
}

impl Child {
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

/// Ends this process, its children and the directory of their files.
fn end(children: &Running, files: &Path) {
    // Held to the end: none starts or is waited for any more.
    let running = children.lock();
    for id in running.iter() {
        let _ = kill_process(*id, Signal::KILL);
    }
    for id in running.iter() {
        // Until they are dead they may make files.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(*id), WaitOptions::empty()));
    }
    // This process itself may be about to make one.
    for _ in 0..10 {
        match std::fs::remove_dir_all(files) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {}
            _ => break,
        }
    }
    std::process::exit(INTERRUPTED)
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
