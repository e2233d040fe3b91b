//! `obs capacity`.

mod calibrate;
mod cost;
mod emit;
mod forms;
mod inputs;
mod limits;
mod manifests;
mod observation;
mod prometheus;
mod simple;

use serde_json::Value;

use crate::support::{End, Obs, TempDir};

/// Runs `obs capacity` with these words, in an empty directory, at a fixed time.
fn capacity(line: &str) -> End {
    let dir = TempDir::new();
    let obs = Obs::new(&dir, &format!("capacity {line}")).env("LANG", "C.UTF-8");
    obs.env("OBS_NOW", "2026-11-28T00:00:00Z").run()
}

/// The JSON document that it prints.
#[track_caller]
fn json(line: &str) -> Value {
    let end = capacity(&format!("{line} --format json"));
    assert_eq!(end.code, 0, "{}", end.stderr);
    serde_json::from_slice(&end.stdout).unwrap()
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}
