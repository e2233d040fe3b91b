//! A load as a Prometheus server has seen it: one that answers by rote, and a real one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{End, HttpClient, Obs, TempDir, eventually};

/// A request as it came.
#[derive(Debug, Clone)]
struct Asked {
    head: String,
    query: String,
    time: f64,
}

/// A server that answers every query as `answer` says, with a status, a content type and a body.
struct Rote {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answer = (u16, &'static str, String);

impl Rote {
    fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Rote {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let Some(one) = read(&stream) else { continue };
                let (status, content_type, body) = answer(&one.query);
                log.lock().unwrap().push(one);
                let length = body.len();
                let _ = write!(
                    &stream,
                    "HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
        Rote { url, asked }
    }

    /// One whose counters have a day of samples.
    fn with_history(answer: impl Fn(&str) -> Answer + Send + 'static) -> Rote {
        Rote::start(move |query| history(query).unwrap_or_else(|| answer(query)))
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let form = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8(body).unwrap())).unwrap();
    let form: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
    Some(Asked { head, query: form["query"].clone(), time: form["time"].parse().unwrap() })
}

fn vector(series: &[(Value, f64)]) -> Answer {
    let result: Vec<Value> = series
        .iter()
        .map(|(metric, value)| json!({"metric": metric, "value": [0, value.to_string()]}))
        .collect();
    let body = json!({"status": "success", "data": {"resultType": "vector", "result": result}});
    (200, "application/json", body.to_string())
}

fn one(value: f64) -> Answer {
    vector(&[(json!({}), value)])
}

/// 2026-02-01T00:00:00Z.
const NOW: f64 = 1_769_904_000.0;

/// What all counters have in common: a day of samples, four a minute.
fn history(query: &str) -> Option<Answer> {
    Some(match query {
        _ if query.starts_with("min_over_time(min(timestamp(") => one(NOW - 86_400.0),
        _ if query.starts_with("max_over_time(max(timestamp(") => one(NOW),
        _ if query.starts_with("max(count_over_time(") => one(40.0),
        _ if query.starts_with("count_over_time(sum (rate(") => one(1439.0),
        _ => return None,
    })
}

fn names(names: &[&str]) -> Answer {
    vector(&names.iter().map(|name| (json!({"__name__": name}), 3.0)).collect::<Vec<_>>())
}

fn observe(url: &str, args: &str) -> End {
    let dir = TempDir::new();
    Obs::new(&dir, "capacity --format tsv --now 2026-02-01T00:00:00Z --prometheus").arg(url).args(args).run()
}

/// The inputs of a plan by name.
fn inputs(end: &End) -> BTreeMap<String, f64> {
    let text = end.expect(0, "").text();
    let cells = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let inputs = cells.filter(|cells| cells[0] == "inputs");
    inputs.map(|cells| (cells[1].to_owned(), cells[2].parse().unwrap())).collect()
}

#[test]
fn span_metrics_tell_services_sizes_and_errors() {
    let rote = Rote::with_history(|query| {
        let by = |cart: f64, shop: f64| {
            vector(&[
                (json!({"service": "cart"}), cart * 1439.0),
                (json!({"service": "shop"}), shop * 1439.0),
            ])
        };
        let error = query.contains("{status_code=~\"(?i)(status_code_)?error\"}");
        match query {
            _ if query.starts_with("count by (__name__)") => names(&[
                "otlp_spans_total",
                "traces_spanmetrics_calls_total",
                "tempo_distributor_spans_received_total",
            ]),
            _ if query.starts_with("sum_over_time(sum (rate(traces_spanmetrics_calls_total[") => {
                one(400.0 * 1439.0)
            }
            _ if query.starts_with("max_over_time(sum (rate(traces_spanmetrics_calls_total[") => one(1000.0),
            _ if query.contains("(rate(traces_spanmetrics_calls_total") && error => by(10.0, 0.0),
            _ if query.contains("(rate(traces_spanmetrics_calls_total") => by(100.0, 300.0),
            _ if query.contains("(rate(traces_spanmetrics_size_total") && error => by(20_000.0, 0.0),
            _ if query.contains("(rate(traces_spanmetrics_size_total") => by(50_000.0, 90_000.0),
            _ => panic!("{query}"),
        }
    });
    let seen = inputs(&observe(&rote.url, ""));
    assert_eq!((seen["spans"], seen["peak"], seen["errors"]), (400.0, 2.5, 0.025));
    // Of 350 bytes on average; those with an error have 2000, the others 307.7.
    assert_eq!(seen["size"], 350.0);
    assert!((seen["error_size"] - 6.5).abs() < 1e-9, "{seen:?}");
    let asked = rote.asked();
    assert!(
        asked.iter().all(|asked| asked.head.starts_with("POST /api/v1/query HTTP/1.1\r\n")),
        "{asked:#?}"
    );
    assert!(asked.iter().all(|asked| asked.time == NOW), "{asked:#?}");
    assert!(
        asked[0]
            .query
            .contains("traces_span_metrics_calls_total|traces_spanmetrics_calls_total|calls_total|")
    );
    let rate = "sum_over_time(sum (rate(traces_spanmetrics_calls_total[60000ms]))[86340000ms:60000ms])";
    assert!(asked.iter().any(|asked| asked.query == rate), "{asked:#?}");
}

#[test]
fn totals_of_collectors_have_no_services() {
    let rote = Rote::with_history(|query| match query {
        _ if query.starts_with("count by (__name__)") => names(&[
            "tempo_distributor_bytes_received_total",
            "tempo_distributor_spans_received_total",
            "otelcol_receiver_accepted_spans",
        ]),
        _ if query == "count by (job) (otelcol_receiver_accepted_spans)" => {
            vector(&[(json!({"job": "agent"}), 2.0), (json!({"job": "gateway"}), 1.0)])
        }
        _ if query.contains("(rate(otelcol_receiver_accepted_spans[") => {
            one(if query.starts_with("max") { 300.0 } else { 1439.0 * 100.0 })
        }
        _ if query.contains("(rate(tempo_distributor_bytes_received_total[") => one(1439.0 * 25_000.0),
        _ if query.contains("(rate(tempo_distributor_spans_received_total[") => one(1439.0 * 50.0),
        _ => panic!("{query}"),
    });
    let end = observe(&rote.url, "");
    end.expect(0, "is counted by the jobs agent, gateway; what passes several of them counts several times");
    let seen = inputs(&end);
    assert_eq!((seen["spans"], seen["peak"], seen["size"]), (100.0, 3.0, 500.0));
    assert_eq!((seen["errors"], seen["error_size"]), (0.01, 3.0), "the defaults");
    let dir = TempDir::new();
    let plan = Obs::new(&dir, "capacity --all --format table --utc --now 2026-02-01T00:00:00Z --prometheus");
    let table = plan.arg(&rote.url).run().expect(0, "").text();
    let source = format!(
        "{}, otelcol_receiver_accepted_spans, 2026-01-31T00:00:00Z to 2026-02-01T00:00:00Z",
        rote.url
    );
    assert!(table.split_whitespace().collect::<Vec<_>>().join(" ").contains(&source), "{table}");
}

#[test]
fn a_range_headers_and_a_path_are_passed_on() {
    let rote = Rote::start(|query| match query {
        _ if query.starts_with("count by (__name__) ({") => vector(&[]),
        _ if query.starts_with("count by (__name__) (last_over_time({") => names(&["calls_total"]),
        _ => (403, "text/html", "<html>".into()),
    });
    let dir = TempDir::new();
    let headers = dir.write("headers", "Authorization: Bearer secret-token\n");
    let end = Obs::new(
        &dir,
        "capacity --from 2026-01-01T00:00:00Z --to 2026-01-02T00:00:00Z --prometheus-headers-file",
    )
    .arg(headers)
    .arg("--prometheus")
    .arg(format!("{}/prometheus/", rote.url))
    .run();
    end.expect(
        4,
        "/prometheus does not answer as a Prometheus server: expected JSON, found text/html (HTTP 403)",
    );
    end.expect(4, "hint: --prometheus-headers-file names a file");
    assert!(!end.stderr.contains("secret"), "{}", end.stderr);
    let asked = rote.asked();
    assert!(
        asked.iter().all(|asked| asked.head.contains("authorization: Bearer secret-token\r\n")),
        "{asked:#?}"
    );
    assert!(
        asked.iter().all(|asked| asked.head.starts_with("POST /prometheus/api/v1/query HTTP")),
        "{asked:#?}"
    );
    assert!(asked.iter().all(|asked| asked.time == 1_767_312_000.0), "{asked:#?}");
    assert!(asked[1].query.ends_with("[86400s:864s]))"), "{asked:#?}");
}

#[test]
fn what_is_no_prometheus_or_has_nothing_is_told() {
    let html = Rote::start(|_| (200, "text/html; charset=utf-8", "<!doctype html>".into()));
    observe(&html.url, "")
        .expect(4, "does not answer as a Prometheus server: expected JSON, found text/html");
    let refusing = Rote::start(|_| {
        let body = json!({"status": "error", "errorType": "execution", "error": "query processing would load too many samples"});
        (422, "application/json", body.to_string())
    });
    let end = observe(&refusing.url, "");
    end.expect(4, "query processing would load too many samples (HTTP 422)\nhint: a shorter range of time asks less of it");
    let empty = Rote::start(|_| vector(&[]));
    let end = observe(&empty.url, "");
    end.expect(4, &format!("obs: {} has nothing that counts spans in this time\nhint: it is looked for traces_span_metrics_calls_total, ", empty.url));
    end.expect(4, "tempo_distributor_spans_received_total; --spans N plans without looking");
    let young = Rote::start(|query| match query {
        _ if query.starts_with("count by (__name__)") => names(&["calls_total"]),
        _ if query.starts_with("max(count_over_time(") => one(2.0),
        _ => history(query).unwrap(),
    });
    observe(&young.url, "")
        .expect(4, "calls_total has too few samples in this time\nhint: a rate needs some samples");
    let resting = Rote::start(|query| match query {
        _ if query.starts_with("count by (__name__)") => names(&["calls_total"]),
        _ => history(query).unwrap_or_else(|| one(0.0)),
    });
    observe(&resting.url, "").expect(4, "calls_total does not rise");
    let warning = Rote::start(|_| {
        let body = json!({"status": "success", "warnings": ["one store was away"], "data": {"result": []}});
        (200, "application/json", body.to_string())
    });
    observe(&warning.url, "").expect(4, "one store was away");
}

#[test]
fn wrong_addresses_are_told() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    observe(&format!("http://{closed}"), "").expect(4, &format!("obs: cannot reach http://{closed}: "));
    for url in ["prometheus", "ftp://host", "http://"] {
        observe(url, "").expect(2, "obs: --prometheus: expected the URL of a Prometheus server");
    }
    let end = observe("http://user:pass-word@localhost:9090", "");
    end.expect(2, "expected no user name and password in the URL\nhint: send them as a header, with --prometheus-headers-file");
    assert!(!end.stderr.contains("pass-word"), "{}", end.stderr);
    observe("http://localhost:9090", "--db obs.db")
        .expect(2, "expected one place to look: --prometheus, --db or FILE");
    observe("http://localhost:9090", "traces.jsonl").expect(2, "expected one place to look");
}

/// A server of the real thing, which ends with the test.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// One that scrapes a port every second; says so and is `None` where there is none.
    fn scraping(dir: &TempDir, target: u16) -> Option<Prometheus> {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: obs\n  static_configs:\n  - targets: ['127.0.0.1:{target}']\n"
        );
        let config = dir.write("prometheus.yml", config);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={config}"))
            .arg(format!("--storage.tsdb.path={}", dir.file("tsdb")))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => Some(Prometheus { child, port }),
            Err(error) => {
                println!("skipped: no prometheus ({error})");
                None
            }
        }
    }

    /// The samples that a counter has.
    fn samples(&self, counter: &str) -> Option<u64> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        drop(stream);
        let path = format!("/api/v1/query?query=count_over_time({counter}[1m])");
        let answer: Value = serde_json::from_slice(&HttpClient::connect(self.port).get(&path).body).ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

#[test]
fn a_real_prometheus_knows_the_rate() {
    const SAMPLES: u64 = 12;
    let dir = TempDir::new();
    let sink = std::fs::File::create("/dev/null").unwrap();
    let source = Obs::new(&dir, "collect --synthetic 2000 --health 127.0.0.1:0 --format proto")
        .stdout_to(sink)
        .spawn();
    let Some(prometheus) = Prometheus::scraping(&dir, source.health()) else { return };
    eventually("samples", || prometheus.samples("otlp_spans_total").filter(|samples| *samples >= SAMPLES));
    // The default range is a day, of which there are some seconds.
    let end = Obs::new(&dir, "capacity --format tsv --prometheus")
        .arg(format!("http://127.0.0.1:{}", prometheus.port))
        .run();
    let seen = inputs(&end);
    assert!((1900.0..2100.0).contains(&seen["spans"]), "{seen:?}");
    assert_eq!(seen["peak"], 2.5, "the default: there are no five minutes yet");
}
