//! `--check` and `--graph`: nothing is started.

use std::net::TcpListener;

use super::run;
use crate::support::{Obs, TempDir};

const BRANCHED: &str = r#"obs collect --grpc 0.0.0.0:4317 |
    tee { sample --rate 5% --service "a \"b\" #1"=1 | relay --to http://a:1 } # the shop
        { obs sample --rate 1 | tee { relay --to http://b:1 } { relay --to "$GATEWAY" } }"#;

#[test]
fn check_starts_nothing() {
    let dir = TempDir::new();
    dir.write("in", "this is no stream\n");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let collect = format!("collect --grpc {address} --http {address} --ledger a");
    let relay = format!("relay --to http://{address} --dead-letter dead --ledger b");
    for pipeline in [
        collect.clone(),
        format!("{collect} | sample --rate 1 --ledger c | {relay}"),
        format!("{collect} | tee {{ {relay} }} {{ sample --rate 1 }}"),
        "sample --rate 1 in".into(),
        "sample --rate 1 - in".into(),
        format!("sample --rate 1 in | {relay}"),
    ] {
        let end = run(&dir, &format!("--check --ledger d --health {address}"), &pipeline);
        assert_eq!(end.stderr, "obs run: the pipeline is valid\n", "{pipeline}");
        assert_eq!((end.code, &*end.text()), (0, ""), "{pipeline}");
        let quiet = run(&dir, "--check -q", &pipeline);
        assert_eq!((quiet.code, quiet.stderr.as_str(), &*quiet.text()), (0, "", ""), "{pipeline}");
    }
    let left: Vec<_> = dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["in"]);
    taken.set_nonblocking(true).unwrap();
    assert!(taken.accept().is_err(), "nobody has come");
    // Without it the address matters.
    run(&dir, "", &collect).expect(2, "address");
}

#[test]
fn check_reads_the_configuration() {
    let dir = TempDir::new();
    dir.write("good.yaml", "sampling: { base_rate: 0.5 }\n");
    dir.write("bad.yaml", "sampling: { base_rat: 0.5 }\n");
    let pipeline = "sample - | relay --to http://a:1";
    run(&dir, "--check --config good.yaml", pipeline).expect(0, "the pipeline is valid");
    run(&dir, "--check", "sample --config good.yaml - | relay --to http://a:1").expect(0, "valid");
    let end = run(&dir, "--check", "sample --rate 1 - | sample --config bad.yaml");
    end.expect(2, "obs: pipeline:1:21: ")
        .expect(2, "base_rat")
        .expect(2, &" ".repeat(22))
        .expect(2, &"^".repeat(24));
}

#[test]
fn graphs() {
    let dir = TempDir::new();
    let graph = |option: &str, pipeline: &str| {
        let end = Obs::new(&dir, "run").args(option).arg(pipeline).env("GATEWAY", "http://c:1/<x y>").run();
        assert_eq!((end.code, end.stderr.as_str()), (0, ""), "{pipeline}");
        end.text()
    };
    let tree = "\
collect --grpc 0.0.0.0:4317
└─ tee
   ├─ sample --rate 5% --service 'a \"b\" #1=1'
   │  └─ relay --to http://a:1
   └─ sample --rate 1
      └─ tee
         ├─ relay --to http://b:1
         └─ relay --to 'http://c:1/<x y>'
";
    assert_eq!(graph("--graph", BRANCHED), tree);
    assert_eq!(graph("--graph=text", BRANCHED), tree);
    assert_eq!(
        graph("--graph=mermaid", BRANCHED),
        "\
flowchart LR
  s0[\"collect --grpc 0.0.0.0:4317\"]
  s1[\"tee\"]
  s0 --> s1
  s2[\"sample --rate 5% --service 'a #quot;b#quot; #35;1=1'\"]
  s1 --> s2
  s3[\"relay --to http://a:1\"]
  s2 --> s3
  s4[\"sample --rate 1\"]
  s1 --> s4
  s5[\"tee\"]
  s4 --> s5
  s6[\"relay --to http://b:1\"]
  s5 --> s6
  s7[\"relay --to 'http://c:1/<x y>'\"]
  s5 --> s7
"
    );
    assert_eq!(graph("--graph", "collect"), "collect\n");
    assert_eq!(graph("--graph=mermaid", "collect"), "flowchart LR\n  s0[\"collect\"]\n");
    // Stages are as deep as they are far from the source.
    assert_eq!(graph("--graph", "a | obs b 1|c"), "a\n└─ b 1\n   └─ c\n");
    assert_eq!(
        graph("--graph", "a | tee { b } { c | d } { e }"),
        "a\n└─ tee\n   ├─ b\n   ├─ c\n   │  └─ d\n   └─ e\n"
    );
}

#[test]
fn graphs_that_cannot_be_drawn() {
    let dir = TempDir::new();
    let end = run(&dir, "--graph", "collect | tee { relay");
    let expected = "obs: pipeline:1:15: a { that is not closed\n  collect | tee { relay\n                ^\n\
                    hint: { and } are words of their own, with space around them\n";
    assert_eq!((end.code, end.stderr.as_str(), &*end.text()), (2, expected, ""));
    run(&dir, "--graph=svg", "collect").expect(2, "invalid value 'svg' for '--graph[=<FORM>]'");
}
