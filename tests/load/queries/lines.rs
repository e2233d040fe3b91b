//! The log records that are searched: text from templates with ids, addresses and numbers, spread over 30 days.

use std::fmt::Write;

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use prost::Message;

use super::random::Random;
use super::traffic::{END_NS, MONTH_NS, SERVICES, resource};
use crate::spans::{number, text};

/// Records in a request.
pub const RECORDS: usize = 1000;

/// What few records have inside a word, and how many.
pub const RARE: &str = "rare-7f3a";
pub const RARE_RECORDS: usize = 7;
const RARE_WORD: &str = " span of batchrare-7f3awindow was replayed";

/// `%` stands for something that differs: x hex digits, d a number, i an address, u a UUID, p a path, m milliseconds.
const TEMPLATES: [&str; 20] = [
    "Accepted request %x from %i for %p: routed to backend pool blue, connection reused, TLS session resumed, client certificate subject CN=edge-%d, response buffered %d bytes in %m",
    "Order %u was placed by customer %d: %d line items, total 182.%d EUR, payment method card, voucher none, reservation %x confirmed by warehouse, confirmation queued for delivery",
    "Cache miss for key session:%x:profile after %m; loaded %d bytes from replica db-%d.internal (%i), entry expires in 3600 seconds, eviction policy least recently used applied to shard %d",
    "Slow query took %m on connection %d: SELECT id, status, total FROM orders WHERE customer_id = %d AND created_at > now() - interval '30 days' ORDER BY created_at DESC LIMIT 50",
    "Retrying delivery of message %u to queue orders.events after %m: broker %i answered with a temporary failure, attempt %d of 5, the message stays at the head of its partition",
    "User %d signed in from %i with a new device fingerprint %x%x, risk score 0.%d, second factor was asked for and answered within %m, session %u was created",
    "Scheduled job reconcile-ledger finished: %d accounts read, %d differences found, %d corrected, checksum %x%x, the next run begins in 900 seconds on worker %d",
    "GET %p 200 %d %m \"https://shop.example.com/catalog\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\" %i %x",
    "Circuit breaker for upstream %i changed from half-open to closed after %d successful probes, the error rate over the last minute was 0.%d, median latency %m, request id %x",
    "Payment %u was authorised by acquirer %d in %m: amount 49.%d EUR, merchant category 5732, network token %x, three-domain secure version 2.2, liability has shifted",
    "Failed to parse the body of request %x from %i as JSON at offset %d: expected a value, found end of input; the first bytes were {\"items\":[{\"sku\":\"A-%d\",\"quantity\":",
    "Shipment %u left hub %d on route %x: carrier scan received from %i after %m, estimated arrival was moved by %d minutes because of the weather, the customer is told by mail",
    "Garbage collection pause of %m in generation %d: heap 1824 MiB before, %d MiB after, promoted %d objects, reason allocation failure, thread pool utilisation 0.%d, safepoint %x",
    "Inventory of article %d at location %x was adjusted by %d units after count %u, the reason code is shrinkage, approved by operator %d from terminal %i, ledger entry %x",
    "Feature flag checkout-v3 evaluated to variant B for subject %x in %m: rule %d matched on country and loyalty tier, exposure event %u was recorded with %d attributes from %i",
    "Rate limit of %d requests a minute reached by client %i on %p: the token bucket refills in %m, request %x was answered with 429, the contract allows bursts of %d",
    "注文 %u を受け付けました。顧客番号 %d、商品点数 %d、倉庫 %x から出荷予定です。決済は %m で承認され、確認メールを送信しました。接続元 %i",
    "数据库连接池已满：等待 %m 后获得连接 %d，来源 %i，请求 %x，当前活动连接数 %d，最大连接数 200，请检查慢查询日志以及索引使用情况",
    "결제 요청 %u 이(가) 완료되었습니다. 승인 번호 %x, 금액 %d 원, 소요 시간 %m, 클라이언트 %i, 재시도 횟수 %d, 가맹점 %d",
    "Exported %d spans and %d log records in %m to collector %i: batch %x, compressed to %d bytes, queue length %d, the oldest item waited for %m, no item was dropped",
];

