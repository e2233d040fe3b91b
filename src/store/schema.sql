-- What is in every segment: a run of batches of one signal.
CREATE TABLE segments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    signal       TEXT    NOT NULL,  -- traces, metrics or logs
    batches      INTEGER NOT NULL,
    items        INTEGER NOT NULL,  -- spans, data points or log records
    raw_bytes    INTEGER NOT NULL,  -- of the batches in their wire encoding
    stored_bytes INTEGER NOT NULL,  -- of all parts
    first_ns     INTEGER,           -- earliest time (of spans: start), NULL where no item has one
    last_ns      INTEGER,           -- latest
    written_ns   INTEGER NOT NULL   -- when it was stored
);
CREATE INDEX segments_by_time ON segments (signal, last_ns);

-- The parts of segments. The checksum is XXH3 with 64 bits of the data.
CREATE TABLE payloads      (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE columns       (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE trace_filters (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE word_filters  (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);

-- The catalog: what has ever been seen.
CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE segment_services (
    service INTEGER NOT NULL REFERENCES services (id),
    segment INTEGER NOT NULL REFERENCES segments (id),
    items   INTEGER NOT NULL,
    PRIMARY KEY (service, segment)
) WITHOUT ROWID;
CREATE TABLE operations (
    id      INTEGER PRIMARY KEY,
    service INTEGER NOT NULL REFERENCES services (id),
    kind    INTEGER NOT NULL,       -- Span.kind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer
    name    TEXT    NOT NULL,
    UNIQUE (service, kind, name)
);
CREATE TABLE edges (
    id     INTEGER PRIMARY KEY,
    caller INTEGER NOT NULL REFERENCES services (id),
    callee INTEGER NOT NULL REFERENCES services (id),
    UNIQUE (caller, callee)
);
CREATE TABLE attribute_keys (
    level TEXT NOT NULL,            -- resource, scope, span, event, link, log, point
    key   TEXT NOT NULL,
    type  TEXT NOT NULL,
    PRIMARY KEY (level, key, type)
) WITHOUT ROWID;

-- Counts a minute since the epoch, weighted by 1/p where a sampler ran. A count x stands for x ± 1.96 √variance.
CREATE TABLE operation_minutes (
    minute         INTEGER NOT NULL,
    operation      INTEGER NOT NULL REFERENCES operations (id),
    count          NUMERIC NOT NULL,  -- spans
    errors         NUMERIC NOT NULL,  -- of them with the status ERROR
    stored         INTEGER,           -- spans that were stored, where they are fewer
    variance       REAL,              -- of count; NULL is none
    error_variance REAL,              -- of errors
    durations      BLOB NOT NULL,     -- exponential histogram of scale 4, in nanoseconds
    PRIMARY KEY (minute, operation)
) WITHOUT ROWID;
CREATE TABLE edge_minutes (
    minute         INTEGER NOT NULL,
    edge           INTEGER NOT NULL REFERENCES edges (id),
    count          NUMERIC NOT NULL,  -- calls
    errors         NUMERIC NOT NULL,  -- of them with the status ERROR at the caller
    stored         INTEGER,
    variance       REAL,
    error_variance REAL,
    durations      BLOB NOT NULL,     -- as the caller saw them
    PRIMARY KEY (minute, edge)
) WITHOUT ROWID;

-- What the rollups do not have yet: written with the segments, taken in a moment later.
CREATE TABLE unfolded (
    id                 INTEGER PRIMARY KEY,
    operations         BLOB NOT NULL,  -- ids that the numbers in operation_measures stand for
    operation_measures BLOB NOT NULL,
    edges              BLOB NOT NULL,
    edge_measures      BLOB NOT NULL,
    services           BLOB NOT NULL,
    callers            BLOB NOT NULL,
    children           BLOB NOT NULL
);
-- Spans that wait for a parent or a child that has not come yet.
CREATE TABLE pending_runs (
    id         INTEGER PRIMARY KEY,
    spans      INTEGER NOT NULL,
    bits       INTEGER NOT NULL,       -- it has 2^bits parts
    written_ns INTEGER NOT NULL
);
CREATE TABLE pending_spans (
    run      INTEGER NOT NULL REFERENCES pending_runs (id),
    part     INTEGER NOT NULL,
    callers  BLOB NOT NULL,
    children BLOB NOT NULL,
    PRIMARY KEY (run, part)
);

-- For people with a SQLite shell.
CREATE VIEW rollups AS
SELECT datetime(m.minute * 60, 'unixepoch') AS minute, s.name AS service, o.name AS operation,
       CASE o.kind WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer'
                   WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS kind,
       m.count, m.errors
FROM operation_minutes m JOIN operations o ON o.id = m.operation JOIN services s ON s.id = o.service;
CREATE VIEW dependencies AS
SELECT datetime(m.minute * 60, 'unixepoch') AS minute, a.name AS caller, b.name AS callee, m.count, m.errors
FROM edge_minutes m JOIN edges e ON e.id = m.edge JOIN services a ON a.id = e.caller JOIN services b ON b.id = e.callee;
