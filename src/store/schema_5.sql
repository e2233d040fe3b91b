-- The same counts a day since the epoch, for questions about months.
CREATE TABLE operation_days (
    day            INTEGER NOT NULL,
    operation      INTEGER NOT NULL REFERENCES operations (id),
    count          NUMERIC NOT NULL,
    errors         NUMERIC NOT NULL,
    stored         INTEGER,
    variance       REAL,
    error_variance REAL,
    durations      BLOB NOT NULL,
    PRIMARY KEY (day, operation)
) WITHOUT ROWID;
CREATE TABLE edge_days (
    day            INTEGER NOT NULL,
    edge           INTEGER NOT NULL REFERENCES edges (id),
    count          NUMERIC NOT NULL,
    errors         NUMERIC NOT NULL,
    stored         INTEGER,
    variance       REAL,
    error_variance REAL,
    durations      BLOB NOT NULL,
    PRIMARY KEY (day, edge)
) WITHOUT ROWID;
-- Which runs of four bytes stand in the texts of log records.
CREATE TABLE grams (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
-- All texts in the attributes of spans, their names and the messages of their statuses, mostly once, between zero bytes;
-- compressed.
CREATE TABLE texts (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
