//! What the tools of the targets say about deployments.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use obs::capacity::manifests::{Deployment, Target, emit};
use serde_json::Value;

use super::{large, small, with_backend};
use crate::support::{Obs, TempDir};

/// The oldest release whose schemas all of it must fit, and the newest one that is known.
const KUBERNETES: [&str; 2] = ["1.27.0", "1.37.0"];

/// Runs a tool; `None` where it is not there or fails.
fn tool(command: &mut Command) -> Option<Output> {
    command.output().ok().filter(|output| output.status.success())
}

#[track_caller]
fn expect_accepted(command: &mut Command, texts: &str) -> Output {
    let output = command.output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{command:?}:\n{}\n{}\n{texts}", said[0], said[1]);
    output
}

/// `kubernetes-validate`, which brings the published schemas along; installed once.
fn kubernetes_validate() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-validate");
    let [validate, pip] = ["kubernetes-validate", "pip"].map(|name| venv.join("bin").join(name));
    if validate.exists() {
        return Some(validate);
    }
    tool(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let options = ["install", "--quiet", "--disable-pip-version-check", "--retries", "1"];
    tool(Command::new(pip).args(options).arg("kubernetes-validate>=1.37"))?;
    validate.exists().then_some(validate)
}

#[track_caller]
fn expect_valid(validate: &Path, dir: &TempDir, names: &[String]) {
    for release in KUBERNETES {
        let mut command = Command::new(validate);
        command.args(["--strict", "--kubernetes-version", release]).args(names).current_dir(dir.path());
        let output = expect_accepted(&mut command, "");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("ERROR"), "{said}");
    }
}

#[test]
fn kubernetes_takes_the_manifests() {
    let Some(validate) = kubernetes_validate() else {
        return println!("skipped: kubernetes-validate cannot be installed with pip");
    };
    for deployment in [large(), small(), with_backend()] {
        let dir = TempDir::new();
        for file in emit(&deployment, Target::K8s) {
            dir.write(&file.name, &file.text);
        }
        let names: Vec<String> = emit(&deployment, Target::K8s).into_iter().map(|file| file.name).collect();
        expect_valid(&validate, &dir, &names);
    }
    // What the command writes, into a directory.
    let dir = TempDir::new();
    let line = "-q capacity --spans 250k --rate 10% --outage 1m --emit k8s --output manifests";
    Obs::new(&dir, line).run().expect(0, "");
    let names: Vec<String> = std::fs::read_dir(dir.path().join("manifests"))
        .unwrap()
        .map(|file| format!("manifests/{}", file.unwrap().file_name().to_str().unwrap()))
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    expect_valid(&validate, &dir, &names);
    // It would say so.
    let dir = TempDir::new();
    let gateway = emit(&large(), Target::K8s).into_iter().find(|file| file.name == "2-gateway.yaml").unwrap();
    let wrong = dir.write("wrong.yaml", gateway.text.replace("maxReplicas", "mostReplicas"));
    assert!(tool(Command::new(validate).arg("--strict").arg(wrong)).is_none());
}

/// Docker Compose, as a plugin, by itself, or built by `scripts/peers`.
fn compose() -> Option<Vec<PathBuf>> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers").join("docker-compose");
    let candidates = [vec!["docker".into(), "compose".into()], vec!["docker-compose".into()], vec![built]];
    candidates.into_iter().find(|command: &Vec<PathBuf>| {
        // The first version knows no files with content.
        let version = tool(Command::new(&command[0]).args(&command[1..]).args(["version", "--short"]));
        version.is_some_and(|version| !version.stdout.starts_with(b"1."))
    })
}

#[test]
fn docker_compose_takes_the_system() {
    let Some(compose) = compose() else {
        return println!("skipped: no Docker Compose of version 2 is here; scripts/peers builds it");
    };
    let backend = Some("http://otlp.example:4317/?a=$HOME".into());
    for deployment in [large(), small(), with_backend(), Deployment { backend, ..large() }] {
        let dir = TempDir::new();
        let file = emit(&deployment, Target::Compose).remove(0);
        dir.write(&file.name, &file.text);
        let mut command = Command::new(&compose[0]);
        command.args(&compose[1..]).args(["config", "--format", "json"]).current_dir(dir.path());
        let output = expect_accepted(&mut command, &file.text);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let system: Value = serde_json::from_slice(&output.stdout).unwrap();
        // Nothing in it is taken for a variable; what is printed is escaped again.
        let content = |name: &str| system["configs"][name]["content"].as_str().unwrap().replace("$$", "$");
        assert!(content("dashboard").contains("[$__rate_interval]"), "{}", content("dashboard"));
        if deployment.backend.as_ref().is_some_and(|backend| backend.contains('$')) {
            assert!(
                content("pipeline").contains("'http://otlp.example:4317/?a=$HOME'"),
                "{}",
                content("pipeline")
            );
        }
        let limits = &system["services"]["obs"]["deploy"]["resources"]["limits"];
        let memory = deployment.gateway.size.memory_bytes + deployment.store.size.memory_bytes;
        let limit: f64 = limits["memory"].as_str().unwrap().parse().unwrap();
        assert!((memory..memory + 1_048_576.0).contains(&limit), "{limit} for {memory}");
    }
}

#[test]
fn systemd_takes_the_units() {
    if tool(Command::new("systemd-analyze").arg("--version")).is_none() {
        return println!("skipped: systemd-analyze is not here");
    }
    let binary = env!("CARGO_BIN_EXE_obs");
    for deployment in [large(), small(), with_backend()] {
        let deployment = Deployment { binary: binary.into(), ..deployment };
        let dir = TempDir::new();
        let files = emit(&deployment, Target::Systemd);
        let units = files.iter().filter(|file| file.name.ends_with(".service"));
        let paths = units.map(|unit| dir.write(unit.name.rsplit('/').next().unwrap(), &unit.text));
        let paths: Vec<_> = paths.collect();
        assert_eq!(paths.len(), if deployment.backend.is_none() { 3 } else { 2 });
        let mut verify = Command::new("systemd-analyze");
        let output = expect_accepted(verify.args(["verify", "--man=no"]).args(&paths), "");
        // Keys that it does not know are warnings.
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("obs-"), "{said}");
        let mut security = Command::new("systemd-analyze");
        // At most 2.0 of 10: what a service that listens on the network cannot do without.
        expect_accepted(security.args(["security", "--offline=yes", "--threshold=20"]).args(&paths), "");
    }
    let dir = TempDir::new();
    let missing = emit(&large(), Target::Systemd).remove(0);
    let missing = dir.write("obs-store.service", missing.text.replace("/usr/local/bin/obs", "/no/such/obs"));
    assert!(tool(Command::new("systemd-analyze").args(["verify", "--man=no", &missing])).is_none());
}
