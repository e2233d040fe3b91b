//! A shell's pipe and `obs run` do the same.

mod input;
mod outcome;
mod plan;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use self::outcome::Item;
use self::plan::{End, Line, Plan, Source, Stage};
use crate::support::telemetry::{ids, ids_of, line, spans_in, traces, traces_of_lines};
use crate::support::{Obs, Pipeline, Sink, TempDir};

/// Few cases by default, as each runs up to a dozen processes; `PROPTEST_CASES` asks for more.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A pipeline with its input and the peers of one way to run it.
struct Run<'a> {
    plan: &'a Plan,
    dir: &'a TempDir,
    stdin: Vec<u8>,
    head: Vec<Stage>,
    tails: Vec<Vec<Stage>>,
    sinks: Vec<Sink>,
}

/// How it ended; of each line its items.
struct Ended {
    codes: Vec<i32>,
    items: Vec<Vec<Item>>,
    ledgers: Vec<Vec<Value>>,
    stderr: String,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, dir: &'a TempDir) -> Run<'a> {
        let sinks: Vec<Sink> = plan.lines.iter().map(|_| Sink::accepting()).collect();
        let mut tails: Vec<Vec<Stage>> =
            plan.lines.iter().zip(&sinks).map(|(line, sink)| tail(line, sink)).collect();
        let mut head = plan.head();
        for (line, tail) in plan.lines.iter().zip(&mut tails) {
            if let End::Stdout(Some(format)) = &line.end {
                tail.last_mut().or(head.last_mut()).unwrap().push(format!("--format={format}"));
            }
        }
        let mut stdin = Vec::new();
        if let Source::Recorded { files, last_is_stdin, unnamed } = &plan.source {
            let first = head.first_mut().unwrap_or_else(|| &mut tails[0][0]);
            first.extend(["--signal".to_owned(), unnamed.name().to_owned()]);
            for (index, (recording, encoding)) in files.iter().enumerate() {
                let bytes = recording.bytes(*encoding);
                if *last_is_stdin && index + 1 == files.len() {
                    first.push("-".into());
                    stdin = bytes;
                } else {
                    first.push(dir.write(&format!("input-{index}"), bytes));
                }
            }
        }
        Run { plan, dir, stdin, head, tails, sinks }
    }

    /// One pipe after the other, each with the whole input.
    fn in_a_shell(self) -> Ended {
        let mut ended =
            Ended { codes: Vec::new(), items: Vec::new(), ledgers: Vec::new(), stderr: String::new() };
        for (index, tail) in self.tails.iter().enumerate() {
            let stages = self.head.iter().chain(tail).enumerate().map(|(number, words)| {
                let stage = words.iter().fold(self.obs(""), Obs::arg);
                if number == 0 { stage.stdin(self.stdin.clone()) } else { stage }
            });
            let pipe = Pipeline::start_stages(self.dir, stages.collect()).wait();
            ended.codes.push(pipe.0.iter().map(|end| end.code).max().unwrap());
            ended.ledgers.push(pipe.0.iter().map(|end| end.ledger().0).collect());
            ended.items.push(self.items(index, &pipe.0.last().unwrap().stdout));
            ended.stderr += &pipe.stderr();
        }
        ended
    }

    fn in_one_process(mut self) -> Ended {
        let stages = self.head.iter_mut().chain(self.tails.iter_mut().flatten());
        let own: Vec<String> = stages
            .enumerate()
            .map(|(number, stage)| {
                let path = self.dir.file(&format!("own-{number}"));
                if self.plan.style.own_ledgers {
                    stage.extend(["--ledger".into(), path.clone()]);
                }
                path
            })
            .collect();
        let text = self.plan.text(&self.head, &self.tails);
        let operand = if self.plan.style.in_a_file { self.dir.write("pipeline", &text) } else { text };
        let path = self.dir.file("ledgers");
        let obs = self.plan.style.options.iter().fold(self.obs("run"), Obs::arg);
        let end = obs.arg(operand).arg("--ledger").arg(&path).stdin(self.stdin.clone()).run();
        assert!([0, 3].contains(&end.code), "exit code {}; stderr:\n{}", end.code, end.stderr);
        let ledgers = outcome::ledgers(&std::fs::read_to_string(path).unwrap());
        if self.plan.style.own_ledgers {
            let stages = ledgers.iter().filter(|ledger| ledger["command"] != "tee");
            for (ledger, path) in stages.zip(own) {
                let written: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
                assert_eq!(&written, ledger);
            }
        }
        Ended {
            codes: vec![end.code],
            items: (0..self.tails.len()).map(|index| self.items(index, &end.stdout)).collect(),
            ledgers: vec![ledgers],
            stderr: end.stderr,
        }
    }

    fn obs(&self, line: &str) -> Obs {
        Obs::new(self.dir, line).env("OBS_FORMAT", self.plan.format)
    }

    fn items(&self, index: usize, stdout: &[u8]) -> Vec<Item> {
        match &self.plan.lines[index].end {
            End::Stdout(format) => outcome::of_stream(format.unwrap_or(self.plan.format), stdout),
            End::Relay(_) => outcome::of_sink(self.sinks[index].accepted()),
        }
    }
}

