//! Requests of spans: one is encoded, then only ids and times are patched, so that a generator costs next to nothing.

use std::ops::Range;

use obs::otlp::view::{Fields, Nested, Value};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, TracesData, span::SpanKind, status::StatusCode,
};
use prost::Message;

/// Spans in a trace; the first is the root and the parent of the others.
pub const SPANS_PER_TRACE: usize = 10;

/// The share of the spans that have failed.
#[allow(dead_code, reason = "the file is shared with the benchmark of the library")]
pub const FAILED: f64 = 0.01;

const ROUTES: [&str; 5] = [
    "/api/checkout/{cart}",
    "/api/products/{id}",
    "/api/cart/{user}/items",
    "/api/recommendations",
    "/api/shipping/quote",
];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// A `TracesData` (the same bytes as an export request) and where the fields are that differ between requests.
pub struct Template {
    bytes: Vec<u8>,
    spans: Vec<Offsets>,
}

/// Offsets of the values of one span.
struct Offsets {
    trace_id: usize,
    span_id: usize,
    parent_span_id: Option<usize>,
    start: usize,
    end: usize,
    /// Six digits in `url.path`.
    digits: usize,
}

impl Template {
    /// Encodes a request of `count` spans with eight attributes and about 350 bytes each, one in a hundred failed.
    pub fn new(count: usize) -> Template {
        let bytes = request(count).encode_to_vec();
        let mut spans = Vec::with_capacity(count);
        for resource in Nested::new(&bytes, 1) {
            for scope in Nested::new(resource, 2) {
                spans.extend(Nested::new(scope, 2).map(|span| Offsets::find(&bytes, span)));
            }
        }
        Template { bytes, spans }
    }

    /// The length of every request in bytes.
    #[allow(dead_code, reason = "the file is shared with the benchmark of the library")]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Appends a request whose first span starts at `now` and whose ids come from `random`.
    ///
    /// Times and one attribute vary too, or the spans would compress better than real ones.
    pub fn write(&self, out: &mut Vec<u8>, now: u64, random: &mut Random) {
        let base = out.len();
        out.extend_from_slice(&self.bytes);
        let out = &mut out[base..];
        let mut start = now;
        for trace in self.spans.chunks(SPANS_PER_TRACE) {
            let trace_id = [random.id(), random.id()].concat();
            let root = random.id();
            for span in trace {
                patch(out, span.trace_id, &trace_id);
                match span.parent_span_id {
                    None => patch(out, span.span_id, &root),
                    Some(parent) => {
                        patch(out, span.span_id, &random.id());
                        patch(out, parent, &root);
                    }
                }
                let bits = random.next();
                patch(out, span.start, &start.to_le_bytes());
                // At most 4 ms.
                patch(out, span.end, &(start + (bits & 0x3f_ffff)).to_le_bytes());
                // At most 66 µs: what the sink measures begins here.
                start = now + (bits >> 48);
                for (place, byte) in out[span.digits..span.digits + 6].iter_mut().enumerate() {
                    *byte = b'0' + (bits >> (22 + 3 * place) & 7) as u8;
                }
            }
        }
    }
}

fn patch(out: &mut [u8], at: usize, value: &[u8]) {
    out[at..at + value.len()].copy_from_slice(value);
}

impl Offsets {
    fn find(bytes: &[u8], span: &[u8]) -> Offsets {
        let base = span.as_ptr().addr() - bytes.as_ptr().addr();
        let mut fields = Fields::new(span);
        let mut places: [Option<Range<usize>>; 17] = Default::default();
        while let Some((number, value)) = fields.next() {
            let end = base + fields.position();
            let length = match value {
                Value::Len(payload) => payload.len(),
                _ => 8,
            };
            places[number as usize] = Some(end - length..end);
        }
        let place = |number: usize| places[number].as_ref().map(|range| range.start);
        Offsets {
            trace_id: place(1).expect("a trace id"),
            span_id: place(2).expect("a span id"),
            parent_span_id: place(4),
            start: place(7).expect("a start time"),
            end: place(8).expect("an end time"),
            digits: base + memchr::memmem::find(span, b"/checkout/000000/").expect("a path") + 10,
        }
    }
}

/// The prost form of a request.
fn request(count: usize) -> TracesData {
    let resource = Resource {
        attributes: vec![
            text("service.name", "checkout"),
            text("service.version", "2.14.0"),
            text("service.instance.id", "checkout-7d9c5bdf8-x2v4q"),
            text("deployment.environment.name", "production"),
            text("k8s.namespace.name", "shop"),
            text("telemetry.sdk.language", "java"),
        ],
        ..Default::default()
    };
    let scope = InstrumentationScope {
        name: "io.opentelemetry.tomcat-10.0".into(),
        version: "2.14.0-alpha".into(),
        ..Default::default()
    };
    TracesData {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: (0..count).map(span).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

fn span(index: usize) -> Span {
    const START: u64 = 1_700_000_000_000_000_000;
    let route = ROUTES[index % ROUTES.len()];
    let method = METHODS[index % METHODS.len()];
    let root = index.is_multiple_of(SPANS_PER_TRACE);
    let failed = index % 100 == 7;
    Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: if root { Vec::new() } else { vec![3; 8] },
        flags: 0x101,
        name: format!("{method} {route}"),
        kind: (if root { SpanKind::Server } else { SpanKind::Client }) as i32,
        start_time_unix_nano: START,
        end_time_unix_nano: START,
        attributes: vec![
            text("http.request.method", method),
            text("http.route", route),
            text("url.path", "/api/v2/checkout/000000/items"),
            text("server.address", "shop.example.com"),
            number("server.port", 8443),
            number("http.response.status_code", if failed { 503 } else { 200 }),
            text("client.address", &format!("10.12.{}.{}", index % 250, index / 250)),
            number("thread.id", 40 + (index % 64) as i64),
        ],
        status: failed
            .then(|| Status { code: StatusCode::Error as i32, message: "upstream unavailable".into() }),
        ..Default::default()
    }
}

pub fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.into()))
}

pub fn number(key: &str, value: i64) -> KeyValue {
    pair(key, Any::IntValue(value))
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// SplitMix64: good enough for ids, and the same run again from the same seed.
pub struct Random(pub u64);

impl Random {
    fn id(&mut self) -> [u8; 8] {
        self.next().to_be_bytes()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
