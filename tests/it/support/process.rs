use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use rustix::process::{Pid, kill_process};

pub use rustix::process::Signal;

use super::ledger::LedgerFile;
use super::output::Output;
use super::{DEADLINE, TempDir};

/// A command line of the real binary in a clean environment.
#[derive(Debug)]
pub struct Obs {
    command: Command,
    stdin: Input,
    stdout: Target,
    ledger: Option<PathBuf>,
}

#[derive(Debug)]
enum Input {
    Nothing,
    Open,
    Bytes(Vec<u8>),
    From(Stdio),
}

#[derive(Debug)]
enum Target {
    Captured,
    Piped,
    To(Stdio),
}

/// A running process; it is killed when the test ends before it does.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pub stderr: Output,
    pub stdout: Option<Output>,
    piped: Option<ChildStdout>,
    stdin: Option<ChildStdin>,
    ledger: Option<PathBuf>,
}

/// How a process ended.
#[derive(Debug)]
pub struct End {
    /// The exit code; 128 and the signal that killed it.
    pub code: i32,
    pub stderr: String,
    pub stdout: Vec<u8>,
    ledger: Option<String>,
}

impl Obs {
    /// `obs` with the words of `line`, in the directory `dir`.
    pub fn new(dir: &TempDir, line: &str) -> Obs {
        Obs::of(Command::new(env!("CARGO_BIN_EXE_obs")), dir, line)
    }

