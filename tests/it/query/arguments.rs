//! What is said about arguments: at once where they are wrong, and afterwards where nothing has what they name.

use crate::support::{End, Obs, TempDir};

/// Spans of traces 1 to 4, with what they say of an exception.
pub const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]},"scopeSpans":[{"spans":[
{"traceId":"00000000000000000000000000000001","spanId":"0000000000000001","name":"GET","startTimeUnixNano":"1767225600000000000","attributes":[{"key":"exception.message","value":{"stringValue":"timeout"}}]},
{"traceId":"00000000000000000000000000000002","spanId":"0000000000000001","name":"GET","startTimeUnixNano":"1767225600000000000","attributes":[{"key":"exception.message","value":{"stringValue":"connection timeout exceeded"}}]},
{"traceId":"00000000000000000000000000000003","spanId":"0000000000000001","name":"GET","startTimeUnixNano":"1767225600000000000","status":{"code":2,"message":"timeout"},"events":[{"attributes":[{"key":"exception.message","value":{"stringValue":"tim*"}}]}]},
{"traceId":"00000000000000000000000000000004","spanId":"0000000000000001","name":"GET now","startTimeUnixNano":"1767225600000000000","attributes":[{"key":"error","value":{"stringValue":"no"}}]}]}]}]}"#;

/// A log record with a field in its body, and one without.
pub const LOGS: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]},"scopeLogs":[{"logRecords":[
{"timeUnixNano":"1767225600000000000","severityNumber":17,"body":{"kvlistValue":{"values":[{"key":"user_id","value":{"stringValue":"12345"}}]}},"attributes":[{"key":"code","value":{"intValue":"7"}}]},
{"timeUnixNano":"1767225601000000000","severityNumber":9,"body":{"stringValue":"started"}}]}]}]}"#;

/// Runs a search of a stream, the last operand.
fn run(line: &str, args: &[&str], stream: &str) -> End {
    let dir = TempDir::new();
    let file = dir.write("stream.jsonl", stream);
    args.iter().fold(Obs::new(&dir, line), |query, arg| query.arg(arg)).arg(file).run()
}

/// The last digits of the ids of the traces that are found.
#[track_caller]
fn traces(args: &[&str]) -> String {
    let end = run("query traces --sort oldest --format ndjson", args, SPANS);
    assert_eq!(end.code, 0, "{args:?}: {}", end.stderr);
    let mut ids: Vec<char> =
        end.lines().iter().filter_map(|line| line["trace_id"].as_str()?.chars().last()).collect();
    ids.sort_unstable();
    ids.into_iter().collect()
}

#[test]
fn flags_are_compared_with_the_whole_of_a_value() {
    assert_eq!(traces(&["--tag", "exception.message=timeout"]), "1");
    assert_eq!(traces(&["--tag", "exception.message=Timeout"]), "");
    assert_eq!(traces(&["--tag", "exception.message=tim*"]), "3");
    assert_eq!(traces(&["--tag", "exception.message!=timeout"]), "23");
    assert_eq!(traces(&["--tag", "exception.message=~timeout"]), "12");
    assert_eq!(traces(&["--tag", "status.message=time"]), "");
    assert_eq!(traces(&["--tag", "status.message=timeout"]), "3");
    assert_eq!(traces(&["--operation", "GET"]), "123");
    // Words are looked for in the language.
    assert_eq!(traces(&["--where", "exception.message: timeout"]), "12");
}

#[test]
fn an_error_exists_where_there_is_one() {
    assert_eq!(traces(&["--where", "error: *"]), "34");
    assert_eq!(traces(&["--where", "not error: *"]), "12");
    assert_eq!(traces(&["--tag", "error!=true"]), "124");
    assert_eq!(traces(&["--errors"]), "3");
}

