//! Telling a pipeline that would feed itself.
//!
//! A relay marks its requests with its process and with the pipes that its input comes through; a collector in that
//! process, or whose stdout is one of them, would send its output in circles and refuses. On Linux the marks of pipes
//! are the pipes themselves, followed through the processes of the pipeline; where `/proc` does not tell them, the
//! process group, which a shell gives each pipeline that is started at a prompt.

use std::sync::OnceLock;

/// The header, or gRPC metadata, that carries the marks, separated by commas.
pub const HEADER: &str = "obs-pipeline";

/// The marks of whoever gets what this process collects.
pub fn own_marks() -> Vec<String> {
    platform::own_output().into_iter().chain([process()]).collect()
}

/// The marks of this process and all stages before it.
pub fn upstream() -> Vec<String> {
    platform::upstream().into_iter().chain([process()]).collect()
}

/// Random, because containers number their processes alike.
fn process() -> String {
    static MARK: OnceLock<u128> = OnceLock::new();
    format!("{:032x}", MARK.get_or_init(|| fastrand::u128(..)))
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;

    /// Stages behind which a loop is no longer looked for.
    const MAX_STAGES: usize = 16;

    pub(super) fn own_output() -> Option<String> {
        pipe_of("self", 1).map(|pipe| mark(&pipe))
    }

    pub(super) fn upstream() -> Vec<String> {
        let mut marks = Vec::new();
        let mut input = pipe_of("self", 0);
        while let Some(pipe) = input.take() {
            marks.push(mark(&pipe));
            if marks.len() < MAX_STAGES {
                input = writer_of(&pipe).and_then(|process| pipe_of(&process, 0));
            }
        }
        marks
    }

    /// The pipe behind a file descriptor, as the kernel names it.
    fn pipe_of(process: &str, descriptor: u32) -> Option<String> {
        let target = fs::read_link(format!("/proc/{process}/fd/{descriptor}")).ok()?;
        let target = target.to_str()?;
        Some(target.strip_prefix("pipe:[")?.strip_suffix(']')?.to_owned())
    }

    /// The process whose stdout is that pipe.
    fn writer_of(pipe: &str) -> Option<String> {
        let processes =
            fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut processes = processes.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        processes.find(|process| pipe_of(process, 1).as_deref() == Some(pipe))
    }

    /// Pipes are numbered by each kernel anew.
    fn mark(pipe: &str) -> String {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        format!("{}-{pipe}", boot.trim())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn own_output() -> Option<String> {
        let group = rustix::process::getpgrp().as_raw_nonzero();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Some(format!("{host}-{group}"))
    }

    pub(super) fn upstream() -> Vec<String> {
        own_output().into_iter().collect()
    }
}
