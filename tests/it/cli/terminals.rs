//! Terminals and closed descriptors.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::telemetry::{line, traces};
use crate::support::{Obs, TempDir, terminal};

#[test]
fn a_terminal_is_no_stream() {
    let dir = TempDir::new();
    for line in ["sample --rate 1", "sample --rate 1 -", "relay --to http://127.77.77.77:9"] {
        let (_controller, user) = terminal();
        let end = Obs::new(&dir, line).stdin_from(user).run();
        end.expect(2, "stdin is a terminal; pipe a stream into it or name a FILE")
            .expect(2, "hint: obs collect |");
    }
    // A file operand does not need stdin.
    let input = dir.write("input.jsonl", line(&traces(0..3)));
    let (_controller, user) = terminal();
    Obs::new(&dir, "sample --rate 1").arg(input).stdin_from(user).run().expect(0, "3 spans in = 3 out");
}

#[test]
fn a_closed_pipe_is_told_from_the_beginning() {
    let dir = TempDir::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let end = Obs::new(&dir, "sample --rate 1")
        .stdin(line(&traces(0..3)))
        .stdout_to(writer)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(4, "the reader of stdout went away before the end");
    // Where the reader is found to be gone before the input has come, nothing is read.
    let account = end.ledger().traces();
    assert_eq!((account.sent, account.lost), (0, account.received));
}

#[test]
fn closed_descriptors_are_no_reason_to_panic() {
    let dir = TempDir::new();
    let input = dir.write("input.jsonl", line(&traces(0..3)));
    for redirection in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let script = format!("exec \"$0\" sample --rate 1 \"$1\" {redirection}");
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_obs"), &input])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A pipe that nobody reads is not an answer either.
        let _ = child.stdin.take().unwrap().write_all(b"");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{redirection}: {stderr}");
        assert!(matches!(output.status.code(), Some(0 | 4)), "{redirection}: {} {stderr}", output.status);
    }
}
