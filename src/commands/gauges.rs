//! Reports as a stream of metrics, so that a report can stand anywhere in a pipe: what a row names is an attribute of its
//! data points, and every number in it a gauge.

use anyhow::anyhow;
use serde_json::{Map, Value, json};

use crate::error::CommandError;
use crate::otlp::{Batch, Signal, json as otlp};

/// The rows of a report, JSON objects, as one batch of metrics at a time in nanoseconds since the epoch.
///
/// A metric is called `obs.REPORT.MEMBER`; members that end in `_ns` have the unit `ns` instead of that ending. The member
/// `service` is the attribute `service.name`, others keep their names.
///
/// # Errors
/// The report is too large for a batch.
pub(super) fn gauges(report: &str, rows: &[Value], time_ns: i64) -> Result<Batch, CommandError> {
    let mut metrics: Vec<(&str, Vec<Value>)> = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        let attributes = attributes(row);
        for (member, number) in row.iter().filter_map(|(member, value)| Some((member, value.as_f64()?))) {
            let point = json!({
                "attributes": attributes,
                "timeUnixNano": time_ns.to_string(),
                "asDouble": number,
            });
            match metrics.iter_mut().find(|(known, _)| known == member) {
                Some((_, points)) => points.push(point),
                None => metrics.push((member, vec![point])),
            }
        }
    }
    let metric = |(member, points): (&str, Vec<Value>)| {
        let (name, unit) = member.strip_suffix("_ns").map_or((member, "1"), |name| (name, "ns"));
        json!({"name": format!("obs.{report}.{name}"), "unit": unit, "gauge": {"dataPoints": points}})
    };
    batch(metrics.into_iter().map(metric).collect())
}

/// Metrics, as OTLP has them in JSON, as one batch.
///
/// # Errors
/// They are too large for a batch.
pub(super) fn batch(metrics: Vec<Value>) -> Result<Batch, CommandError> {
    let scope = json!({"name": "obs", "version": env!("CARGO_PKG_VERSION")});
    let document = json!({"resourceMetrics": [{"scopeMetrics": [{"scope": scope, "metrics": metrics}]}]});
    otlp::read_as(Signal::Metrics, document.to_string().as_bytes())
        .map_err(|fault| CommandError::failure(anyhow!("the report makes no batch of metrics: {fault}")))
}

fn attributes(row: &Map<String, Value>) -> Vec<Value> {
    let attribute = |(member, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => json!({"stringValue": text}),
            Value::Bool(value) => json!({"boolValue": value}),
            _ => return None,
        };
        let key = if member == "service" { "service.name" } else { member };
        Some(json!({"key": key, "value": value}))
    };
    row.iter().filter_map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_gauges_and_names_attributes() {
        let rows = [
            json!({"service": "cart", "requests": 3, "p95_ns": 1500, "p99_ns": null, "ok": true}),
            json!({"service": "付款", "requests": 0.5}),
        ];
        let batch = gauges("services", &rows, 7).unwrap();
        let mut text = Vec::new();
        otlp::write(&batch, &mut text);
        let document: Value = serde_json::from_slice(&text).unwrap();
        let metrics = &document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        let point = |service: &str, ok: bool, number: f64| {
            let name = json!({"key": "service.name", "value": {"stringValue": service}});
            let ok = ok.then(|| json!({"key": "ok", "value": {"boolValue": true}}));
            let attributes: Vec<Value> = ok.into_iter().chain([name]).collect();
            json!({"attributes": attributes, "timeUnixNano": "7", "asDouble": number})
        };
        let expected = json!([
            {"name": "obs.services.p95", "unit": "ns", "gauge": {"dataPoints": [point("cart", true, 1500.0)]}},
            {"name": "obs.services.requests", "unit": "1",
             "gauge": {"dataPoints": [point("cart", true, 3.0), point("付款", false, 0.5)]}},
        ]);
        assert_eq!(*metrics, expected);
        assert_eq!(batch.items(), 3);
    }
}