/// A record as it is stored.
pub struct Line {
    pub time_ns: u64,
    pub severity: i32,
    pub body: String,
    pub trace_id: Option<[u8; 16]>,
    pub attributes: Vec<(&'static str, String)>,
}

/// The service of a request and its records, the request with that number of so many.
pub fn request(request: u64, of: u64) -> (&'static str, Vec<Line>) {
    let mut random = Random::new(request | 1 << 40);
    let step = MONTH_NS / of;
    let begin = END_NS - MONTH_NS + step * request;
    let every = of / (RARE_RECORDS as u64 + 1);
    let is_rare = request > 0 && request.is_multiple_of(every) && request / every <= RARE_RECORDS as u64;
    let lines = (0..RECORDS).map(|record| {
        let mut line = line(begin + step / RECORDS as u64 * record as u64, &mut random);
        if is_rare && record == RECORDS / 2 {
            line.body.push_str(RARE_WORD);
        }
        line
    });
    (SERVICES[request as usize % SERVICES.len()], lines.collect())
}

fn line(time_ns: u64, random: &mut Random) -> Line {
    let severity = match random.below(100) {
        0..10 => 5,
        10..85 => 9,
        85..95 => 13,
        _ => 17,
    };
    let mut body = String::with_capacity(256);
    let mut parts = TEMPLATES[random.below(TEMPLATES.len())].split('%');
    body.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (kind, rest) = part.split_at(1);
        fill(&mut body, kind, random);
        body.push_str(rest);
    }
    let trace_id = (random.below(2) == 0)
        .then(|| (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes());
    let attributes = vec![
        ("log.logger", format!("com.example.shop.{}", ["web", "orders", "db", "messaging"][random.below(4)])),
        ("thread.name", format!("worker-{}", random.below(64))),
        ("k8s.pod.name", format!("pod-7d9c5bdf8-{:05x}", random.below(1 << 12))),
        ("enduser.id", random.below(100_000).to_string()),
        (
            "http.route",
            ["/api/orders", "/api/cart/{id}", "/api/items", "/internal/health"][random.below(4)].into(),
        ),
    ];
    Line { time_ns, severity, body, trace_id, attributes }
}

fn fill(out: &mut String, kind: &str, random: &mut Random) {
    let bits = random.next();
    let written = match kind {
        "x" => write!(out, "{:012x}", bits >> 16),
        "d" => write!(out, "{}", bits % 10_000),
        "i" => write!(out, "10.{}.{}.{}", bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff),
        "u" => write!(
            out,
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            bits as u32,
            bits >> 32 & 0xffff,
            bits >> 48 & 0xfff,
            bits >> 20 & 0xfff,
            random.next() >> 16
        ),
        "p" => write!(out, "/api/v2/orders/{}/items/{}", bits % 100_000, bits >> 40 & 0xff),
        "m" => write!(out, "{}.{} ms", bits % 900, bits >> 32 & 7),
        _ => Ok(()),
    };
    written.expect("a string");
}

/// The records of a request as OTLP.
pub fn encode(service: &str, lines: &[Line]) -> Vec<u8> {
    let record = |line: &Line| LogRecord {
        time_unix_nano: line.time_ns,
        severity_number: line.severity,
        body: Some(AnyValue { value: Some(Any::StringValue(line.body.clone())) }),
        attributes: line
            .attributes
            .iter()
            .map(|(key, value)| match (*key, value.parse()) {
                ("enduser.id", Ok(id)) => number(key, id),
                _ => text(key, value),
            })
            .collect(),
        trace_id: line.trace_id.map(Vec::from).unwrap_or_default(),
        ..Default::default()
    };
    let scope_logs =
        vec![ScopeLogs { log_records: lines.iter().map(record).collect(), ..Default::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: Some(resource(service)), scope_logs, ..Default::default() }];
    LogsData { resource_logs }.encode_to_vec()
}
