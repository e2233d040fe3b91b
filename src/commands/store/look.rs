//! What is in the database.

use bytesize::ByteSize;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::db_args::DbArgs;
use super::super::report_args::FormatArgs;
use super::super::time_args::now_ns;
use super::configured::Configured;
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::store::{Database, ServiceStats, SignalStats};
use crate::ui::progress;
use crate::ui::table::Table;

/// Arguments of reports about a database.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    format: FormatArgs,
}

impl ReportArgs {
    fn open(&self, configured: &Configured) -> Result<Database, CommandError> {
        let mut bar = progress::Bar::new("migrating", "rows");
        Database::read(&configured.path(&self.db), &mut |done, of| bar.show(done, of))
    }

    pub(super) fn stats(&self, configured: &Configured) -> Result<Outcome, CommandError> {
        let database = self.open(configured)?;
        let stats = database.stats()?;
        let used = stats.file_bytes - stats.free_bytes;
        let items: u64 = stats.signals.iter().map(|signal| signal.items).sum();
        let json = json!({
            "schema": "obs.store.stats/1",
            "database": database.path(),
            "schema_version": stats.schema_version,
            "file_bytes": stats.file_bytes,
            "free_bytes": stats.free_bytes,
            "bytes_per_item": per_item(used, items),
            "services": stats.services,
            "operations": stats.operations,
            "edges": stats.edges,
            "attribute_keys": stats.attribute_keys,
            "rollups": stats.rollups,
            "signals": stats.signals.iter().map(signal_json).collect::<Value>(),
        });
        let columns = &[
            ("signal", false),
            ("items", true),
            ("segments", true),
            ("raw", true),
            ("stored", true),
            ("bytes/item", true),
            ("services", true),
            ("first", false),
            ("last", false),
        ];
        let rows = stats.signals.iter().filter(|signal| signal.segments > 0).map(signal_row).collect();
        self.format.print(&Table { columns, rows, json }, "signals", now_ns())?;
        tracing::info!(
            "{}: {}, {} bytes an item with everything, {} services, {} operations, {} edges",
            database.path().display(),
            ByteSize(stats.file_bytes),
            per_item(used, items),
            stats.services,
            stats.operations,
            stats.edges
        );
        Ok(Outcome::Ok)
    }

    pub(super) fn services(&self, configured: &Configured) -> Result<Outcome, CommandError> {
        let services = self.open(configured)?.services()?;
        let columns = &[
            ("service", false),
            ("spans", true),
            ("data points", true),
            ("log records", true),
            ("operations", true),
            ("last", false),
        ];
        let json = |service: &ServiceStats| {
            json!({
                "service": service.name,
                "spans": service.items[Signal::Traces.index()],
                "data_points": service.items[Signal::Metrics.index()],
                "log_records": service.items[Signal::Logs.index()],
                "operations": service.operations,
                "last": service.last_ns.map(time),
            })
        };
        let row = |service: &ServiceStats| {
            let numbers = service.items.iter().chain([&service.operations]).map(u64::to_string);
            let last = service.last_ns.map(time).unwrap_or_default();
            [service.name.clone()].into_iter().chain(numbers).chain([last]).collect()
        };
        let table = Table {
            columns,
            rows: services.iter().map(row).collect(),
            json: json!({
                "schema": "obs.store.services/1",
                "services": services.iter().map(json).collect::<Value>(),
            }),
        };
        self.format.print(&table, "services", now_ns())?;
        Ok(Outcome::Ok)
    }
}

fn signal_json(stats: &SignalStats) -> Value {
    json!({
        "signal": stats.signal.name(),
        "items": stats.items,
        "segments": stats.segments,
        "batches": stats.batches,
        "raw_bytes": stats.raw_bytes,
        "stored_bytes": stats.stored_bytes,
        "bytes_per_item": per_item(stats.stored_bytes, stats.items),
        "services": stats.services,
        "first": stats.range.map(|(first, _)| time(first)),
        "last": stats.range.map(|(_, last)| time(last)),
    })
}

fn signal_row(stats: &SignalStats) -> Vec<String> {
    vec![
        stats.signal.name().into(),
        stats.items.to_string(),
        stats.segments.to_string(),
        ByteSize(stats.raw_bytes).to_string(),
        ByteSize(stats.stored_bytes).to_string(),
        per_item(stats.stored_bytes, stats.items).to_string(),
        stats.services.to_string(),
        stats.range.map(|(first, _)| time(first)).unwrap_or_default(),
        stats.range.map(|(_, last)| time(last)).unwrap_or_default(),
    ]
}

/// Bytes an item, with one digit behind the point.
fn per_item(bytes: u64, items: u64) -> f64 {
    if items == 0 { 0.0 } else { (bytes as f64 / items as f64 * 10.0).round() / 10.0 }
}

/// A time in nanoseconds since the epoch, as RFC 3339.
fn time(ns: i64) -> String {
    Timestamp::from_nanosecond(ns.into()).map(|time| time.to_string()).unwrap_or_default()
}
