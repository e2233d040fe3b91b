//! What once went wrong: input and flags that nobody sends twice.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics,
};
use prost::Message;

use crate::support::telemetry::{frame, spans_in, traces, traces_of_lines};
use crate::support::{Obs, TempDir};

/// A metric whose data stands there twice, which readers merge.
fn metric_with_data_twice(points: usize) -> Vec<u8> {
    let point = NumberDataPoint { time_unix_nano: 1_700_000_000_000_000_000, ..Default::default() };
    let half = Metric {
        name: "m".repeat(50),
        data: Some(Data::Gauge(Gauge { data_points: vec![point; points] })),
        ..Default::default()
    };
    let metric = [half.encode_to_vec(), half.encode_to_vec()].concat();
    let mut scope = Vec::new();
    prost::encoding::bytes::encode(2, &metric, &mut scope);
    let resource = ResourceMetrics { scope_metrics: vec![ScopeMetrics::default()], ..Default::default() };
    let mut resource = resource.encode_to_vec();
    prost::encoding::bytes::encode(2, &scope, &mut resource);
    let mut batch = MetricsData::default().encode_to_vec();
    prost::encoding::bytes::encode(1, &resource, &mut batch);
    batch
}

#[test]
fn a_metric_that_cannot_be_split_makes_a_long_line() {
    let dir = TempDir::new();
    let batch = metric_with_data_twice(20_000);
    let header = (2 << 24 | batch.len() as u32).to_be_bytes();
    let input = dir.write("input", [&header[..], &batch].concat());
    let end = Obs::new(&dir, "sample --rate 1").arg(input).ledger(&dir.file("ledger.json")).run();
    end.expect(0, "40000 data points in = 40000 out");
    assert!(end.text().len() > 1 << 20);
}

#[test]
fn what_was_read_before_a_failure_is_written() {
    let dir = TempDir::new();
    let input = dir.write("input", frame(1, &traces(0..100)));
    let end =
        Obs::new(&dir, "sample --rate 1").arg(input).arg(dir.path()).ledger(&dir.file("ledger.json")).run();
    end.expect(4, "cannot read").expect(4, "100 spans in = 100 out");
    let spans: usize = traces_of_lines(&end.text()).iter().map(|request| spans_in(request).count()).sum();
    assert_eq!(spans, 100);
}

#[test]
fn a_file_is_not_both_read_and_written() {
    let dir = TempDir::new();
    let input = dir.write("input", frame(1, &traces(0..1)));
    Obs::new(&dir, "relay --to http://127.0.0.1:9 --dead-letter")
        .arg(&input)
        .arg(&input)
        .run()
        .expect(2, "is both read and written");
}

#[test]
fn durations_and_numbers_out_of_all_proportion_do_no_harm() {
    let dir = TempDir::new();
    let forever = "300000000000y";
    let started = Instant::now();
    for (arguments, exit, message) in [
        (format!("sample --rate 1 --self-metrics={forever} --drain-timeout {forever}"), 0, "nothing came in"),
        (
            format!("relay --to http://127.0.0.1:9 --batch-timeout {forever} --give-up-after {forever}"),
            0,
            "nothing came in",
        ),
        (
            "relay --to http://127.0.0.1:9 --max-concurrent-exports 18446744073709551615".into(),
            0,
            "nothing came in",
        ),
        ("relay --to http://127.0.0.1:9 --timeout 0s".into(), 2, "above zero"),
        ("relay --to http://user:secret@127.0.0.1:9".into(), 2, "no user name and password"),
        ("relay --to gateway".into(), 2, "expected http://HOST:PORT"),
        ("sample --rate 1 --slow 0s".into(), 2, "or off"),
        ("collect --synthetic 1e-300 --spans 1".into(), 2, "expected spans a second"),
        ("collect --synthetic 1 --spans 1 --now 9999-01-01T00:00:00Z".into(), 2, "from 1971 to 2499"),
    ] {
        Obs::new(&dir, &arguments).stdin(Vec::new()).run().expect(exit, message);
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_environment_that_is_no_text_is_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_obs"))
        .args(["relay", "--to", "http://127.0.0.1:9"])
        .env("ODD", std::ffi::OsStr::from_bytes(b"\xff"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
