//! What keeps a collector from starting is told in a line, with what to try.

use std::net::{TcpListener, TcpStream};

use crate::support::{End, Obs, Signal, TempDir};

fn run(dir: &TempDir, args: &str) -> End {
    Obs::new(dir, "collect").args(args).run()
}

/// A line that says what is wrong, and a hint where there is one.
#[track_caller]
fn expect_lines(end: &End, lines: &[&str]) {
    assert_eq!(end.code, 2, "{}", end.stderr);
    let found: Vec<&str> = end.stderr.lines().collect();
    assert_eq!(found.len(), lines.len(), "{}", end.stderr);
    for (found, expected) in found.iter().zip(lines) {
        assert!(found.starts_with(expected), "expected {expected:?}, found {found:?}");
    }
    assert_eq!(end.text(), "");
}

#[test]
fn an_address_in_use() {
    let dir = TempDir::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (flag, other, protocol) in [("grpc", "http", "gRPC"), ("http", "grpc", "HTTP")] {
        expect_lines(
            &run(&dir, &format!("--{flag} {address} --{other} off")),
            &[
                &format!("obs: cannot listen for OTLP/{protocol} on {address}: Address already in use"),
                &format!("hint: --{flag} ADDR chooses another address, off switches it off"),
            ],
        );
    }
    let end = run(&dir, &format!("--grpc off --http 127.0.0.1:0 --health {address}"));
    end.expect(2, &format!("cannot serve health on {address}: Address already in use"));
}

#[test]
fn an_address_that_is_none() {
    let dir = TempDir::new();
    for address in ["localhost", "127.0.0.1:99999", "not an address:1", ":", ""] {
        let end = Obs::new(&dir, "collect --http off --grpc").arg(address).run();
        end.expect(2, "cannot listen for OTLP/gRPC on");
    }
}

#[test]
fn no_source() {
    let dir = TempDir::new();
    let expected = ["obs: no source", "hint: set --grpc, --http or --synthetic"];
    expect_lines(&run(&dir, "--grpc off --http off"), &expected);
}

#[test]
fn certificates_that_cannot_be_read() {
    let dir = TempDir::new();
    dir.write("empty.pem", "");
    let listen = "--grpc 127.0.0.1:0 --http off";
    let end = run(&dir, &format!("{listen} --tls-cert missing.pem --tls-key missing.key"));
    end.expect(2, "missing.");
    assert!(end.stderr.contains("No such file or directory"), "{}", end.stderr);
    let end = run(&dir, &format!("{listen} --tls-cert empty.pem --tls-key empty.pem"));
    end.expect(2, "empty.pem");
    // A certificate without its key is half of a pair.
    run(&dir, &format!("{listen} --tls-cert empty.pem")).expect(2, "--tls-key");
    run(&dir, &format!("{listen} --tls-key empty.pem")).expect(2, "--tls-cert");
    run(&dir, &format!("{listen} --client-ca empty.pem")).expect(2, "--tls-cert");
}

#[test]
fn tokens_that_cannot_be_read() {
    let dir = TempDir::new();
    dir.write("empty", "\n");
    let listen = "--grpc 127.0.0.1:0 --http off --bearer-token-file";
    let missing = run(&dir, &format!("{listen} missing"));
    missing.expect(2, "cannot read the bearer token from missing: No such file or directory");
    run(&dir, &format!("{listen} empty")).expect(2, "empty: expected a bearer token, found an empty file");
}

#[test]
fn port_0_takes_a_free_port_and_says_which() {
    let dir = TempDir::new();
    let collect = super::start(&dir, "");
    let ports = [collect.port("gRPC"), collect.port("HTTP")];
    assert!(ports.iter().all(|port| *port != 0) && ports[0] != ports[1], "{ports:?}");
    ports.iter().for_each(|port| drop(TcpStream::connect(("127.0.0.1", *port)).unwrap()));
    collect.signal(Signal::INT);
    collect.wait().expect(0, "nothing came in");
}

#[test]
fn the_environment_sets_what_flags_do_not() {
    let dir = TempDir::new();
    let collect = Obs::new(&dir, "collect --http off")
        .env("OBS_COLLECT_GRPC", "127.0.0.1:0")
        .env("OBS_COLLECT_HTTP", "not an address")
        .spawn();
    assert_ne!(collect.port("gRPC"), 0);
    collect.signal(Signal::TERM);
    let end = collect.wait();
    assert!(!end.stderr.contains("OTLP/HTTP"), "{}", end.stderr);
}
