//! A dashboard for Grafana: what goes through `obs`, and what it costs to keep.

use serde_json::{Value, json};

/// Title, unit, and queries with their legends.
type Panel = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const PANELS: [Panel; 8] = [
    (
        "Spans a second",
        "short",
        &[
            ("sum(rate(otlp_spans_total[$__rate_interval]))", "in"),
            ("sum(rate(otlp_spans_exported_total[$__rate_interval]))", "out, to all"),
        ],
    ),
    (
        "Sampled, by reason",
        "short",
        &[("sum by (reason) (rate(otlp_spans_sampled_total[$__rate_interval]))", "{{reason}}")],
    ),
    (
        "Not delivered",
        "short",
        &[
            (
                "sum by (stage, reason) (rate(obs_items_total{outcome=~\"lost|dropped|dead_lettered\", \
                 stage!=\"sample\"}[$__rate_interval]))",
                "{{stage}}: {{reason}}",
            ),
            ("sum by (code) (rate(otlp_export_errors_total[$__rate_interval]))", "retried: {{code}}"),
        ],
    ),
    ("Queues", "short", &[("otlp_queue_length", "{{stage}}")]),
    ("Memory", "bytes", &[("otlp_memory_usage_bytes", "{{instance}}")]),
    ("Monthly cost estimate", "currencyUSD", &[("sum by (tier) (otlp_storage_cost_usd)", "{{tier}}")]),
    ("Storage by tier", "decgbytes", &[("sum by (tier) (otlp_storage_size_gb)", "{{tier}}")]),
    (
        "Cost by service",
        "currencyUSD",
        &[("sum by (service_name) (otlp_service_cost_usd)", "{{service_name}}")],
    ),
];

/// Columns of Grafana's grid.
const GRID: usize = 24;
const HEIGHT: usize = 8;

/// The dashboard, as Grafana reads it from a file; it asks its default source.
pub(super) fn dashboard() -> Value {
    let panels: Vec<Value> = PANELS.iter().enumerate().map(|(place, panel)| drawn(place, panel)).collect();
    json!({
        "uid": "obs",
        "title": "obs",
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": 39,
        "panels": panels,
    })
}

/// A panel at its place, two in a row.
fn drawn(place: usize, (title, unit, queries): &Panel) -> Value {
    let targets = queries.iter().zip('A'..).map(
        |((query, legend), id)| json!({"refId": String::from(id), "expr": query, "legendFormat": legend}),
    );
    json!({
        "id": place + 1,
        "title": title,
        "type": "timeseries",
        "gridPos": {"x": place % 2 * GRID / 2, "y": place / 2 * HEIGHT, "w": GRID / 2, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": targets.collect::<Vec<_>>(),
    })
}
