//! Where calibration works: a directory and processes, of which nothing stays behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use super::child::Child;
use crate::error::CommandError;

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
pub(super) struct Running(Arc<Mutex<Vec<Pid>>>);

impl Running {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Makes the directory. From now on a signal ends this process, its children and the directory.
    pub(super) fn new() -> Result<Sandbox, CommandError> {
        // What comes before somebody listens is kept.
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let directory = tempfile::Builder::new().prefix("obs-calibrate-").tempdir();
        let directory = directory
            .context("cannot make a temporary directory")
            .map_err(|error| CommandError::failure(error).hint("TMPDIR names the directory for it"))?;
        // Children work in it, where a relative path would be another.
        let path = directory.path().canonicalize()?;
        let running = Running::default();
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
        let name = arguments.first().copied().unwrap_or_default();
        Child::start(name, command.stdin(input).stdout(output), &self.running)
    }

    /// Runs `obs` to its end; its CPU time in seconds.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<f64, CommandError> {
        self.start(arguments)?.wait()
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
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            _ => break,
        }
    }
    std::process::exit(INTERRUPTED)
}
