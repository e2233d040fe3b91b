//! What a sender is told, and when.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{StatusExt, pb};

use super::whole::{COLLECT, Ledgers, free_port, run};
use crate::support::sink::Attempt;
use crate::support::telemetry::{ids, ids_of, line, logs, spans_in, traces, traces_of_lines};
use crate::support::{
    Account, Answer, End, GrpcClient, HttpClient, HttpResponse, Process, Signal, Sink, TempDir, eventually,
};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A collector, a sampler that keeps all, and a relay with more `args`.
fn start(dir: &TempDir, options: &str, to: &str, args: &str) -> Process {
    run(dir, options, &format!("{COLLECT} | sample --rate 1 | relay --to {to} {args}")).spawn()
}

fn send(process: &Process, numbers: std::ops::Range<u64>) -> Result<(), Status> {
    GrpcClient::connect(process.port("gRPC")).traces(traces(numbers)).map(drop)
}

fn post(process: &Process, content_type: &str, numbers: std::ops::Range<u64>) -> HttpResponse {
    let request = traces(numbers);
    let body = if content_type == JSON { line(&request).into_bytes() } else { request.encode_to_vec() };
    HttpClient::connect(process.port("HTTP")).post("/v1/traces", content_type, body)
}

fn end(process: Process) -> End {
    process.signal(Signal::TERM);
    process.wait()
}

fn retry_delay(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

/// Refusals over gRPC, OTLP/HTTP with protobuf and with JSON must all say this.
#[track_caller]
fn expect_refusals(process: &Process, code: Code, http: u16, retry_after: Option<u64>, message: &str) {
    let refusal = send(process, 0..3).unwrap_err();
    assert_eq!(
        (refusal.code(), retry_delay(&refusal)),
        (code, retry_after.map(Duration::from_secs)),
        "{refusal}"
    );
    assert!(refusal.message().contains(message), "{refusal}");
    let header = retry_after.map(|seconds| seconds.to_string());
    for content_type in [PROTOBUF, JSON] {
        let answer = post(process, content_type, 0..3);
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (http, header.as_deref()),
            "{content_type}"
        );
        let status = match content_type {
            JSON => {
                let status: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                (status["code"].as_i64().unwrap() as i32, status["message"].as_str().unwrap().to_owned())
            }
            _ => {
                let status = pb::Status::decode(&answer.body[..]).unwrap();
                assert_eq!(status.details.is_empty(), retry_after.is_none(), "{status:?}");
                (status.code, status.message)
            }
        };
        assert!(status.0 == code as i32 && status.1.contains(message), "{content_type}: {status:?}");
    }
}

#[test]
fn what_the_peer_refuses_for_good_is_refused_for_good() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::InvalidArgument, "no such tenant"));
    let process = start(&dir, "", &sink.url(), "");
    expect_refusals(&process, Code::InvalidArgument, 400, None, "no such tenant");
    end(process).expect(4, "relay: 9 spans in = 0 out + 9 lost (refused_by_peer)");
    assert_eq!(sink.attempts().len(), 3);
    assert_eq!(Ledgers::read(&dir)["sample"].traces(), Account::all(9));
}

#[test]
fn what_the_peer_does_not_take_in_time_may_be_sent_again() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::Unavailable, "restarting"));
    let process = start(&dir, "", &sink.url(), "--give-up-after 0s");
    expect_refusals(&process, Code::Unavailable, 503, Some(1), "restarting");
    end(process).expect(4, "relay: 9 spans in = 0 out + 9 lost (gave_up)");
}

#[test]
fn a_peer_that_is_not_there_is_told_as_one_that_does_not_take_it_in_time() {
    let dir = TempDir::new();
    let to = format!("http://127.0.0.1:{}", free_port());
    let process = start(&dir, "", &to, "--give-up-after 0s");
    expect_refusals(&process, Code::Unavailable, 503, Some(1), "Connection refused");
    end(process).expect(4, "9 lost (gave_up)");
}

