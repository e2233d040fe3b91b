//! The spans that are searched: traces through twenty services, spread over 30 days, any part of which can be made again.

use obs::otlp::view::{Fields, Nested, Value};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, TracesData, span::SpanKind, status::StatusCode,
};
use prost::Message;

use super::random::Random;
use crate::spans::{number, text};

/// Spans in a request, and in a trace.
pub const SPANS: usize = 1000;
const SPANS_PER_TRACE: usize = 10;
const TRACES: usize = SPANS / SPANS_PER_TRACE;

/// The present: everything is before it.
pub const END_NS: u64 = 1_782_864_000_000_000_000;
pub const MONTH_NS: u64 = 30 * 24 * 3600 * 1_000_000_000;

pub const SERVICES: [&str; 20] = [
    "frontend",
    "checkout",
    "cart",
    "payment",
    "shipping",
    "catalog",
    "search",
    "recommendation",
    "currency",
    "email",
    "fraud-detection",
    "accounting",
    "inventory",
    "pricing",
    "quote",
    "ads",
    "reviews",
    "identity",
    "notification",
    "warehouse",
];

/// The attribute of root spans that tells them apart, and the value that a few of them share.
pub const ORDER: &str = "order.id";
pub const RARE_ORDER: &str = "ord-rare7f3arare7f3a";
pub const RARE_PART: &str = "are7f3arare7f3";
pub const RARE_ORDERS: usize = 5;
const NO_ORDER: &str = "ord-0000000000000000";

/// A span of every trace: its parent, where in the trace's duration of 1000 it is, and what it is.
struct Part {
    parent: Option<usize>,
    begin: u64,
    end: u64,
    kind: SpanKind,
    /// Which of the trace's services.
    service: usize,
    name: &'static str,
}

const fn part(
    parent: Option<usize>,
    range: (u64, u64),
    kind: SpanKind,
    service: usize,
    name: &'static str,
) -> Part {
    Part { parent, begin: range.0, end: range.1, kind, service, name }
}

const TRACE: [Part; SPANS_PER_TRACE] = [
    part(None, (0, 1000), SpanKind::Server, 0, "GET /api/v2/{service}/items/{id}"),
    part(Some(0), (20, 420), SpanKind::Client, 0, "GET"),
    part(Some(1), (40, 400), SpanKind::Server, 1, "POST /{service}/quotes"),
    part(Some(2), (60, 200), SpanKind::Internal, 1, "validate"),
    part(Some(2), (210, 390), SpanKind::Client, 1, "SELECT orders"),
    part(Some(0), (430, 960), SpanKind::Client, 0, "POST"),
    part(Some(5), (450, 940), SpanKind::Server, 2, "PUT /{service}/reservations"),
    part(Some(6), (500, 620), SpanKind::Producer, 2, "orders publish"),
    part(Some(7), (610, 900), SpanKind::Consumer, 3, "orders process"),
    part(Some(8), (640, 880), SpanKind::Client, 3, "HSET session"),
];

/// What a search asks for: about one in a hundred of these spans takes so long.
pub const SEARCHED_SERVICE: &str = "checkout";
pub const SEARCHED_OPERATION: &str = "GET /api/v2/checkout/items/{id}";
pub const SEARCHED_DURATION_MS: u64 = 100;

/// The services of a trace.
fn services(trace: usize) -> [usize; 4] {
    [trace, trace + 3, trace * 7 + 5, trace + 11].map(|number| number % SERVICES.len())
}

/// A request and where the fields of its spans are that differ between requests.
pub struct Template {
    bytes: Vec<u8>,
    /// By trace and part.
    spans: Vec<Places>,
}

/// Offsets of the values of one span.
struct Places {
    index: usize,
    trace_id: usize,
    span_id: usize,
    parent: Option<usize>,
    start: usize,
    end: usize,
    digits: usize,
    order: Option<usize>,
}

impl Template {
    pub fn new() -> Template {
        let bytes = request().encode_to_vec();
        let scopes = Nested::new(&bytes, 1).flat_map(|resource| Nested::new(resource, 2));
        let spans = scopes.flat_map(|scope| Nested::new(scope, 2));
        let mut spans: Vec<Places> = spans.map(|span| Places::find(&bytes, span)).collect();
        spans.sort_by_key(|span| span.index);
        Template { bytes, spans }
    }

