"""Asks a DuckDB database, or none where its name is empty. Prints how long that took, in seconds, and the rows.

What is measured begins after Python has started and imported the module, which no other client would have to.
"""

import json
import sys
import time

import duckdb

database, sql = sys.argv[1:]
begin = time.perf_counter()
connection = duckdb.connect(database, read_only=True) if database else duckdb.connect()
# It would stand before the rows.
connection.execute("SET enable_progress_bar = false")
rows = connection.execute(sql).fetchall()
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, "rows": rows}))
