//! `obs sample`: what is kept, and what the kept spans say about those that are not.

mod policies;
mod report;
mod statistics;
mod tracestates;

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::telemetry::spans_in;
use crate::support::{Obs, TempDir};

/// Samples frames with `args`; returns the spans that are kept, with the name of their service.
fn sampled(input: Vec<u8>, args: &str) -> Vec<(String, Span)> {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "sample --format proto")
        .args(args)
        .stdin(input)
        .ledger(&dir.file("ledger.json"))
        .run();
    end.expect(0, "");
    end.ledger();
    let requests = end.traces_of_frames();
    let resources = requests.iter().flat_map(|request| &request.resource_spans);
    let spans = resources.flat_map(|resource| {
        let attributes = resource.resource.as_ref().map(|resource| &resource.attributes[..]);
        let name = attributes.unwrap_or_default().iter().find(|attribute| attribute.key == "service.name");
        let name = name.and_then(|name| name.value.as_ref()).and_then(|value| value.value.clone());
        let name = match name {
            Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(name)) => name,
            _ => String::new(),
        };
        let request = opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest {
            resource_spans: vec![resource.clone()],
        };
        spans_in(&request).cloned().map(|span| (name.clone(), span)).collect::<Vec<_>>()
    });
    spans.collect()
}

/// The threshold in a span's tracestate as the probability that it stands for; nothing where there is none.
fn probability(span: &Span) -> Option<f64> {
    let ot = span.trace_state.split(',').find_map(|member| member.strip_prefix("ot="))?;
    let threshold = ot.split(';').find_map(|subkey| subkey.strip_prefix("th:"))?;
    let rejected = u64::from_str_radix(&format!("{threshold:0<14}"), 16).unwrap();
    Some(1.0 - rejected as f64 / (1_u64 << 56) as f64)
}
