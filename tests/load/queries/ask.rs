//! Asks all systems one question, and measures whole processes.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::answer::{self, Answer};
use super::lines::RARE;
use super::traffic::{
    ORDER, RARE_ORDER, RARE_PART, SEARCHED_DURATION_MS, SEARCHED_OPERATION, SEARCHED_SERVICE, Template,
};
use super::{Asked, Question, System, requests};
use crate::Options;
use crate::process::Process;
use crate::report::Figures;

/// Every system is asked so often, after it was asked once without measuring,
const RUNS: usize = 10;
/// unless that takes longer than this; but three times at least.
const ENOUGH: Duration = Duration::from_secs(60);
const LEAST_RUNS: usize = 3;

const PATIENCE: Duration = Duration::from_secs(600);

const ASK_DUCKDB: &str = include_str!("ask_duckdb.py");

/// A run of a system.
struct Run {
    seconds: f64,
    cpu_seconds: f64,
    peak_rss_bytes: u64,
    answer: Answer,
}

/// Asks all systems that have an answer.
pub fn ask(question: Question, options: &Options) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut answers: Vec<(System, Answer)> = Vec::new();
    for system in [System::Obs, System::Sqlite, System::Duckdb] {
        let Some(command) = command(question, system, options)? else { continue };
        match measure(question, system, command, options) {
            Ok((asked, answer)) => {
                figures.asked.push(asked);
                answers.push((system, answer));
            }
            Err(error) => figures.asked.push(Asked {
                system,
                seconds: Vec::new(),
                cpu_seconds: Vec::new(),
                peak_rss_bytes: 0,
                answer: Err(format!("{error:#}")),
            }),
        }
    }
    let complaints = answers.iter().filter_map(|(system, found)| {
        let what =
            answer::difference(&answers[0].1, found).map(|what| format!("not the answer of obs: {what}"));
        let expected = expected_rows(question).filter(|expected| *expected != found.len());
        let what = what.or_else(|| expected.map(|expected| format!("{} rows, not {expected}", found.len())));
        Some(format!("{system:?}: {}", what?))
    });
    let complaints: Vec<String> = complaints.collect();
    figures.complaint = (!complaints.is_empty()).then(|| complaints.join("; "));
    Ok(figures)
}

/// How many rows there are, where that is known.
fn expected_rows(question: Question) -> Option<usize> {
    match question {
        Question::Trace => Some(10),
        Question::Search | Question::Services => Some(20),
        Question::Attribute | Question::Scan => Some(super::traffic::RARE_ORDERS),
        Question::Logs => Some(super::lines::RARE_RECORDS),
        Question::Bottlenecks | Question::File => None,
    }
}

fn measure(
    question: Question,
    system: System,
    command: impl Fn() -> Command,
    options: &Options,
) -> Result<(Asked, Answer)> {
    // Brings the file into the page cache.
    let first = run(question, system, command(), options)?;
    let began = Instant::now();
    let mut asked = Asked {
        system,
        seconds: Vec::new(),
        cpu_seconds: Vec::new(),
        peak_rss_bytes: 0,
        answer: Ok(first.answer.len()),
    };
    while asked.seconds.len() < RUNS && (asked.seconds.len() < LEAST_RUNS || began.elapsed() < ENOUGH) {
        let run = run(question, system, command(), options)?;
        asked.seconds.push(run.seconds);
        asked.cpu_seconds.push(run.cpu_seconds);
        asked.peak_rss_bytes = asked.peak_rss_bytes.max(run.peak_rss_bytes);
    }
    asked.seconds.sort_by(f64::total_cmp);
    asked.cpu_seconds.sort_by(f64::total_cmp);
    Ok((asked, first.answer))
}

