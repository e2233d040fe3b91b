//! Whether all that is in the database can be read and fits together.

use rusqlite::Connection;

use super::database::{Database, Progress};
use super::reading::{Damage, Stored};
use super::rollups::{Rollup, Table};
use super::segment::Part;
use super::selection::Selection;
use super::{committer, histogram, pending, trace_ids};
use crate::error::CommandError;

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Segments that were looked at.
    pub segments: u64,
    /// Items in those whose batches can be read.
    pub readable_items: u64,
    /// Items in the others.
    pub lost_items: u64,
    /// What is wrong, a line each.
    pub faults: Vec<String>,
}

/// Faults of SQLite's own structures that are told.
const MAX_FAULTS: i64 = 20;

impl Database {
    /// Looks at everything; the progress is told in segments.
    ///
    /// # Errors
    /// Not even the list of segments can be read.
    pub fn check(&self, progress: Progress<'_>) -> Result<Findings, CommandError> {
        self.hold()?;
        let mut findings = Findings::default();
        match integrity(&self.connection) {
            Ok(faults) => findings.faults.extend(faults.into_iter().map(|fault| format!("file: {fault}"))),
            Err(error) => findings.faults.push(format!("file: {error}")),
        }
        let segments = self.segments(&Selection::default())?;
        let total = segments.len() as u64;
        for segment in &segments {
            findings.segments += 1;
            match self.check_segment(segment) {
                Ok(faults) => {
                    findings.readable_items += segment.items;
                    findings
                        .faults
                        .extend(faults.into_iter().map(|fault| format!("{}: {fault}", name(segment))));
                }
                Err(damage) => {
                    findings.lost_items += segment.items;
                    findings.faults.push(format!("{}: {damage}", name(segment)));
                }
            }
            progress(findings.segments, total);
        }
        match self.check_catalog() {
            Ok(faults) => findings.faults.extend(faults),
            Err(error) => findings.faults.push(format!("catalog: {error}")),
        }
        Ok(findings)
    }

    /// What is wrong with a segment whose batches can be read.
    fn check_segment(&self, segment: &Stored) -> Result<Vec<String>, Damage> {
        let batches = self.batches(segment.id)?;
        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(what);
        let items: u64 = batches.iter().map(|batch| batch.items() as u64).sum();
        if items != segment.items || batches.len() as u64 != segment.batches {
            fault(format!(
                "{items} items in {} batches, the catalog says {} in {}",
                batches.len(),
                segment.items,
                segment.batches
            ));
        }
        match self.columns(segment) {
            Ok(columns) if columns.times.len() as u64 == segment.items => {}
            Ok(columns) => fault(format!("{} rows in the columns", columns.times.len())),
            Err(damage) => fault(damage.to_string()),
        }
        for part in [Part::WordFilter, Part::Grams, Part::Texts] {
            if let Err(damage) = self.part(segment.id, part) {
                fault(damage.to_string());
            }
        }
        match self.part(segment.id, Part::TraceIds) {
            Ok(found) => {
                let holds = |id: &[u8; 16]| {
                    found.as_ref().is_some_and(|found| trace_ids::may_hold(found, trace_ids::key(id)))
                };
                let all =
                    batches.iter().all(|batch| trace_ids::of_batch(segment.signal, batch.bytes()).all(holds));
                if !all {
                    fault("a trace id is not in the set of traces".into());
                }
            }
            Err(damage) => fault(damage.to_string()),
        }
        Ok(faults)
    }

    fn check_catalog(&self) -> rusqlite::Result<Vec<String>> {
        let mut faults = Vec::new();
        for (what, query) in [
            (
                "segments whose items are not those of their services",
                "SELECT count(*) FROM segments WHERE items <>
                   (SELECT total(items) FROM segment_services WHERE segment = id)",
            ),
            (
                "parts of segments that do not exist",
                "SELECT (SELECT count(*) FROM payloads WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM columns WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM trace_ids WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM word_filters WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM grams WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM texts WHERE segment NOT IN (SELECT id FROM segments))
                      + (SELECT count(*) FROM segment_services WHERE segment NOT IN (SELECT id FROM segments))",
            ),
            (
                "rows of rollups without an operation or an edge",
                "SELECT (SELECT count(*) FROM operation_minutes WHERE operation NOT IN (SELECT id FROM operations))
                      + (SELECT count(*) FROM operation_hours WHERE operation NOT IN (SELECT id FROM operations))
                      + (SELECT count(*) FROM operation_days WHERE operation NOT IN (SELECT id FROM operations))
                      + (SELECT count(*) FROM edge_minutes WHERE edge NOT IN (SELECT id FROM edges))
                      + (SELECT count(*) FROM edge_hours WHERE edge NOT IN (SELECT id FROM edges))
                      + (SELECT count(*) FROM edge_days WHERE edge NOT IN (SELECT id FROM edges))",
            ),
        ] {
            let count: u64 = self.connection.query_row(query, [], |row| row.get(0))?;
            if count > 0 {
                faults.push(format!("catalog: {count} {what}"));
            }
        }
        for (table, damaged) in [
            ("unfolded", committer::damaged_rows(&self.connection)?),
            ("pending_spans", pending::damaged_parts(&self.connection)?),
        ] {
            if damaged > 0 {
                faults.push(format!("{table}: {damaged} rows are damaged; some counts will be missing"));
            }
        }
        for Table { name: table, .. } in Rollup::tables() {
            let mut statement = self.connection.prepare(&format!("SELECT count, durations FROM {table}"))?;
            let mut rows = statement.query([])?;
            let mut wrong = 0;
            while let Some(row) = rows.next()? {
                let count: f64 = row.get(0)?;
                let counted = histogram::decode(row.get_ref(1)?.as_blob().unwrap_or_default());
                let counted = counted.map(|counts| counts.iter().map(|(_, count)| count).sum::<f64>());
                let is_same = |counted: f64| (counted - count).abs() <= 1e-6 * count.max(1.0);
                wrong += u64::from(!counted.is_some_and(is_same));
            }
            if wrong > 0 {
                faults.push(format!("{table}: {wrong} histograms do not fit their counts"));
            }
        }
        Ok(faults)
    }
}

fn name(segment: &Stored) -> String {
    format!("segment {} ({} {})", segment.id, segment.items, segment.signal.items())
}

/// SQLite's own check of its trees, without what [`Database::check_catalog`] looks at.
fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MAX_FAULTS})"))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