    /// The request with that number of so many.
    pub fn request(&self, number: u64, of: u64) -> Vec<u8> {
        let mut out = self.bytes.clone();
        let mut random = Random::new(number);
        let step = MONTH_NS / of;
        let begin = END_NS - MONTH_NS + step * number;
        for (trace, spans) in self.spans.chunks(SPANS_PER_TRACE).enumerate() {
            let trace_id = [random.id(), random.id()].concat();
            let start = begin + step / TRACES as u64 * trace as u64;
            let duration = duration(&mut random);
            let ids: [[u8; 8]; SPANS_PER_TRACE] = std::array::from_fn(|_| random.id());
            for ((part, span), id) in TRACE.iter().zip(spans).zip(&ids) {
                let bits = random.next();
                patch(&mut out, span.trace_id, &trace_id);
                patch(&mut out, span.span_id, id);
                if let (Some(at), Some(parent)) = (span.parent, part.parent) {
                    patch(&mut out, at, &ids[parent]);
                }
                let from = start + duration * part.begin / 1000 + (bits & 0xfff);
                // Ends a little earlier than it might, so that durations differ.
                let length = (duration * (part.end - part.begin) / 1000) * (900 + bits % 100) / 1000;
                patch(&mut out, span.start, &from.to_le_bytes());
                patch(&mut out, span.end, &(from + length).to_le_bytes());
                for place in 0..6 {
                    out[span.digits + place] = b'0' + (bits >> (22 + 3 * place) & 7) as u8;
                }
                if let Some(order) = span.order {
                    let unique = format!("{:016x}", random.next());
                    patch(&mut out, order + NO_ORDER.len() - unique.len(), unique.as_bytes());
                    if trace == TRACES / 2 && is_rare(number, of) {
                        patch(&mut out, order, RARE_ORDER.as_bytes());
                    }
                }
            }
        }
        out
    }

    /// The id of a trace in the middle of a request, in hex.
    pub fn trace_id(&self, number: u64, of: u64) -> String {
        let request = self.request(number, of);
        let at = self.spans[SPANS / 2].trace_id;
        request[at..at + 16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether a span of a request has the order that few have.
fn is_rare(number: u64, of: u64) -> bool {
    let every = of / (RARE_ORDERS as u64 + 1);
    number > 0 && number.is_multiple_of(every) && number / every <= RARE_ORDERS as u64
}

/// From 0.5 to 128 ms, the longer the rarer.
fn duration(random: &mut Random) -> u64 {
    let bits = random.next();
    let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    (500_000.0 * (share * share * share * 8.0).exp2()) as u64
}

fn patch(out: &mut [u8], at: usize, value: &[u8]) {
    out[at..at + value.len()].copy_from_slice(value);
}

impl Places {
    fn find(bytes: &[u8], span: &[u8]) -> Places {
        let base = span.as_ptr().addr() - bytes.as_ptr().addr();
        let mut fields = Fields::new(span);
        let mut places = [None; 17];
        let mut index = 0;
        while let Some((number, value)) = fields.next() {
            let length = match value {
                Value::Len(payload) => payload.len(),
                _ => 8,
            };
            places[number as usize] = Some(base + fields.position() - length);
            if let (2, Value::Len(id)) = (number, value) {
                index = id.try_into().map(u64::from_be_bytes).expect("an id of eight bytes") as usize;
            }
        }
        let of = |text: &str| memchr::memmem::find(span, text.as_bytes()).map(|at| base + at);
        Places {
            index,
            trace_id: places[1].expect("a trace id"),
            span_id: places[2].expect("a span id"),
            parent: places[4],
            start: places[7].expect("a start time"),
            end: places[8].expect("an end time"),
            digits: of("/items/000000").expect("a path") + "/items/".len(),
            order: of(NO_ORDER),
        }
    }
}

/// The prost form of a request, with its spans by service.
fn request() -> TracesData {
    let mut by_service: Vec<Vec<Span>> = vec![Vec::new(); SERVICES.len()];
    for trace in 0..TRACES {
        let services = services(trace);
        for (number, part) in TRACE.iter().enumerate() {
            let service = services[part.service];
            by_service[service].push(span(trace * SPANS_PER_TRACE + number, part, SERVICES[service]));
        }
    }
    let resource_spans = by_service.into_iter().zip(SERVICES).map(|(spans, service)| ResourceSpans {
        resource: Some(resource(service)),
        scope_spans: vec![ScopeSpans { spans, ..Default::default() }],
        ..Default::default()
    });
    TracesData { resource_spans: resource_spans.collect() }
}

pub fn resource(service: &str) -> Resource {
    Resource {
        attributes: vec![
            text("service.name", service),
            text("service.version", "2.14.0"),
            text("service.instance.id", &format!("{service}-7d9c5bdf8-x2v4q")),
            text("deployment.environment.name", "production"),
        ],
        ..Default::default()
    }
}

fn span(index: usize, part: &Part, service: &str) -> Span {
    let failed = index % 100 == 37;
    let name = part.name.replace("{service}", service);
    let mut attributes: Vec<KeyValue> = vec![
        text("http.request.method", "GET"),
        text("http.route", &name),
        text("url.path", &format!("/api/v2/{service}/items/000000")),
        text("server.address", "shop.example.com"),
        number("server.port", 8443),
        number("http.response.status_code", if failed { 503 } else { 200 }),
        text("client.address", &format!("10.12.{}.{}", index % 250, index / 250)),
    ];
    if part.parent.is_none() {
        attributes.push(text(ORDER, NO_ORDER));
    }
    Span {
        trace_id: vec![1; 16],
        span_id: (index as u64).to_be_bytes().to_vec(),
        parent_span_id: if part.parent.is_none() { Vec::new() } else { vec![3; 8] },
        flags: 0x101,
        name,
        kind: part.kind as i32,
        start_time_unix_nano: 1,
        end_time_unix_nano: 1,
        attributes,
        status: failed
            .then(|| Status { code: StatusCode::Error as i32, message: "upstream unavailable".into() }),
        ..Default::default()
    }
}
