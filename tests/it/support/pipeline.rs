use std::ops::Index;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustix::process::{Pid, kill_process_group};

use super::process::{End, Obs, Process, Signal};
use super::{LedgerFile, TempDir};

/// Processes joined by pipes in a process group of their own, as a shell starts them.
#[derive(Debug)]
pub struct Pipeline(Vec<Process>);

/// How the stages of a pipeline ended.
#[derive(Debug)]
pub struct Ended(pub Vec<End>);

impl Pipeline {
    /// Starts `stages`, command lines of `obs` such as `sample --rate 1`, each with a ledger.
    pub fn start(dir: &TempDir, stages: &[&str]) -> Pipeline {
        Pipeline::start_with(dir, &[], stages)
    }

    /// Starts `stages` with variables in their environment.
    pub fn start_with(dir: &TempDir, env: &[(&str, &str)], stages: &[&str]) -> Pipeline {
        let stages = stages
            .iter()
            .map(|line| env.iter().fold(Obs::new(dir, line), |stage, (name, value)| stage.env(name, value)));
        Pipeline::start_stages(dir, stages.collect())
    }

    pub fn start_stages(dir: &TempDir, stages: Vec<Obs>) -> Pipeline {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let run = NUMBER.fetch_add(1, Relaxed);
        let last = stages.len() - 1;
        let mut processes: Vec<Process> = Vec::new();
        for (index, mut stage) in stages.into_iter().enumerate() {
            let group = processes.first().map_or(0, Process::id);
            stage = stage.process_group(group).ledger(&dir.file(&format!("ledger-{run}-{index}.json")));
            if let Some(before) = processes.last_mut() {
                stage = stage.stdin_from(before.take_stdout());
            }
            if index < last {
                stage = stage.stdout_piped();
            }
            processes.push(stage.spawn());
        }
        Pipeline(processes)
    }

    /// Sends a signal to all of its processes, as Ctrl-C does.
    pub fn signal(&self, signal: Signal) {
        kill_process_group(Pid::from_raw(self.0[0].id()).unwrap(), signal).unwrap();
    }

    pub fn wait(self) -> Ended {
        Ended(self.0.into_iter().map(Process::wait).collect())
    }
}

impl Index<usize> for Pipeline {
    type Output = Process;

    fn index(&self, stage: usize) -> &Process {
        &self.0[stage]
    }
}

impl Ended {
    /// Expects exit codes, and returns the ledgers, whose equations hold.
    #[track_caller]
    pub fn expect(&self, codes: &[i32]) -> Vec<LedgerFile> {
        let found: Vec<i32> = self.0.iter().map(|end| end.code).collect();
        assert_eq!(found, codes, "exit codes; stderr:\n{}", self.stderr());
        self.0.iter().map(End::ledger).collect()
    }

    pub fn stderr(&self) -> String {
        self.0.iter().map(|end| end.stderr.as_str()).collect::<Vec<_>>().join("--- next stage\n")
    }
}

impl Index<usize> for Ended {
    type Output = End;

    fn index(&self, stage: usize) -> &End {
        &self.0[stage]
    }
}
