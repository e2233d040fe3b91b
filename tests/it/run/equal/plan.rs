//! Random pipelines, as command lines.

use obs::otlp::Signal;
use obs::pipeline::text::Word;
use proptest::prelude::*;

use super::input::{Encoding, Recording, SERVICES, recording};
use crate::otlp_properties::signals;

/// A stage as the words of its command line.
pub type Stage = Vec<String>;

#[derive(Debug, Clone)]
pub struct Plan {
    pub source: Source,
    /// Before the branches.
    pub shared: Vec<Stage>,
    /// One, or branches.
    pub lines: Vec<Line>,
    /// `OBS_FORMAT`.
    pub format: &'static str,
    pub style: Style,
}

#[derive(Debug, Clone)]
pub enum Source {
    Recorded { files: Vec<(Recording, Encoding)>, last_is_stdin: bool, unnamed: Signal },
    Synthetic { spans: u32, seed: u32 },
}

#[derive(Debug, Clone)]
pub struct Line {
    pub samplers: Vec<Stage>,
    pub end: End,
}

#[derive(Debug, Clone)]
pub enum End {
    /// In a format of its own, or that of the environment.
    Stdout(Option<&'static str>),
    /// The words of the relay but for its endpoint.
    Relay(Stage),
}

/// How the pipeline in one process is told.
#[derive(Debug, Clone)]
pub struct Style {
    separator: &'static str,
    pub in_a_file: bool,
    pub own_ledgers: bool,
    pub options: Stage,
}

const FORMATS: [&str; 2] = ["ndjson", "proto"];

fn words(line: &str) -> Stage {
    line.split_whitespace().map(str::to_owned).collect()
}

fn choose(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(from)
}

fn sampler() -> impl Strategy<Value = Stage> {
    let rate = || choose(&["1", "0", "0.5", "30%", "1/3", "0.9", "1/20"]);
    let slow = prop::option::of(choose(&["off", "10ms", "1s", "1ns"]));
    let service =
        (prop::sample::select(&SERVICES[..]), rate()).prop_map(|(name, rate)| format!("{name}={rate}"));
    (rate(), slow, any::<bool>(), prop::collection::vec(service, 0..3)).prop_map(
        |(rate, slow, no_errors, services)| {
            let mut stage = words(&format!("sample --rate {rate}"));
            stage.extend(slow.map(|slow| format!("--slow={slow}")));
            stage.extend(no_errors.then(|| "--no-errors".to_owned()));
            stage.extend(services.into_iter().flat_map(|service| ["--service".to_owned(), service]));
            stage
        },
    )
}

fn relay() -> impl Strategy<Value = Stage> {
    let protocol = choose(&["grpc", "http/protobuf", "http/json"]);
    let compression = choose(&["none", "gzip", "zstd"]);
    let batching = choose(&[
        "",
        "--batch-size 1000",
        "--batch-size 7 --max-concurrent-exports 1",
        "--batch-bytes 20000 --buffer-capacity 10",
    ]);
    (protocol, compression, batching).prop_map(|(protocol, compression, batching)| {
        words(&format!("relay --protocol {protocol} --compression {compression} {batching}"))
    })
}

fn line() -> impl Strategy<Value = Line> {
    let end = prop_oneof![
        prop::option::of(prop::sample::select(&FORMATS[..])).prop_map(End::Stdout),
        relay().prop_map(End::Relay),
    ];
    (prop::collection::vec(sampler(), 0..4), end).prop_map(|(samplers, end)| Line { samplers, end })
}

fn recorded() -> impl Strategy<Value = Source> {
    let encoding = prop_oneof![
        3 => Just(Encoding::Ndjson),
        3 => Just(Encoding::Frames),
        1 => signals().prop_map(Encoding::Unnamed),
    ];
    (prop::collection::vec((recording(), encoding), 1..3), any::<bool>()).prop_map(
        |(mut files, last_is_stdin)| {
            let mut named = files.iter().filter_map(|(_, encoding)| match encoding {
                Encoding::Unnamed(signal) => Some(*signal),
                _ => None,
            });
            let unnamed = named.next().unwrap_or(Signal::Traces);
            for (_, encoding) in &mut files {
                if let Encoding::Unnamed(signal) = encoding {
                    *signal = unnamed;
                }
            }
            Source::Recorded { files, last_is_stdin, unnamed }
        },
    )
}

fn synthetic() -> impl Strategy<Value = Source> {
    (1u32..3000, any::<u32>()).prop_map(|(spans, seed)| Source::Synthetic { spans, seed })
}

fn style() -> impl Strategy<Value = Style> {
    let options = choose(&[
        "",
        "--workers 1",
        "--workers 3 --ack on-accept",
        "--branch-buffer 1B",
        "--branch-buffer 10KiB --workers 1",
    ]);
    let separator = choose(&[" | ", "|", " | obs ", "\n| # a comment\n  \\\n "]);
    (separator, any::<bool>(), any::<bool>(), options).prop_map(
        |(separator, in_a_file, own_ledgers, options)| Style {
            separator,
            in_a_file,
            own_ledgers,
            options: words(options),
        },
    )
}

/// JSON that the sink reads: it knows no `NaN`, and expects fields that may be left out.
fn to_a_sink(mut plan: Plan) -> Plan {
    let is_random = match &plan.source {
        Source::Recorded { files, .. } => files.iter().any(|(recording, _)| recording.is_random()),
        Source::Synthetic { .. } => false,
    };
    for line in &mut plan.lines {
        if let (End::Relay(words), true) = (&mut line.end, is_random) {
            words
                .iter_mut()
                .filter(|word| *word == "http/json")
                .for_each(|word| *word = "http/protobuf".into());
        }
    }
    plan
}

/// A pipeline without branches.
pub fn straight() -> impl Strategy<Value = Plan> {
    let source = prop_oneof![5 => recorded(), 2 => synthetic()];
    (source, line(), choose(&FORMATS), style(), sampler()).prop_map(
        |(source, mut line, format, style, sampler)| {
            if let (Source::Recorded { .. }, End::Stdout(_), true) =
                (&source, &line.end, line.samplers.is_empty())
            {
                line.samplers.push(sampler);
            }
            to_a_sink(Plan { source, shared: Vec::new(), lines: vec![line], format, style })
        },
    )
}

/// A pipeline with branches, at most one of which writes to stdout.
pub fn branched() -> impl Strategy<Value = Plan> {
    let source = prop_oneof![2 => recorded(), 1 => synthetic()];
    let shared = prop::collection::vec(sampler(), 1..3);
    let lines = prop::collection::vec((line(), relay()), 1..4);
    (source, shared, lines, choose(&FORMATS), style()).prop_map(|(source, shared, lines, format, style)| {
        let mut writes = false;
        let lines = lines.into_iter().map(|(mut line, relay)| {
            let can_write = !writes && !line.samplers.is_empty();
            match &line.end {
                End::Stdout(_) if can_write => writes = true,
                End::Stdout(_) => line.end = End::Relay(relay),
                End::Relay(_) => {}
            }
            line
        });
        to_a_sink(Plan { source, shared, lines: lines.collect(), format, style })
    })
}

impl Plan {
    /// The stages before the branches, without their FILE operands.
    pub fn head(&self) -> Vec<Stage> {
        let source = match &self.source {
            Source::Recorded { .. } => None,
            Source::Synthetic { spans, seed } => Some(words(&format!(
                "collect --synthetic 1e6 --spans {spans} --seed {seed} --now 2026-01-31T12:00:00Z"
            ))),
        };
        source.into_iter().chain(self.shared.iter().cloned()).collect()
    }

    /// What `obs run` is told: the stages before the branches, and those of each.
    pub fn text(&self, head: &[Stage], tails: &[Vec<Stage>]) -> String {
        let join =
            |stages: &[Stage]| stages.iter().map(quoted).collect::<Vec<_>>().join(self.style.separator);
        let branches = |tails: &[Vec<Stage>]| -> String {
            tails.iter().map(|tail| format!(" {{ {} }}", join(tail))).collect()
        };
        match tails {
            [tail] if self.shared.is_empty() => join(&[head, tail].concat()),
            tails => format!("{} | tee{}", join(head), branches(tails)),
        }
    }
}

fn quoted(stage: &Stage) -> String {
    let words = stage.iter().map(|text| Word { text: text.clone(), span: 0..0 }.to_string());
    words.collect::<Vec<_>>().join(" ")
}
