-- The same counts an hour since the epoch, for questions about days and months.
CREATE TABLE operation_hours (
    hour           INTEGER NOT NULL,
    operation      INTEGER NOT NULL REFERENCES operations (id),
    count          NUMERIC NOT NULL,
    errors         NUMERIC NOT NULL,
    stored         INTEGER,
    variance       REAL,
    error_variance REAL,
    durations      BLOB NOT NULL,
    PRIMARY KEY (hour, operation)
) WITHOUT ROWID;
CREATE TABLE edge_hours (
    hour           INTEGER NOT NULL,
    edge           INTEGER NOT NULL REFERENCES edges (id),
    count          NUMERIC NOT NULL,
    errors         NUMERIC NOT NULL,
    stored         INTEGER,
    variance       REAL,
    error_variance REAL,
    durations      BLOB NOT NULL,
    PRIMARY KEY (hour, edge)
) WITHOUT ROWID;
