//! Lists that go on.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::Value;

use super::{Kept, line, logs_of, record};
use crate::support::Obs;

/// Records of few times, and some of none, in several segments.
fn kept() -> Kept {
    let at = |number: u64, second: u64| {
        let time_unix_nano = if second == 0 { 0 } else { record(second).time_unix_nano };
        LogRecord { time_unix_nano, ..record(number) }
    };
    let stream = |seconds: &[(u64, u64)]| {
        line(&logs_of("a", seconds.iter().map(|(number, second)| at(*number, *second)).collect()))
    };
    Kept::new(&[
        stream(&[(1, 5), (2, 5), (3, 0), (4, 9)]),
        stream(&[(5, 5), (6, 5), (7, 5)]),
        stream(&[(8, 2), (9, 9), (10, 0)]),
        stream(&[(11, 9), (12, 9), (13, 9)]),
    ])
}

fn messages(page: &Value) -> Vec<String> {
    let message = |log: &Value| log["message"].as_str().unwrap().trim_start_matches("line ").to_owned();
    page["logs"].as_array().unwrap().iter().map(message).collect()
}

#[test]
fn pages_hold_everything_once() {
    let newest = ["13", "12", "11", "9", "4", "7", "6", "5", "2", "1", "8", "10", "3"];
    let oldest = ["8", "1", "2", "5", "6", "7", "4", "9", "11", "12", "13", "3", "10"];
    for (order, expected) in [("newest", newest), ("oldest", oldest)] {
        for limit in [1, 2, 5, 12, 13] {
            let kept = kept();
            let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let line = format!("--format json --sort {order} --limit {limit} {after}");
                let end = kept.logs("", &line).run();
                end.expect(0, "");
                let page: Value = serde_json::from_str(&end.text()).unwrap();
                found.extend(messages(&page));
                pages += 1;
                match page["next"].as_str() {
                    Some(next) => {
                        assert_eq!(messages(&page).len(), limit);
                        end.expect(0, &format!("there are more: --after {next}, or --limit\n"));
                        after = format!("--after {next}");
                    }
                    None => {
                        assert!(page["next"].is_null() && !end.stderr.contains("there are more"), "{page:#}");
                        break;
                    }
                }
                if pages == 2 {
                    // Segments that are merged are others than those that were searched before.
                    Obs::new(&kept.dir, "store compact").run().expect(0, "");
                }
            }
            assert_eq!(found, expected, "{order}, {limit} a page");
            assert_eq!(pages, expected.len().div_ceil(limit), "{order}, {limit} a page");
        }
    }
}

#[test]
fn every_form_says_that_there_are_more() {
    let kept = kept();
    for format in ["table", "json", "ndjson", "csv", "tsv", "otlp"] {
        let end = kept.logs("", &format!("--limit 3 --format {format}")).run();
        end.expect(0, "there are more: --after n1767225609000000000-3, or --limit\n");
        assert_eq!(end.text().matches("line ").count(), 3, "{format}");
        let end = kept.logs("", &format!("--limit 13 --format {format}")).run();
        assert!(!end.stderr.contains("more"), "{format}: {}", end.stderr);
        assert_eq!(end.text().matches("line ").count(), 13, "{format}");
    }
    // Also of what a query finds.
    let end = kept.logs("message: (1 or 2 or 12)", "--limit 1 --after n1767225609000000000-1").run();
    end.expect(0, "there are more: --after n1767225605000000000-1, or --limit\n");
    assert!(end.text().contains("line 2"), "{}", end.text());
}