#[test]
fn a_sender_waits_while_the_relay_tries_again() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|number, _| match number {
        0 => Answer::grpc(Code::Unavailable, "restarting"),
        _ => Answer::Accept,
    });
    let process = start(&dir, "", &sink.url(), "");
    send(&process, 0..3).unwrap();
    assert_eq!(sink.span_ids(), ids(0..3));
    assert_eq!(sink.attempts().len(), 2);
    end(process).expect(0, "relay: 3 spans in = 3 out");
}

#[test]
fn partial_success_is_passed_back() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::Partial(2, "spans of yesterday"));
    let process = start(&dir, "", &sink.url(), "");
    let response = GrpcClient::connect(process.port("gRPC")).traces(traces(0..5)).unwrap();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 2);
    assert!(partial.error_message.contains("spans of yesterday"), "{partial:?}");
    // No more than there were.
    let answer = post(&process, JSON, 5..6);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &body["partialSuccess"]["rejectedSpans"]), (200, &"1".into()));
    let message = body["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(message.contains("spans of yesterday"), "{message}");
    end(process).expect(4, "relay: 6 spans in = 3 out + 3 lost (partial_success)");
}

#[test]
fn partial_successes_of_the_pieces_of_a_request_are_added_up() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::Partial(2, "too old"));
    let process = start(&dir, "", &sink.url(), "--batch-size 5");
    let response = GrpcClient::connect(process.port("gRPC")).traces(traces(0..10)).unwrap();
    assert_eq!(response.partial_success.unwrap().rejected_spans, 4);
    end(process).expect(4, "relay: 10 spans in = 6 out + 4 lost (partial_success)");
}

#[test]
fn a_long_message_of_the_peer_is_passed_on_in_part() {
    let dir = TempDir::new();
    // As much as the header of an answer takes.
    let message = "no-".repeat(4000);
    let sink = Sink::scripted(move |_, _| Answer::grpc(Code::InvalidArgument, &message));
    let process = start(&dir, "", &sink.url(), "");
    expect_refusals(&process, Code::InvalidArgument, 400, None, "InvalidArgument: no-no-no");
    end(process).expect(4, "9 lost (refused_by_peer)");
}

#[test]
fn what_is_dead_lettered_is_accepted() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::InvalidArgument, "no"));
    let process = start(&dir, "", &sink.url(), "--dead-letter failed.jsonl");
    send(&process, 0..3).unwrap();
    assert_eq!(post(&process, PROTOBUF, 3..5).body, b"", "without a partial success");
    end(process).expect(4, "relay: 5 spans in = 0 out + 5 dead-lettered");
    let kept = traces_of_lines(&std::fs::read_to_string(dir.file("failed.jsonl")).unwrap());
    assert_eq!(ids_of(kept.iter().flat_map(spans_in)), ids(0..5));
}

#[test]
fn what_the_dead_letter_file_cannot_hold_is_refused() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::InvalidArgument, "no"));
    let process = start(&dir, "", &sink.url(), "--dead-letter /dev/full");
    assert_eq!(send(&process, 0..3).unwrap_err().code(), Code::InvalidArgument);
    end(process).expect(4, "3 lost (refused_by_peer)");
}

#[test]
fn what_the_sampler_drops_is_accepted() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    let sample = "sample --rate 0 --slow off --no-errors";
    let process = run(&dir, "", &format!("{COLLECT} | {sample} | relay --to {}", sink.url())).spawn();
    send(&process, 0..3).unwrap();
    assert_eq!(post(&process, PROTOBUF, 3..5).body, b"", "without a partial success");
    GrpcClient::connect(process.port("gRPC")).logs(logs(0..2)).unwrap();
    end(process).expect(0, "sample: 5 spans in = 0 out + 5 dropped (probability)");
    assert!(sink.attempts().is_empty());
    let ledgers = Ledgers::read(&dir);
    assert_eq!(ledgers["collect"].traces(), Account::all(5));
    assert_eq!(ledgers["sample"].dropped("logs", "probability"), 2);
    assert_eq!(ledgers["relay"].traces(), Account::default());
}

