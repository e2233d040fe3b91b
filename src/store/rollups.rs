//! The rollups: plain tables of counts a minute, an hour and a day, which measures are added to.

use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Connection, Statement, params};

use super::database::Progress;
use super::histogram;
use super::measures::{Measures, Place, Sampled};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rollup {
    Operations,
    Edges,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Minute,
    Hour,
    Day,
}

/// A table: its name, the column of the time, that of the series, and the minutes that a row is about.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) time: &'static str,
    pub(super) series: &'static str,
    pub(super) minutes: u32,
}

impl Period {
    /// From the shortest on.
    pub(super) const ALL: [Period; 3] = [Period::Minute, Period::Hour, Period::Day];

    /// Minutes in it.
    pub(super) fn minutes(self) -> u32 {
        [1, 60, 24 * 60][self as usize]
    }
}

impl Rollup {
    pub(super) const ALL: [Rollup; 2] = [Rollup::Operations, Rollup::Edges];

    /// The table of a period.
    pub(super) fn table(self, period: Period) -> Table {
        let time = ["minute", "hour", "day"][period as usize];
        let (names, series) = match self {
            Rollup::Operations => (["operation_minutes", "operation_hours", "operation_days"], "operation"),
            Rollup::Edges => (["edge_minutes", "edge_hours", "edge_days"], "edge"),
        };
        Table { name: names[period as usize], time, series, minutes: period.minutes() }
    }

    /// All tables.
    pub(super) fn tables() -> impl Iterator<Item = Table> {
        Rollup::ALL.into_iter().flat_map(|rollup| Period::ALL.map(|period| rollup.table(period)))
    }

    /// Adds measures, whose series are ids of the catalog.
    ///
    /// # Errors
    /// The database cannot be written, or is damaged.
    pub(super) fn add(self, connection: &Connection, measures: &mut Measures) -> rusqlite::Result<()> {
        let mut unit = 1;
        for period in Period::ALL {
            let longer = period.minutes() / unit;
            unit = period.minutes();
            if longer > 1 {
                let moved = |place: Place| place.moved(place.series(), longer);
                measures.counts.iter_mut().for_each(|(place, _)| *place = moved(*place));
                measures.sampled.iter_mut().for_each(|(cell, _)| *cell = moved(*cell));
            }
            measures.sort();
            self.table(period).add(connection, measures)?;
        }
        Ok(())
    }
}

impl Table {
    fn upsert<'a>(&self, connection: &'a Connection) -> rusqlite::Result<CachedStatement<'a>> {
        let Table { name, time, series, .. } = self;
        connection.prepare_cached(&format!(
            "INSERT INTO {name} ({time}, {series}, count, errors, stored, variance, error_variance, durations)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET
               stored = iif(stored IS NULL AND excluded.stored IS NULL, NULL,
                            coalesce(stored, count) + coalesce(excluded.stored, excluded.count)),
               count = count + excluded.count,
               errors = errors + excluded.errors,
               variance = iif(excluded.variance IS NULL, variance, coalesce(variance, 0) + excluded.variance),
               error_variance = iif(excluded.error_variance IS NULL, error_variance,
                                    coalesce(error_variance, 0) + excluded.error_variance),
               durations = merge_durations(durations, excluded.durations)"
        ))
    }

    /// Adds measures that are in order.
    fn add(&self, connection: &Connection, measures: &Measures) -> rusqlite::Result<()> {
        let mut upsert = self.upsert(connection)?;
        let mut sampled = measures.sampled.iter().peekable();
        let mut row = Row::default();
        for cell in measures.counts.chunk_by(|one, other| one.0.cell() == other.0.cell()) {
            let place = cell[0].0.cell();
            while sampled.next_if(|(cell, _)| *cell < place).is_some() {}
            let sampled = sampled.next_if(|(cell, _)| *cell == place).map(|(_, sampled)| sampled);
            row.fill(cell, sampled);
            row.write(&mut upsert, place)?;
        }
        Ok(())
    }
}

/// A row in the making, whose buffers are used again.
#[derive(Default)]
struct Row {
    count: f64,
    errors: f64,
    stored: Option<u64>,
    variance: Option<f64>,
    error_variance: Option<f64>,
    buckets: histogram::Counts,
    durations: Vec<u8>,
}

impl Row {
    fn fill(&mut self, cell: &[(Place, f64)], sampled: Option<&Sampled>) {
        self.count = cell.iter().map(|(_, count)| count).sum();
        let failed = cell.partition_point(|(place, _)| !place.failed());
        self.errors = cell[failed..].iter().map(|(_, count)| count).sum();
        let whole = |sampled: &Sampled| (self.count - sampled.weight).round().max(0.0) as u64;
        self.stored = sampled.map(|sampled| sampled.spans + whole(sampled));
        let positive = |variance: f64| (variance > 0.0).then_some(variance);
        self.variance = sampled.and_then(|sampled| positive(sampled.variance));
        self.error_variance = sampled.and_then(|sampled| positive(sampled.error_variance));
        self.buckets.clear();
        self.durations.clear();
        self.buckets.extend(cell[..failed].iter().map(|(place, count)| (place.bucket(), *count)));
        if failed < cell.len() {
            let failed: histogram::Counts =
                cell[failed..].iter().map(|(place, count)| (place.bucket(), *count)).collect();
            self.buckets = histogram::merge(&self.buckets, &failed);
        }
        histogram::encode(&self.buckets, &mut self.durations);
    }

    fn write(&self, upsert: &mut Statement<'_>, place: Place) -> rusqlite::Result<()> {
        upsert.execute(params![
            place.minute(),
            place.series(),
            self.count,
            self.errors,
            self.stored.map(|stored| stored as i64),
            self.variance,
            self.error_variance,
            self.durations,
        ])?;
        Ok(())
    }
}

/// Fills the tables of a period from those of a shorter one.
///
/// # Errors
/// The database cannot be written, or is damaged.
pub(super) fn fill(
    connection: &Connection,
    from: Period,
    to: Period,
    progress: Progress<'_>,
) -> rusqlite::Result<()> {
    /// Rows between two reports.
    const STEP: u64 = 10_000;
    let rows = |table: &Table| {
        connection.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get::<_, i64>(0))
    };
    let mut total = 0;
    for rollup in Rollup::ALL {
        total += rows(&rollup.table(from))?.unsigned_abs();
    }
    let mut done = 0;
    for rollup in Rollup::ALL {
        let mut upsert = rollup.table(to).upsert(connection)?;
        let Table { name, time, series, .. } = rollup.table(from);
        let mut shorter = connection.prepare(&format!(
            "SELECT {time} / ?1, {series}, count, errors, stored, variance, error_variance, durations FROM {name}"
        ))?;
        let mut shorter = shorter.query([to.minutes() / from.minutes()])?;
        while let Some(row) = shorter.next()? {
            if histogram::decode(row.get_ref(7)?.as_blob()?).is_none() {
                return Err(rusqlite::Error::UserFunctionError(
                    "a histogram in the rollups is damaged".into(),
                ));
            }
            for column in 0..8 {
                upsert.raw_bind_parameter(column + 1, ToSqlOutput::Borrowed(row.get_ref(column)?))?;
            }
            upsert.raw_execute()?;
            done += 1;
            if done % STEP == 0 {
                progress(done, total);
            }
        }
    }
    Ok(())
}