fn run(question: Question, system: System, mut command: Command, options: &Options) -> Result<Run> {
    let began = Instant::now();
    let (process, stdout) = Process::start("query", &mut command, &[], options.verbose)?;
    let printed = io::read_to_string(stdout.context("no stdout")?)?;
    let usage = process.wait_for(PATIENCE)?;
    let whole = began.elapsed().as_secs_f64();
    let document: Value = serde_json::from_str(&printed)
        .with_context(|| format!("no JSON: {}", printed.chars().take(200).collect::<String>()))?;
    let answer = match system {
        System::Obs => answer::of_obs(question, &document)?,
        _ => answer::of_rows(&document)?,
    };
    // Rows are in the order of the spans, traces in that of their starts.
    let answer = if question == Question::Search { answer::sorted(answer) } else { answer };
    let seconds = document["seconds"].as_f64().filter(|_| system == System::Duckdb).unwrap_or(whole);
    Ok(Run { seconds, cpu_seconds: usage.cpu_seconds, peak_rss_bytes: usage.peak_rss_bytes, answer })
}

/// How to ask a system; `None` where it has no answer.
fn command(question: Question, system: System, options: &Options) -> Result<Option<impl Fn() -> Command>> {
    let database = system.path(options)?;
    let file = System::File.path(options)?;
    let words: Vec<String> = match system {
        System::Obs => {
            let mut words = vec![options.obs.display().to_string(), "query".into()];
            words.extend(obs(question, options, &file)?);
            if question != Question::File {
                words.extend(["--db".into(), database.display().to_string()]);
            }
            words
        }
        System::Sqlite => {
            let Some(sql) = sqlite(question, options) else { return Ok(None) };
            let program = std::env::current_exe()?.display().to_string();
            vec![program, "--ask-rows".into(), database.display().to_string(), sql]
        }
        System::Duckdb => {
            let (Some(python), Some(sql)) = (&options.python, duckdb(question, options, &file)) else {
                return Ok(None);
            };
            let database =
                if question == Question::File { String::new() } else { database.display().to_string() };
            vec![python.display().to_string(), "-c".into(), ASK_DUCKDB.into(), database, sql]
        }
        System::File => return Ok(None),
    };
    let (program, words) = words
        .split_first()
        .map(|(first, rest)| (first.clone(), rest.to_vec()))
        .ok_or_else(|| anyhow!("no words"))?;
    Ok(Some(move || {
        let mut command = Command::new(&program);
        command.args(&words).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }))
}

/// The id of the trace that is looked for.
fn trace_id(options: &Options) -> String {
    let requests = requests(options);
    Template::new().trace_id(requests / 3, requests)
}

fn obs(question: Question, options: &Options, file: &Path) -> Result<Vec<String>> {
    let search = ["--service", SEARCHED_SERVICE, "--operation", SEARCHED_OPERATION, "--limit", "20"];
    let duration = format!("{SEARCHED_DURATION_MS}ms");
    let words: Vec<String> = match question {
        Question::Trace => vec!["trace".into(), trace_id(options)],
        Question::Search | Question::File => {
            let mut words = vec!["traces", "--min-duration", &duration, "--span-duration"];
            words.extend(search);
            words.into_iter().map(str::to_owned).collect()
        }
        Question::Attribute => {
            ["traces", "--tag", &format!("{ORDER}={RARE_ORDER}")].map(str::to_owned).into()
        }
        Question::Scan => ["traces", "--where", &format!("{ORDER}: *{RARE_PART}*")].map(str::to_owned).into(),
        Question::Services => vec!["services".into()],
        Question::Bottlenecks => [
            "bottlenecks",
            "--service",
            SEARCHED_SERVICE,
            "--from",
            "2026-06-15T00:00:00Z",
            "--to",
            "2026-06-16T00:00:00Z",
        ]
        .map(str::to_owned)
        .into(),
        Question::Logs => vec!["logs".into(), format!("message: \"*{RARE}*\"")],
    };
    let format = ["--format", "json"].map(str::to_owned);
    let file = (question == Question::File).then(|| file.display().to_string());
    Ok(words.into_iter().chain(format).chain(file).collect())
}

/// Conditions on the span that is searched.
fn search() -> String {
    let duration_ns = SEARCHED_DURATION_MS * 1_000_000;
    format!("service = '{SEARCHED_SERVICE}' AND name = '{SEARCHED_OPERATION}' AND duration >= {duration_ns}")
}

