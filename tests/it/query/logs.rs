//! `query logs` as a process.

mod context;
mod counts;
mod follow;
mod pages;

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use crate::support::telemetry::{TIME, line, log, logs, logs_of, metrics, traces};
use crate::support::{Obs, TempDir};

/// A line of the stream with a record of a service for each number, which is its second and in its message.
fn records(service: &str, numbers: impl IntoIterator<Item = u64>) -> String {
    line(&logs_of(service, numbers.into_iter().map(record).collect()))
}

fn record(number: u64) -> LogRecord {
    let body = any_value::Value::StringValue(format!("line {number}"));
    LogRecord {
        time_unix_nano: TIME + number * 1_000_000_000,
        body: Some(AnyValue { value: Some(body) }),
        ..log(number)
    }
}

/// A directory with a database.
struct Kept {
    dir: TempDir,
}

impl Kept {
    /// Each of the streams has a segment of its own.
    #[track_caller]
    fn new(streams: &[String]) -> Kept {
        let kept = Kept { dir: TempDir::new() };
        streams.iter().for_each(|stream| kept.store(stream));
        kept
    }

    #[track_caller]
    fn store(&self, stream: &str) {
        Obs::new(&self.dir, "store").stdin(stream).run().expect(0, "");
    }

    fn logs(&self, query: &str, line: &str) -> Obs {
        Obs::new(&self.dir, "query logs --utc").args(line).arg("--").arg(query)
    }

    /// The words of a line from the message on, by line, with what stands in front of the time.
    #[track_caller]
    fn lines(&self, query: &str, line: &str) -> Vec<String> {
        let end = self.logs(query, line).run();
        end.expect(0, "");
        let shown = |line: &str| match line.split_once("2026-01-01T") {
            Some((mark, rest)) => format!("{mark}{}", rest.rsplit("  ").next().unwrap()),
            None => line.to_owned(),
        };
        end.text().lines().map(shown).collect()
    }
}

#[test]
fn what_would_have_no_effect_is_refused() {
    let kept = Kept::new(&[records("a", 0..1)]);
    for (query, line, message, hint) in [
        ("", "--follow --format json", "--follow has no end, a JSON document has one", "--format ndjson"),
        ("* | count by level", "--follow", "| count does not go with --follow", "leave out"),
        ("* | count", "-C 1", "| count does not go with --context", "leave out"),
        ("* | count by level", "--trace", "| count does not go with --trace", "leave out"),
        ("* | count by level", "--after n1-1", "| count does not go with --after", "leave out"),
        ("", "--trace --format csv", "a row has no place for what --trace shows", "--format table, json"),
        ("", "-C 1 --format tsv", "a row has no place for what --context shows", "--format table, json"),
        ("", "--after o1-1", "--after o1-1: the cursor is of another order", "--sort oldest goes on"),
        ("", "--sort oldest --after n1-1", "the cursor is of another order", "--sort newest goes on"),
    ] {
        let end = kept.logs(query, line).run();
        end.expect(2, message).expect(2, &format!("\nhint: {hint}"));
        assert_eq!(end.text(), "", "{query:?} {line}");
    }
    let end = kept.logs("", "--after 1767225600000000000-1").run();
    end.expect(2, "expected the cursor of a log record");
}
