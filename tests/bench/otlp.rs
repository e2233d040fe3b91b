//! What the library costs for one request of 1000 spans: check the bytes, write JSON, read JSON, split.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use obs::otlp::{Batch, Signal, json, split};

#[path = "../load/spans.rs"]
mod spans;

/// The allocator that the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SPANS: usize = 1000;

fn otlp(criterion: &mut Criterion) {
    let mut bytes = Vec::new();
    let template = spans::Template::new(SPANS);
    template.write(&mut bytes, 1_700_000_000_000_000_000, &mut spans::Random(1));
    let bytes = Bytes::from(bytes);
    let batch = Batch::parse(Signal::Traces, bytes.clone()).expect("valid");
    let mut text = Vec::new();
    json::write(&batch, &mut text);
    assert_eq!(json::read(&text).expect("valid").batch, batch);

    let mut group = criterion.benchmark_group("otlp");
    for (unit, of_bytes, of_text) in [
        ("spans", Throughput::Elements(SPANS as u64), Throughput::Elements(SPANS as u64)),
        ("bytes", Throughput::Bytes(bytes.len() as u64), Throughput::Bytes(text.len() as u64)),
    ] {
        group.throughput(of_bytes.clone());
        group.bench_function(format!("parse/{unit}"), |bencher| {
            bencher.iter(|| Batch::parse(Signal::Traces, black_box(bytes.clone())));
        });
        group.bench_function(format!("split into 4/{unit}"), |bencher| {
            bencher.iter(|| split(black_box(&batch), SPANS / 4, usize::MAX));
        });
        group.throughput(of_text);
        group.bench_function(format!("json write/{unit}"), |bencher| {
            let mut out = Vec::with_capacity(text.len());
            bencher.iter(|| {
                out.clear();
                json::write(black_box(&batch), &mut out)
            });
        });
        group.bench_function(format!("json write, new buffer/{unit}"), |bencher| {
            let write = |mut out: Vec<u8>| {
                json::write(black_box(&batch), &mut out);
                out
            };
            bencher.iter_batched(Vec::new, write, BatchSize::SmallInput);
        });
        group.bench_function(format!("json read/{unit}"), |bencher| {
            bencher.iter(|| json::read(black_box(&text)));
        });
    }
    group.finish();
    println!("{} B a span in protobuf, {} B in JSON", bytes.len() / SPANS, text.len() / SPANS);
}

criterion_group!(benches, otlp);
criterion_main!(benches);
