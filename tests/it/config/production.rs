//! The production configuration of the shared data drives sampler and relay.

use std::time::{Duration, Instant};

use crate::support::telemetry::{frame, ids, span, spans_of, traces};
use crate::support::{Account, Obs, Sink, TempDir, eventually, shared_data};

fn configuration() -> Option<String> {
    shared_data("configs/production.yaml").map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn it_sets_the_rates_of_services() {
    let Some(configuration) = configuration() else { return };
    let dir = TempDir::new();
    let services = ["critical-service", "analytics-service", "another-service"];
    let input: Vec<u8> = services
        .into_iter()
        .zip(0..)
        .flat_map(|(service, index)| {
            frame(1, &spans_of(service, (index * 20_000..(index + 1) * 20_000).map(span).collect()))
        })
        .collect();
    let input = dir.write("input.frames", input);
    let configured = Obs::new(&dir, "sample --format proto --config")
        .arg(configuration)
        .arg(&input)
        .ledger(&dir.file("ledger.json"))
        .run();
    configured.expect(0, "60000 spans in = ");
    let flags = "--rate 0.05 --slow 1s --service critical-service=0.5 --service analytics-service=0.01";
    let flagged = Obs::new(&dir, "sample --format proto").args(flags).arg(&input).run();
    assert!(configured.stdout == flagged.stdout);
    let ledger = configured.ledger();
    for (service, share) in services.into_iter().zip([0.5_f64, 0.01, 0.05]) {
        let counts = &ledger.0["sampling"]["traces"]["services"][service];
        let kept = counts["kept"].as_u64().unwrap();
        assert_eq!(kept + counts["dropped"].as_u64().unwrap(), 20_000);
        let deviation = (20_000.0 * share * (1.0 - share)).sqrt();
        assert!((kept as f64 - 20_000.0 * share).abs() < 4.0 * deviation, "{service}: {kept}");
    }
}

#[test]
fn it_sets_the_size_of_requests_and_how_many_are_under_way() {
    let Some(configuration) = configuration() else { return };
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let input: Vec<u8> = (0..60).flat_map(|n| frame(1, &traces(n * 700..(n + 1) * 700))).collect();
    let relay = Obs::new(&dir, "relay --config")
        .arg(configuration)
        .arg("--to")
        .arg(sink.url())
        .ledger(&dir.file("ledger.json"))
        .stdin(input)
        .spawn();
    sink.wait_until("ten requests", |attempts| attempts.len() == 10);
    sink.release();
    let end = relay.wait();
    end.expect(0, "42000 spans in = 42000 out");
    assert_eq!(end.ledger().traces(), Account::all(42_000));
    assert_eq!(sink.span_ids(), ids(0..42_000));
    let sizes: Vec<usize> = sink.attempts().iter().map(|attempt| attempt.message.items()).collect();
    assert!(sizes.iter().all(|size| *size <= 2000), "{sizes:?}");
    assert!(sizes.iter().filter(|size| **size > 1300).count() >= 20, "requests are filled: {sizes:?}");
    assert_eq!(sink.most_under_way(), 10);
}

#[test]
fn it_sets_how_long_a_request_waits_for_others() {
    let Some(configuration) = configuration() else { return };
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let mut relay =
        Obs::new(&dir, "relay --config").arg(configuration).arg("--to").arg(sink.url()).stdin_open().spawn();
    let sent = Instant::now();
    relay.write(&frame(1, &traces(0..10)));
    sink.wait_for_spans(10);
    let waited = sink.attempts()[0].at - sent;
    assert!(waited >= Duration::from_millis(4900) && waited < Duration::from_secs(15), "waited {waited:?}");
    // A full request does not wait, nor does the end.
    let sent = Instant::now();
    relay.write(&frame(1, &traces(10..2010)));
    sink.wait_for_spans(2010);
    assert!(sink.attempts()[1].at - sent < Duration::from_millis(4900));
    relay.write(&frame(1, &traces(2010..2020)));
    relay.close_stdin();
    let end = relay.wait();
    end.expect(0, "2020 spans in = 2020 out");
}

#[test]
fn its_capacity_slows_the_input_down() {
    let Some(configuration) = configuration() else { return };
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let input: Vec<u8> = (0..100).flat_map(|n| frame(1, &traces(n * 1000..(n + 1) * 1000))).collect();
    let relay = Obs::new(&dir, "relay --health 127.0.0.1:0 --config")
        .arg(configuration)
        .arg("--to")
        .arg(sink.url())
        .stdin(input)
        .spawn();
    let mut health = crate::support::HttpClient::connect(relay.health());
    let mut metric = |name: &str| {
        let text = health.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    // It stands still with what may wait, and one batch in the hand that waits for a place.
    let taken = eventually("the input to stand still", || {
        let before = metric("otlp_spans_total ");
        std::thread::sleep(Duration::from_millis(300));
        (before > 0 && before == metric("otlp_spans_total ")).then_some(before)
    });
    assert!((49_000..=51_000).contains(&taken), "{taken} spans taken in");
    assert!(metric("otlp_queue_length ") <= 50_000);
    sink.release();
    relay.wait().expect(0, "100000 spans in = 100000 out");
}