    /// The same where no file may grow larger than so many bytes.
    pub fn with_largest_file(dir: &TempDir, bytes: u64, line: &str) -> Obs {
        let mut command = Command::new("sh");
        // The shell counts in blocks of 512 bytes.
        let limited = format!("ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512);
        command.arg("-c").arg(limited).arg(env!("CARGO_BIN_EXE_obs"));
        Obs::of(command, dir, line)
    }

    fn of(mut command: Command, dir: &TempDir, line: &str) -> Obs {
        command.args(line.split_whitespace()).current_dir(dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", dir.path()).env("LANG", "C").env("TZ", "UTC");
        Obs { command, stdin: Input::Nothing, stdout: Target::Captured, ledger: None }
    }

    /// A word that may hold spaces.
    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Obs {
        self.command.arg(arg);
        self
    }

    /// More words.
    pub fn args(mut self, line: &str) -> Obs {
        self.command.args(line.split_whitespace());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Obs {
        self.command.env(name, value);
        self
    }

    /// Has the closing ledger written to `path`.
    pub fn ledger(mut self, path: &str) -> Obs {
        self.ledger = Some(path.into());
        self.arg("--ledger").arg(path)
    }

    /// Gives it `bytes` on stdin.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Obs {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// Leaves stdin open for [`Process::write`].
    pub fn stdin_open(mut self) -> Obs {
        self.stdin = Input::Open;
        self
    }

    pub fn stdin_from(mut self, stdin: impl Into<Stdio>) -> Obs {
        self.stdin = Input::From(stdin.into());
        self
    }

    pub fn stdout_to(mut self, stdout: impl Into<Stdio>) -> Obs {
        self.stdout = Target::To(stdout.into());
        self
    }

    /// Leaves stdout for [`Process::take_stdout`].
    pub fn stdout_piped(mut self) -> Obs {
        self.stdout = Target::Piped;
        self
    }

    /// Joins a process group; 0 makes one.
    pub fn process_group(mut self, group: i32) -> Obs {
        self.command.process_group(group);
        self
    }

    pub fn spawn(mut self) -> Process {
        let (stdin, bytes) = match self.stdin {
            Input::Nothing => (Stdio::null(), None),
            Input::Open => (Stdio::piped(), None),
            Input::Bytes(bytes) => (Stdio::piped(), Some(bytes)),
            Input::From(stdin) => (stdin, None),
        };
        let captured = matches!(self.stdout, Target::Captured);
        let stdout = match self.stdout {
            Target::Captured | Target::Piped => Stdio::piped(),
            Target::To(stdout) => stdout,
        };
        self.command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let name = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let stderr = Output::read(child.stderr.take().unwrap());
        let piped = child.stdout.take();
        let (stdout, piped) = if captured { (piped.map(Output::read), None) } else { (None, piped) };
        let mut stdin = child.stdin.take();
        if let Some(bytes) = bytes {
            let mut stdin = stdin.take().unwrap();
            // Whoever does not read it all says so in other ways.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        Process { name, child, stderr, stdout, piped, stdin, ledger: self.ledger }
    }

    /// Runs it to its end.
    pub fn run(self) -> End {
        self.spawn().wait()
    }
}

impl Process {
    pub fn id(&self) -> i32 {
        self.child.id() as i32
    }

    /// The port that it says it listens on for `protocol`, gRPC or HTTP.
    pub fn port(&self, protocol: &str) -> u16 {
        let text = format!("listening for OTLP/{protocol} on ");
        let line = self.stderr.line(&text);
        let address = line.split(&text).nth(1).unwrap().split_whitespace().next().unwrap();
        address.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The address of `/healthz` and its like.
    pub fn health(&self) -> u16 {
        let line = self.stderr.line("health and metrics on http://");
        line.rsplit(':').next().unwrap().trim().parse().unwrap()
    }

    pub fn take_stdout(&mut self) -> ChildStdout {
        self.piped.take().unwrap()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.id()).unwrap(), signal).unwrap();
    }

    /// Interrupts it until it ends: two signals in a row may be seen as one.
    #[track_caller]
    pub fn interrupt(mut self) -> End {
        let began = Instant::now();
        let mut sent = 0;
        super::eventually("the end", || {
            self.signal(Signal::INT);
            sent += 1;
            std::thread::sleep(std::time::Duration::from_millis(50));
            (!self.is_running()).then_some(())
        });
        let took = began.elapsed();
        assert!(sent >= 2 && took < std::time::Duration::from_secs(20), "{sent} signals, {took:?}");
        self.wait()
    }

    /// Most memory that was resident so far, in MiB.
    pub fn peak_memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> End {
        self.stdin = None;
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "{} still runs after {DEADLINE:?}; its stderr:\n{}",
                self.name,
                self.stderr.text()
            );
            std::thread::sleep(std::time::Duration::from_millis(2));
        };
        let stderr = std::mem::replace(&mut self.stderr, Output::read(&[][..]));
        End {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stderr: String::from_utf8_lossy(&stderr.finish()).into_owned(),
            stdout: self.stdout.take().map(Output::finish).unwrap_or_default(),
            ledger: self.ledger.take().and_then(|path| std::fs::read_to_string(path).ok()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl End {
    /// Expects an exit code and a text on stderr.
    #[track_caller]
    pub fn expect(&self, code: i32, message: &str) -> &End {
        assert_eq!(self.code, code, "exit code; stderr:\n{}", self.stderr);
        assert!(self.stderr.contains(message), "expected {message:?} on stderr, found:\n{}", self.stderr);
        self
    }

    /// The closing ledger, whose equation holds.
    #[track_caller]
    pub fn ledger(&self) -> LedgerFile {
        LedgerFile::parse(self.ledger.as_ref().expect("a ledger was asked for and written"))
    }

    /// The traces on stdout, as frames.
    pub fn traces_of_frames(&self) -> Vec<ExportTraceServiceRequest> {
        let mut rest = &self.stdout[..];
        let mut requests = Vec::new();
        while let Some((header, tail)) = rest.split_first_chunk::<4>() {
            assert_eq!(header[0], 1, "the signal of traces");
            let length = u32::from_be_bytes([0, header[1], header[2], header[3]]);
            let (message, tail) = tail.split_at(length as usize);
            requests.push(ExportTraceServiceRequest::decode(message).unwrap());
            rest = tail;
        }
        requests
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// The stream on stdout, a JSON object a line.
    pub fn lines(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
