//! Databases on the disk: room for them, their size, what is in them, and their removal.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Complains where fewer bytes are free: a disk that is full would harm others too.
pub fn check_space(directory: &Path, needed: u64) -> Result<()> {
    let disk = rustix::fs::statvfs(directory)?;
    let free = disk.f_bavail * disk.f_frsize;
    if free < needed {
        let directory = directory.display();
        bail!("{directory} has {} MiB free of the {} MiB needed; set TMPDIR", free >> 20, needed >> 20);
    }
    Ok(())
}

/// Removes the directory when this process is told to end: gigabytes would stay behind.
pub fn remove_on_signal(directory: &Path) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let directory = directory.to_path_buf();
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            std::fs::remove_dir_all(directory).ok();
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// The spans that `obs store stats` finds.
pub fn count(database: &Path, obs: &Path) -> Result<u64> {
    let mut command = Command::new(obs);
    let output = command.args(["store", "stats", "--format", "json", "--db"]).arg(database).output()?;
    if !output.status.success() {
        bail!("store stats: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let signals = json["signals"].as_array().context("no signals")?;
    let traces = signals.iter().find(|signal| signal["signal"] == "traces").context("no traces")?;
    traces["items"].as_u64().context("no items")
}

/// Bytes of a database and the files that belong to it.
pub fn size(directory: &Path, name: &str) -> Result<u64> {
    let mut bytes = 0;
    for entry in directory.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
