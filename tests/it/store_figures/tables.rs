//! The tables of a database, with names for ids.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

/// A row of a rollup.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    pub count: f64,
    pub errors: f64,
    pub stored: Option<u64>,
    pub variance: Option<f64>,
    pub error_variance: Option<f64>,
    pub durations: BTreeMap<u16, f64>,
}

/// The rollups, by time and by the name of what is counted.
#[derive(Debug, Default, PartialEq)]
pub struct Rollups {
    pub operation_minutes: BTreeMap<(u64, String), Cell>,
    pub operation_hours: BTreeMap<(u64, String), Cell>,
    pub operation_days: BTreeMap<(u64, String), Cell>,
    pub edge_minutes: BTreeMap<(u64, String), Cell>,
    pub edge_hours: BTreeMap<(u64, String), Cell>,
    pub edge_days: BTreeMap<(u64, String), Cell>,
}

pub fn operation_name(service: &str, kind: u8, name: &str) -> String {
    format!("{service}: {name} ({kind})")
}

pub fn edge_name(caller: &str, callee: &str) -> String {
    format!("{caller} -> {callee}")
}

pub fn open(path: &str) -> Connection {
    Connection::open(path).unwrap()
}

/// The single number that a query finds.
pub fn number(connection: &Connection, query: &str) -> u64 {
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

/// The rows that a query finds, as text.
pub fn texts(connection: &Connection, query: &str) -> BTreeSet<Vec<String>> {
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let row =
        |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>();
    statement.query_map([], row).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

impl Rollups {
    pub fn read(connection: &Connection) -> Rollups {
        let operations = |table: &str, time: &str| {
            let join = "operations o ON o.id = m.operation JOIN services s ON s.id = o.service";
            cells(
                connection,
                &format!("m.{time}, s.name, o.name, o.kind FROM {table} m JOIN {join}"),
                |row| Ok(operation_name(&row.get::<_, String>(7)?, row.get(9)?, &row.get::<_, String>(8)?)),
            )
        };
        let edges = |table: &str, time: &str| {
            let join = "edges e ON e.id = m.edge JOIN services a ON a.id = e.caller JOIN services b ON b.id = e.callee";
            cells(connection, &format!("m.{time}, a.name, b.name FROM {table} m JOIN {join}"), |row| {
                Ok(edge_name(&row.get::<_, String>(7)?, &row.get::<_, String>(8)?))
            })
        };
        Rollups {
            operation_minutes: operations("operation_minutes", "minute"),
            operation_hours: operations("operation_hours", "hour"),
            operation_days: operations("operation_days", "day"),
            edge_minutes: edges("edge_minutes", "minute"),
            edge_hours: edges("edge_hours", "hour"),
            edge_days: edges("edge_days", "day"),
        }
    }

    /// Expects others; says where the first difference is.
    #[track_caller]
    pub fn expect(&self, expected: &Rollups) {
        for (table, found, expected) in [
            ("operation_minutes", &self.operation_minutes, &expected.operation_minutes),
            ("operation_hours", &self.operation_hours, &expected.operation_hours),
            ("operation_days", &self.operation_days, &expected.operation_days),
            ("edge_minutes", &self.edge_minutes, &expected.edge_minutes),
            ("edge_hours", &self.edge_hours, &expected.edge_hours),
            ("edge_days", &self.edge_days, &expected.edge_days),
        ] {
            let mut keys = expected.keys().chain(found.keys());
            if let Some(key) = keys.find(|key| found.get(key) != expected.get(key)) {
                panic!("{table} at {key:?}:\nfound {:?}\nexpected {:?}", found.get(key), expected.get(key));
            }
        }
    }
}

fn cells(
    connection: &Connection,
    select: &str,
    series: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<String>,
) -> BTreeMap<(u64, String), Cell> {
    let select =
        format!("SELECT m.count, m.errors, m.stored, m.variance, m.error_variance, m.durations, {select}");
    let mut statement = connection.prepare(&select).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut cells = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let histogram = obs::store::histogram::decode(row.get_ref(5).unwrap().as_blob().unwrap());
        let cell = Cell {
            count: row.get(0).unwrap(),
            errors: row.get(1).unwrap(),
            stored: row.get(2).unwrap(),
            variance: row.get(3).unwrap(),
            error_variance: row.get(4).unwrap(),
            durations: histogram.expect("a histogram").into_iter().collect(),
        };
        let before = cells.insert((row.get(6).unwrap(), series(row).unwrap()), cell);
        assert!(before.is_none(), "one row for each time and series");
    }
    cells
}