fn sqlite(question: Question, options: &Options) -> Option<String> {
    Some(match question {
        Question::Trace => {
            let id = trace_id(options);
            format!("SELECT lower(hex(span_id)) AS id FROM spans WHERE trace_id = x'{id}' ORDER BY id")
        }
        Question::Search => {
            format!("SELECT lower(hex(trace_id)) FROM spans WHERE {} ORDER BY start DESC LIMIT 20", search())
        }
        // Quicker than to parse the object.
        Question::Attribute => format!(
            "SELECT lower(hex(trace_id)) FROM spans WHERE instr(attributes, '\"{ORDER}\":\"{RARE_ORDER}\"') > 0 ORDER BY start DESC"
        ),
        Question::Scan => format!(
            "SELECT lower(hex(trace_id)) FROM spans WHERE instr(attributes, '{RARE_PART}') > 0 ORDER BY start DESC"
        ),
        Question::Services => {
            "SELECT service, count(*), sum(status = 2), p95(duration) FROM spans WHERE kind IN (2, 5)
                               GROUP BY service ORDER BY service"
                .into()
        }
        Question::Logs => format!("SELECT body FROM logs WHERE instr(body, '{RARE}') > 0 ORDER BY body"),
        Question::Bottlenecks | Question::File => return None,
    })
}

fn duckdb(question: Question, options: &Options, file: &Path) -> Option<String> {
    Some(match question {
        Question::Trace => {
            let id = trace_id(options);
            format!("SELECT lower(hex(span_id)) AS id FROM spans WHERE trace_id = unhex('{id}') ORDER BY id")
        }
        Question::Search => {
            format!("SELECT lower(hex(trace_id)) FROM spans WHERE {} ORDER BY start DESC LIMIT 20", search())
        }
        Question::Attribute => format!(
            "SELECT lower(hex(trace_id)) FROM spans WHERE attributes['{ORDER}'] = '{RARE_ORDER}' ORDER BY start DESC"
        ),
        Question::Scan => format!(
            "SELECT lower(hex(trace_id)) FROM spans WHERE contains(attributes['{ORDER}'], '{RARE_PART}') ORDER BY start DESC"
        ),
        Question::Services => {
            "SELECT service, count(*), count_if(status = 2), quantile_disc(duration, 0.95)::DOUBLE
                               FROM spans WHERE kind IN (2, 5) GROUP BY service ORDER BY service"
                .into()
        }
        Question::Logs => format!("SELECT body FROM logs WHERE contains(body, '{RARE}') ORDER BY body"),
        Question::File => of_file(file),
        Question::Bottlenecks => return None,
    })
}

/// Reads no more of the file than the question needs.
fn of_file(file: &Path) -> String {
    let attributes = "STRUCT(key VARCHAR, \"value\" STRUCT(stringValue VARCHAR))[]";
    let span = "STRUCT(traceId VARCHAR, name VARCHAR, startTimeUnixNano BIGINT, endTimeUnixNano BIGINT)";
    let batches =
        format!("STRUCT(resource STRUCT(attributes {attributes}), scopeSpans STRUCT(spans {span}[])[])[]");
    format!(
        "SELECT span.traceId FROM (
            SELECT service, unnest(scope.spans) AS span FROM (
                SELECT list_filter(batch.resource.attributes, lambda attribute: attribute.key = 'service.name')[1]
                           .\"value\".stringValue AS service,
                       unnest(batch.scopeSpans) AS scope
                FROM (
                    SELECT unnest(resourceSpans) AS batch
                    FROM read_json('{}', format = 'newline_delimited', columns = {{resourceSpans: '{batches}'}})
                )
            )
        )
        WHERE service = '{SEARCHED_SERVICE}' AND span.name = '{SEARCHED_OPERATION}'
          AND span.endTimeUnixNano - span.startTimeUnixNano >= {}
        ORDER BY span.startTimeUnixNano DESC LIMIT 20",
        file.display(),
        SEARCHED_DURATION_MS * 1_000_000
    )
}