#[test]
fn on_delivery_a_sender_has_no_answer_before_the_peer_has_given_its_own() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let process = start(&dir, "--health 127.0.0.1:0", &sink.url(), "");
    let client = GrpcClient::connect(process.port("gRPC"));
    let waiting = [0..3, 3..6].map(|numbers| client.start_traces(traces(numbers)));
    sink.wait_until("the requests", |attempts| {
        attempts.iter().map(|attempt| attempt.message.items()).sum::<usize>() == 6
    });
    let metrics = HttpClient::connect(process.health()).get("/metrics").text();
    assert!(metrics.contains("otlp_queue_length{stage=\"collect\"} 2\n"), "{metrics}");
    assert!(metrics.contains("otlp_queue_length{stage=\"relay\"} 6\n"), "{metrics}");
    assert!(waiting.iter().all(|request| !request.is_finished()));
    sink.release();
    for request in waiting {
        client.finish(request).unwrap();
    }
    assert_eq!(sink.span_ids(), ids(0..6));
    end(process).expect(0, "relay: 6 spans in = 6 out");
}

#[test]
fn on_accept_a_sender_has_its_answer_while_the_peer_holds_its_own() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let process = start(&dir, "--ack on-accept", &sink.url(), "");
    for number in 0..3 {
        send(&process, number..number + 1).unwrap();
        assert_eq!(post(&process, JSON, number + 3..number + 4).status, 200);
    }
    assert!(sink.span_ids().is_empty());
    sink.release();
    end(process).expect(0, "relay: 6 spans in = 6 out");
    assert_eq!(sink.span_ids(), ids(0..6));
}

#[test]
fn on_accept_a_sender_is_not_told_what_becomes_of_it_later() {
    let dir = TempDir::new();
    let sink = Sink::scripted(|_, _| Answer::grpc(Code::InvalidArgument, "no"));
    let process = start(&dir, "--ack on-accept", &sink.url(), "");
    send(&process, 0..3).unwrap();
    end(process).expect(4, "relay: 3 spans in = 0 out + 3 lost (refused_by_peer)");
}

/// What a sender to two branches is told, whose peers answer so.
fn told_of_two(one: Answer, other: Answer) -> Result<(), Status> {
    let dir = TempDir::new();
    let sinks = [one, other].map(|answer| Sink::scripted(move |_, _| answer.clone()));
    let [one, other] = sinks.each_ref().map(|sink| format!("relay --give-up-after 0s --to {}", sink.url()));
    let process = run(&dir, "", &format!("{COLLECT} | tee {{ {one} }} {{ {other} }}")).spawn();
    let told = send(&process, 0..3);
    process.signal(Signal::TERM);
    process.wait();
    for sink in sinks {
        assert_eq!(sink.attempts().len(), 1);
    }
    told
}

#[test]
fn of_two_branches_the_worse_is_told_and_that_to_send_again_may_help() {
    let refused = || Answer::grpc(Code::InvalidArgument, "no");
    let unavailable = || Answer::grpc(Code::Unavailable, "restarting");
    told_of_two(Answer::Accept, Answer::Accept).unwrap();
    for (one, other, code) in [
        (refused(), Answer::Accept, Code::InvalidArgument),
        (Answer::Accept, refused(), Code::InvalidArgument),
        (Answer::Accept, unavailable(), Code::Unavailable),
        (unavailable(), refused(), Code::Unavailable),
        (refused(), unavailable(), Code::Unavailable),
    ] {
        let what = format!("{one:?} and {other:?}");
        let refusal = told_of_two(one, other).unwrap_err();
        let again = (code == Code::Unavailable).then_some(Duration::from_secs(1));
        assert_eq!((refusal.code(), retry_delay(&refusal)), (code, again), "{what}: {refusal}");
    }
}