fn tail(line: &Line, sink: &Sink) -> Vec<Stage> {
    let relay = match &line.end {
        End::Stdout(_) => None,
        End::Relay(words) => Some([&words[..], &["--to".into(), sink.url()]].concat()),
    };
    line.samplers.iter().cloned().chain(relay).collect()
}

/// The ledgers that `obs run` writes if its stages do what those of the pipes did.
fn expected_ledgers(plan: &Plan, head: usize, pipes: &[Vec<Value>]) -> Vec<Value> {
    let mut counts = BTreeMap::new();
    let mut named = |ledger: &Value| {
        let command = ledger["command"].as_str().unwrap();
        let count: &mut usize = counts.entry(command.to_owned()).or_default();
        *count += 1;
        let name = if *count == 1 { command.to_owned() } else { format!("{command}-{count}") };
        outcome::renamed(ledger, &name)
    };
    let mut expected: Vec<Value> = pipes[0][..head].iter().map(&mut named).collect();
    for (index, ledgers) in pipes.iter().enumerate() {
        assert_eq!(ledgers[..head], pipes[0][..head], "the same stages with the same input");
        if !plan.shared.is_empty() {
            expected.push(branch(&ledgers[head - 1], index + 1));
        }
        expected.extend(ledgers[head..].iter().map(&mut named));
    }
    expected
}

/// The ledger of a branch's queue behind a stage.
fn branch(before: &Value, number: usize) -> Value {
    let account = |signal: &str| {
        let items = &before[signal]["out"];
        serde_json::json!({"in": items, "out": items, "dropped": {}, "dead_lettered": 0, "lost": {}})
    };
    serde_json::json!({
        "schema": "obs.ledger/1", "command": "tee", "stage": format!("branch-{number}"),
        "traces": account("traces"), "metrics": account("metrics"), "logs": account("logs"),
        "rejected_objects": 0, "unknown_fields": 0,
    })
}

fn check(plan: &Plan) {
    let dir = TempDir::new();
    let (one, other) = (Run::new(plan, &dir), Run::new(plan, &dir));
    let head = one.head.len();
    let (pipes, run) = (one.in_a_shell(), other.in_one_process());
    assert_eq!(
        run.codes.iter().max(),
        pipes.codes.iter().max(),
        "exit codes:\n{}\n{}",
        run.stderr,
        pipes.stderr
    );
    let is_bad = match &plan.source {
        Source::Recorded { files, .. } => files.iter().any(|(file, encoding)| file.is_bad(*encoding)),
        Source::Synthetic { .. } => false,
    };
    assert!(!is_bad || run.codes == [3], "{}", run.stderr);
    assert_eq!(run.ledgers[0], expected_ledgers(plan, head, &pipes.ledgers), "{}", run.stderr);
    for (found, expected) in run.items.iter().zip(&pipes.items) {
        assert_eq!(found.len(), expected.len());
        assert!(found == expected, "items differ:\n{found:02x?}\n{expected:02x?}");
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn a_pipeline_does_what_the_pipe_does(plan in plan::straight()) {
        check(&plan);
    }
}

proptest! {
    #![proptest_config(config(20))]

    #[test]
    fn branches_do_what_a_pipe_each_does(plan in plan::branched()) {
        check(&plan);
    }
}

#[test]
fn branches_of_branches() {
    let dir = TempDir::new();
    let (one, other) = (Sink::accepting(), Sink::accepting());
    let text = format!(
        "sample --rate 1 - | tee {{ sample --rate 0.5 | tee {{ relay --to {} }} {{ sample --rate 0.25 }} }} {{ relay \
         --to {} }}",
        one.url(),
        other.url()
    );
    let path = dir.file("ledgers");
    let end = Obs::new(&dir, "run --ledger").arg(&path).arg(text).stdin(line(&traces(0..1000))).run();
    end.expect(0, "");
    let sampled = |rate: &str| {
        let end = Obs::new(&dir, "sample --rate").arg(rate).stdin(line(&traces(0..1000))).run();
        ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in))
    };
    let (half, quarter) = (sampled("0.5"), sampled("0.25"));
    assert_eq!(ids_of(traces_of_lines(&end.text()).iter().flat_map(spans_in)), quarter);
    assert_eq!((one.span_ids(), other.span_ids()), (half.clone(), ids(0..1000)));
    let (half, quarter) = (half.len() as u64, quarter.len() as u64);
    let ledgers = outcome::ledgers(&std::fs::read_to_string(path).unwrap());
    let found: Vec<_> = ledgers
        .iter()
        .map(|ledger| (ledger["stage"].as_str().unwrap(), &ledger["traces"]))
        .map(|(stage, traces)| (stage, traces["in"].as_u64().unwrap(), traces["out"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("sample", 1000, 1000),
        ("branch-1", 1000, 1000),
        ("sample-2", 1000, half),
        ("branch-2", half, half),
        ("relay", half, half),
        ("branch-3", half, half),
        ("sample-3", half, quarter),
        ("branch-4", 1000, 1000),
        ("relay-2", 1000, 1000),
    ];
    assert_eq!(found, expected);
}
