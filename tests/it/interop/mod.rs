//! SDKs export through `collect | sample --rate 1 | relay`, as a shell's pipe and in one process; what arrives is what
//! arrives without them.

mod python_sdk;
mod rust_sdk;
mod sdk_telemetry;

use prost::Message as _;

use crate::support::sink::Message;
use crate::support::{Obs, Pipeline, Signal, Sink, TempDir};

/// How the stages are joined: by a stream in either encoding, or in one process.
#[derive(Clone, Copy)]
enum Joined {
    Ndjson,
    Frames,
    Fused,
}

/// The pipeline of one run, with a sink behind it and one that the SDK also sends to directly.
struct Run {
    _dir: TempDir,
    direct: Sink,
    through: Sink,
    pipeline: Pipeline,
    protocol: &'static str,
}

impl Run {
    /// `protocol` and `gzip` of the relay, which are the SDK's too.
    fn start(protocol: &'static str, gzip: bool, joined: Joined) -> Run {
        let (dir, direct, through) = (TempDir::new(), Sink::accepting(), Sink::accepting());
        let compression = if gzip { "gzip" } else { "none" };
        let relay = format!("relay --to {} --protocol {protocol} --compression {compression}", through.url());
        let stages = ["collect --grpc 127.0.0.1:0 --http 127.0.0.1:0", "sample --rate 1", &relay];
        let pipeline = match joined {
            Joined::Ndjson => Pipeline::start(&dir, &stages),
            Joined::Frames => Pipeline::start_with(&dir, &[("OBS_FORMAT", "proto")], &stages),
            Joined::Fused => {
                Pipeline::start_stages(&dir, vec![Obs::new(&dir, "run").arg(stages.join(" | "))])
            }
        };
        Run { _dir: dir, direct, through, pipeline, protocol }
    }

    /// Where the SDK sends to: the sink, and the pipeline.
    fn endpoints(&self) -> [String; 2] {
        let port = self.pipeline[0].port(if self.protocol == "grpc" { "gRPC" } else { "HTTP" });
        [self.direct.url(), format!("http://127.0.0.1:{port}")]
    }

    /// Ends the pipeline and compares what both sinks have; returns the number of items.
    fn finish(self, gzip: bool) -> usize {
        self.pipeline[0].signal(Signal::TERM);
        let ended = self.pipeline.wait();
        assert!(ended.0.iter().all(|end| end.code == 0), "{}", ended.stderr());
        let [expected, found] = [&self.direct, &self.through].map(|sink| {
            let mut items: Vec<Vec<u8>> = sink.accepted().into_iter().flat_map(items).collect();
            items.sort();
            items
        });
        assert!(!expected.is_empty());
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(readable(expected), readable(found));
        }
        assert_eq!(expected, found);
        for attempt in self.through.attempts() {
            let encoding = attempt.headers.get(if self.protocol == "grpc" {
                "grpc-encoding"
            } else {
                "content-encoding"
            });
            assert_eq!(encoding.is_some_and(|encoding| encoding == "gzip"), gzip);
        }
        expected.len()
    }
}

/// Each item of a message as the encoding of a message of its own, with its scope and resource; the first byte tells
/// the signal.
fn items(message: Message) -> Vec<Vec<u8>> {
    // A macro, because the three families of messages share field names and no trait.
    macro_rules! split {
        ($signal:literal, $request:ident, $resources:ident, $scopes:ident, $items:ident) => {
            $request
                .$resources
                .iter()
                .flat_map(|resource| resource.$scopes.iter().map(move |scope| (resource, scope)))
                .flat_map(|(resource, scope)| {
                    scope.$items.iter().map(move |item| {
                        let scope = {
                            let mut scope = scope.clone();
                            scope.$items = vec![item.clone()];
                            scope
                        };
                        let mut resource = resource.clone();
                        resource.$scopes = vec![scope];
                        [&[$signal], &resource.encode_to_vec()[..]].concat()
                    })
                })
                .collect()
        };
    }
    match message {
        Message::Traces(request) => split!(1, request, resource_spans, scope_spans, spans),
        Message::Metrics(request) => split!(2, request, resource_metrics, scope_metrics, metrics),
        Message::Logs(request) => split!(3, request, resource_logs, scope_logs, log_records),
    }
}

/// An item of [`items`] for people.
fn readable(item: &[u8]) -> String {
    use opentelemetry_proto::tonic::{logs, metrics, trace};
    let (signal, bytes) = item.split_first().unwrap();
    match signal {
        1 => format!("{:#?}", trace::v1::ResourceSpans::decode(bytes).unwrap()),
        2 => format!("{:#?}", metrics::v1::ResourceMetrics::decode(bytes).unwrap()),
        _ => format!("{:#?}", logs::v1::ResourceLogs::decode(bytes).unwrap()),
    }
}
