//! Pipelines in files, and how words are written.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::run;
use crate::support::telemetry::{ids, ids_of, line, spans_in, traces, traces_of_lines};
use crate::support::{Obs, TempDir, eventually};

#[test]
fn mistakes_in_files_have_their_line_and_column() {
    let dir = TempDir::new();
    for (text, place, shown, carets, message) in [
        (
            "# the shop\n\ncollect --grpc 127.0.0.1:0 \\\n  --http off # gRPC only\n| sample --rate often\n| relay\n",
            "5:17",
            "| sample --rate often",
            "                ^^^^^",
            "invalid value 'often' for '--rate <RATE>': expected a rate from 0 to 1 such as 0.05, 5% or 1/20, found \
             \"often\"\nhint: obs sample --help",
        ),
        (
            "collect |\n\tsample\t--grüße \t日本\n| relay\n",
            "2:9",
            " sample --grüße  日本",
            "        ^^^^^^^",
            "unexpected argument '--grüße' found\nhint: to pass '--grüße' as a value, use '-- --grüße'",
        ),
        (
            "collect |\r\n\tsample --rate '0.5\r\n",
            "2:16",
            " sample --rate '0.5",
            "               ^",
            "a quote that is not closed",
        ),
        (
            "collect\n| sample \\\n    --ledger 'a\nb' file\n",
            "4:4",
            "b' file",
            "   ^^^^",
            "a second source: sample reads the stage before it\nhint: only the first stage can name FILE operands",
        ),
        (
            // Of a stage of several lines the first is shown.
            "collect\n| relay --to a:1 \\\n    --compression gzip\n",
            "2:3",
            "| relay --to a:1 \\",
            "  ^^^^^^^^^^^^^^^^",
            "--to: expected http://HOST:PORT or https://HOST:PORT, found \"a:1\"",
        ),
        (
            "collect |\n\n\n",
            "1:10",
            "collect |",
            "         ^",
            "expected a subcommand\nhint: stages are separated by |, such as: collect | relay --to http://gateway:4317",
        ),
    ] {
        dir.write("a b.obs", text);
        let (message, hint) = message
            .split_once('\n')
            .map_or((message, String::new()), |(message, hint)| (message, format!("{hint}\n")));
        let expected = format!("obs: a b.obs:{place}: {message}\n  {shown}\n  {carets}\n{hint}");
        let end = run(&dir, "", "a b.obs");
        assert_eq!(end.stderr, expected);
        assert_eq!((end.code, &*end.text()), (2, ""));
    }
}

#[test]
fn files_that_hold_no_pipeline() {
    let dir = TempDir::new();
    dir.write("binary", b"sample --rate \xff");
    let end = run(&dir, "", "binary");
    assert_eq!(end.stderr, "obs: cannot read the pipeline binary: stream did not contain valid UTF-8\n");
    assert_eq!((end.code, &*end.text()), (2, ""));
    run(&dir, "", "missing.obs").expect(2, "obs: cannot read the pipeline missing.obs: No such file");
    // Somebody's program, made of branches throughout.
    dir.write("deep", "a | tee { ".repeat(100_000));
    run(&dir, "--graph", "deep").expect(2, "obs: deep:1:329: branches nest more than 32 deep\n");
}

#[test]
fn comments_line_ends_quotes_and_words_before_subcommands() {
    let dir = TempDir::new();
    dir.write("in put", line(&traces(0..20)));
    let text = "# a comment | with a pipe, 'quotes and $NOTHING\n\
                obs sample --rate 1 \\\n    \"in put\" # another\n\n\t|\n\
                obs sample --rate $RATE --service=$SERVICE --service \"${SERVICE}\"=0'.'5 \r\n\
                | sample --rate=1 --service '$SERVICE # {'=\\0\n# the end";
    let variables = |obs: Obs| obs.env("RATE", "1").env("SERVICE", "a b | c=1");
    dir.write("text.obs", text);
    let end = variables(Obs::new(&dir, "run text.obs")).run();
    end.expect(0, "obs run: sample-3: 20 spans in = 20 out\n");
    assert_eq!(ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in)), ids(0..20));
    let drawn = variables(Obs::new(&dir, "run --graph text.obs")).run();
    assert_eq!(
        drawn.text(),
        "sample --rate 1 'in put'\n\
         └─ sample --rate 1 '--service=a b | c=1' --service 'a b | c=1=0.5'\n\
        \x20  └─ sample --rate=1 --service '$SERVICE # {=0'\n"
    );
}

#[test]
fn a_file_that_is_a_program() {
    let dir = TempDir::new();
    dir.write("in", line(&traces(0..20)));
    let path = dir.write("pipeline", "#!/usr/bin/env -S obs run\nsample --rate 1 in\n| sample --rate 1\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let obs = std::path::Path::new(env!("CARGO_BIN_EXE_obs"));
    let search = format!("{}:{}", obs.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut program = Command::new(&path);
    program.current_dir(dir.path()).env_clear().env("PATH", search).stdin(Stdio::null());
    // Another test's child may hold the file open for a moment, as it was written.
    let output = eventually("the program", || match program.output() {
        Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => None,
        output => Some(output.unwrap()),
    });
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("obs run: sample-2: 20 spans in = 20 out\n"), "{said}");
    let requests = traces_of_lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(ids_of(requests.iter().flat_map(spans_in)), ids(0..20));
    // Its arguments are options of the whole.
    let output = program.arg("--check").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "obs run: the pipeline is valid\n");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]));
}

#[test]
fn stages_are_asked_for_help() {
    let dir = TempDir::new();
    let help = run(&dir, "", "collect | sample --help");
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert_eq!(help.text(), Obs::new(&dir, "sample --help").run().text());
    let version = run(&dir, "", "relay --version");
    assert_eq!(version.text(), Obs::new(&dir, "relay --version").run().text());
}
