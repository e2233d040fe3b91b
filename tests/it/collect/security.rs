//! TLS with certificates of both sides, and bearer tokens.

use super::start;
use crate::support::telemetry::{frame, ids, ids_of, line, spans_in, traces, traces_of_lines};
use crate::support::{End, GrpcClient, HttpClient, Obs, Process, Signal, TempDir, certificates};

const TLS: &str = "--tls-cert server.pem --tls-key server.key";

/// Relays ten spans to a collector at `localhost` with more `args`.
fn relay(dir: &TempDir, collect: &Process, scheme: &str, args: &str) -> End {
    let port = collect.port("gRPC");
    Obs::new(dir, &format!("relay --give-up-after 1s --to {scheme}://localhost:{port} {args}"))
        .stdin(frame(1, &traces(0..10)))
        .run()
}

fn expect_ten_spans(collect: Process) {
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "with TLS");
    let requests = traces_of_lines(&end.text());
    assert_eq!(ids_of(requests.iter().flat_map(spans_in)), ids(0..10));
}

#[test]
fn tls_carries_both_protocols() {
    let dir = TempDir::new();
    certificates(&dir, "server");
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        let collect = start(&dir, TLS);
        let end = relay(&dir, &collect, "https", &format!("--ca server-ca.pem --protocol {protocol}"));
        end.expect(0, "10 spans in = 10 out");
        expect_ten_spans(collect);
    }
}

#[test]
fn a_server_of_another_authority_is_not_trusted() {
    let dir = TempDir::new();
    certificates(&dir, "server");
    certificates(&dir, "other");
    let collect = start(&dir, TLS);
    relay(&dir, &collect, "https", "--ca other-ca.pem").expect(4, "invalid peer certificate");
    // Nor one that only the system's authorities would have to know.
    relay(&dir, &collect, "https", "").expect(4, "invalid peer certificate");
    // Nor is a server with TLS spoken to without.
    relay(&dir, &collect, "http", "").expect(4, "10 spans lost");
    collect.signal(Signal::TERM);
    collect.wait().expect(0, "nothing came in");
}

#[test]
fn clients_must_show_a_certificate_of_the_authority() {
    let dir = TempDir::new();
    certificates(&dir, "server");
    certificates(&dir, "client");
    certificates(&dir, "other");
    let collect = start(&dir, &format!("{TLS} --client-ca client-ca.pem"));
    let args = "--ca server-ca.pem";
    relay(&dir, &collect, "https", args).expect(4, "10 spans lost");
    relay(&dir, &collect, "https", &format!("{args} --cert other.pem --key other.key"))
        .expect(4, "10 spans lost");
    let end = relay(&dir, &collect, "https", &format!("{args} --cert client.pem --key client.key"));
    end.expect(0, "10 spans in = 10 out");
    expect_ten_spans(collect);
}

#[test]
fn the_environment_of_otlp_exporters_sets_up_tls() {
    let dir = TempDir::new();
    certificates(&dir, "server");
    certificates(&dir, "client");
    let collect = start(&dir, &format!("{TLS} --client-ca client-ca.pem"));
    let end = Obs::new(&dir, "relay --give-up-after 1s")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://localhost:{}", collect.port("gRPC")))
        .env("OTEL_EXPORTER_OTLP_CERTIFICATE", "server-ca.pem")
        .env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "client.pem")
        .env("OTEL_EXPORTER_OTLP_CLIENT_KEY", "client.key")
        .stdin(frame(1, &traces(0..10)))
        .run();
    end.expect(0, "10 spans in = 10 out");
    expect_ten_spans(collect);
}

#[test]
fn certificates_of_the_relay_that_cannot_be_read_are_a_usage_error() {
    let dir = TempDir::new();
    dir.write("empty.pem", "");
    for args in
        ["--ca missing.pem", "--cert missing.pem --key missing.key", "--cert empty.pem --key empty.pem"]
    {
        let end = Obs::new(&dir, &format!("relay --to https://localhost:1 {args}")).run();
        end.expect(2, ".pem");
    }
    Obs::new(&dir, "relay --to https://localhost:1 --ca empty.pem").run().expect(2, "empty.pem");
}

#[test]
fn senders_must_present_the_bearer_token() {
    let dir = TempDir::new();
    dir.write("token", "s3cret-token\n");
    dir.write("headers", "# for the gateway\n\nAuthorization: Bearer s3cret-token\n");
    dir.write("wrong", "Authorization: Bearer s3cret-tokem\n");
    let collect = start(&dir, "--bearer-token-file token");
    let expected = "Unauthenticated: expected the header authorization: Bearer TOKEN";
    relay(&dir, &collect, "http", "").expect(4, expected);
    relay(&dir, &collect, "http", "--headers-file wrong").expect(4, expected);
    let end = relay(&dir, &collect, "http", "--headers-file headers");
    end.expect(0, "10 spans in = 10 out");
    assert!(!end.stderr.contains("s3cret"), "{}", end.stderr);
    let client = GrpcClient::connect(collect.port("gRPC"));
    assert_eq!(
        client.clone().bearer("S3cret-token").traces(traces(0..1)).unwrap_err().code(),
        tonic::Code::Unauthenticated
    );
    client.bearer("s3cret-token").traces(traces(10..11)).unwrap();

    let body = line(&traces(11..12));
    let post = |authorization: &str| {
        let headers = [("content-type", "application/json"), ("authorization", authorization)];
        let mut client = HttpClient::connect(collect.port("HTTP"));
        client.request("POST", "/v1/traces", &headers, body.as_bytes()).status
    };
    for wrong in
        ["", "s3cret-token", "Basic s3cret-token", "Bearer", "Bearer s3cret-token2", "Bearer s3cret-toke"]
    {
        assert_eq!(post(wrong), 401, "{wrong:?}");
    }
    assert_eq!(post("Bearer s3cret-token"), 200);
    collect.signal(Signal::TERM);
    let end = collect.wait();
    end.expect(0, "12 spans in = 12 out");
    assert!(!end.stderr.contains("s3cret"), "{}", end.stderr);
}
