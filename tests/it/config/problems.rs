//! What is wrong with a configuration is told with its place.

use crate::support::telemetry::{line, traces};
use crate::support::{End, Obs, TempDir};

fn sample(dir: &TempDir, configuration: &str) -> End {
    dir.write("my.yaml", configuration);
    Obs::new(dir, "sample --config my.yaml").stdin(line(&traces(0..3))).run()
}

#[test]
fn an_unknown_key_in_a_section_of_its_own() {
    let dir = TempDir::new();
    let end = sample(&dir, "sampling:\n  base_rate: 1\n  base_rat: 0.05\n");
    end.expect(2, "obs: my.yaml:3:3: unknown field `base_rat`").expect(2, "expected one of base_rate, ");
    assert_eq!(end.text(), "");
    let end = sample(&dir, "log:\n  colour: true\nsampling: {base_rate: 1}\n");
    end.expect(2, "my.yaml:2:3: unknown field `colour`");
    Obs::new(&dir, "relay --to http://127.77.77.77:9 --config my.yaml")
        .stdin("")
        .run()
        .expect(2, "my.yaml:2:3: ");
}

#[test]
fn sections_of_other_subcommands_are_not_looked_into() {
    let dir = TempDir::new();
    let end = sample(&dir, "agent: {batch_siz: 5}\nsampling: {base_rate: 1}\nslo: [whatever]\n");
    end.expect(0, "3 spans in = 3 out");
    assert!(!end.stderr.contains("warning"), "{}", end.stderr);
    let end = Obs::new(&dir, "relay --to http://127.77.77.77:9 --config my.yaml").stdin("").run();
    end.expect(2, "my.yaml:1:9: unknown field `batch_siz`");
}

#[test]
fn an_unknown_section_is_one_warning() {
    let dir = TempDir::new();
    let end = sample(&dir, "sampling: {base_rate: 1}\nsamplin:\n  base_rate: 0\n");
    end.expect(0, "warning: my.yaml:2:1: no subcommand has a section \"samplin\"; it is ignored");
    assert_eq!(end.stderr.matches("warning").count(), 1, "{}", end.stderr);
    assert_eq!(end.lines().len(), 1);
}

#[test]
fn values_that_do_not_fit() {
    let dir = TempDir::new();
    for (value, place, expected) in [
        ("base_rate: 1.5", "my.yaml:2:", "from 0 to 1"),
        ("base_rate: often", "my.yaml:2:", "from 0 to 1"),
        ("base_rate: [1]", "my.yaml:2:", "a rate from 0 to 1"),
        ("base_rate: 1\n  sample_errors: perhaps", "my.yaml:3:", ""),
        ("base_rate: 1\n  slow_threshold_ms: soon", "my.yaml:3:", ""),
        ("base_rate: 1\n  slow_threshold_ms: -5", "", "slow_threshold_ms"),
        ("base_rate: 1\n  service_overrides: {a: 2}", "my.yaml:3:", "from 0 to 1"),
        ("base_rate: 1\n  base_rate: 0.5", "my.yaml:3:", "base_rate"),
    ] {
        let end = sample(&dir, &format!("sampling:\n  {value}\n"));
        end.expect(2, place).expect(2, expected);
    }
    dir.write("my.yaml", "agent:\n  batch_size: 0\n");
    let relay = || Obs::new(&dir, "relay --to http://127.77.77.77:9 --config my.yaml").stdin("").run();
    relay().expect(2, "my.yaml:2:");
    dir.write("my.yaml", "agent:\n  batch_timeout: 5 parsecs\n");
    relay().expect(2, "my.yaml:2:").expect(2, "expected a duration such as 500ms, 5s");
}

#[test]
fn a_file_that_is_no_mapping() {
    let dir = TempDir::new();
    for text in ["- a\n- b\n", "just text\n", "sampling: {base_rate: 1\n", "a: b: c\n", "a: 'b\n"] {
        sample(&dir, text).expect(2, "obs: my.yaml:");
    }
    let end = Obs::new(&dir, "sample --rate 1 --config missing.yaml").stdin("").run();
    end.expect(2, "obs: cannot read the configuration missing.yaml: No such file or directory");
}

#[test]
fn an_empty_file_says_nothing() {
    let dir = TempDir::new();
    for text in ["", "# nothing yet\n", "sampling:\n", "---\n"] {
        dir.write("my.yaml", text);
        let end = Obs::new(&dir, "sample --rate 1 --config my.yaml").stdin(line(&traces(0..3))).run();
        end.expect(0, "3 spans in = 3 out");
    }
}

#[test]
fn log_levels_that_do_not_exist() {
    let dir = TempDir::new();
    let end = sample(&dir, "log: {level: chatty}\nsampling: {base_rate: 1}\n");
    end.expect(2, "expected error, warn, info, debug or trace, found \"chatty\"");
}
