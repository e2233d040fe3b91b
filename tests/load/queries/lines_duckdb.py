"""Puts log records into a DuckDB database, a row each, from a file with a JSON object a line."""

import sys

import duckdb

COLUMNS = """{time: 'BIGINT', service: 'VARCHAR', severity: 'UTINYINT', body: 'VARCHAR', trace_id: 'VARCHAR',
              attributes: 'MAP(VARCHAR, VARCHAR)'}"""

file, database = sys.argv[1:]
connection = duckdb.connect(database)
connection.execute("SET enable_progress_bar = false")
connection.execute(
    f"""CREATE TABLE logs AS
        SELECT time, service, severity, body, unhex(trace_id) AS trace_id, attributes
        FROM read_json(?, format = 'newline_delimited', columns = {COLUMNS})""",
    [file],
)
connection.close()
