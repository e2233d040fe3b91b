//! What `obs capacity calibrate` measures, beside what the scenarios of its stages measure with the same spans.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use obs::capacity::Profile;
use obs::capacity::profile::{Measured, Stages};

use crate::report::{Figures, thousands};
use crate::scenario::Format;
use crate::{MONTH, Options, files};

/// Both take turns.
const ROUNDS: usize = 3;

/// Spans of the file, and of the database.
const SPANS: u64 = 500_000;

/// How long a scenario that needs a load has one.
const SECONDS: &str = "3";

/// A stage, its scenario, and what calibration found.
type Stage = (&'static str, &'static str, fn(&Stages) -> Measured);

const STAGES: [Stage; 4] = [
    ("collect", "collect-proto", |stages| stages.collect),
    ("relay", "relay", |stages| stages.relay),
    ("sample", "sample-proto", |stages| stages.sample),
    ("store", "store-proto", |stages| stages.store),
];

/// Measures both ways; a table in Markdown, and whether spans were lost.
pub fn compare(options: &Options) -> Result<(String, bool)> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("spans.frames");
    files::write(&file, Format::Proto, SPANS / options.request as u64, options.request, MONTH)?;
    let mut found: [[Vec<f64>; 2]; STAGES.len()] = Default::default();
    let mut complaints = String::new();
    for _ in 0..ROUNDS {
        for ((stage, scenario, _), [bench, _]) in STAGES.iter().zip(&mut found) {
            let figures = run(scenario, options)?;
            bench.push(
                figures.spans_per_cpu_second_of(stage).with_context(|| format!("{scenario}: no CPU time"))?,
            );
            if let Some(complaint) = figures.complaint {
                writeln!(complaints, "\n{scenario}: WRONG: {complaint}")?;
            }
        }
        let profile = calibrate(options, &file)?;
        for ((_, _, of), [_, calibrated]) in STAGES.iter().zip(&mut found) {
            calibrated.push(of(&profile.stages).median);
        }
    }
    let mut table = String::from(
        "| stage | scenario | scenario, spans/CPU s | calibrate, spans/CPU s | ratio |\n|---|---|---|---|---|\n",
    );
    for ((stage, scenario, _), rounds) in STAGES.iter().zip(found) {
        let [bench, calibrated] = rounds.map(Measured::of).map(|measured| measured.context("no rounds"));
        let (bench, calibrated) = (bench?, calibrated?);
        let ratio = calibrated.median / bench.median;
        writeln!(table, "| {stage} | {scenario} | {} | {} | {ratio:.2} |", range(bench), range(calibrated))?;
    }
    Ok((table + &complaints, !complaints.is_empty()))
}

fn range(measured: Measured) -> String {
    format!("{} ({} to {})", thousands(measured.median), thousands(measured.min), thousands(measured.max))
}

/// Runs a scenario in a process of its own, as `one` does.
fn run(scenario: &str, options: &Options) -> Result<Figures> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--one", scenario, "--seconds", SECONDS, "--obs"]).arg(&options.obs);
    for (flag, value) in [
        ("--connections", options.connections),
        ("--in-flight", options.in_flight),
        ("--request", options.request),
    ] {
        command.arg(flag).arg(value.to_string());
    }
    if scenario.starts_with("store") {
        command.args(["--spans", &SPANS.to_string()]);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{scenario}: {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn calibrate(options: &Options, file: &Path) -> Result<Profile> {
    let profile = file.with_file_name("profile.json");
    let mut command = Command::new(&options.obs);
    command.args(["capacity", "calibrate", "--load-time", "1s", "--output"]).arg(&profile).arg(file);
    let output = command.output()?;
    if !output.status.success() {
        bail!("capacity calibrate: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Profile::read(&profile).map_err(|error| anyhow!("{error}"))
}
