//! A trace as rows for programs.

use serde_json::Value;

use super::model::Trace;
use crate::ui::table::Table;

/// The rows, with `json` for what else a program may want.
pub fn table(trace: &Trace, json: Value) -> Table {
    let columns = &[
        ("span_id", false),
        ("parent_span_id", false),
        ("depth", true),
        ("service", false),
        ("operation", false),
        ("kind", false),
        ("status", false),
        ("start_offset_ns", true),
        ("duration_ns", true),
        ("self_time_ns", true),
        ("critical_path_ns", true),
    ];
    let row = |(index, span, node): (usize, &super::Span, &super::tree::Node)| {
        let parent = if span.parent_id == [0; 8] { String::new() } else { const_hex::encode(span.parent_id) };
        vec![
            const_hex::encode(span.span_id),
            parent,
            node.depth.to_string(),
            trace.service(index).to_owned(),
            span.operation.clone(),
            span.kind_name(),
            span.status_name(),
            trace.offset_ns(span.start_ns).to_string(),
            span.duration_ns().to_string(),
            trace.self_times_ns[index].to_string(),
            trace.critical_path_ns(index).to_string(),
        ]
    };
    Table { columns, rows: trace.iter().map(row).collect(), json }
}
