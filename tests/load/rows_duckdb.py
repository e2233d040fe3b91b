"""What the store is compared with: a row a span in DuckDB, read from NDJSON. Prints how many there are.

The rows are those of rows.rs; there is no index, which DuckDB does not need to find a trace. Attributes as a MAP load
faster and take a third of the space that they would take as JSON.
"""

import sys

import duckdb

# The values of a MAP have one type.
VALUE = "stringValue VARCHAR, intValue VARCHAR, boolValue VARCHAR, doubleValue VARCHAR"
ATTRIBUTES = f'STRUCT(key VARCHAR, "value" STRUCT({VALUE}))[]'
SPAN = f"""STRUCT(
    traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, name VARCHAR, kind UTINYINT, startTimeUnixNano BIGINT,
    endTimeUnixNano BIGINT, status STRUCT(code UTINYINT), attributes {ATTRIBUTES}
)"""
BATCHES = f"STRUCT(resource STRUCT(attributes {ATTRIBUTES}), scopeSpans STRUCT(spans {SPAN}[])[])[]"

LOAD = f"""
CREATE TABLE spans AS
SELECT
    unhex(span.traceId) AS trace_id, unhex(span.spanId) AS span_id, unhex(span.parentSpanId) AS parent, service,
    span.name AS name, span.kind AS kind, span.startTimeUnixNano AS start,
    span.endTimeUnixNano - span.startTimeUnixNano AS duration, coalesce(span.status.code, 0) AS status,
    map_from_entries(list_transform(span.attributes, lambda attribute: {{
        'key': attribute.key,
        'value': coalesce(
            attribute."value".stringValue, attribute."value".intValue, attribute."value".boolValue,
            attribute."value".doubleValue
        )
    }})) AS attributes
FROM (
    SELECT service, unnest(scope.spans) AS span
    FROM (
        SELECT
            list_filter(batch.resource.attributes, lambda attribute: attribute.key = 'service.name')[1]
                ."value".stringValue AS service,
            unnest(batch.scopeSpans) AS scope
        FROM (
            SELECT unnest(resourceSpans) AS batch
            FROM read_json(?, format = 'newline_delimited', columns = {{resourceSpans: '{BATCHES}'}})
        )
    )
)
"""

file, database = sys.argv[1:]
connection = duckdb.connect(database)
# It would go to stdout.
connection.execute("SET enable_progress_bar = false")
connection.execute(LOAD, [file])
print(connection.execute("SELECT count(*) FROM spans WHERE service IS NOT NULL").fetchone()[0])
# Writes everything into the file.
connection.close()