#[test]
fn fields_that_nothing_has_are_named_once() {
    let of_logs = |args: &[&str]| run("query logs --format ndjson", args, LOGS).stderr;
    let levle = "obs query: warning: none of the log records has the field \"levle\"; did you mean level?\n";
    assert_eq!(of_logs(&["levle: (a or b or c)"]), format!("obs query: no log record is found\n{levle}"));
    assert_eq!(of_logs(&["| count by levle"]), levle);
    assert_eq!(of_logs(&["", "--count-by", "levle"]), levle);
    // In the body of a record, which the catalog does not list.
    for query in ["user_id: 12345", "| count by user_id", "user_id: * | count by user_id", "not user_id: *"] {
        assert_eq!(of_logs(&[query]), "", "{query}");
    }
    let of_spans =
        run("query traces --format ndjson", &["--where", "not (nmae: a or nmae: b)"], SPANS).stderr;
    assert_eq!(
        of_spans,
        "obs query: warning: none of the spans has the field \"nmae\"; did you mean name?\n"
    );
    let bottlenecks = run("query bottlenecks", &["--tag", "nmae=a"], SPANS).stderr;
    assert_eq!(bottlenecks, of_spans);
}

#[test]
fn text_that_a_neighbour_would_read_otherwise_is_told() {
    let of_logs = |query: &str| run("query logs --format ndjson", &[query, "--exit-code"], LOGS);
    for (query, note) in [
        (
            "user_id=12345",
            "obs query: warning: query:1:8: user_id = is looked for as text\n  user_id=12345\n         ^\nhint: user_id: 12345\n",
        ),
        (
            "path: /api/",
            "/api/ is text with its slashes\n  path: /api/\n        ^^^^^\nhint: there are no regular",
        ),
        (
            "level: 'error'",
            "'error' is text with its quotes\n  level: 'error'\n         ^^^^^^^\nhint: quotes are \": \"error\"\n",
        ),
    ] {
        let end = of_logs(query);
        assert!(end.code == 1 && end.stderr.contains(note), "{query}: {}", end.stderr);
    }
    for query in
        ["\"user_id=12345\"", r"user_id\=12345", "message: user_id=12345", "user_id: \"/api/\"", r"v: \'x'"]
    {
        assert!(!of_logs(query).stderr.contains("query:1"), "{query}");
    }
    let of_spans = run("query traces", &["--where", "verb='GET' and retry=3"], SPANS);
    assert!(of_spans.stderr.contains("hint: retry: 3\n"), "{}", of_spans.stderr);
}

#[test]
fn a_service_that_there_is_not_is_named_where_nothing_is_found() {
    let warning = "obs query: warning: there is no service \"chekout\"; do you mean \"checkout\"? there are \"checkout\"\n";
    for (line, args, stream) in [
        ("query traces", &["--service", "chekout"][..], SPANS),
        ("query traces", &["--where", "service: chekout and name: GET"], SPANS),
        ("query bottlenecks", &["--service", "chekout"], SPANS),
        ("query logs", &["service: chekout"], LOGS),
        ("query logs", &["service: chekout | count"], LOGS),
        ("query logs", &["service: (chekout and \"chekout\")"], LOGS),
    ] {
        let end = run(line, args, stream);
        assert_eq!(end.code, 0, "{line} {args:?}: {}", end.stderr);
        assert_eq!(end.stderr.matches(warning).count(), 1, "{line} {args:?}: {}", end.stderr);
    }
    for query in ["service: (checkout or chekout)", "not service: chekout", "service: check*"] {
        assert_eq!(run("query logs", &[query], LOGS).stderr, "", "{query}");
    }
}

