//! What a terminal gets to see of names and texts that others have chosen.

use std::fs::File;
use std::io::Read;

use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::support::{Obs, TempDir, terminal};

const TIME_S: u64 = 1_767_225_600;
const IDS: [&str; 2] = ["4bf92f3577b34da6a3ce929d0e0e4736", "a3ce929d0e0e47364bf92f3577b34da6"];

fn attributes(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
}

/// Two traces, each a span in another, and a log record, in which every text that can be chosen is this one.
fn stream(text: &str) -> String {
    let resource = json!({"attributes": attributes(&[("service.name", text)])});
    let time = |seconds: u64| format!("{}000000000", TIME_S + seconds);
    let span = |trace: &str, id: u64| {
        json!({
            "traceId": trace, "spanId": format!("{id:016x}"), "parentSpanId": if id == 1 { "" } else { "0000000000000001" },
            "name": text, "kind": 2, "startTimeUnixNano": time(0), "endTimeUnixNano": time(3 - id),
            "status": {"code": 2, "message": text}, "attributes": attributes(&[(text, text)]),
            "events": [{"timeUnixNano": time(1), "name": text, "attributes": attributes(&[(text, text)])}],
        })
    };
    let spans: Vec<Value> = IDS.iter().flat_map(|id| [span(id, 1), span(id, 2)]).collect();
    let record = json!({
        "timeUnixNano": time(1), "severityText": text, "body": {"stringValue": text}, "traceId": IDS[0],
        "spanId": "0000000000000001", "attributes": attributes(&[(text, text)]),
    });
    [
        json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}),
        json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}),
    ]
    .map(|line| line.to_string() + "\n")
    .concat()
}

fn kept(text: &str) -> TempDir {
    let dir = TempDir::new();
    Obs::new(&dir, "store").stdin(stream(text)).run().expect(0, "");
    dir
}

/// Every report that shows names.
const REPORTS: [&str; 10] = [
    "query trace 4bf9 --attributes --logs",
    "query compare 4bf9 a3ce",
    "query traces",
    "query services",
    "query operations",
    "query bottlenecks",
    "query logs --attributes",
    "query logs --trace -C 1",
    "query sql",
    "store services",
];

/// Those that may be rows: neighbours and traces have no place in these.
fn reports_of_rows() -> impl Iterator<Item = &'static str> {
    REPORTS.into_iter().filter(|line| !line.contains("-C 1"))
}

/// A report on what is kept of this text.
fn report(dir: &TempDir, line: &str, text: &str, format: &str) -> String {
    let query = Obs::new(dir, line).args(&format!("--format {format}")).env("LC_ALL", "C.UTF-8");
    let query = match line {
        "query operations" => query.arg(text),
        "query sql" => query.arg("SELECT ServiceName, SpanName, SpanAttributes, StatusMessage FROM spans"),
        _ => query,
    };
    let end = query.run();
    end.expect(0, "");
    end.text()
}

#[test]
fn nothing_reverses_hides_or_moves_what_stands_around_it() {
    let hostile = "pay\u{202e}tnem\u{200b}\u{2066}\u{1b}[2J\u{9b}2J\r\u{feff}x";
    let shown = "pay\\u{202e}tnem\\u{200b}\\u{2066}\\u{1b}[2J\\u{9b}2J\\r\\u{feff}";
    let dir = kept(hostile);
    for line in REPORTS {
        let text = report(&dir, line, hostile, "table");
        let raw = |character: &char| {
            character.is_control() && *character != '\n'
                || "\u{202e}\u{200b}\u{2066}\u{feff}".contains(*character)
        };
        assert_eq!(text.chars().find(raw), None, "{line}: {text:?}");
        // A narrow column may cut it.
        assert!(text.contains("pay\\u{202e}tnem"), "{line}: {text}");
    }
    let count = Obs::new(&dir, "query logs --format table").arg("* | count by service").run();
    assert!(count.text().contains(shown), "{:?}", count.text());
    for line in reports_of_rows() {
        let text = report(&dir, line, hostile, "tsv");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\r']), "{line}: {text:?}");
        assert!(text.contains("\\u{1b}[2J\\u{9b}2J\\r"), "{line}: {text:?}");
    }
}

