//! The examples of the README run: every block that is marked as a shell script, one after the other.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

const README: &str = include_str!("../../README.md");

#[test]
fn examples_of_the_readme_run() {
    let obs = Path::new(env!("CARGO_BIN_EXE_obs"));
    let path = format!("{}:{}", obs.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Command::new(obs)
        .args(["collect", "--grpc", "127.0.0.1:0", "--http", "off"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut messages = BufReader::new(peer.stderr.take().unwrap());
    let mut line = String::new();
    messages.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();

    let blocks: Vec<&str> =
        README.split("\n```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(blocks.len() >= 5, "the README lost its examples");
    for block in blocks {
        let script = block.replace("localhost:4317", &address);
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(&folder)
            .env("PATH", &path)
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n\n{messages}");
        for promised in block.lines().filter_map(|line| line.strip_prefix("# obs ")) {
            let promised = promised.trim_end_matches('…');
            assert!(messages.contains(promised), "{promised}\n\nnot in\n\n{messages}");
        }
    }
    peer.kill().unwrap();
    peer.wait().unwrap();
    messages.read_to_string(&mut line).unwrap();
}

#[test]
fn the_readme_shows_a_configuration_that_is_read() {
    let yaml = README.split("\n```yaml\n").nth(1).unwrap().split("\n```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("obs.yaml"),
        yaml.replace("http://localhost:4317", "http://127.0.0.1:9"),
    )
    .unwrap();
    for arguments in [&["sample"][..], &["relay", "--to", "http://127.0.0.1:9"], &["store", "--db", "obs.db"]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_obs"))
            .args(arguments)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.starts_with(b"{"), "the log section asks for JSON");
    }
    let plan = Command::new(env!("CARGO_BIN_EXE_obs"))
        .args(["capacity", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    for (input, value) in [("spans", 100_000.0), ("rate", 0.05), ("retention", 14.0)] {
        assert_eq!(plan["inputs"][input]["value"].as_f64(), Some(value), "{input}");
        assert_eq!(plan["inputs"][input]["from"], "from obs.yaml", "{input}");
    }
}