#[test]
fn on_accept_both_branches_queues_must_have_it() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    sinks.iter().for_each(Sink::hold);
    let [one, other] = sinks.each_ref().map(|sink| format!("relay --to {}", sink.url()));
    let pipeline = format!("{COLLECT} | tee {{ {one} }} {{ {other} }}");
    let process = run(&dir, "--ack on-accept", &pipeline).spawn();
    send(&process, 0..3).unwrap();
    sinks.iter().for_each(Sink::release);
    end(process).expect(0, "relay-2: 3 spans in = 3 out");
    for sink in sinks {
        assert_eq!(sink.span_ids(), ids(0..3));
    }
}

#[test]
fn what_a_client_that_goes_away_has_sent_is_delivered_and_accounted_for() {
    let dir = TempDir::new();
    let sink = Sink::accepting();
    sink.hold();
    let process = start(&dir, "", &sink.url(), "");
    // Over HTTP a connection that is closed, which an answer of its own acknowledges.
    let body = traces(0..3).encode_to_vec();
    let mut stream = TcpStream::connect(("127.0.0.1", process.port("HTTP"))).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let received = |count: usize| move |attempts: &[Attempt]| attempts.len() == count;
    sink.wait_until("a request", received(1));
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0, "the server has noticed");
    // Over gRPC a request that is cancelled, before another one on the same connection.
    let client = GrpcClient::connect(process.port("gRPC"));
    let cancelled = client.start_traces(traces(3..6));
    sink.wait_until("a second request", received(2));
    cancelled.abort();
    let last = client.start_traces(traces(6..9));
    sink.wait_until("a third request", received(3));
    sink.release();
    client.finish(last).unwrap();
    sink.wait_for_spans(9);
    end(process).expect(0, "relay: 9 spans in = 9 out");
    assert_eq!(sink.span_ids(), ids(0..9));
    Ledgers::read(&dir).expect_all(&["collect", "sample", "relay"], 9);
}

#[test]
fn so_is_what_waits_for_room_when_its_client_goes_away() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    sinks[1].hold();
    let [one, other] = sinks.each_ref().map(|sink| format!("relay --buffer-capacity 2 --to {}", sink.url()));
    let pipeline = format!("{COLLECT} | tee {{ {one} }} {{ {other} }}");
    let process = run(&dir, "--branch-buffer 0 --health 127.0.0.1:0", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    // In the relay's queue, in that of the branch, and two before it.
    let start = |number: u64| {
        let request = client.start_traces(traces(3 * number..3 * (number + 1)));
        let items = 3 * (number + 1);
        let line = format!(
            "obs_items_total{{stage=\"collect\",signal=\"traces\",outcome=\"in\",reason=\"\"}} {items}\n"
        );
        eventually("the request to be received", || {
            HttpClient::connect(process.health()).get("/metrics").text().contains(&line).then_some(())
        });
        request
    };
    let requests = [start(0), start(1), start(2)];
    requests[2].abort();
    // On the same connection: by then the server knows.
    let last = start(3);
    sinks[1].release();
    client.finish(last).unwrap();
    end(process).expect(0, "relay-2: 12 spans in = 12 out");
    for sink in &sinks {
        assert_eq!(sink.span_ids(), ids(0..12));
    }
    Ledgers::read(&dir).expect_all(&["collect", "branch-1", "relay", "branch-2", "relay-2"], 12);
}

#[test]
fn what_holds_no_items_is_accepted() {
    let dir = TempDir::new();
    let sinks = [Sink::accepting(), Sink::accepting()];
    let [one, other] = sinks.each_ref().map(Sink::url);
    let pipeline =
        format!("{COLLECT} | tee {{ relay --to {one} }} {{ sample --rate 0 | relay --to {other} }}");
    let process = run(&dir, "", &pipeline).spawn();
    let client = GrpcClient::connect(process.port("gRPC"));
    client.traces(Default::default()).unwrap();
    assert_eq!(post(&process, JSON, 0..0).status, 200);
    end(process).expect(0, "listening");
    assert_eq!(Ledgers::read(&dir)["collect"].traces(), Account::default());
}