#[test]
fn a_file_in_the_place_of_something_else() {
    let dir = TempDir::new();
    dir.write("l1.jsonl", LOGS);
    for (line, what, hint) in [
        ("query logs l1.jsonl", "a query", "obs query logs '' l1.jsonl"),
        ("query trace l1.jsonl", "the id of a trace", "obs query trace ID l1.jsonl"),
        ("query operations l1.jsonl", "a service", "obs query operations SERVICE l1.jsonl"),
        ("query sql l1.jsonl", "a query", "obs query sql 'SELECT …' l1.jsonl"),
    ] {
        let end = Obs::new(&dir, line).run();
        end.expect(2, &format!("obs: expected {what} before the file l1.jsonl\nhint: {hint}\n"));
    }
    // Behind a query it is a file, and a word may be called as a file is.
    assert_eq!(Obs::new(&dir, "query logs --format ndjson").arg("").arg("l1.jsonl").run().lines().len(), 2);
    dir.write("started", "");
    let end = Obs::new(&dir, "query logs --format ndjson started l1.jsonl").run();
    assert_eq!(end.lines().len(), 1, "{}", end.stderr);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_read() {
    let dir = TempDir::new();
    for (line, args, message) in [
        ("query traces", &["--where", "(("][..], "expected a field or a value, found the end"),
        ("query traces", &["--tag", "a=~("], "--tag a: unclosed group in the regular expression"),
        ("query traces", &["--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query bottlenecks", &["--where", "duration > 5"], "expected a duration such as 500ms"),
        ("query bottlenecks", &["--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query services", &["--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query deps", &["--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query operations checkout", &["--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query trace xyz", &[], "\"xyz\" is no trace id"),
        ("query compare 12 xyz", &[], "\"xyz\" is no trace id"),
        ("query logs", &["level: loud and level > loud"], "expected a level"),
        ("query logs", &["", "--from", "now", "--to", "now-1h"], "the time range ends at"),
        ("query logs", &["| count by service", "--format", "otlp"], "counts are no log records"),
        ("query logs", &["| count by service", "--follow"], "| count does not go with --follow"),
        ("query logs", &["", "--follow", "--format", "json"], "--follow has no end, a JSON document has one"),
        ("query logs", &["", "--format", "otlp"], "OBS_FORMAT: expected ndjson or proto, found \"x\""),
        ("query traces", &["--format", "otlp"], "OBS_FORMAT: expected ndjson or proto, found \"x\""),
        ("query trace 12", &["--format", "otlp"], "OBS_FORMAT: expected ndjson or proto, found \"x\""),
        ("query sql", &["SELECT 1", "--format", "x"], "invalid value 'x' for '--format <FORMAT>'"),
    ] {
        // Nothing ever comes, nor is it the end.
        let (stdin, writer) = std::io::pipe().unwrap();
        let query = args.iter().fold(Obs::new(&dir, line), |query, arg| query.arg(arg));
        let query = if message.contains("OBS_FORMAT") { query.env("OBS_FORMAT", "x") } else { query };
        query.arg("-").stdin_from(stdin).run().expect(2, message);
        drop(writer);
    }
}

#[test]
fn a_hint_says_something() {
    let end = run("query traces", &["--tag", "duration>5"], SPANS);
    assert_eq!(end.stderr, "obs: --tag duration: expected a duration such as 500ms\n");
}

#[test]
fn of_a_very_long_query_the_place_is_shown() {
    let long = "a".repeat(50_000);
    let end = run("query logs", &[&format!("{} or ) {long}", "a".repeat(70_000))], LOGS);
    end.expect(2, "obs: query:1:70005: expected a field or a value, found )\n  …aaa");
    assert!(end.stderr.len() < 400, "{}", end.stderr);
    let end = run("query logs", &[&format!("a or (b {long}:{long}")], LOGS);
    end.expect(2, "put and or or before aaa");
    assert!(end.stderr.len() < 600, "{}", end.stderr);
}

#[test]
fn times_without_an_offset_are_local() {
    let found = |args: &[&str]| {
        let dir = TempDir::new();
        let file = dir.write("stream.jsonl", LOGS);
        let query = Obs::new(&dir, "query logs --format ndjson").env("TZ", "JST-9");
        let end = args.iter().fold(query, |query, arg| query.arg(arg)).arg(file).run();
        assert_eq!(end.code, 0, "{args:?}: {}", end.stderr);
        end.lines().len()
    };
    // The records are of midnight in UTC, and of a second later.
    assert_eq!(found(&["timestamp >= 2026-01-01T09:00:00"]), 2);
    assert_eq!(found(&["timestamp >= \"2026-01-01 09:00:01\""]), 1);
    assert_eq!(found(&["", "--from", "2026-01-01T09:00:01"]), 1);
    assert_eq!(found(&["timestamp: 2026-01-01T09:00"]), 2);
    assert_eq!(found(&["timestamp: 2026-01-01T09:00", "--utc"]), 0);
    assert_eq!(found(&["timestamp >= 2026-01-01T00:00:01", "--utc"]), 1);
    assert_eq!(found(&["timestamp >= 2026-01-01T00:00:01Z"]), 1);
    assert_eq!(found(&["timestamp < 2026-01-01"]), 0);
    // Ranges of long ago, whose nanoseconds are few.
    assert_eq!(found(&["", "--from", "1970-01-01T00:00:01Z"]), 2);
    assert_eq!(found(&["", "--to", "1970-01-01T00:00:01Z"]), 0);
}

#[test]
fn every_report_shows_times_in_one_zone() {
    let dir = TempDir::new();
    Obs::new(&dir, "store").stdin([SPANS, LOGS].join("\n")).run().expect(0, "");
    let shown = |line: &str, args: &str| {
        let end = Obs::new(&dir, &format!("query {line}")).args(args).env("TZ", "JST-9").run();
        end.expect(0, "");
        end.text() + &end.stderr
    };
    let (local, utc) = ("2026-01-01T09:00:00+09:00", "2026-01-01T00:00:00Z");
    let id = |last: u8| format!("{last:032}");
    let compare = format!("compare {} {}", id(1), id(2));
    let trace = format!("trace {}", id(1));
    for line in ["services", "traces", "logs", "logs --trace", &trace, &compare] {
        for format in ["table", "tsv", "csv"] {
            if format != "table" && !["services", "traces", "logs"].contains(&line) {
                continue;
            }
            let of = |zone: &str| shown(line, &format!("--format {format} {zone}"));
            let (as_local, as_utc) = (of(""), of("--utc"));
            assert!(as_local.contains(local) && !as_local.contains(utc), "{line} {format}: {as_local}");
            assert!(as_utc.contains(utc) && !as_utc.contains("+09:00"), "{line} {format}: {as_utc}");
        }
        let json = shown(line, "--format json");
        assert!(json.contains("2026-01-01T00:00:0") && !json.contains("+09:00"), "{line}: {json}");
    }
    let nothing = shown("operations checkout", "--from 2026-02-01T00:00 --to 2026-02-02T00:00");
    let said = "no spans of \"checkout\" from 2026-02-01T00:00:00+09:00 to 2026-02-02T00:00:00+09:00";
    assert!(nothing.contains(said), "{nothing}");
}

#[test]
fn the_fields_that_the_help_names_are_known() {
    let help = Obs::new(&TempDir::new(), "query traces --help").run().text();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, fields) = help.split_once("Fields in --where and --tag are ").unwrap();
    let (fields, _) = fields.split_once(", and all attributes").unwrap();
    // In parentheses stand values and remarks, but for other names.
    let mut names: Vec<&str> = Vec::new();
    for (index, part) in fields.split(['(', ')']).enumerate() {
        match part.strip_prefix("or ") {
            _ if index % 2 == 0 => {
                names.extend(part.split(", ").map(str::trim).filter(|name| !name.is_empty()))
            }
            Some(other) => names.push(other),
            None => {}
        }
    }
    assert!(names.len() >= 16 && names.contains(&"parent_span_id") && names.contains(&"name"), "{names:?}");
    for name in names {
        let end = run("query traces --format ndjson", &["--where", &format!("{name}: *")], SPANS);
        assert!(end.code == 0 && !end.stderr.contains("has the field"), "{name}: {}", end.stderr);
    }
}
