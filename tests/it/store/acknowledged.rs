//! The store at the end, and at the beginning, of a pipeline in one process.

use super::database::{Db, frames, numbers};
use crate::support::telemetry::{frame, line, log, logs, logs_of, span_id, traces};
use crate::support::{GrpcClient, HttpClient, Load, Obs, Signal, Sink, eventually};

const COLLECT: &str = "collect --grpc 127.0.0.1:0 --http 127.0.0.1:0";

fn run(db: &Db, options: &str, pipeline: &str) -> Obs {
    Obs::new(&db.dir, "run").args(options).arg(pipeline)
}

/// The span ids that are in the database.
fn stored(db: &Db) -> std::collections::BTreeSet<Vec<u8>> {
    numbers(&db.export("")).into_iter().map(|number| span_id(number).to_vec()).collect()
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    for seed in 0..10 {
        let mut random = fastrand::Rng::with_seed(seed);
        let db = Db::new();
        let process = run(&db, "", &format!("{COLLECT} | store")).spawn();
        let load = Load::start(process.port("gRPC"), 4);
        load.wait_for(random.usize(1..40));
        process.signal(Signal::KILL);
        let (acknowledged, _) = load.finish();
        assert_eq!(process.wait().code, 128 + 9);
        assert!(!acknowledged.is_empty());
        let missing = acknowledged.difference(&stored(&db)).count();
        assert_eq!(missing, 0, "of {} acknowledged spans, seed {seed}", acknowledged.len());
        assert_eq!(db.store("check").run().code, 0, "seed {seed}");
    }
}

#[test]
fn an_acknowledgement_does_not_wait_for_the_flush_interval() {
    let db = Db::new();
    let process = run(&db, "", &format!("{COLLECT} | store --flush-interval 1h")).spawn();
    GrpcClient::connect(process.port("gRPC")).traces(traces(0..10)).unwrap();
    let answer = HttpClient::connect(process.port("HTTP")).post(
        "/v1/traces",
        "application/json",
        line(&traces(10..20)),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    process.signal(Signal::KILL);
    process.wait();
    assert!(numbers(&db.export("")).into_iter().eq(0..20));
}

#[test]
fn the_default_of_a_shell_pipe_is_committed_after_the_flush_interval() {
    let db = Db::new();
    let mut store = db.store("--flush-interval 20ms --commit-log commits").stdin_open().spawn();
    store.write(&frame(1, &traces(0..10)));
    eventually("the commit", || (super::database::commits(&db.dir.file("commits")).len() == 1).then_some(()));
    store.signal(Signal::KILL);
    store.wait();
    assert!(numbers(&db.export("")).into_iter().eq(0..10));
}

#[test]
fn sigterm_commits_everything_that_was_taken() {
    let db = Db::new();
    let process = run(&db, "--ledger ledgers.json", &format!("{COLLECT} | store")).spawn();
    let load = Load::start(process.port("gRPC"), 4);
    load.wait_for(20);
    process.signal(Signal::TERM);
    let (acknowledged, _) = load.finish();
    let end = process.wait();
    end.expect(0, "");
    let stored = stored(&db);
    assert!(acknowledged.is_subset(&stored), "{} acknowledged, {} stored", acknowledged.len(), stored.len());
    assert!(end.stderr.contains(&format!("{0} spans in = {0} out", stored.len())), "{}", end.stderr);
    db.expect_whole(stored.len() as u64);
}

#[test]
fn sigterm_ends_a_store_that_reads_stdin_with_all_that_it_was_given() {
    let db = Db::new();
    let mut store = db.store("--flush-interval 1h").stdin_open().spawn();
    store.write(&frame(1, &traces(0..1000)));
    store.close_stdin();
    store.wait().expect(0, "1000 spans in = 1000 out");
    let mut store = db.store("--flush-interval 1h --commit-log commits").stdin_open().spawn();
    store.write(&frame(1, &traces(1000..1010)));
    // Then it listens to signals.
    eventually("the start", || std::fs::exists(db.dir.file("commits")).unwrap().then_some(()));
    store.signal(Signal::TERM);
    store.close_stdin();
    let end = store.wait();
    assert_eq!(end.code, 0, "{}", end.stderr);
    let kept = numbers(&db.export("")).len();
    // What stood in the pipe when the signal came is drained too.
    assert!(end.stderr.contains("10 spans in = 10 out"), "{}", end.stderr);
    assert_eq!(kept, 1010);
}

#[test]
fn an_export_feeds_a_relay() {
    let db = Db::new();
    let (of_checkout, of_audit) = (logs(0..7), logs_of("audit", vec![log(100)]));
    db.keep([frame(1, &traces(0..500)), frame(3, &of_checkout), frame(3, &of_audit)].concat());
    let sink = Sink::accepting();
    let end = run(&db, "", &format!("store export --db obs.db | relay --to {}", sink.url())).run();
    end.expect(0, "500 spans in = 500 out").expect(0, "8 log records in = 8 out");
    assert_eq!(sink.span_ids(), stored(&db));
    let services: std::collections::BTreeSet<String> =
        sink.logs().iter().map(|record| format!("{:?}", record.body)).collect();
    assert_eq!(services.len(), 8);
}

#[test]
fn one_database_is_copied_into_another() {
    let db = Db::new();
    db.keep([frame(1, &traces(0..500)), frame(3, &logs(0..7))].concat());
    let end = run(&db, "", "store export --signal traces | sample --rate 1 | store --db copy.db").run();
    end.expect(0, "500 spans in = 500 out");
    let copied = db.store("export --format proto --db copy.db").run();
    assert!(frames(&copied.stdout) == db.export("--signal traces"));
}

#[test]
fn a_store_that_cannot_be_opened_refuses_nobody_because_it_does_not_begin() {
    let db = Db::new();
    db.dir.write("obs.db", "a letter to whoever finds it\n".repeat(100));
    let end = run(&db, "", &format!("{COLLECT} | store")).run();
    end.expect(4, "cannot open obs.db: it is not a SQLite database");
}