#[test]
fn a_row_of_tsv_is_a_line_with_a_cell_a_column() {
    let text = "two\nlines,\ta \"tab\" and a \\";
    let dir = kept(text);
    for line in reports_of_rows() {
        let text = report(&dir, line, text, "tsv");
        assert!(text.contains("two\\nlines,\\ta \"tab\" and a \\\\"), "{line}: {text:?}");
        let columns: Vec<usize> = text.lines().map(|line| line.split('\t').count()).collect();
        assert!(columns.len() > 1 && columns.iter().all(|number| *number == columns[0]), "{line}: {text:?}");
    }
    // CSV has quotes for that.
    let csv = report(&dir, "query services", text, "csv");
    assert!(csv.contains("\n\"two\nlines,\ta \"\"tab\"\" and a \\\",4,"), "{csv}");
}

#[test]
fn what_joins_letters_and_emoji_stays() {
    let text = "👩\u{200d}💻 ❤\u{fe0f} می\u{200c}خواهم क्\u{200d}ष";
    let dir = kept(text);
    for line in REPORTS.iter().filter(|line| !line.starts_with("query trace ")) {
        assert!(report(&dir, line, text, "table").contains(text), "{line}");
    }
}

#[test]
fn rows_of_clusters_are_as_wide_as_the_others() {
    let dir = kept(&"❤\u{fe0f}".repeat(30));
    let end =
        Obs::new(&dir, "query trace 4bf9 --format table").env("LC_ALL", "C.UTF-8").env("COLUMNS", "90").run();
    let text = end.text();
    let rows: Vec<&str> =
        text.lines().filter(|line| line.ends_with("1 s") || line.ends_with("2 s")).collect();
    let widths: Vec<usize> = rows.iter().map(|line| line.width()).collect();
    assert_eq!(widths[widths.len() - 2..], [90, 90], "{text}");
    assert!(rows[rows.len() - 1].contains("❤\u{fe0f}…"), "{text}");
}

#[test]
fn there_may_be_more_columns_than_any_terminal_has() {
    let dir = kept("pay");
    let query = |columns: &str| {
        let end = Obs::new(&dir, "query trace 4bf9 --format table").env("COLUMNS", columns).run();
        end.expect(0, "");
        end.text()
    };
    let widest = query("1000");
    assert_eq!(widest.lines().map(UnicodeWidthStr::width).max(), Some(1000));
    for columns in ["1001", "140000", "18446744073709551615"] {
        assert_eq!(query(columns), widest, "{columns}");
    }
    // What is no number says nothing.
    assert_eq!(query("99999999999999999999"), query("100"));
}

/// What a terminal of so many columns shows.
fn on_terminal(dir: &TempDir, line: &str, columns: u16) -> String {
    let (controller, user) = terminal();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&controller, size).unwrap();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // The end of a terminal is an error.
        let _ = File::from(controller).read_to_end(&mut shown);
        String::from_utf8(shown).unwrap().replace("\r\n", "\n")
    });
    Obs::new(dir, line).env("LC_ALL", "C.UTF-8").stdout_to(user).run().expect(0, "");
    shown.join().unwrap()
}

#[test]
fn rows_of_tables_fit_into_the_lines_of_a_terminal() {
    let dir = kept("a name that is rather long, for a service as for an operation");
    let widest = |text: &str| text.lines().map(UnicodeWidthStr::width).max().unwrap();
    for line in ["traces", "services", "bottlenecks", "compare 4bf9 a3ce"] {
        for columns in [80, 100, 120] {
            let text = on_terminal(&dir, &format!("query {line}"), columns);
            assert!(widest(&text) <= usize::from(columns), "{line} {columns}:\n{text}");
            assert!(text.contains("a na") && text.contains('…'), "{line} {columns}:\n{text}");
        }
    }
    let traces = on_terminal(&dir, "query traces", 80);
    assert!(widest(&traces) > 70 && traces.contains("2026-01-01T00:00:00Z "), "{traces}");
    // What is left of an id finds the trace.
    let id = traces.lines().last().unwrap().split(' ').next().unwrap();
    assert!(id.ends_with('…') && IDS.iter().any(|whole| whole.starts_with(id.trim_end_matches('…'))), "{id}");
    let trace = Obs::new(&dir, "query trace --format table").arg(id).run();
    assert!(trace.text().starts_with("trace "), "{}", trace.stderr);
    // A wide terminal and a file get all of it.
    let whole = "a name that is rather long, for a service as for an operation (2)";
    assert!(on_terminal(&dir, "query traces", 300).contains(whole));
    let to_file = Obs::new(&dir, "query traces --format table").env("COLUMNS", "80").run();
    assert!(to_file.text().contains(whole), "{}", to_file.text());
}
