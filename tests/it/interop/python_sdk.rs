//! The OpenTelemetry SDK for Python, in a virtual environment under the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Joined, Run};

const PACKAGES: [&str; 3] =
    ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-grpc", "opentelemetry-exporter-otlp-proto-http"];

/// The interpreter of an environment that has the packages, or why there is none.
fn interpreter() -> &'static Result<PathBuf, String> {
    static INTERPRETER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    INTERPRETER.get_or_init(|| {
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        let python = environment.join("bin/python");
        let modules = "import opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http";
        if run(Command::new(&python).args(["-c", modules])).is_err() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
            run(Command::new(&python).args(pip).args(["--timeout", "15", "--retries", "1"]).args(PACKAGES))?;
        }
        Ok(python)
    })
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{name}: {}: {}", output.status, stderr.trim().lines().last().unwrap_or_default()))
}

fn passes_unchanged(protocol: &'static str) {
    let python = match interpreter() {
        Ok(python) => python,
        Err(reason) => return println!("skipped: no OpenTelemetry SDK for Python: {reason}"),
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/interop.py");
    for (gzip, joined) in [(false, Joined::Ndjson), (true, Joined::Frames), (true, Joined::Fused)] {
        let run_of = Run::start(protocol, gzip, joined);
        let [direct, through] = run_of.endpoints();
        let sdk_protocol = if protocol == "grpc" { "grpc" } else { "http" };
        let compression = if gzip { "gzip" } else { "none" };
        let mut sdk = Command::new(python);
        sdk.arg("-B").arg(&script).args([sdk_protocol, compression, &direct, &through]);
        run(&mut sdk).unwrap();
        let items = run_of.finish(gzip);
        assert!(items >= 19, "{items} items");
    }
}

#[test]
fn grpc_exports_pass_unchanged() {
    passes_unchanged("grpc");
}

#[test]
fn http_exports_pass_unchanged() {
    passes_unchanged("http/protobuf");
}
