use crate::support::{Obs, TempDir};

#[test]
fn wrong_usage_exits_with_2_and_writes_nothing_to_stdout() {
    let dir = TempDir::new();
    dir.write("headers", "no colon here\n");
    for (line, message) in [
        ("", "Usage: obs"),
        ("sampel", "unrecognized subcommand 'sampel'"),
        ("sample --rat 1", "unexpected argument '--rat'"),
        ("sample --rate", "a value is required for '--rate <RATE>'"),
        ("sample", "no rate"),
        ("sample --rate 1 -q -v", "cannot be used with"),
        ("sample --rate 1 --format xml", "invalid value 'xml'"),
        ("sample --rate 1 --signal events", "invalid value 'events'"),
        ("sample --rate 1 --drain-timeout soon", "invalid value 'soon'"),
        ("sample --rate 1 --log-format xml", "invalid value 'xml'"),
        ("sample --rate 1 --self-metrics=often", "invalid value 'often'"),
        ("sample --rate 1 --health nowhere", "cannot serve health on nowhere"),
        ("relay", "no endpoint for traces"),
        ("relay --to gateway:4317", "--to: expected http://HOST:PORT or https://HOST:PORT"),
        ("relay --to ftp://gateway", "--to: expected http://HOST:PORT or https://HOST:PORT"),
        ("relay --to http://", "--to"),
        ("relay --to http://a:1 --protocol smtp", "invalid value 'smtp'"),
        ("relay --to http://a:1 --compression lzma", "invalid value 'lzma'"),
        ("relay --to http://a:1 --batch-size 0", "invalid value '0'"),
        ("relay --to http://a:1 --batch-size -1", "'-1'"),
        ("relay --to http://a:1 --max-concurrent-exports 0", "invalid value '0'"),
        ("relay --to http://a:1 --timeout 5", "invalid value '5'"),
        ("relay --to http://a:1 --give-up-after never", "invalid value 'never'"),
        ("relay --to http://a:1 --cert a.pem", "--key"),
        ("relay --to http://a:1 --headers-file missing", "cannot read headers from missing"),
        ("relay --to http://a:1 --headers-file headers", "headers:1: expected NAME: VALUE"),
        ("collect --grpc off --http off", "no source"),
        ("collect file.jsonl", "unexpected argument 'file.jsonl'"),
    ] {
        let end = Obs::new(&dir, line).stdin("").run();
        end.expect(2, message);
        assert_eq!(end.text(), "", "{line}");
    }
}

#[test]
fn environment_variables_that_cannot_be_understood_are_named() {
    let dir = TempDir::new();
    for (name, value, message) in [
        ("OBS_SAMPLE_RATE", "often", "expected a rate from 0 to 1"),
        ("OBS_FORMAT", "xml", "invalid value 'xml'"),
        ("RUST_LOG", "a=b=c", "RUST_LOG"),
    ] {
        Obs::new(&dir, "sample").env(name, value).stdin("").run().expect(2, message);
    }
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "smtp"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "lzma"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon"),
    ] {
        let end = Obs::new(&dir, "relay --to http://a:1").env(name, value).stdin("").run();
        end.expect(2, name);
        assert!(!end.stderr.contains("secret"), "{}", end.stderr);
    }
}

#[test]
fn help_begins_with_examples() {
    let dir = TempDir::new();
    for line in ["--help", "-h", "collect --help", "sample --help", "relay --help", "relay -h"] {
        let end = Obs::new(&dir, line).run();
        end.expect(0, "");
        let text = end.text();
        assert!(text.starts_with("Examples:\n  obs "), "{line}:\n{text}");
        assert!(text.contains("\nUsage: obs"), "{line}:\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{line}:\n{text}");
        assert_eq!(end.stderr, "");
    }
    let end = Obs::new(&dir, "--version").run();
    assert_eq!(end.text(), format!("obs {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn levels_choose_what_is_said() {
    let dir = TempDir::new();
    let input = "{\"resourceSpans\":[]}\ngarbage\n";
    let said = |args: &str| {
        let end = Obs::new(&dir, "sample --rate 1").args(args).stdin(input).run();
        assert_eq!(end.code, 3, "{}", end.stderr);
        end.stderr
    };
    assert!(said("").contains("warning: ") && said("").contains("1 input objects rejected"));
    assert!(said("-q").contains("warning: ") && !said("-q").contains("input objects"));
    assert_eq!(said("-qq"), "");
    for line in said("--log-format json").lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let end = Obs::new(&dir, "sample --rate 1").env("RUST_LOG", "error").stdin(input).run();
    assert_eq!((end.code, &*end.stderr), (3, ""));
}
